//! The parameters and the messages of chat requests, and the values that answer them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use pinference_api::types::{
    ChatCompletionRequest, ImageDetail, Moderation, PromptCacheMode, PromptCacheOptions,
    SearchContextSize, Voice, WebSearchOptions,
};
use prime_ext::{
    ChatMessage, ChatRequest, ContentPart, ErrorKind, ResponseFormat, TextOrParts, ToolChoice,
};
use prime_sim::Simulator;
use serde_json::{Value, json};

use super::support::{MockResponse, Wire};

/// Parameters that have no method of their own.
const WITHOUT_METHOD: [&str; 6] = [
    // Arguments of `Client::chat`, and `message`.
    "model",
    "messages",
    // Whether the request is awaited or streamed.
    "stream",
    // The methods for tools are elsewhere.
    "tools",
    // Deprecated, and replaced by `tools` and `tool_choice`. `modify` sets them.
    "functions",
    "function_call",
];

/// Sets every parameter that has a method.
fn with_every_parameter(request: ChatRequest) -> ChatRequest {
    let schema = json!({"type": "object"});
    let mut cache = PromptCacheOptions::default();
    cache.mode = Some(PromptCacheMode::Explicit);
    cache.ttl = Some("30m".to_owned());
    let mut search = WebSearchOptions::default();
    search.search_context_size = Some(SearchContextSize::Low);
    request
        .audio("wav", "alloy")
        .end_user("user-1")
        .frequency_penalty(0.25)
        .include_cost()
        .include_obfuscation(false)
        .include_usage(true)
        .logit_bias(50256, -100)
        .logprobs(3)
        .max_completion_tokens(64)
        .max_tokens(50)
        .metadata("experiment", "7")
        .metadata("step", "2")
        .modalities(["text", "audio"])
        .moderation(Moderation::new("omni-moderation-latest"))
        .n(2)
        .parallel_tool_calls(false)
        .prediction("fn main() {}")
        .presence_penalty(-0.5)
        .prompt_cache_key("key-1")
        .prompt_cache_options(cache)
        .prompt_cache_retention("24h")
        .reasoning_effort("low")
        .response_format(ResponseFormat::json_schema("answer", schema))
        .safety_identifier("hash-1")
        .seed(-7)
        .service_tier("flex")
        .stop(["END"])
        .store(true)
        .temperature(0.5)
        .tool_choice(ToolChoice::none())
        .top_p(0.75)
        .verbosity("low")
        .web_search_options(search)
}

/// Returns the body that the simulator received. It validates bodies against the specification.
async fn sent(change: impl FnOnce(ChatRequest) -> ChatRequest) -> Value {
    let sim = Simulator::start().await.unwrap();
    let client = prime_ext::Client::builder()
        .api_key(sim.key())
        .inference_url(sim.inference_url())
        .platform_url(sim.platform_url());
    let request = client.build().unwrap().chat("m");
    // The simulator knows other models only. It validates the body first.
    if let Err(error) = change(request).await {
        assert_eq!(
            error.status().map(|status| status.as_u16()),
            Some(404),
            "{error}"
        );
    }
    serde_json::from_slice(&sim.requests().pop().unwrap().body).unwrap()
}

