//! Tests of scripted and generated answers.

use prime_sim::{Reply, Simulator, When};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{inference, json, still};

const MODEL: &str = "openai/gpt-oss-120b";

pub(crate) fn with(question: &str, more: Value) -> Value {
    let mut body = json!({
        "model": MODEL,
        "messages": [{ "role": "user", "content": question }],
    });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

pub(crate) async fn ask(sim: &Simulator, question: &str, more: Value) -> Value {
    let body = with(question, more);
    let request = inference(sim, Method::POST, "/chat/completions").json(&body);
    json(request, StatusCode::OK).await
}

/// Returns the chunks of a stream without `[DONE]`.
pub(crate) async fn stream(sim: &Simulator, question: &str, mut more: Value) -> Vec<Value> {
    more["stream"] = json!(true);
    let body = with(question, more);
    let request = inference(sim, Method::POST, "/chat/completions").json(&body);
    let text = request.send().await.unwrap().text().await.unwrap();
    let chunks = text.strip_suffix("data: [DONE]\n\n").unwrap();
    let chunks = chunks.split_terminator("\n\n");
    chunks
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
        .collect()
}

fn weather() -> Value {
    json!([{ "type": "function", "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "required": ["city", "days"],
            "properties": {
                "city": { "type": "string", "minLength": 5 },
                "days": { "type": "integer", "minimum": 2, "maximum": 9 },
            },
        },
    } }])
}

#[tokio::test]
async fn scripted_replies_are_used_in_order_until_used_up() {
    let sim = Simulator::builder()
        .on_chat("weather")
        .once()
        .reply(Reply::tool_call("get_weather", json!({ "city": "Paris" })))
        .on_chat("WEATHER")
        .times(1)
        .reply("It rains.")
        .start()
        .await
        .unwrap();
    let message = async |question: &str| ask(&sim, question, json!({})).await["choices"][0].take();
    let first = message("The weather?").await;
    assert_eq!(first["finish_reason"], "tool_calls");
    assert_eq!(first["message"].get("content"), None);
    let call = &first["message"]["tool_calls"][0];
    assert!(call["id"].as_str().unwrap().starts_with("call_"));
    assert_eq!(
        call["function"],
        json!({ "name": "get_weather", "arguments": "{\"city\":\"Paris\"}" })
    );
    assert_eq!(
        message("The weather?").await["message"]["content"],
        "It rains."
    );
    let own = message("The weather?").await;
    assert!(
        own["message"]["content"]
            .as_str()
            .unwrap()
            .contains("A simulator")
    );

    sim.on_chat(When::model("nobody's")).reply("never");
    sim.on_chat(When::body(|body| body["seed"] == 5))
        .reply(Reply::echo());
    let echo = ask(&sim, "Who is there?", json!({ "seed": 5 })).await;
    assert_eq!(echo["choices"][0]["message"]["content"], "Who is there?");
    let echo = ask(&sim, "Is it me?", json!({ "model": "sim/echo" })).await;
    assert_eq!(echo["choices"][0]["message"]["content"], "Is it me?");
}

#[tokio::test]
async fn raw_replies_can_be_invalid() {
    let sim = still().await;
    sim.on_chat("json")
        .reply(Reply::json(json!({ "choices": 7 })));
    sim.on_chat("text").reply(Reply::json("{\"choices\":"));
    sim.on_chat("events").reply(Reply::events(["{}", "[DONE]"]));
    sim.on_chat("bytes")
        .reply(Reply::bytes("application/x-tea", "\u{2615}"));
    let before = sim.wallet(None).unwrap().rows.len();
    assert_eq!(ask(&sim, "json", json!({})).await, json!({ "choices": 7 }));
    assert_eq!(
        stream(&sim, "json", json!({})).await,
        [json!({ "choices": 7 })]
    );
    assert_eq!(stream(&sim, "events", json!({})).await, [json!({})]);
    for (question, content_type, text) in [
        ("text", "application/json", "{\"choices\":"),
        ("bytes", "application/x-tea", "\u{2615}"),
    ] {
        let request = inference(&sim, Method::POST, "/chat/completions");
        let answer = request
            .json(&with(question, json!({})))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["content-type"], content_type);
        assert_eq!(answer.text().await.unwrap(), text);
    }
    assert_eq!(sim.wallet(None).unwrap().rows.len(), before);
}

