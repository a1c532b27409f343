//! `POST /chat/completions` without streaming.

use pinference_api::types::{
    ChatCompletionRequest, ChatMessage, FinishReason, FunctionDefinition, Role, StopSequences,
    Tool, ToolName,
};
use prime_ext::{CallOptions, Cost, ErrorKind};
use serde_json::{Value, json};

use super::support::{MODEL, MockResponse, Wire, assert_not_sent};

/// Inference API page, section "POST Chat Completions".
const ANSWER: &str = r#"{
  "id": "chatcmpl-123",
  "object": "chat.completion",
  "created": 1693721698,
  "model": "meta-llama/llama-3.1-70b-instruct",
  "choices": [{
    "index": 0,
    "message": {
      "role": "assistant",
      "content": "The capital of France is Paris."
    },
    "finish_reason": "stop"
  }],
  "usage": {
    "prompt_tokens": 12,
    "completion_tokens": 8,
    "total_tokens": 20
  }
}"#;

#[tokio::test]
async fn create_chat_completion_sends_the_request_and_reads_the_response() {
    let wire = Wire::inference(MockResponse::json(200, ANSWER).header("x-trace", "t-1")).await;
    let request = wire.personal().chat(MODEL).user("Hello!");
    let answer = request.await.unwrap();

    let request = wire.request();
    assert_eq!(request.line, "POST /api/v1/chat/completions");
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
            "content-type: application/json",
        ]
    );
    assert_eq!(
        request.json(),
        json!({
            "model": "meta-llama/llama-3.1-70b-instruct",
            "messages": [{"role": "user", "content": "Hello!"}],
        })
    );

    assert_eq!(answer.text(), "The capital of France is Paris.");
    assert_eq!(answer.finish_reason(), Some(&FinishReason::Stop));
    assert!(answer.tool_calls().is_empty());
    let usage = answer.usage().unwrap();
    assert_eq!(usage.prompt_tokens, Some(12));
    assert_eq!(usage.completion_tokens, Some(8));
    assert_eq!(usage.total_tokens, Some(20));
    assert_eq!(answer.cost(), Cost::Unknown);
    assert_eq!(answer.raw().id.as_deref(), Some("chatcmpl-123"));
    assert_eq!(answer.raw().object.as_deref(), Some("chat.completion"));
    assert_eq!(answer.raw().created, Some(1_693_721_698));
    assert_eq!(answer.model(), Some(MODEL));
    assert_eq!(answer.raw().choices.len(), 1);
    assert_eq!(answer.raw().choices[0].index, Some(0));
    let message = answer.message().unwrap();
    assert_eq!(message.role, Role::Assistant);
    assert_eq!(answer.meta().headers()["x-trace"], "t-1");
}

#[tokio::test]
async fn create_chat_completion_sends_the_team_header() {
    let wire = Wire::inference(MockResponse::json(200, ANSWER)).await;
    wire.team().chat(MODEL).user("Hello!").await.unwrap();

    let request = wire.request();
    assert_eq!(request.line, "POST /api/v1/chat/completions");
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
            "content-type: application/json",
            "x-prime-team-id: team_4d2a",
        ]
    );
    assert_eq!(
        request.json(),
        json!({
            "model": "meta-llama/llama-3.1-70b-instruct",
            "messages": [{"role": "user", "content": "Hello!"}],
        })
    );
}

/// The documented request without `"stream": false`, which is the default.
#[tokio::test]
async fn the_documented_request_is_sent() {
    let wire = Wire::inference(MockResponse::json(200, ANSWER)).await;
    wire.personal()
        .chat(MODEL)
        .system("You are a helpful assistant.")
        .user("What is the capital of France?")
        .max_tokens(1000)
        .temperature(0.7)
        .stop(["END"])
        .await
        .unwrap();
    let documented = r#"{
      "model": "meta-llama/llama-3.1-70b-instruct",
      "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "What is the capital of France?"}
      ],
      "max_tokens": 1000,
      "temperature": 0.7,
      "stop": ["END"]
    }"#;
    let documented: Value = serde_json::from_str(documented).unwrap();
    assert_eq!(wire.request().json(), documented);
}

