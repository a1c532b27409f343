//! Validates responses against the specifications with their overlays.

use std::time::Duration;

use prime_sim::{Fault, Operation, Reply};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{inference, platform, still};

const MODEL: &str = "openai/gpt-oss-120b";

/// Returns the validator of a response, from the document that contains the operation.
fn validator(operation: Operation, status: u16, kind: &str) -> jsonschema::Validator {
    let texts = [
        include_str!("../../src/documents/inference.json"),
        include_str!("../../src/documents/training.json"),
        include_str!("../../src/documents/platform.json"),
    ];
    for text in texts {
        let document: Value = serde_json::from_str(text).unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        let mut operations = paths.flat_map(|path| path.as_object().unwrap().values());
        if let Some(found) = operations.find(|found| found["operationId"] == operation.id()) {
            let schema = &found["responses"][status.to_string()]["content"][kind]["schema"];
            assert!(
                schema.is_object(),
                "{operation} lists no {kind} with {status}"
            );
            let schema = json!({ "allOf": [schema], "components": document["components"] });
            return jsonschema::validator_for(&schema).unwrap();
        }
    }
    unimplemented!("{operation} is in no document")
}

fn ensure(operation: Operation, status: u16, kind: &str, body: &Value) {
    let validator = validator(operation, status, kind);
    let errors: Vec<_> = validator
        .iter_errors(body)
        .map(|error| error.to_string())
        .collect();
    assert!(
        errors.is_empty(),
        "{operation} with {status}: {errors:?}\n{body:#}"
    );
}

async fn check(operation: Operation, status: u16, request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), status, "{operation}");
    let body = response.json().await.unwrap();
    ensure(operation, status, "application/json", &body);
    body
}

