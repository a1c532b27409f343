//! The operations that only the official client describes: runs, users and teams.

use std::time::Duration;

use prime_sim::{Fault, Key, Operation, Permission, Simulator, Team};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{json, platform, still};

const RUNS: &str = "/api/v1/rft/runs";

async fn create(sim: &Simulator, body: Value) -> String {
    let request = platform(sim, Method::POST, "/api/v1/training/runs").json(&body);
    let created = json(request, StatusCode::CREATED).await;
    created["runId"].as_str().unwrap().to_owned()
}

async fn ok(request: RequestBuilder) -> Value {
    json(request, StatusCode::OK).await
}

async fn get(sim: &Simulator, path: &str) -> Value {
    ok(platform(sim, Method::GET, path)).await
}

async fn run(sim: &Simulator, id: &str) -> Value {
    get(sim, &format!("{RUNS}/{id}")).await["run"].take()
}

fn advance(sim: &Simulator, seconds: u64) {
    sim.advance(Duration::from_secs(seconds));
}

#[tokio::test]
async fn runs_are_listed_by_account_and_page_newest_first() {
    let sim = still().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(create(&sim, json!({ "config": {}, "name": name })).await);
        advance(&sim, 1);
    }
    let teams = create(&sim, json!({ "config": {}, "teamId": sim.team() })).await;

    let page = get(&sim, &format!("{RUNS}?page=1&limit=2")).await;
    assert_eq!(page["total"], 3);
    assert_eq!(page["total_pages"], 2);
    assert_eq!(page["runs"][0]["id"], ids[2]);
    assert_eq!(page["runs"][1]["name"], "b");
    assert_eq!(page["runs"][1]["createdAt"], "2026-01-01T00:00:01Z");
    let page = get(&sim, &format!("{RUNS}?page=2&limit=2")).await;
    assert_eq!(page["runs"].as_array().unwrap().len(), 1);
    let page = get(&sim, &format!("{RUNS}?team_id={}", sim.team())).await;
    assert_eq!(page["runs"][0]["id"], teams);
    assert_eq!(page["total"], 1);

    for query in ["page=0", "limit=none", "mine=maybe"] {
        let request = platform(&sim, Method::GET, &format!("{RUNS}?{query}"));
        let error = json(request, StatusCode::UNPROCESSABLE_ENTITY).await;
        let name = query.split('=').next().unwrap();
        assert_eq!(error["errors"][0]["param"], name);
    }
    let others = platform(&sim, Method::GET, &format!("{RUNS}?team_id=team_of_others"));
    json(others, StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn a_validation_is_prepared_for_a_known_mode() {
    let sim = still().await;
    let prepare =
        |body: Value| platform(&sim, Method::POST, "/api/v1/training/runs/prepare").json(&body);
    let prepared = ok(prepare(json!({ "mode": "sft", "teamId": null }))).await;
    assert_eq!(prepared["mode"], "sft");
    assert_eq!(prepared["contract_version"], 1);
    let wrong = prepare(json!({ "mode": "xyz" }));
    json(wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
}

#[tokio::test]
async fn mine_omits_the_runs_of_other_members() {
    let sim = still().await;
    sim.add_team(Team::new("lab").member("owner").member("bob"));
    sim.add_key(Key::new("pit_bob").owned_by("bob"));
    let mine = create(&sim, json!({ "config": {}, "teamId": "lab" })).await;
    let url = format!("{}/api/v1/training/runs", sim.platform_url());
    let bobs = crate::http().post(url).bearer_auth("pit_bob");
    let bobs = bobs.json(&json!({ "config": {}, "teamId": "lab" }));
    json(bobs, StatusCode::CREATED).await;

    let all = get(&sim, &format!("{RUNS}?team_id=lab")).await;
    assert_eq!(all["total"], 2);
    assert_eq!(all["runs"][0]["userId"], "user_bob");
    let page = get(&sim, &format!("{RUNS}?team_id=lab&mine=true")).await;
    assert_eq!(page["total"], 1);
    assert_eq!(page["runs"][0]["id"], mine);
}

#[tokio::test]
async fn a_run_is_stopped_once() {
    let sim = still().await;
    let id = create(
        &sim,
        json!({ "config": { "max_steps": 7 }, "name": "first" }),
    )
    .await;
    assert_eq!(run(&sim, &id).await["maxSteps"], 7);
    assert_eq!(run(&sim, &id).await["startedAt"], Value::Null);
    advance(&sim, 20);
    assert_eq!(run(&sim, &id).await["startedAt"], "2026-01-01T00:00:15Z");
    let stop = || platform(&sim, Method::PUT, &format!("{RUNS}/{id}/stop"));
    for _ in 0..2 {
        let stopped = ok(stop()).await["run"].take();
        assert_eq!(stopped["status"], "STOPPED");
        assert_eq!(stopped["completedAt"], "2026-01-01T00:00:20Z");
        advance(&sim, 1);
    }
    for action in ["stop", "restart", "logs", "progress", ""] {
        let method = match action {
            "stop" | "restart" => Method::PUT,
            _ => Method::GET,
        };
        let path = format!("{RUNS}/run_0/{action}");
        let unknown = platform(&sim, method, path.trim_end_matches('/'));
        json(unknown, StatusCode::NOT_FOUND).await;
    }
}

#[tokio::test]
async fn only_a_running_run_is_paused_and_only_a_paused_run_is_resumed() {
    let sim = still().await;
    let id = create(
        &sim,
        json!({ "config": { "x": 1 }, "name": "first", "teamId": sim.team() }),
    )
    .await;
    let runs = "/api/v1/training/runs";
    let pause = || platform(&sim, Method::POST, &format!("{runs}/{id}/pause"));
    let resume =
        |body: Value| platform(&sim, Method::POST, &format!("{runs}/{id}/resume")).json(&body);
    json(pause(), StatusCode::CONFLICT).await;
    advance(&sim, 20);
    let refused = json(resume(json!({})), StatusCode::CONFLICT).await;
    assert_eq!(refused["detail"], "A run that is RUNNING cannot be resumed");
    for _ in 0..2 {
        let paused = ok(pause()).await;
        assert_eq!(paused, json!({ "runId": id, "status": "PAUSING" }));
    }
    json(resume(json!({})), StatusCode::CONFLICT).await;
    advance(&sim, 5);
    assert_eq!(ok(pause()).await["status"], "PAUSED");
    assert_eq!(run(&sim, &id).await["completedAt"], "2026-01-01T00:00:25Z");

    let wrong = resume(json!({ "hfToken": ["hf_secret"] }));
    let wrong = json(wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(wrong["errors"][0]["param"], "hfToken");
    assert_eq!(sim.runs().len(), 1);
    let resumed = resume(json!({ "imageTag": "v2", "hfToken": "hf_secret" }));
    let resumed = json(resumed, StatusCode::CREATED).await;
    assert!(
        resumed["tokenValue"]
            .as_str()
            .unwrap()
            .starts_with("pit_run_")
    );
    assert_ne!(resumed["runId"], id);
    let new = &sim.runs()[1];
    assert_eq!(resumed["runId"], new.id);
    assert_eq!(Value::Object(new.config.clone()), json!({ "x": 1 }));
    assert_eq!(new.name.as_deref(), Some("first"));
    assert_eq!(new.team.as_deref(), Some(sim.team()));
    assert_eq!(new.image_tag, "v2");

    assert!(sim.set_balance(Some(sim.team()), "0".parse().unwrap()));
    json(resume(json!({})), StatusCode::PAYMENT_REQUIRED).await;
}

#[tokio::test]
async fn logs_and_progress_grow_with_the_clock() {
    let sim = still().await;
    let id = create(&sim, json!({ "config": {} })).await;
    let logs = async |query: &str| {
        let logs = get(&sim, &format!("{RUNS}/{id}/logs?{query}")).await;
        let logs = logs["logs"].as_str().unwrap().to_owned();
        logs.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let progress = async || get(&sim, &format!("{RUNS}/{id}/progress")).await;
    assert_eq!(
        logs("").await,
        ["2026-01-01T00:00:00Z orchestrator INFO: run queued"]
    );
    assert_eq!(progress().await["latestStep"], Value::Null);
    advance(&sim, 20);
    let before = logs("").await;
    assert_eq!(before.len(), 8);
    assert_eq!(progress().await["latestStep"], 5);
    assert_eq!(progress().await["stepsWithSamples"], json!([1, 2, 3, 4, 5]));
    let restart = platform(&sim, Method::PUT, &format!("{RUNS}/{id}/restart"));
    let restart = || restart.try_clone().unwrap();
    assert_eq!(ok(restart()).await["run"]["status"], "PENDING");
    json(restart(), StatusCode::CONFLICT).await;
    advance(&sim, 100);
    let after = logs("").await;
    assert_eq!(after[..before.len()], before);
    assert!(after.last().unwrap().ends_with("SUCCESS: run completed"));
    assert_eq!(progress().await["latestStep"], 45);

    assert_eq!(logs("tail_lines=2").await, after[after.len() - 2..]);
    assert_eq!(logs("level=WARNING").await.len(), 1);
    assert_eq!(logs("search=step%2045:").await.len(), 1);
    assert_eq!(logs("since_seconds=60").await.len(), 7);
    assert!(logs("component=trainer").await[0].contains(" trainer INFO"));
    for query in [
        "tail_lines=5001",
        "since_seconds=59",
        "component=kitchen",
        "component=env-server",
        "regex=true",
    ] {
        let request = platform(&sim, Method::GET, &format!("{RUNS}/{id}/logs?{query}"));
        json(request, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
}

#[tokio::test]
async fn a_deleted_run_is_not_found() {
    let sim = still().await;
    let id = create(&sim, json!({ "config": {} })).await;
    let delete = || platform(&sim, Method::DELETE, &format!("{RUNS}/{id}"));
    assert_eq!(ok(delete()).await, json!({ "runId": id, "deleted": true }));
    json(delete(), StatusCode::NOT_FOUND).await;
    json(
        platform(&sim, Method::GET, &format!("{RUNS}/{id}")),
        StatusCode::NOT_FOUND,
    )
    .await;
    assert_eq!(get(&sim, RUNS).await["total"], 0);
}

#[tokio::test]
async fn whoami_and_teams_need_a_key_but_no_permission() {
    let sim = still().await;
    sim.add_team(Team::new("lab").member("bob"));
    sim.add_key(
        Key::new("pit_bob")
            .owned_by("bob")
            .only([Permission::Billing]),
    );
    let user = |path: &str| crate::http().get(format!("{}/api/v1/user/{path}", sim.platform_url()));
    let bob = |path: &str| user(path).bearer_auth("pit_bob");
    let who = ok(bob("whoami")).await["data"].take();
    assert_eq!(who["id"], "user_bob");
    assert_eq!(
        who["scope"],
        json!({ "inference": null, "training": null, "billing": { "read": true, "write": true } })
    );
    let teams = ok(bob("teams")).await;
    assert_eq!(teams["total_count"], 1);
    assert_eq!(teams["data"][0]["teamId"], "lab");
    assert_eq!(teams["data"][0]["role"], "MEMBER");
    assert_eq!(ok(bob("teams?offset=1")).await["data"], json!([]));
    ok(bob("whoami?teamId=lab")).await;
    let others = bob(&format!("whoami?teamId={}", sim.team()));
    json(others, StatusCode::FORBIDDEN).await;
    let runs = crate::http().get(format!("{}{RUNS}", sim.platform_url()));
    json(runs.bearer_auth("pit_bob"), StatusCode::FORBIDDEN).await;
    for path in ["whoami", "teams"] {
        json(user(path).bearer_auth("wrong"), StatusCode::UNAUTHORIZED).await;
    }
}

/// The simulated date, so that clients can compare it with `createdAt`.
#[tokio::test]
async fn responses_have_the_date_of_the_simulation() {
    let sim = still().await;
    advance(&sim, 61);
    let response = platform(&sim, Method::GET, RUNS).send().await.unwrap();
    assert_eq!(response.headers()["date"], "Thu, 01 Jan 2026 00:01:01 GMT");
    sim.inject(Fault::status(503).on(Operation::ListRuns).once());
    let response = platform(&sim, Method::GET, RUNS).send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["date"], "Thu, 01 Jan 2026 00:01:01 GMT");
}