#[tokio::test]
async fn every_parameter_is_sent_as_specified() {
    let body = sent(|request| with_every_parameter(request.user("Hello!"))).await;
    assert_eq!(
        body,
        json!({
            "model": "m",
            "messages": [{"role": "user", "content": "Hello!"}],
            "audio": {"format": "wav", "voice": "alloy"},
            "frequency_penalty": 0.25,
            "logit_bias": {"50256": -100},
            "logprobs": true,
            "max_completion_tokens": 64,
            "max_tokens": 50,
            "metadata": {"experiment": "7", "step": "2"},
            "modalities": ["text", "audio"],
            "moderation": {"model": "omni-moderation-latest"},
            "n": 2,
            "parallel_tool_calls": false,
            "prediction": {"type": "content", "content": "fn main() {}"},
            "presence_penalty": -0.5,
            "prompt_cache_key": "key-1",
            "prompt_cache_options": {"mode": "explicit", "ttl": "30m"},
            "prompt_cache_retention": "24h",
            "reasoning_effort": "low",
            "response_format": {"type": "json_schema",
                "json_schema": {"name": "answer", "schema": {"type": "object"}}},
            "safety_identifier": "hash-1",
            "seed": -7,
            "service_tier": "flex",
            "stop": ["END"],
            "store": true,
            "stream_options": {"include_usage": true, "include_obfuscation": false},
            "temperature": 0.5,
            "tool_choice": "none",
            "top_logprobs": 3,
            "top_p": 0.75,
            "usage": {"include": true},
            "user": "user-1",
            "verbosity": "low",
            "web_search_options": {"search_context_size": "low"},
        })
    );
}

/// A parameter that is added to the specification needs a method, or an entry in the list above.
#[tokio::test]
async fn every_parameter_has_a_method() {
    let body = sent(|request| with_every_parameter(request.user("Hello!"))).await;
    let set = body.as_object().unwrap().keys().map(String::as_str);
    let set: BTreeSet<&str> = set.chain(WITHOUT_METHOD).collect();
    let specified: BTreeSet<&str> = ChatCompletionRequest::FIELDS.iter().copied().collect();
    assert_eq!(set, specified);
}

#[tokio::test]
async fn nothing_is_sent_that_was_not_set() {
    let body = sent(|request| request.user("Hello!")).await;
    let messages = json!([{"role": "user", "content": "Hello!"}]);
    assert_eq!(body, json!({"model": "m", "messages": messages}));
}

#[tokio::test]
async fn unlisted_values_are_sent_unchanged() {
    let wire = Wire::inference(MockResponse::json(200, RICH)).await;
    wire.personal()
        .chat("m")
        .user("Hello!")
        .reasoning_effort("extreme")
        .verbosity(String::from("silent"))
        .service_tier("provisioned")
        .modalities(["video"])
        .audio("ogg", Voice::custom("voice_1"))
        .response_format(ResponseFormat::json_object())
        .tool_choice("auto")
        .logprobs(0)
        .await
        .unwrap();
    let body = wire.request().json();
    assert_eq!(body["reasoning_effort"], "extreme");
    assert_eq!(body["verbosity"], "silent");
    assert_eq!(body["service_tier"], "provisioned");
    assert_eq!(body["modalities"], json!(["video"]));
    let audio = json!({"format": "ogg", "voice": {"id": "voice_1"}});
    assert_eq!(body["audio"], audio);
    assert_eq!(body["response_format"], json!({"type": "json_object"}));
    assert_eq!(body["tool_choice"], "auto");
    assert_eq!(body["logprobs"], true);
    assert_eq!(body.get("top_logprobs"), None);
}

#[test]
fn tool_choices_are_serialized_as_specified() {
    for (choice, expected) in [
        (ToolChoice::auto(), json!("auto")),
        (ToolChoice::none(), json!("none")),
        (ToolChoice::required(), json!("required")),
        ("sometimes".into(), json!("sometimes")),
        (
            ToolChoice::function("f"),
            json!({"type": "function", "function": {"name": "f"}}),
        ),
        (
            ToolChoice::custom("c"),
            json!({"type": "custom", "custom": {"name": "c"}}),
        ),
    ] {
        assert_eq!(serde_json::to_value(choice).unwrap(), expected);
    }
}

