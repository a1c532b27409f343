//! Calls whose client is gone or that fail.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::time::Duration;

use prime_ext::Client;
use prime_mcp::{Options, Server};
use prime_sim::{Fault, Operation, Simulator};
use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, ClientRequest, JsonObject, Request};
use rmcp::service::{PeerRequestOptions, RoleClient, RunningService};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

type Served = JoinHandle<Result<(), prime_mcp::Error>>;

async fn connect(sim: &Simulator) -> (RunningService<RoleClient, ()>, Served) {
    let prime = Client::builder()
        .api_key(sim.key())
        .inference_url(sim.inference_url())
        .platform_url(sim.platform_url())
        .build()
        .unwrap();
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let server = Server::new(prime, Options::new().allow_runs());
    let served = tokio::spawn(server.serve(ours));
    (().serve(theirs).await.unwrap(), served)
}

fn arguments(value: Value) -> JsonObject {
    value.as_object().unwrap().clone()
}

fn call(name: &'static str, value: Value) -> CallToolRequestParams {
    CallToolRequestParams::new(name).with_arguments(arguments(value))
}

#[tokio::test]
async fn the_token_of_a_run_is_saved_although_the_client_is_gone() {
    for is_cancelled in [true, false] {
        let sim = Simulator::builder().start().await.unwrap();
        sim.inject(Fault::delay(Duration::from_millis(500)).on(Operation::CreateRun));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let path = folder.join(format!("prime-mcp-gone-{is_cancelled}.token"));
        let _ = std::fs::remove_file(&path);
        let (client, served) = connect(&sim).await;
        let create = call(
            "run_create",
            json!({
                "config_toml": "max_steps = 2\n[trainer]\n[trainer.model]\nname = 'Qwen/Qwen3-0.6B'\n[orchestrator]\n",
                "hourly_usd": "1", "max_hours": 1, "token_file": path,
            }),
        );
        let request = ClientRequest::CallToolRequest(Request::new(create));
        let sent = client
            .send_cancellable_request(request, PeerRequestOptions::no_options())
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        if is_cancelled {
            sent.cancel(None).await.unwrap();
        }
        client.cancel().await.unwrap();
        served.await.unwrap().unwrap();
        assert!(path.exists(), "cancelled: {is_cancelled}");
        let created = sim.requests();
        let created = created
            .iter()
            .filter(|request| request.operation == Some(Operation::CreateRun));
        assert_eq!(created.count(), 1);
    }
}

#[tokio::test]
async fn an_unknown_run_is_an_error_that_says_what_lists_runs() {
    let sim = Simulator::builder().start().await.unwrap();
    let (client, _served) = connect(&sim).await;
    for name in ["run", "run_usage", "run_logs"] {
        let result = client
            .call_tool(call(name, json!({"run_id": "run_nothing"})))
            .await
            .unwrap();
        let content = serde_json::to_value(&result.content).unwrap();
        let text = content[0]["text"].as_str().unwrap();
        assert!(
            result.is_error == Some(true) && text.ends_with("`runs` lists the runs"),
            "{name}: {text}"
        );
    }
}