/// `modify` sets what has no method, and parameters that the specification does not list.
#[tokio::test]
async fn other_parameters_are_sent() {
    let wire = Wire::inference(MockResponse::json(200, ANSWER)).await;
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    wire.personal()
        .chat(MODEL)
        .user("Weather?")
        .modify(|request| {
            let mut function = FunctionDefinition::new("weather");
            function.description = Some("Looks out of the window.".to_owned());
            function.parameters = schema.as_object().cloned();
            function.strict = Some(true);
            request.functions = Some(vec![function.clone()]);
            request.function_call = Some(ToolName::new("weather").into());
            let mut tool = Tool::new("function");
            tool.function = Some(function);
            request.tools = Some(vec![tool]);
            request.stop = Some(StopSequences::One("END".to_owned()));
            request.extra.insert("min_p".to_owned(), json!(0.05));
            request
                .extra
                .insert("provider".to_owned(), json!({"order": ["a"]}));
        })
        .await
        .unwrap();
    let function = json!({
        "name": "weather",
        "description": "Looks out of the window.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        "strict": true,
    });
    assert_eq!(
        wire.request().json(),
        json!({
            "model": "meta-llama/llama-3.1-70b-instruct",
            "messages": [{"role": "user", "content": "Weather?"}],
            "functions": [function],
            "function_call": {"name": "weather"},
            "tools": [{"type": "function", "function": function}],
            "stop": "END",
            "min_p": 0.05,
            "provider": {"order": ["a"]},
        })
    );
}

/// The method that sends the request sets `stream`.
#[tokio::test]
async fn send_removes_the_stream_parameter() {
    for stream in [true, false] {
        let wire = Wire::inference(MockResponse::json(200, ANSWER)).await;
        let request = wire.personal().chat(MODEL).user("Hello!");
        let request = request.modify(|request| request.stream = Some(stream));
        request.await.unwrap();
        assert_eq!(
            wire.request().json(),
            json!({
                "model": "meta-llama/llama-3.1-70b-instruct",
                "messages": [{"role": "user", "content": "Hello!"}],
            })
        );
    }
}

/// The message has `content: null` and `tool_calls`. It is sent back unchanged with the tool
/// result.
#[tokio::test]
async fn tool_calls_are_read_and_sent_back_unchanged() {
    let body = r#"{"id": "c", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
        "role": "assistant", "content": null, "refusal": null, "audio": null,
        "reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": null}], "new": null,
        "tool_calls": [{"index": 0, "id": "call_1", "type": "function",
                        "function": {"name": "weather", "arguments": "{\"city\": \"Pa"}}]}}]}"#;
    let wire = Wire::inference(MockResponse::json(200, body)).await;
    let request = wire.personal().chat(MODEL).user("Weather?");
    let answer = request.clone().await.unwrap();

    assert_eq!(answer.text(), "");
    assert_eq!(answer.finish_reason(), Some(&FinishReason::ToolCalls));
    let [call] = answer.tool_calls() else {
        panic!("{answer:?}")
    };
    assert_eq!(call.id.as_deref(), Some("call_1"));
    assert_eq!(call.type_.as_deref(), Some("function"));
    assert_eq!(call.function.as_ref().unwrap().name, "weather");
    assert_eq!(
        call.function.as_ref().unwrap().arguments.as_deref(),
        Some("{\"city\": \"Pa")
    );
    assert_eq!(answer.usage().map(|_| ()), None);

    request
        .message(answer.message().unwrap().clone())
        .message(ChatMessage::tool("call_1", "rain"))
        .await
        .unwrap();
    assert_eq!(
        wire.requests()[1].json()["messages"],
        json!([
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "reasoning": "hm",
                "reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": null}],
                "tool_calls": [{"index": 0, "id": "call_1", "type": "function",
                                "function": {"name": "weather", "arguments": "{\"city\": \"Pa"}}],
                // Unknown fields are sent back unchanged.
                "new": null,
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        ])
    );
}

