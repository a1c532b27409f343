//! `create_run`, `get_run_usage`, `delete_run`.

use std::time::Duration;

use prime_sim::{RunStatus, Simulator};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{json, platform, still};

const RUNS: &str = "/api/v1/training/runs";

async fn create(sim: &Simulator, body: &Value) -> Value {
    json(
        platform(sim, Method::POST, RUNS).json(body),
        StatusCode::CREATED,
    )
    .await
}

async fn usage(sim: &Simulator, id: &str) -> Value {
    let path = format!("/api/v1/billing/runs/{id}/usage");
    json(platform(sim, Method::GET, &path), StatusCode::OK).await
}

async fn delete(sim: &Simulator, id: &str) -> Value {
    json(
        platform(sim, Method::DELETE, &format!("{RUNS}/{id}")),
        StatusCode::OK,
    )
    .await
}

#[tokio::test]
async fn a_run_advances_and_is_billed_in_one_row() {
    let sim = still().await;
    let config = json!({ "model": { "name": "qwen/qwen3.5-35b-a3b" }, "x": [1, { "y": null }] });
    let created = create(
        &sim,
        &json!({ "config": config, "name": "first", "teamId": sim.team(), "gpuType": "H100" }),
    )
    .await;
    let id = created["runId"].as_str().unwrap();
    assert!(created["tokenValue"].as_str().unwrap().starts_with("pit_"));
    assert!(created["jobId"].is_string());
    let before = sim.wallet(Some(sim.team())).unwrap();

    for (seconds, status) in [
        (0, "QUEUED"),
        (5, "PENDING"),
        (10, "RUNNING"),
        (10, "RUNNING"),
    ] {
        sim.advance(Duration::from_secs(seconds));
        assert_eq!(usage(&sim, id).await["status"], status);
    }
    let so_far = sim.wallet(Some(sim.team())).unwrap();
    sim.advance(Duration::from_secs(1_000));
    let used = usage(&sim, id).await;
    assert_eq!(used["status"], "COMPLETED");
    assert_eq!(used["run_name"], "first");
    assert_eq!(used["base_model"], "qwen/qwen3.5-35b-a3b");
    assert_eq!(
        used["inference"]["tokens"].as_i64().unwrap()
            + used["training"]["tokens"].as_i64().unwrap(),
        used["total_tokens"]
    );

    let after = sim.wallet(Some(sim.team())).unwrap();
    let run = &sim.runs()[0];
    assert_eq!(run.status, RunStatus::Completed);
    assert_eq!(Value::Object(run.config.clone()), config);
    assert_eq!(after.rows.len(), before.rows.len() + 1);
    assert_eq!(after.rows[0].id, so_far.rows[0].id);
    assert!(after.rows[0].amount_usd > so_far.rows[0].amount_usd);
    assert_eq!(after.rows[0].resource_type, "training");
    assert_eq!(after.rows[0].resource_id.as_deref(), Some(id));
    assert_eq!(after.rows[0].amount_usd, run.usage.total_cost_usd);
    assert_eq!(before.balance - after.balance, run.usage.total_cost_usd);
    assert_eq!(
        after.rows[0].last_billed_at.unwrap().to_string(),
        "2026-01-01T00:01:00Z"
    );
}

#[tokio::test]
async fn rows_are_sorted_by_the_last_charge() {
    let sim = still().await;
    let ids = [create(&sim, &json!({ "config": {} })).await, {
        sim.advance(Duration::from_secs(10));
        create(&sim, &json!({ "config": {} })).await
    }];
    assert_ne!(ids[0]["tokenValue"], ids[1]["tokenValue"]);
    sim.advance(Duration::from_secs(1_000));
    // The first run completed ten seconds before the second.
    let rows = sim.wallet(None).unwrap().rows;
    assert_eq!(ids[1]["runId"], rows[0].resource_id.clone().unwrap());
    assert_eq!(ids[0]["runId"], rows[1].resource_id.clone().unwrap());
    assert!(rows[0].last_billed_at > rows[1].last_billed_at);
}

#[tokio::test]
async fn a_deleted_run_incurs_no_more_costs_and_is_deleted_once() {
    let sim = still().await;
    let created = create(&sim, &json!({ "config": {}, "name": null, "teamId": null })).await;
    let id = created["runId"].as_str().unwrap();
    sim.advance(Duration::from_secs(30));
    let used = usage(&sim, id).await;
    assert_eq!(
        delete(&sim, id).await,
        json!({ "runId": id, "deleted": true })
    );
    assert_eq!(
        delete(&sim, id).await,
        json!({ "runId": id, "deleted": false })
    );
    assert_eq!(
        delete(&sim, "run_0").await,
        json!({ "runId": "run_0", "deleted": false })
    );
    sim.advance(Duration::from_secs(30));
    let stopped = usage(&sim, id).await;
    assert_eq!(stopped["status"], "STOPPED");
    assert_eq!(stopped["total_cost_usd"], used["total_cost_usd"]);
    assert!(sim.runs()[0].deleted);
}

#[tokio::test]
async fn invalid_fields_are_named() {
    let sim = still().await;
    for (body, params) in [
        (json!({}), vec!["config"]),
        (json!({ "config": "rl.toml" }), vec!["config"]),
        (json!({ "config": null, "name": 7 }), vec!["config", "name"]),
        (json!({ "config": {}, "imageTag": null }), vec!["imageTag"]),
        (
            json!({ "config": {}, "teamId": 5, "hfToken": [] }),
            vec!["hfToken", "teamId"],
        ),
        (json!([]), vec!["body"]),
    ] {
        let request = platform(&sim, Method::POST, RUNS).json(&body);
        let response = json(request, StatusCode::UNPROCESSABLE_ENTITY).await;
        let errors = response["errors"].as_array().unwrap();
        let named = errors.iter().map(|error| error["param"].as_str().unwrap());
        let mut named: Vec<_> = named.collect();
        named.sort_unstable();
        assert_eq!(named, params, "{body}");
    }
    let request = platform(&sim, Method::POST, RUNS).body("{");
    let response = json(request, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(response["errors"][0]["param"], "body");
    let others = json!({ "config": {}, "teamId": "team_of_others" });
    json(
        platform(&sim, Method::POST, RUNS).json(&others),
        StatusCode::FORBIDDEN,
    )
    .await;
    assert!(sim.runs().is_empty());
}

#[tokio::test]
async fn unknown_runs_and_invalid_keys_are_rejected() {
    let sim = still().await;
    let unknown = platform(&sim, Method::GET, "/api/v1/billing/runs/run_0/usage");
    assert_eq!(
        json(unknown, StatusCode::NOT_FOUND).await,
        json!({ "detail": "Run not found" })
    );
    let client = crate::http();
    for request in [
        client
            .post(format!("{}{RUNS}", sim.platform_url()))
            .body("{}"),
        client.delete(format!("{}{RUNS}/run_0", sim.platform_url())),
        client.get(format!(
            "{}/api/v1/billing/runs/run_0/usage",
            sim.platform_url()
        )),
    ] {
        json(request.bearer_auth("wrong"), StatusCode::UNAUTHORIZED).await;
    }
}
