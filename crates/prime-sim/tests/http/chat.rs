//! `create_chat_completion`, streamed or not.

use std::time::Duration;

use prime_sim::Simulator;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{inference, json, still};

const MODEL: &str = "anthropic/claude-3-5-sonnet-20241022";

fn chat(sim: &Simulator, body: &Value) -> RequestBuilder {
    inference(sim, Method::POST, "/chat/completions").json(body)
}

fn capital() -> Value {
    json!({ "model": MODEL, "messages": [
        { "role": "system", "content": "Be brief." },
        { "role": "user", "content": "Capital of France?" },
    ]})
}

/// Adds fields to a body.
fn with(mut body: Value, more: Value) -> Value {
    let fields = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    body
}

/// Returns the data of the events of a stream.
async fn events(request: RequestBuilder) -> Vec<String> {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();
    let events: Vec<_> = text.split_terminator("\n\n").collect();
    assert_eq!(text, events.join("\n\n") + "\n\n");
    let data = events
        .iter()
        .map(|event| event.strip_prefix("data: ").unwrap().to_owned());
    data.collect()
}

#[tokio::test]
async fn tokens_are_counted_and_charged_exactly() {
    let sim = still().await;
    let before = sim.wallet(None).unwrap();
    let text = chat(&sim, &capital())
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    // 9 tokens at $3 per million and 7 tokens at $15 per million.
    assert!(text.contains(r#""cost":0.000132"#), "{text}");
    let response: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(response["object"], "chat.completion");
    assert_eq!(
        response["choices"][0]["message"]["content"],
        "The capital of France is Paris."
    );
    assert_eq!(response["choices"][0]["finish_reason"], "stop");
    assert_eq!(response["usage"]["prompt_tokens"], 9);
    assert_eq!(response["usage"]["completion_tokens"], 7);
    assert_eq!(response["usage"]["total_tokens"], 16);
    assert_eq!(
        response["usage"]["prompt_tokens_details"]["cached_tokens"],
        0
    );

    let after = sim.wallet(None).unwrap();
    assert_eq!(after.rows.len(), before.rows.len() + 1);
    assert_eq!(after.rows[0].resource_type, "inference");
    assert_eq!(after.rows[0].resource_id.as_deref(), Some(MODEL));
    assert_eq!(before.balance - after.rows[0].amount_usd, after.balance);
    assert_eq!(after.rows[0].amount_usd.to_string(), "0.000132");
}

#[tokio::test]
async fn the_team_header_selects_the_account() {
    let sim = still().await;
    let rows = |team: Option<&str>| sim.wallet(team).unwrap().rows.len();
    let (personal, team) = (rows(None), rows(Some(sim.team())));
    let request = chat(&sim, &capital()).header("x-prime-team-id", sim.team());
    json(request, StatusCode::OK).await;
    assert_eq!((rows(None), rows(Some(sim.team()))), (personal, team + 1));

    let request = chat(&sim, &capital()).header("x-prime-team-id", "");
    json(request, StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn max_tokens_stop_and_n_are_applied() {
    let sim = still().await;
    let choices = |more: Value| {
        let request = chat(&sim, &with(capital(), more));
        async { json(request, StatusCode::OK).await["choices"].take() }
    };
    let cut = choices(json!({ "max_tokens": 2 })).await;
    assert_eq!(cut[0]["message"]["content"], "The capital");
    assert_eq!(cut[0]["finish_reason"], "length");
    let exact = choices(json!({ "max_completion_tokens": 7 })).await;
    assert_eq!(exact[0]["finish_reason"], "stop");
    for stop in [json!(" is"), json!(["nowhere", " Paris", " is"])] {
        let stopped = choices(json!({ "stop": stop })).await;
        assert_eq!(stopped[0]["message"]["content"], "The capital of France");
        assert_eq!(stopped[0]["finish_reason"], "stop");
    }
    let several = choices(json!({ "n": 3 })).await;
    assert_eq!(several.as_array().unwrap().len(), 3);
    assert_eq!(several[2]["index"], 2);
    assert_ne!(several[1]["message"], several[2]["message"]);
}

#[tokio::test]
async fn adapters_and_models_without_a_price_are_served() {
    let sim = still().await;
    let adapter = format!("{MODEL}:adapter_1");
    json(
        chat(&sim, &with(capital(), json!({ "model": adapter }))),
        StatusCode::NOT_FOUND,
    )
    .await;
    assert_eq!(sim.add_adapter(MODEL, "adapter_1").as_ref(), Some(&adapter));
    assert_eq!(sim.add_adapter("nobody/nothing", "adapter_1"), None);
    let response = json(
        chat(&sim, &with(capital(), json!({ "model": adapter }))),
        StatusCode::OK,
    );
    assert_eq!(response.await["model"], adapter);

    let free = json!({ "model": "prime-intellect/intellect-3" });
    let response = json(chat(&sim, &with(capital(), free)), StatusCode::OK).await;
    assert_eq!(response["usage"].get("cost"), None);
    assert_eq!(
        sim.wallet(None).unwrap().rows[0].amount_usd.to_string(),
        "0"
    );
}

#[tokio::test]
async fn each_invalid_parameter_is_named() {
    let sim = still().await;
    for (more, param) in [
        (json!({ "model": null }), "model"),
        (json!({ "messages": [] }), "messages"),
        (json!({ "messages": "hello" }), "messages"),
        (json!({ "messages": ["hello"] }), "messages[0]"),
        (
            json!({ "messages": [{ "role": "user" }] }),
            "messages[0].content",
        ),
        (
            json!({ "messages": [{ "role": "pope", "content": "" }] }),
            "messages[0].role",
        ),
        (json!({ "temperature": 2.1 }), "temperature"),
        (json!({ "temperature": "hot" }), "temperature"),
        (json!({ "max_tokens": 0 }), "max_tokens"),
        (json!({ "max_tokens": 1.5 }), "max_tokens"),
        (json!({ "n": 0 }), "n"),
        (json!({ "stop": [1] }), "stop"),
        (json!({ "stream": "yes" }), "stream"),
        (json!({ "stream_options": true }), "stream_options"),
    ] {
        let response = json(chat(&sim, &with(capital(), more)), StatusCode::BAD_REQUEST).await;
        assert_eq!(response["error"]["param"], param);
        assert_eq!(response["error"]["type"], "invalid_request_error");
    }
    for (body, param) in [
        (json!({ "messages": [] }), "model"),
        (json!({ "model": MODEL }), "messages"),
    ] {
        let response = json(chat(&sim, &body), StatusCode::BAD_REQUEST).await;
        assert_eq!(response["error"]["param"], param);
    }
    for body in ["{", "[]", ""] {
        let request = inference(&sim, Method::POST, "/chat/completions").body(body);
        let response = json(request, StatusCode::BAD_REQUEST).await;
        assert_eq!(response["error"]["code"], "invalid_json");
    }
    let unknown = with(capital(), json!({ "model": "invalid-model" }));
    let response = json(chat(&sim, &unknown), StatusCode::NOT_FOUND).await;
    assert_eq!(response["error"]["code"], "model_not_found");
}

#[tokio::test]
async fn without_funds_a_request_gets_status_402() {
    let sim = Simulator::builder()
        .balance("0".parse().unwrap())
        .start()
        .await
        .unwrap();
    let response = json(chat(&sim, &capital()), StatusCode::PAYMENT_REQUIRED).await;
    assert_eq!(response["error"]["code"], "insufficient_funds");
    assert_eq!(response["error"]["type"], "insufficient_quota");
    assert!(
        response["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("Insufficient balance (")
    );
}

#[tokio::test]
async fn a_stream_has_one_event_for_each_token() {
    let sim = still().await;
    let body = with(capital(), json!({ "stream": true }));
    let events = events(chat(&sim, &body)).await;
    let (done, chunks) = events.split_last().unwrap();
    assert_eq!(done, "[DONE]");
    let chunks: Vec<Value> = chunks
        .iter()
        .map(|e| serde_json::from_str(e).unwrap())
        .collect();
    assert_eq!(chunks.len(), 1 + 7 + 1);
    assert_eq!(
        chunks[0]["choices"][0]["delta"],
        json!({ "role": "assistant", "content": "" })
    );
    assert_eq!(
        chunks[2]["choices"][0]["delta"],
        json!({ "content": " capital" })
    );
    assert_eq!(chunks[8]["choices"][0]["finish_reason"], "stop");
    let text: String = chunks
        .iter()
        .filter_map(|c| c["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(text, "The capital of France is Paris.");
    for chunk in &chunks {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert_eq!(chunk["id"], chunks[0]["id"]);
        assert_eq!(chunk.get("usage"), None);
    }
    assert_eq!(
        sim.wallet(None).unwrap().rows[0].amount_usd.to_string(),
        "0.000132"
    );
}

#[tokio::test]
async fn a_stream_includes_usage_on_request() {
    let sim = still().await;
    for more in [
        json!({ "stream": true, "stream_options": { "include_usage": true } }),
        json!({ "stream": true, "usage": { "include": true }, "n": 2 }),
    ] {
        let events = events(chat(&sim, &with(capital(), more))).await;
        let last = &events[events.len() - 2];
        assert!(last.contains(r#""choices":[]"#), "{last}");
        let chunk: Value = serde_json::from_str(last).unwrap();
        assert_eq!(chunk["object"], "chat.completion.chunk");
        let billed = sim.wallet(None).unwrap().rows[0].amount_usd.to_string();
        assert!(last.contains(&format!(r#""cost":{billed}"#)), "{last}");
    }
}

#[tokio::test]
async fn a_caller_that_disconnects_early_pays_for_the_tokens_so_far() {
    let delay = Duration::from_millis(20);
    let sim = Simulator::builder()
        .seed(7)
        .token_delay(delay)
        .start()
        .await
        .unwrap();
    let rows = || sim.wallet(None).unwrap().rows;
    let before = rows().len();
    let body = json!({ "model": MODEL, "stream": true, "messages": [
        { "role": "user", "content": "Tell me a story" },
    ]});
    let mut response = chat(&sim, &body).send().await.unwrap();
    response.chunk().await.unwrap();
    response.chunk().await.unwrap();
    assert_eq!(rows().len(), before);
    drop(response);

    for _ in 0..200 {
        if rows().len() > before {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let paid = rows()[0].amount_usd;
    assert_eq!(rows().len(), before + 1);
    let whole = json(
        chat(&sim, &with(body, json!({ "stream": false }))),
        StatusCode::OK,
    )
    .await;
    assert!(paid < whole["usage"]["cost"].to_string().parse().unwrap());
}