#[tokio::test]
async fn unknown_values_are_preserved() {
    for reason in ["", "abort", "eos", "STOP"] {
        let body = format!(
            r#"{{"service_tier": "provisioned", "choices": [{{"index": 0, "finish_reason": "{reason}",
                "message": {{"role": "critic", "content": "x"}}}}]}}"#
        );
        let wire = Wire::inference(MockResponse::json(200, &body)).await;
        let request = wire.personal().chat(MODEL).user("Hello!");
        let answer = request.clone().await.unwrap();
        assert_eq!(
            answer.finish_reason(),
            Some(&FinishReason::Other(reason.to_owned()))
        );
        let tier = answer.raw().service_tier.as_ref().unwrap();
        assert_eq!(tier, "provisioned");
        let message = answer.message().unwrap();
        assert_eq!(message.role, Role::Other("critic".to_owned()));

        request.message(message.clone()).await.unwrap();
        assert_eq!(
            wire.requests()[1].json()["messages"][1],
            json!({"role": "critic", "content": "x"})
        );
    }
}

#[tokio::test]
async fn all_three_names_of_the_reasoning_field_are_read() {
    let body = r#"{"choices": [{"message": {"role": "assistant", "content": "4", "reasoning": "a",
        "reasoning_content": "b", "reasoning_details": [{"x": 1}]}, "finish_reason": null}]}"#;
    let wire = Wire::inference(MockResponse::json(200, body)).await;
    let request = wire.personal().chat(MODEL).user("2 + 2");
    let answer = request.await.unwrap();
    let message = answer.message().unwrap();
    assert_eq!(message.reasoning.as_deref(), Some("a"));
    assert_eq!(message.reasoning_content.as_deref(), Some("b"));
    assert_eq!(message.reasoning_details, Some(vec![json!({"x": 1})]));
    assert_eq!(answer.finish_reason(), None);
}