#[tokio::test]
async fn messages_of_every_role_are_sent() {
    let call =
        json!({"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let mut calling = ChatMessage::assistant("a");
    calling.tool_calls = Some(vec![serde_json::from_value(call.clone()).unwrap()]);
    let body = sent(|request| {
        request
            .system("s")
            .developer("d")
            .user("u")
            .message(calling)
            .message(ChatMessage::tool("call_1", "t"))
            .message(ChatMessage::user("n").with_name("ann"))
    });
    assert_eq!(
        body.await["messages"],
        json!([
            {"role": "system", "content": "s"},
            {"role": "developer", "content": "d"},
            {"role": "user", "content": "u"},
            {"role": "assistant", "content": "a", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "t"},
            {"role": "user", "content": "n", "name": "ann"},
        ])
    );
}

#[tokio::test]
async fn the_content_of_a_message_is_any_text_or_parts() {
    let text = "e".to_owned();
    let body = sent(|request| {
        request
            .user("a")
            .user(String::from("b"))
            .user(Cow::Borrowed("c"))
            .user(Box::<str>::from("d"))
            .user(&text)
            .user([
                ContentPart::text("What is this?"),
                ContentPart::image("image/png", [1, 2, 3]).detail(ImageDetail::High),
            ])
            .user(vec![
                json!({"type": "video_url", "video_url": {"url": "v"}}),
            ])
            .user(ContentPart::file_id("file_1"))
            .system([ContentPart::text("s")])
    });
    let body = body.await;
    let contents: Vec<&Value> = body["messages"].as_array().unwrap().iter().collect();
    let contents: Vec<&Value> = contents.iter().map(|message| &message["content"]).collect();
    assert_eq!(
        json!(contents),
        json!([
            "a", "b", "c", "d", "e",
            [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AQID", "detail": "high"}},
            ],
            [{"type": "video_url", "video_url": {"url": "v"}}],
            [{"type": "file", "file": {"file_id": "file_1"}}],
            [{"type": "text", "text": "s"}],
        ])
    );
}

/// The simulator rejects what the specification does not allow.
#[tokio::test]
async fn malformed_parts_and_parameters_are_rejected() {
    let sim = Simulator::start().await.unwrap();
    let client = prime_ext::Client::builder()
        .api_key(sim.key())
        .inference_url(sim.inference_url())
        .platform_url(sim.platform_url());
    let prime = client.build().unwrap();
    let model = "meta-llama/llama-3.1-70b-instruct";
    for part in [
        json!({"text": "no type"}),
        json!({"type": "image_url", "image_url": "no object"}),
        json!({"type": "input_audio", "input_audio": {"data": "AA=="}}),
        json!("no object"),
    ] {
        let error = prime.chat(model).user([part]).await.unwrap_err();
        assert_eq!(
            error.status().map(|status| status.as_u16()),
            Some(400),
            "{error}"
        );
    }
    let request = prime.chat(model).user("Hello!").logit_bias(1, 101);
    let error = request.await.unwrap_err();
    assert_eq!(
        error.status().map(|status| status.as_u16()),
        Some(400),
        "{error}"
    );
    let sent = sim.requests().len();
    for request in [
        prime.chat(model).user("Hello!").presence_penalty(2.5),
        prime.chat(model).user("Hello!").frequency_penalty(f64::NAN),
        prime.chat(model).user("Hello!").logprobs(21),
    ] {
        let error = request.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{error}");
    }
    assert_eq!(sim.requests().len(), sent);
}

const RICH: &str = r#"{"id": "c", "service_tier": "provisioned", "choices": [{"index": 0, "finish_reason": "paused",
    "logprobs": {"content": [{"token": "Hi", "logprob": -0.5, "bytes": null, "top_logprobs": []}]},
    "message": {"role": "critic", "content": "Hi", "refusal": "no",
        "annotations": [{"type": "url_citation", "url_citation":
            {"url": "https://example.com", "title": "Example", "start_index": 0, "end_index": 2}},
            {"type": "file_citation", "file_citation": {"index": 1}}],
        "audio": {"id": "audio_1", "data": "AQID", "expires_at": 1750000000, "transcript": "Hi", "format": "ogg"},
        "function_call": {"name": "f", "arguments": "{}"}}}]}"#;