#[tokio::test]
async fn tools_are_called_if_mentioned_or_required() {
    let sim = still().await;
    let call =
        |answer: &Value| answer["choices"][0]["message"]["tool_calls"][0]["function"].clone();
    let tools = json!({ "tools": weather() });
    let function = call(&ask(&sim, "What is the weather in Paris?", tools.clone()).await);
    assert_eq!(function["name"], "get_weather");
    let arguments: Value = serde_json::from_str(function["arguments"].as_str().unwrap()).unwrap();
    assert!(arguments["city"].as_str().unwrap().len() >= 5 && arguments["days"] == 2);
    assert_eq!(call(&ask(&sim, "Hello", tools.clone()).await), Value::Null);
    for choice in [
        json!("required"),
        json!({ "type": "function", "function": { "name": "get_weather" } }),
    ] {
        let more = json!({ "tools": weather(), "tool_choice": choice });
        assert_eq!(call(&ask(&sim, "Hello", more).await)["name"], "get_weather");
    }
    let none = json!({ "tools": weather(), "tool_choice": "none" });
    assert_eq!(call(&ask(&sim, "The weather?", none).await), Value::Null);
    let wrong = json!({ "tools": weather(), "tool_choice": { "function": { "name": "other" } } });
    let request = inference(&sim, Method::POST, "/chat/completions").json(&with("Hello", wrong));
    let error = json(request, StatusCode::BAD_REQUEST).await;
    assert_eq!(error["error"]["param"], "tool_choice");

    // The streamed deltas add up to the same call.
    let chunks = stream(&sim, "The weather?", tools).await;
    let pieces: Vec<_> = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"].get(0))
        .collect();
    assert!(pieces.len() > 5 && pieces.iter().all(|piece| piece["index"] == 0));
    assert_eq!(pieces[0]["function"]["name"], "get_weather");
    let streamed: String = pieces
        .iter()
        .filter_map(|p| p["function"]["arguments"].as_str())
        .collect();
    assert_eq!(streamed, function["arguments"]);
    let last = &chunks.last().unwrap()["choices"][0];
    assert_eq!(last["finish_reason"], "tool_calls");

    // A tool result is answered with text.
    let messages = json!([
        { "role": "user", "content": "The weather?" },
        { "role": "assistant", "content": null, "tool_calls": [{ "id": "call_1", "type": "function", "function": { "name": "get_weather", "arguments": "{}" } }] },
        { "role": "tool", "tool_call_id": "call_1", "content": "17 degrees" },
    ]);
    let answer = ask(
        &sim,
        "",
        json!({ "messages": messages, "tools": weather() }),
    )
    .await;
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        "The tool says: 17 degrees"
    );
}

#[tokio::test]
async fn structured_answers_are_valid_instances() {
    let sim = still().await;
    let schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "tags"],
        "properties": {
            "name": { "type": "string", "pattern": "^[A-Z][a-z]{3,}$" },
            "tags": { "type": "array", "minItems": 2, "items": { "enum": ["a", "b"] } },
        },
    });
    let format = |schema: Value| {
        json!({ "response_format": {
        "type": "json_schema",
        "json_schema": { "name": "thing", "schema": schema },
    } })
    };
    let answer = ask(&sim, "Hello", format(schema)).await;
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(value, json!({ "name": "Aaaa", "tags": ["a", "a"] }));

    let object = json!({ "response_format": { "type": "json_object" } });
    let answer = ask(&sim, "Hello", object).await;
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(serde_json::from_str::<Value>(text).unwrap().is_object());

    for (more, param) in [
        (format(json!(false)), "response_format.json_schema.schema"),
        (
            json!({ "response_format": { "type": "yaml" } }),
            "response_format.type",
        ),
    ] {
        let request = inference(&sim, Method::POST, "/chat/completions").json(&with("Hello", more));
        let error = json(request, StatusCode::BAD_REQUEST).await;
        assert_eq!(error["error"]["param"], param);
    }
}

#[tokio::test]
async fn reasoning_and_log_probabilities_are_returned_on_request() {
    let sim = still().await;
    let plain = ask(&sim, "Capital of France?", json!({})).await;
    assert_eq!(plain["choices"][0].get("logprobs"), None);
    let more = json!({ "reasoning_effort": "low", "logprobs": true, "top_logprobs": 2 });
    let answer = ask(&sim, "Capital of France?", more.clone()).await;
    let choice = &answer["choices"][0];
    let reasoning = choice["message"]["reasoning_content"].as_str().unwrap();
    let thought = answer["usage"]["completion_tokens_details"]["reasoning_tokens"]
        .as_i64()
        .unwrap();
    assert!(thought > 3);
    assert_eq!(answer["usage"]["completion_tokens"], 7 + thought);
    let logprobs = choice["logprobs"]["content"].as_array().unwrap();
    assert_eq!(logprobs.len(), 7);
    assert_eq!(logprobs[0]["token"], "The");
    assert!(
        logprobs
            .iter()
            .all(|token| token["logprob"].as_f64().unwrap() < 0.0)
    );
    assert_eq!(logprobs[0]["top_logprobs"].as_array().unwrap().len(), 2);

    let chunks = stream(&sim, "Capital of France?", more).await;
    let text = |name: &str| -> String {
        let deltas = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]);
        deltas.filter_map(|delta| delta[name].as_str()).collect()
    };
    assert_eq!(text("reasoning_content"), reasoning);
    assert_eq!(text("content"), "The capital of France is Paris.");
    let streamed: Vec<_> = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["logprobs"]["content"].get(0).cloned())
        .collect();
    assert_eq!(&streamed, logprobs);
}

