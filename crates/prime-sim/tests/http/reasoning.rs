//! Reasoning under each of its names, and its return to the service.

use prime_sim::{Fault, ReasoningField, Reply, Simulator};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::replies::{ask, stream, with};
use crate::{inference, json, still};

const THOUGHT: &str = "I need the weather.";

fn reply(field: ReasoningField) -> Reply {
    Reply::text("Wait.")
        .and_tool_call("f", json!({}))
        .reasoning(THOUGHT)
        .reasoning_as(field)
}

#[tokio::test]
async fn reasoning_has_each_name_complete_and_streamed() {
    for (field, name) in [
        (ReasoningField::ReasoningContent, "reasoning_content"),
        (ReasoningField::Reasoning, "reasoning"),
    ] {
        let sim = still().await;
        sim.on_chat("?").reply(reply(field));
        let answer = ask(&sim, "?", json!({})).await;
        let message = &answer["choices"][0]["message"];
        assert_eq!(message[name], THOUGHT);
        let names = ["reasoning_content", "reasoning", "reasoning_details"];
        assert_eq!(
            names
                .iter()
                .filter(|name| message.get(**name).is_some())
                .count(),
            1
        );
        assert_eq!(
            answer["usage"]["completion_tokens_details"]["reasoning_tokens"],
            5
        );

        let chunks = stream(&sim, "?", json!({})).await;
        let deltas = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]);
        let own: Vec<_> = deltas
            .filter_map(|delta| delta.get(name).map(|_| delta))
            .collect();
        assert!(own.len() == 5 && own.iter().all(|delta| delta.get("content").is_none()));
        let text: String = own
            .iter()
            .filter_map(|delta| delta[name].as_str())
            .collect();
        assert_eq!(text, THOUGHT);
    }
}

/// Returns the streamed details with their texts joined, as a client must join them.
async fn streamed_details(sim: &Simulator) -> Value {
    let chunks = stream(sim, "?", json!({})).await;
    let mut details: Vec<Value> = Vec::new();
    let deltas = chunks
        .iter()
        .map(|chunk| &chunk["choices"][0]["delta"]["reasoning_details"]);
    for part in deltas.filter_map(Value::as_array).flatten() {
        let index = usize::try_from(part["index"].as_u64().unwrap()).unwrap();
        match details.get_mut(index) {
            Some(detail) if part["text"].is_string() => {
                let text = [
                    detail["text"].as_str().unwrap(),
                    part["text"].as_str().unwrap(),
                ];
                detail["text"] = text.concat().into();
            }
            Some(detail) => detail["signature"] = part["signature"].clone(),
            None => details.push(part.clone()),
        }
    }
    details.into()
}

#[tokio::test]
async fn reasoning_details_have_a_signature_and_an_encrypted_part() {
    let sim = still().await;
    sim.on_chat("?")
        .reply(reply(ReasoningField::ReasoningDetails));
    let answer = ask(&sim, "?", json!({})).await;
    let details = &answer["choices"][0]["message"]["reasoning_details"];
    assert_eq!(details[0]["type"], "reasoning.text");
    assert_eq!(details[0]["text"], THOUGHT);
    assert!(details[0]["signature"].is_string());
    assert_eq!(details[1]["type"], "reasoning.encrypted");
    assert!(details[1]["data"].is_string() && details[1].get("text").is_none());
    assert_eq!(
        answer["usage"]["completion_tokens_details"]["reasoning_tokens"],
        5
    );
    assert_eq!(&streamed_details(&sim).await, details);
}