/// An unlisted value of an enumeration never makes a response unreadable.
#[tokio::test]
async fn a_response_with_unlisted_values_is_read_without_warnings() {
    let wire = Wire::inference(MockResponse::json(200, RICH)).await;
    let answer = wire.personal().chat("m").user("Hello!").await.unwrap();
    assert!(answer.warnings().is_empty(), "{:?}", answer.warnings());
    assert_eq!(answer.text(), "Hi");
    assert_eq!(answer.refusal(), Some("no"));
    assert_eq!(answer.finish_reason().unwrap(), "paused");
    assert_eq!(*answer.raw().service_tier.as_ref().unwrap(), *"provisioned");
    assert_eq!(answer.message().unwrap().role, *"critic");
    let tokens = answer.logprobs().unwrap().content.as_ref().unwrap();
    assert_eq!(tokens[0].logprob, Some(-0.5));
    let [web, file] = answer.annotations() else {
        panic!("{answer:?}")
    };
    let citation = web.url_citation.as_ref().unwrap();
    assert_eq!(citation.url.as_deref(), Some("https://example.com"));
    assert_eq!(citation.end_index, Some(2));
    assert_eq!(file.type_.as_deref(), Some("file_citation"));
    assert_eq!(file.extra["file_citation"], json!({"index": 1}));
    let audio = answer.audio().unwrap();
    assert_eq!(audio.transcript.as_deref(), Some("Hi"));
    assert_eq!(audio.expires_at, Some(1_750_000_000));
    assert_eq!(audio.extra["format"], "ogg");
    let call = answer.message().unwrap().function_call.as_ref().unwrap();
    assert_eq!(
        (call.name.as_str(), call.arguments.as_deref()),
        ("f", Some("{}"))
    );
}

/// The message is sent back as received, except that audio is sent by its id only.
#[tokio::test]
async fn a_message_with_every_member_is_sent_back() {
    let wire = Wire::inference(MockResponse::json(200, RICH)).await;
    let request = wire.personal().chat("m").user("Hello!");
    let answer = request.clone().await.unwrap();
    request
        .message(answer.message().unwrap().clone())
        .await
        .unwrap();
    let mut received: Value = serde_json::from_str(RICH).unwrap();
    let message = &mut received["choices"][0]["message"];
    message["audio"] = json!({"id": "audio_1", "format": "ogg"});
    assert_eq!(wire.requests()[1].json()["messages"][1], *message);
}

/// The same message in a stream.
#[tokio::test]
async fn a_streamed_message_has_the_same_members() {
    let mut chunk: Value = serde_json::from_str(RICH).unwrap();
    let choice = chunk["choices"][0].as_object_mut().unwrap();
    let message = choice.remove("message").unwrap();
    choice.insert("delta".to_owned(), message.clone());
    let events = format!("data: {chunk}\n\ndata: [DONE]\n\n");
    let wire = Wire::inference(MockResponse::events(&events)).await;
    let request = wire.personal().chat("m").user("Hello!");
    let answer = request.stream().await.unwrap().finish().await.unwrap();
    assert_eq!(
        answer
            .message()
            .map(|message| serde_json::to_value(message).unwrap()),
        Some(message)
    );
    assert_eq!(answer.annotations().len(), 2);
    assert_eq!(answer.audio().unwrap().data.as_deref(), Some("AQID"));
    assert_eq!(*answer.raw().service_tier.as_ref().unwrap(), *"provisioned");
}

/// Parts that a response has and the specification does not list survive.
#[tokio::test]
async fn unlisted_parts_of_a_response_are_kept() {
    let body = r#"{"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant",
        "content": [{"thinking": 1}, {"type": "text", "text": "Hi"}, 7]}}]}"#;
    let wire = Wire::inference(MockResponse::json(200, body)).await;
    let answer = wire.personal().chat("m").user("Hello!").await.unwrap();
    assert_eq!(answer.text(), "Hi");
    let content = answer.message().unwrap().content.clone();
    let parts = vec![
        json!({"thinking": 1}),
        json!({"type": "text", "text": "Hi"}),
        json!(7),
    ];
    assert_eq!(content, Some(TextOrParts::Parts(parts)));
}