#[tokio::test]
async fn scripted_refusals_finish_reasons_and_limits_are_applied() {
    let sim = still().await;
    sim.on_chat("bomb")
        .reply(Reply::text("").refusal("I cannot help with that."));
    sim.on_chat("long")
        .reply(Reply::text("one two three").finish_reason("content_filter"));
    let refused = ask(&sim, "A bomb?", json!({})).await;
    let message = &refused["choices"][0]["message"];
    assert_eq!(message["refusal"], "I cannot help with that.");
    assert_eq!(message.get("content"), None);
    let chunks = stream(&sim, "A bomb?", json!({})).await;
    assert_eq!(
        chunks[1]["choices"][0]["delta"]["refusal"],
        "I cannot help with that."
    );
    let cut = ask(&sim, "long", json!({ "max_tokens": 2 })).await;
    assert_eq!(cut["choices"][0]["message"]["content"], "one two");
    assert_eq!(cut["choices"][0]["finish_reason"], "content_filter");
}

#[tokio::test]
async fn a_reply_can_leave_out_the_cost_or_the_usage() {
    let script = "[[reply]]\nwhen = 'script'\necho = true\nwithout_cost = true\n";
    let sim = Simulator::builder().script(script).unwrap();
    let sim = sim.time_scale(0.0).start().await.unwrap();
    sim.on_chat("cost")
        .reply(Reply::text("Free?").without_cost());
    sim.on_chat("usage")
        .reply(Reply::text("How much?").without_usage());
    let more = || json!({ "stream_options": { "include_usage": true } });
    for question in ["cost", "script", "usage"] {
        let rows = sim.wallet(None).unwrap().rows.len();
        let answer = ask(&sim, question, json!({})).await;
        let chunks = stream(&sim, question, more()).await;
        let last = chunks.last().unwrap();
        for body in [&answer, last] {
            if question == "usage" {
                assert_eq!(body.get("usage"), None);
                assert!(!body["choices"][0]["finish_reason"].is_null());
            } else {
                assert!(body["usage"]["completion_tokens"].is_i64());
                assert_eq!(body["usage"].get("cost"), None);
            }
        }
        let wallet = sim.wallet(None).unwrap();
        assert_eq!(wallet.rows.len(), rows + 2);
        assert!(wallet.rows[0].amount_usd > "0".parse().unwrap());
    }
}

#[tokio::test]
async fn content_parts_are_read_and_attachments_are_counted() {
    let sim = still().await;
    let image =
        json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64,AA==" } });
    let audio =
        json!({ "type": "input_audio", "input_audio": { "data": "AA==", "format": "wav" } });
    let text = |text: &str| json!({ "type": "text", "text": text });
    let content = json!([text("Capital "), image, text("of France?"), image, audio]);
    let messages = json!([{ "role": "user", "content": content }]);
    let answer = ask(&sim, "", json!({ "messages": messages })).await;
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        "The capital of France is Paris. I see 2 images and 1 audio recording."
    );
}

#[tokio::test]
async fn a_refused_conversation_can_continue() {
    let sim = still().await;
    let messages = json!([
        { "role": "user", "content": "A bomb?" },
        { "role": "assistant", "content": null, "refusal": "I cannot help with that." },
        { "role": "user", "content": "Capital of France?" },
    ]);
    let answer = ask(&sim, "", json!({ "messages": messages })).await;
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        "The capital of France is Paris."
    );
}

#[tokio::test]
async fn the_developer_role_is_accepted_and_unknown_roles_are_rejected() {
    let sim = still().await;
    let messages = |role: &str| {
        json!({ "messages": [
        { "role": role, "content": "Be brief." },
        { "role": "user", "content": "Capital of France?" },
    ] })
    };
    ask(&sim, "", messages("developer")).await;
    let request = inference(&sim, Method::POST, "/chat/completions");
    let error = json(
        request.json(&with("", messages("pope"))),
        StatusCode::BAD_REQUEST,
    )
    .await;
    assert_eq!(error["error"]["param"], "messages[0].role");
}