/// The cost may be a number, a string, null or missing.
#[tokio::test]
async fn costs_are_read_exactly() {
    let cases = [
        (r#"{"total_tokens": 20, "cost": 0.10}"#, Some("0.10")),
        (r#"{"total_tokens": 20, "cost": "0.10"}"#, Some("0.10")),
        (r#"{"cost": 12.3400}"#, Some("12.3400")),
        (r#"{"cost": "12.3400"}"#, Some("12.3400")),
        (r#"{"cost": 0}"#, Some("0")),
        (
            r#"{"cost": 0.000000012345678901234}"#,
            Some("0.000000012345678901234"),
        ),
        (r#"{"cost": 1.5e-7}"#, Some("0.00000015")),
        (r#"{"cost": null}"#, None),
        (r#"{"total_tokens": 20}"#, None),
        (r#"{}"#, None),
        (r#"null"#, None),
    ];
    for (usage, expected) in cases {
        let body = format!(r#"{{"choices": [], "usage": {usage}}}"#);
        let wire = Wire::inference(MockResponse::json(200, &body)).await;
        let request = wire.personal().chat(MODEL).user("Hello!");
        let cost = request.await.unwrap().cost();
        let known = cost.known().map(|amount| amount.to_string());
        assert_eq!(known.as_deref(), expected, "{usage}");
        assert_eq!(cost == Cost::Unknown, expected.is_none(), "{usage}");
    }
}

#[tokio::test]
async fn unknown_fields_of_a_response_are_preserved() {
    let body = r#"{"id": "c", "provider": "x", "system_fingerprint": null, "prompt_filter_results": [],
        "choices": [
            {"index": 0, "finish_reason": "length", "native_finish_reason": "MAX", "stop_reason": 2,
             "logprobs": {"content": [{"token": "a", "logprob": -0.5}]},
             "message": {"role": "assistant", "content": "a", "annotations": [], "images": null}},
            {"index": 1, "finish_reason": "content_filter",
             "message": {"role": "assistant", "content": "b", "tool_calls": null}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "is_byok": false,
                  "prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 0},
                  "completion_tokens_details": {"reasoning_tokens": 2, "other": null},
                  "cost_details": {"upstream": null}}}"#;
    let wire = Wire::inference(MockResponse::json(200, body)).await;
    let request = wire.personal().chat(MODEL).user("Hello!");
    let answer = request.await.unwrap();
    assert_eq!(answer.text(), "a");
    assert_eq!(answer.finish_reason(), Some(&FinishReason::Length));
    let logprobs = answer.raw().choices[0].logprobs.as_ref().unwrap();
    let first = &logprobs.content.as_ref().unwrap()[0];
    assert_eq!((first.token.as_str(), first.logprob), ("a", Some(-0.5)));
    let second = &answer.raw().choices[1];
    assert_eq!(second.finish_reason, Some(FinishReason::ContentFilter));
    let text = second
        .message
        .as_ref()
        .unwrap()
        .content
        .as_ref()
        .map(|content| content.text());
    let text = text.as_deref();
    assert_eq!(text, Some("b"));
    let usage = answer.usage().unwrap();
    let cached = usage.prompt_tokens_details.as_ref().unwrap().cached_tokens;
    assert_eq!(cached, Some(1));
    let details = usage.completion_tokens_details.as_ref().unwrap();
    assert_eq!(details.reasoning_tokens, Some(2));
}

#[tokio::test]
async fn a_response_without_choices_is_an_error() {
    for body in [r#"{"choices": []}"#, r#"{"choices": [{}]}"#] {
        let wire = Wire::inference(MockResponse::json(200, body)).await;
        let request = wire.personal().chat(MODEL).user("Hello!");
        let answer = request.await.unwrap();
        assert_eq!(answer.text(), "");
        assert!(answer.message().is_none() && answer.finish_reason().is_none());
    }
}

#[tokio::test]
async fn an_invalid_request_is_not_sent() {
    let wire = Wire::inference(MockResponse::json(200, ANSWER)).await;
    let prime = wire.personal();
    let requests = [
        prime.chat("").user("Hello!"),
        prime.chat("  ").user("Hello!"),
        prime.chat(MODEL),
        prime.team("").chat(MODEL).user("Hello!"),
        prime.team(" ").chat(MODEL).user("Hello!"),
        prime.team("a b").chat(MODEL).user("Hello!"),
        prime.team("a\r\nx-admin: 1").chat(MODEL).user("Hello!"),
        prime.team("a\0").chat(MODEL).user("Hello!"),
        prime.team("té").chat(MODEL).user("Hello!"),
    ];
    for request in requests {
        assert_not_sent(&request.clone().await.unwrap_err());
        assert_not_sent(&request.stream().await.unwrap_err());
    }
    assert_eq!(wire.hits(), 0);
}

#[tokio::test]
async fn requests_of_the_generated_crate() {
    let wire = Wire::inference(MockResponse::json(200, ANSWER)).await;
    let mut message = ChatMessage::new(Role::User);
    message.content = Some("Hello!".into());
    let bare = wire.bare_inference();
    let answer = bare
        .create_chat_completion()
        .x_prime_team_id("team_4d2a")
        .body(ChatCompletionRequest::new(vec![message], MODEL))
        .send()
        .await
        .unwrap();

    let request = wire.request();
    assert_eq!(request.line, "POST /api/v1/chat/completions");
    assert_eq!(
        request.headers,
        [
            "accept: application/json",
            "authorization: Bearer pit_key_5f1e0c7a",
            "content-type: application/json",
            "x-prime-team-id: team_4d2a",
        ]
    );
    assert_eq!(
        request.json(),
        json!({
            "model": "meta-llama/llama-3.1-70b-instruct",
            "messages": [{"role": "user", "content": "Hello!"}],
        })
    );
    assert_eq!(answer.body(), ANSWER);
    assert_eq!(answer.value().id.as_deref(), Some("chatcmpl-123"));

    let unfinished = bare.create_chat_completion().send().await.unwrap_err();
    assert_eq!(unfinished.kind(), ErrorKind::Request);
    assert_eq!(unfinished.operation(), Some("create_chat_completion"));
    assert_eq!(wire.hits(), 1);
}

/// As shown in the documentation of the generated crate.
#[tokio::test]
async fn the_generated_crate_omits_unset_fields() {
    let wire = Wire::inference(MockResponse::json(200, ANSWER)).await;
    let mut message = ChatMessage::new(Role::User);
    message.content = Some("Hello!".into());
    let bare = wire.bare_inference();
    let call = bare
        .create_chat_completion()
        .body_map(|body| body.model(MODEL).messages([message]));
    call.send().await.unwrap();
    assert_eq!(
        wire.request().json(),
        json!({
            "model": "meta-llama/llama-3.1-70b-instruct",
            "messages": [{"role": "user", "content": "Hello!"}],
        })
    );
}

/// The meter marks the cost as estimated. An adapter has the price of its base model.
#[tokio::test]
async fn a_meter_with_prices_estimates_missing_costs() {
    let priced =
        r#"{"id": "a/b", "pricing": {"input_usd_per_mtok": "0.30", "output_usd_per_mtok": 0.40}}"#;
    let priced = serde_json::from_str(priced).unwrap();
    let template = r#"{"choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris"},
        "finish_reason": "stop"}]@}"#;
    let usage = r#", "usage": {"prompt_tokens": 1000, "completion_tokens": 50@}"#;
    let answers = [
        (
            template.replace('@', usage).replace('@', ""),
            "a/b",
            "1 responses: $0, and about $0.00032 for 1 of them",
        ),
        (
            template.replace('@', usage).replace('@', ""),
            "a/b:ad_1",
            "1 responses: $0, and about $0.00032 for 1 of them",
        ),
        (
            template.replace('@', usage).replace('@', ""),
            "c",
            "1 responses: $0, and an unknown cost for 1 of them",
        ),
        (
            template
                .replace('@', usage)
                .replace('@', ", \"cost\": \"0.10\""),
            "a/b",
            "1 responses: $0.10",
        ),
        (
            template.replace('@', ""),
            "a/b",
            "1 responses: $0, and an unknown cost for 1 of them",
        ),
    ];
    for (body, model, expected) in answers {
        let meter = prime_ext::Meter::with_prices([&priced]);
        let wire = Wire::inference(MockResponse::json(200, &body)).await;
        let client = wire.personal().with_meter(&meter);
        client.chat(model).user("Hello").await.unwrap();
        assert_eq!(meter.total().to_string(), expected, "{body}");
    }
}

/// The service may have billed a response that contains an error instead of a choice.
#[tokio::test]
async fn an_error_in_a_success_leaves_the_outcome_unknown() {
    let body = r#"{"choices": [], "error": {"message": "upstream timeout", "code": 504}}"#;
    let wire = Wire::inference(MockResponse::json(200, body)).await;
    let error = wire.personal().chat(MODEL).user("Hello").await.unwrap_err();
    assert!(error.outcome_unknown(), "{error}");
    assert_eq!(wire.hits(), 1);
}

#[tokio::test]
async fn a_raw_stream_that_is_not_a_stream_keeps_the_response() {
    let body = r#"{"choices": []}"#;
    let wire = Wire::inference(MockResponse::json(200, body)).await;
    let call = wire
        .personal()
        .call_inference(http::Method::POST, "completions");
    let error = call
        .json(&serde_json::json!({}))
        .stream()
        .await
        .unwrap_err();
    assert!(error.outcome_unknown(), "{error}");
    assert_eq!(error.body().map(|body| &body[..]), Some(body.as_bytes()));
}

#[tokio::test]
async fn an_empty_success_of_a_raw_call_is_unit() {
    let wire = Wire::platform(MockResponse::json(204, "")).await;
    let call = wire
        .personal()
        .call_platform(http::Method::DELETE, "api/v1/pods/x");
    call.send::<()>().await.unwrap();
}

/// The part of a header after a comma is redacted too.
#[tokio::test]
async fn a_header_value_is_redacted_as_a_whole() {
    let body = r#"{"error": {"message": "invalid x-api-key: abc,def123456"}}"#;
    let wire = Wire::inference(MockResponse::json(401, body)).await;
    let options = CallOptions::new().header("x-api-key", "abc,def123456");
    let prime = wire.personal().with_options(options);
    let error = prime.chat(MODEL).user("Hello").await.unwrap_err();
    assert!(!error.to_string().contains("def123456"), "{error}");
}