#[tokio::test]
async fn all_responses_are_valid_instances() {
    let sim = still().await;
    let chat = |body: Value| inference(&sim, Method::POST, "/chat/completions").json(&body);
    let question = |more: Value| {
        let mut body = json!({
            "model": MODEL,
            "messages": [{ "role": "user", "content": "What is the weather in Paris?" }],
            "n": 2, "logprobs": true, "top_logprobs": 2, "reasoning_effort": "low",
        });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let tools = json!({ "tools": [{ "type": "function", "function": { "name": "get_weather" } }] });
    sim.on_chat("refuse").reply(Reply::text("").refusal("no"));

    let (list, one) = (Operation::ListModels, Operation::GetModel);
    check(list, 200, inference(&sim, Method::GET, "/models")).await;
    let wrong = crate::http().get(format!("{}/models", sim.inference_url()));
    check(list, 401, wrong.bearer_auth("wrong")).await;
    check(
        one,
        200,
        inference(&sim, Method::GET, &format!("/models/{MODEL}")),
    )
    .await;
    let encoded = format!("/models/{}", MODEL.replace('/', "%2F"));
    check(one, 200, inference(&sim, Method::GET, &encoded)).await;
    check(one, 404, inference(&sim, Method::GET, "/models/x/y")).await;
    let create = Operation::CreateChatCompletion;
    for more in [
        json!({}),
        tools,
        json!({ "messages": [{ "role": "user", "content": "refuse" }] }),
    ] {
        check(create, 200, chat(question(more.clone()))).await;
        let mut body = question(more);
        body["stream"] = json!(true);
        body["stream_options"] = json!({ "include_usage": true });
        let text = chat(body).send().await.unwrap().text().await.unwrap();
        let chunks = text
            .strip_suffix("data: [DONE]\n\n")
            .unwrap()
            .split_terminator("\n\n");
        for chunk in chunks {
            let chunk = serde_json::from_str(chunk.strip_prefix("data: ").unwrap()).unwrap();
            ensure(create, 200, "text/event-stream", &chunk);
        }
    }
    check(create, 404, chat(question(json!({ "model": "x/y" })))).await;

    let wallet = || platform(&sim, Method::GET, "/api/v1/billing/wallet");
    let run = check(
        Operation::CreateRun,
        201,
        platform(&sim, Method::POST, "/api/v1/training/runs").json(&json!({ "config": {} })),
    );
    let id = run.await["runId"].as_str().unwrap().to_owned();
    let usage = format!("/api/v1/billing/runs/{id}/usage");
    for _ in 0..8 {
        check(
            Operation::GetRunUsage,
            200,
            platform(&sim, Method::GET, &usage),
        )
        .await;
        sim.advance(Duration::from_secs(10));
    }
    check(
        Operation::GetWallet,
        200,
        wallet().query(&[("teamId", sim.team())]),
    )
    .await;
    check(
        Operation::GetWallet,
        200,
        wallet().query(&[("limit", "100")]),
    )
    .await;
    check(Operation::GetWallet, 422, wallet().query(&[("limit", "0")])).await;
    let create = platform(&sim, Method::POST, "/api/v1/training/runs").body("{");
    check(Operation::CreateRun, 422, create).await;
    let run = check(
        Operation::CreateRun,
        201,
        platform(&sim, Method::POST, "/api/v1/training/runs").json(&json!({ "config": {} })),
    );
    let other = run.await["runId"].as_str().unwrap().to_owned();
    sim.advance(Duration::from_secs(20));
    let (training, rft) = ("/api/v1/training/runs", "/api/v1/rft/runs");
    let prepare = platform(&sim, Method::POST, &format!("{training}/prepare"));
    check(Operation::PrepareRun, 200, prepare.json(&json!({}))).await;
    for (operation, status, method, path) in [
        (Operation::ListRuns, 200, Method::GET, rft.to_owned()),
        (
            Operation::GetRun,
            200,
            Method::GET,
            format!("{rft}/{other}"),
        ),
        (Operation::GetRun, 404, Method::GET, format!("{rft}/run_0")),
        (
            Operation::RestartRun,
            200,
            Method::PUT,
            format!("{rft}/{other}/restart"),
        ),
        (
            Operation::RestartRun,
            409,
            Method::PUT,
            format!("{rft}/{other}/restart"),
        ),
        (
            Operation::GetRunLogs,
            200,
            Method::GET,
            format!("{rft}/{other}/logs"),
        ),
        (
            Operation::GetRunProgress,
            200,
            Method::GET,
            format!("{rft}/{other}/progress"),
        ),
        (
            Operation::StopRun,
            200,
            Method::PUT,
            format!("{rft}/{other}/stop"),
        ),
        (
            Operation::DeleteRftRun,
            200,
            Method::DELETE,
            format!("{rft}/{other}"),
        ),
        (
            Operation::DeleteRftRun,
            404,
            Method::DELETE,
            format!("{rft}/{other}"),
        ),
        (
            Operation::Whoami,
            200,
            Method::GET,
            "/api/v1/user/whoami".to_owned(),
        ),
        (
            Operation::ListTeams,
            200,
            Method::GET,
            "/api/v1/user/teams".to_owned(),
        ),
    ] {
        check(operation, status, platform(&sim, method, &path)).await;
    }
    let paused = check(
        Operation::CreateRun,
        201,
        platform(&sim, Method::POST, training).json(&json!({ "config": {} })),
    );
    let paused = paused.await["runId"].as_str().unwrap().to_owned();
    sim.advance(Duration::from_secs(20));
    let pause = platform(&sim, Method::POST, &format!("{training}/{paused}/pause"));
    check(Operation::PauseRun, 200, pause).await;
    sim.advance(Duration::from_secs(20));
    let resume = platform(&sim, Method::POST, &format!("{training}/{paused}/resume"));
    check(Operation::ResumeRun, 201, resume.json(&json!({}))).await;

    let path = format!("/api/v1/training/runs/{id}");
    for _ in 0..2 {
        check(
            Operation::DeleteRun,
            200,
            platform(&sim, Method::DELETE, &path),
        )
        .await;
    }
    // Error responses of faults are valid too, by default.
    for (operation, status, request) in [
        (Operation::GetWallet, 422, wallet()),
        (Operation::GetWallet, 401, wallet()),
        (
            Operation::CreateChatCompletion,
            402,
            chat(question(json!({}))),
        ),
    ] {
        sim.inject(Fault::status(status).on(operation).once());
        check(operation, status, request).await;
    }
}