#[tokio::test]
async fn generated_reasoning_depends_on_the_model_and_the_effort() {
    let sim = still().await;
    for (model, name) in [
        ("openai/gpt-oss-120b", "reasoning_content"),
        ("nvidia/nemotron-3-nano-30b-a3b", "reasoning"),
        ("anthropic/claude-3-5-sonnet-20241022", "reasoning_details"),
    ] {
        let more = json!({ "model": model, "reasoning_effort": "high" });
        let answer = ask(&sim, "Hello", more).await;
        assert!(
            answer["choices"][0]["message"].get(name).is_some(),
            "{model}"
        );
        let more = json!({ "model": model, "reasoning_effort": "none" });
        let answer = ask(&sim, "Hello", more).await;
        assert_eq!(answer["choices"][0]["message"].get(name), None);
        assert_eq!(answer["usage"].get("completion_tokens_details"), None);
    }
}

/// Returns a request that continues after an assistant message with a call and `more`.
fn returned(more: &Value) -> Value {
    let mut message = json!({ "role": "assistant", "tool_calls": [
        { "id": "a", "type": "function", "function": { "name": "f", "arguments": "{}" } },
    ] });
    message
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({ "messages": [
        { "role": "user", "content": "?" },
        message,
        { "role": "tool", "tool_call_id": "a", "content": "17 degrees" },
    ] })
}

async fn error(sim: &Simulator, body: Value) -> String {
    let request = inference(sim, Method::POST, "/chat/completions").json(&with("", body));
    let mut error = json(request, StatusCode::BAD_REQUEST).await;
    assert_eq!(error["error"]["type"], "invalid_request_error");
    error["error"]["message"]
        .take()
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_service_can_require_the_reasoning() {
    let sim = still().await;
    let fault = sim.inject(Fault::requires_reasoning());
    assert!(error(&sim, returned(&json!({}))).await.starts_with(
        "Missing `reasoning_content` field in the assistant message at message index 1."
    ));
    assert_eq!(fault.hits(), 1);
    for more in [
        json!({ "reasoning_content": THOUGHT }),
        json!({ "reasoning": THOUGHT }),
    ] {
        ask(&sim, "", returned(&more)).await;
    }
    // Details must come back unchanged.
    sim.on_chat("?")
        .once()
        .reply(reply(ReasoningField::ReasoningDetails));
    let mut answer = ask(&sim, "?", json!({})).await;
    let mut details = answer["choices"][0]["message"]["reasoning_details"].take();
    ask(&sim, "", returned(&json!({ "reasoning_details": details }))).await;
    details[0]["text"] = "Changed.".into();
    let message = error(&sim, returned(&json!({ "reasoning_details": details }))).await;
    assert!(message.contains("Invalid `signature`"), "{message}");
    assert_eq!(fault.hits(), 2);

    // Nothing is required of earlier questions, of messages without calls, or without reasoning.
    let mut earlier = returned(&json!({}));
    let messages = earlier["messages"].as_array_mut().unwrap();
    messages.push(json!({ "role": "assistant", "content": "Warm." }));
    messages.push(json!({ "role": "user", "content": "Thanks" }));
    ask(&sim, "", earlier).await;
    let mut off = returned(&json!({}));
    off["reasoning_effort"] = "none".into();
    ask(&sim, "", off).await;
}

#[tokio::test]
async fn the_model_that_requires_reasoning_sends_it() {
    let sim = still().await;
    let model = json!("sim/requires-reasoning");
    let answer = ask(&sim, "?", json!({ "model": model })).await;
    assert!(answer["choices"][0]["message"]["reasoning_content"].is_string());
    let mut body = returned(&json!({}));
    body["model"] = model;
    error(&sim, body).await;
}

#[tokio::test]
async fn a_service_can_reject_reasoning() {
    let script = "[[fault]]\nfault = 'rejects-reasoning'\n";
    let sim = Simulator::builder()
        .script(script)
        .unwrap()
        .start()
        .await
        .unwrap();
    ask(&sim, "", returned(&json!({ "reasoning": null }))).await;
    for name in ["reasoning_content", "reasoning", "reasoning_details"] {
        let value = if name == "reasoning_details" {
            json!([])
        } else {
            json!(THOUGHT)
        };
        assert_eq!(
            error(&sim, returned(&json!({ name: value }))).await,
            format!("'messages.1': property '{name}' is unsupported")
        );
    }
}
