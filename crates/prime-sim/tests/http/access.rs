//! Tests of keys, teams and permissions.

use std::time::Duration;

use prime_sim::{Key, Permission, Simulator, Team};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::still;

const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";
const WALLET: &str = "/api/v1/billing/wallet";
const RUNS: &str = "/api/v1/training/runs";

async fn ask(
    sim: &Simulator,
    key: &str,
    method: Method,
    path: &str,
    body: Value,
) -> (StatusCode, Value) {
    let url = format!("{}{path}", sim.platform_url());
    let request = crate::http().request(method, url).bearer_auth(key);
    let request = match body.get("team").and_then(Value::as_str) {
        Some(team) => request.header("x-prime-team-id", team),
        None => request,
    };
    let response = request.json(&body).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

fn chat(team: Option<&str>) -> Value {
    let messages = json!([{ "role": "user", "content": "Hello" }]);
    json!({ "model": MODEL, "messages": messages, "team": team })
}

#[tokio::test]
async fn a_key_has_only_its_permissions() {
    let sim = still().await;
    sim.add_key(Key::new("pit_inference").only([Permission::Inference]));
    sim.add_key(Key::new("pit_billing").only([Permission::Billing]));
    for (key, may_chat, may_read, may_create) in [
        (sim.key(), 200, 200, 201),
        ("pit_inference", 200, 403, 403),
        ("pit_billing", 403, 200, 403),
        ("pit_unknown", 401, 401, 401),
    ] {
        let path = "/api/v1/chat/completions";
        let (status, body) = ask(&sim, key, Method::POST, path, chat(None)).await;
        assert_eq!(status.as_u16(), may_chat, "{key}: {body}");
        let (status, _) = ask(&sim, key, Method::GET, WALLET, json!({})).await;
        assert_eq!(status.as_u16(), may_read, "{key}");
        let (status, _) = ask(&sim, key, Method::POST, RUNS, json!({ "config": {} })).await;
        assert_eq!(status.as_u16(), may_create, "{key}");
    }
    assert!(sim.revoke_key("pit_inference") && !sim.revoke_key("pit_inference"));
    let path = "/api/v1/chat/completions";
    let (status, _) = ask(&sim, "pit_inference", Method::POST, path, chat(None)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn only_members_can_use_a_team() {
    let team = Team::new("team_lab")
        .member("bob")
        .balance("0.000001".parse().unwrap());
    let sim = Simulator::builder()
        .team(team)
        .key(Key::new("pit_bobs").owned_by("bob"))
        .start()
        .await
        .unwrap();
    let path = "/api/v1/chat/completions";
    let lab = Some("team_lab");
    let (status, _) = ask(&sim, "pit_bobs", Method::POST, path, chat(lab)).await;
    assert_eq!(status, StatusCode::OK);
    // The team has no funds left, but bob's account does.
    let (status, body) = ask(&sim, "pit_bobs", Method::POST, path, chat(lab)).await;
    assert_eq!(status, StatusCode::PAYMENT_REQUIRED, "{body}");
    let (status, _) = ask(&sim, "pit_bobs", Method::POST, path, chat(None)).await;
    assert_eq!(status, StatusCode::OK);
    let create = json!({ "config": {}, "teamId": "team_lab" });
    let (status, body) = ask(&sim, "pit_bobs", Method::POST, RUNS, create.clone()).await;
    assert_eq!(status, StatusCode::PAYMENT_REQUIRED, "{body}");

    assert!(sim.set_balance(lab, "5".parse().unwrap()));
    assert!(!sim.set_balance(Some("team_of_nobody"), "5".parse().unwrap()));
    let (status, created) = ask(&sim, "pit_bobs", Method::POST, RUNS, create).await;
    assert_eq!(status, StatusCode::CREATED);

    // The owner is not a member and has no access to the team or its run.
    let (status, _) = ask(&sim, sim.key(), Method::POST, path, chat(lab)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let usage = format!(
        "/api/v1/billing/runs/{}/usage",
        created["runId"].as_str().unwrap()
    );
    for (key, expected) in [(sim.key(), 404), ("pit_bobs", 200)] {
        let (status, _) = ask(&sim, key, Method::GET, &usage, json!({})).await;
        assert_eq!(status.as_u16(), expected);
    }
    let run = format!("{RUNS}/{}", created["runId"].as_str().unwrap());
    let (_, deleted) = ask(&sim, sim.key(), Method::DELETE, &run, json!({})).await;
    assert_eq!(deleted["deleted"], false);
}

#[tokio::test]
async fn a_completed_run_adds_an_adapter() {
    let sim = still().await;
    let create = json!({ "config": { "model": { "name": MODEL } } });
    let (_, created) = ask(&sim, sim.key(), Method::POST, RUNS, create).await;
    let adapter = format!("{MODEL}:{}", created["runId"].as_str().unwrap());
    let models = async || {
        let (_, list) = ask(&sim, sim.key(), Method::GET, "/api/v1/models", json!({})).await;
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|model| model["id"] == adapter)
    };
    assert!(!models().await);
    sim.advance(Duration::from_secs(60));
    assert!(models().await);
    let question = json!({ "model": adapter, "messages": [{ "role": "user", "content": "Hi" }] });
    let path = "/api/v1/chat/completions";
    let (status, response) = ask(&sim, sim.key(), Method::POST, path, question).await;
    assert_eq!(
        (status, &response["model"]),
        (StatusCode::OK, &json!(adapter))
    );
}
