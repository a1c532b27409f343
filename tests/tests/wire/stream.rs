//! `POST /chat/completions` with streaming.

use futures_util::TryStreamExt as _;
use pinference_api::types::{ChatCompletionRequest, ChatMessage, FinishReason, Role};
use prime_ext::chat::ChatDelta;
use prime_ext::pinference_api::ByteStream;
use prime_ext::{CallOptions, ChatStream, Error, ErrorKind};
use serde_json::json;

use super::support::{MODEL, MockResponse, RawServer, Wire, assert_clean_error};

const ROLE: &str = r#"data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1693721698,"model":"meta-llama/llama-3.1-70b-instruct","choices":[{"index":0,"delta":{"role":"assistant","content":null}}]}

"#;
const ONCE: &str = r#"data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1693721698,"model":"meta-llama/llama-3.1-70b-instruct","choices":[{"index":0,"delta":{"content":"Once"},"finish_reason":null}]}

"#;
const UPON: &str = r#"data: {"id":"chatcmpl-123","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" upon"},"finish_reason":null}]}

"#;
const STOP: &str = r#"data: {"id":"chatcmpl-123","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

"#;
const USAGE: &str = r#"data: {"id":"chatcmpl-123","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":8,"total_tokens":20,"cost":"0.00010"}}

"#;
const DONE: &str = "data: [DONE]\n\n";

/// Opens a stream.
async fn open(wire: &Wire) -> Result<ChatStream, Error> {
    wire.personal()
        .chat(MODEL)
        .user("Tell me a story")
        .stream()
        .await
}

/// Opens a stream with the given events.
async fn stream_of(events: &[&str]) -> Result<ChatStream, Error> {
    open(&Wire::inference(MockResponse::events(events.concat())).await).await
}

/// Returns the texts of a stream and its result.
async fn texts(stream: &mut ChatStream) -> (Vec<String>, Result<(), Error>) {
    let mut texts = Vec::new();
    loop {
        match stream.next_text().await {
            Ok(Some(text)) => texts.push(text),
            Ok(None) => return (texts, Ok(())),
            Err(error) => return (texts, Err(error)),
        }
    }
}

/// Checks the error of a stream and its partial answer.
#[track_caller]
fn assert_broken(error: &Error, kind: ErrorKind, partial: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.operation(), Some("create_chat_completion_stream"));
    let arrived = error.partial_response().expect("partial answer");
    assert_eq!(arrived.text(), partial);
    // Without a partial answer, the outcome is unknown.
    assert_eq!(error.outcome_unknown(), partial.is_empty());
    assert_clean_error(error);
}

/// Checks that a stream fails after the given texts, and that it does not continue.
async fn assert_breaks(mut stream: ChatStream, before: &[&str], kind: ErrorKind) -> Error {
    let (texts, end) = texts(&mut stream).await;
    assert_eq!(texts, before);
    let error = end.unwrap_err();
    assert_broken(&error, kind, &before.concat());
    assert!(stream.finish().await.is_err());
    error
}

/// A single choice may have any index. Of several choices, the one with index 0 is read.
#[tokio::test]
async fn the_first_choice_is_read_whatever_its_index() {
    let event = |index: i64, text: &str| {
        let choice = json!({"index": index, "delta": {"content": text}, "finish_reason": "stop"});
        format!("data: {}\n\n", json!({"choices": [choice]}))
    };
    let mut stream = stream_of(&[&event(1, "On"), &event(1, "ce"), DONE])
        .await
        .unwrap();
    assert_eq!(texts(&mut stream).await.0, ["On", "ce"]);
    assert_eq!(stream.text(), "Once");
    let mut stream = stream_of(&[&event(7, "Once"), DONE]).await.unwrap();
    let piece = stream.next_delta().await.unwrap();
    assert!(matches!(piece, Some(ChatDelta::Text(text)) if text == "Once"));

    let events = [event(1, "b"), event(0, "a"), event(1, "b"), event(0, "a")].concat() + DONE;
    let wire = Wire::inference(MockResponse::events(&events)).await;
    let two = CallOptions::new().body_field("n", 2);
    for request in [
        wire.personal()
            .chat(MODEL)
            .modify(|request| request.n = Some(2)),
        wire.personal().chat(MODEL).options(two),
    ] {
        let mut stream = request.user("A story").stream().await.unwrap();
        assert_eq!(texts(&mut stream).await.0, ["a", "a"]);
        assert_eq!(stream.text(), "aa");
    }
    // Unexpected further choices are not mixed with the first one.
    let pieces = futures_util::stream::iter([Ok::<_, std::io::Error>(events.into())]);
    let mut stream = ChatStream::from_byte_stream(ByteStream::new(pieces))
        .await
        .unwrap();
    assert_eq!(texts(&mut stream).await.0.concat(), stream.text());
}

#[tokio::test]
async fn create_chat_completion_stream_sends_the_request_and_reads_the_events() {
    let events = [ROLE, ONCE, UPON, STOP, USAGE, DONE].concat();
    let wire = Wire::inference(MockResponse::events(events).header("x-trace", "t-1")).await;
    let mut stream = open(&wire).await.unwrap();

    let request = wire.request();
    assert_eq!(request.line, "POST /api/v1/chat/completions");
    assert_eq!(
        request.headers,
        [
            "accept: text/event-stream",
            "authorization: Bearer pit_key_5f1e0c7a",
            "content-type: application/json",
        ]
    );
    assert_eq!(
        request.json(),
        json!({
            "model": "meta-llama/llama-3.1-70b-instruct",
            "messages": [{"role": "user", "content": "Tell me a story"}],
            "stream": true,
            "stream_options": {"include_usage": true},
        })
    );

    let (texts, end) = texts(&mut stream).await;
    end.unwrap();
    assert_eq!(texts, ["Once", " upon"]);
    assert_eq!(stream.usage().unwrap().total_tokens, Some(20));
    assert_eq!(stream.meta().headers()["x-trace"], "t-1");

    let answer = stream.finish().await.unwrap();
    assert_eq!(answer.text(), "Once upon");
    assert_eq!(answer.finish_reason(), Some(&FinishReason::Stop));
    assert_eq!(answer.message().unwrap().role, Role::Assistant);
    assert_eq!(answer.raw().id.as_deref(), Some("chatcmpl-123"));
    assert_eq!(answer.raw().created, Some(1_693_721_698));
    assert_eq!(answer.model(), Some(MODEL));
    assert_eq!(answer.cost().known().unwrap().to_string(), "0.00010");
    assert_eq!(answer.meta().headers()["x-trace"], "t-1");
    assert_eq!(wire.hits(), 1);
}

#[tokio::test]
async fn create_chat_completion_stream_sends_the_team_header() {
    let wire = Wire::inference(MockResponse::events([ONCE, DONE].concat())).await;
    let request = wire.team().chat(MODEL).user("Tell me a story");
    request.stream().await.unwrap().finish().await.unwrap();

    let request = wire.request();
    assert_eq!(request.line, "POST /api/v1/chat/completions");
    assert_eq!(
        request.headers,
        [
            "accept: text/event-stream",
            "authorization: Bearer pit_key_5f1e0c7a",
            "content-type: application/json",
            "x-prime-team-id: team_4d2a",
        ]
    );
    assert_eq!(
        request.json(),
        json!({
            "model": "meta-llama/llama-3.1-70b-instruct",
            "messages": [{"role": "user", "content": "Tell me a story"}],
            "stream": true,
            "stream_options": {"include_usage": true},
        })
    );
}

#[tokio::test]
async fn stream_options_of_the_caller_are_kept() {
    let wire = Wire::inference(MockResponse::events([ONCE, DONE].concat())).await;
    let request = wire.personal().chat(MODEL).user("Tell me a story");
    let request = request.modify(|request| {
        request.stream = Some(false);
        request.stream_options.get_or_insert_default().include_usage = Some(false);
    });
    request.stream().await.unwrap().finish().await.unwrap();
    assert_eq!(
        wire.request().json(),
        json!({
            "model": "meta-llama/llama-3.1-70b-instruct",
            "messages": [{"role": "user", "content": "Tell me a story"}],
            "stream": true,
            "stream_options": {"include_usage": false},
        })
    );
}

#[tokio::test]
async fn chunks_are_returned_unchanged() {
    let stream = stream_of(&[ROLE, ONCE, STOP, USAGE, DONE]).await.unwrap();
    let chunks: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(chunks.len(), 4);
    let first = &chunks[0].choices[0];
    assert_eq!(first.delta.as_ref().unwrap().role, Some(Role::Assistant));
    assert_eq!(first.delta.as_ref().unwrap().content, None);
    assert_eq!(first.finish_reason, None);
    assert!(chunks[3].choices.is_empty());
    assert_eq!(chunks[3].usage.as_ref().unwrap().prompt_tokens, Some(12));
}

// Complete streams.

#[tokio::test]
async fn done_without_a_finish_reason_completes_a_stream() {
    let stream = stream_of(&[ONCE, UPON, DONE]).await.unwrap();
    let answer = stream.finish().await.unwrap();
    assert_eq!(answer.text(), "Once upon");
    assert_eq!(answer.finish_reason(), None);
}

#[tokio::test]
async fn a_finish_reason_without_done_completes_a_stream() {
    let stream = stream_of(&[ONCE, UPON, STOP]).await.unwrap();
    assert_eq!(stream.finish().await.unwrap().text(), "Once upon");

    let stream = stream_of(&[ONCE, UPON, STOP, USAGE]).await.unwrap();
    let answer = stream.finish().await.unwrap();
    assert_eq!(answer.text(), "Once upon");
    assert_eq!(answer.usage().unwrap().completion_tokens, Some(8));
}

#[tokio::test]
async fn done_without_a_blank_line_completes_a_stream() {
    for done in ["data: [DONE]\n", "data: [DONE]", "data:[DONE]"] {
        let stream = stream_of(&[ONCE, UPON, done]).await.unwrap();
        assert_eq!(
            stream.finish().await.unwrap().text(),
            "Once upon",
            "{done:?}"
        );
    }
}

/// Some servers send the usage in a chunk with an empty choice.
#[tokio::test]
async fn usage_with_an_empty_choice_is_read() {
    let usage =
        "data: {\"choices\":[{\"index\":0,\"delta\":{}}],\"usage\":{\"total_tokens\":20}}\n\n";
    for end in [&[usage, DONE][..], &[usage][..]] {
        let events = [&[ONCE, STOP], end].concat();
        let stream = stream_of(&events).await.unwrap();
        let answer = stream.finish().await.unwrap();
        assert_eq!(answer.raw().choices.len(), 1);
        assert_eq!(answer.finish_reason(), Some(&FinishReason::Stop));
        assert_eq!(answer.usage().unwrap().total_tokens, Some(20));
    }
}

/// Line endings, comments, fields and byte order marks of real servers.
#[tokio::test]
async fn all_variants_of_the_event_format_are_read() {
    let body = "\u{feff}: OPENROUTER PROCESSING\r\n\r\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"One\"}}]}\r\n\r\n\
        : keep-alive\r\n\
        event: message\r\nid: 7\r\nretry: 10\r\n\
        data:{\"choices\":[{\"index\":0,\r\ndata: \"delta\":{\"content\":\" zwei ⅔\"}}]}\r\n\r\n\
        : ping\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" trois\"}}]}\r\r\
        data: [DONE]\r\n\r\n";
    let wire = Wire::inference(MockResponse::events(body)).await;
    let mut stream = open(&wire).await.unwrap();
    let (texts, end) = texts(&mut stream).await;
    end.unwrap();
    assert_eq!(texts, ["One", " zwei ⅔", " trois"]);
}

#[tokio::test]
async fn an_event_stream_is_recognized_by_its_media_type() {
    let body = [ONCE, STOP, DONE].concat();
    for answer in [
        MockResponse::new(200, "text/event-stream; charset=utf-8", &body),
        MockResponse::new(200, "Text/Event-Stream", &body),
        MockResponse::bare(200, &body),
    ] {
        let wire = Wire::inference(answer).await;
        let stream = open(&wire).await.unwrap();
        assert_eq!(stream.finish().await.unwrap().text(), "Once");
    }
}

#[tokio::test]
async fn unknown_values_are_preserved() {
    let events = [
        "data: {\"service_tier\":\"provisioned\",\"provider\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"developer\",\"content\":\"x\",\"new\":[1]},\"native_finish_reason\":null}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"abort\"}],\"x_groq\":{}}\n\n",
    ];
    let answer = stream_of(&events).await.unwrap().finish().await.unwrap();
    assert_eq!(*answer.finish_reason().unwrap(), "abort");
    assert_eq!(answer.message().unwrap().role, "developer");
    assert_eq!(answer.raw().service_tier.as_ref().unwrap(), "provisioned");
}

#[tokio::test]
async fn tool_calls_and_reasoning_are_assembled_from_deltas() {
    let events = [
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"reasoning_content\":\"Let me\"}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\" see\"}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"weather\",\"arguments\":\"\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":null,\"function\":{\"name\":null,\"arguments\":\"{\\\"city\\\":\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\" \\\"Paris\\\"}\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":null},\"finish_reason\":\"tool_calls\"}]}\n\n",
        DONE,
    ];
    let mut stream = stream_of(&events).await.unwrap();
    let (texts, end) = texts(&mut stream).await;
    end.unwrap();
    assert!(texts.is_empty());
    let answer = stream.finish().await.unwrap();
    let [call] = answer.tool_calls() else {
        panic!("{answer:?}")
    };
    assert_eq!(call.id.as_deref(), Some("call_1"));
    assert_eq!(call.function.as_ref().unwrap().name, "weather");
    assert_eq!(
        call.function.as_ref().unwrap().arguments.as_deref(),
        Some("{\"city\": \"Paris\"}")
    );
    let message = answer.message().unwrap();
    assert_eq!(message.reasoning_content.as_deref(), Some("Let me see"));
    assert_eq!(message.content, None);
}

// Truncated streams.

#[tokio::test]
async fn a_truncated_stream_is_an_error() {
    let stream = stream_of(&[ROLE, ONCE, UPON]).await.unwrap();
    assert_breaks(stream, &["Once", " upon"], ErrorKind::CutOff).await;

    // In the middle of an event, which is dropped.
    let stream = stream_of(&[ROLE, ONCE, &STOP[..60]]).await.unwrap();
    assert_breaks(stream, &["Once"], ErrorKind::CutOff).await;

    // Usage does not complete a stream.
    let stream = stream_of(&[ONCE, USAGE]).await.unwrap();
    let error = assert_breaks(stream, &["Once"], ErrorKind::CutOff).await;
    let usage = error.partial_response().unwrap().usage().unwrap();
    assert_eq!(usage.total_tokens, Some(20));
}

/// `finish` returns the same error.
#[tokio::test]
async fn finish_reports_a_truncated_stream() {
    let stream = stream_of(&[ROLE, ONCE, UPON]).await.unwrap();
    let error = stream.finish().await.unwrap_err();
    assert_broken(&error, ErrorKind::CutOff, "Once upon");
}

#[tokio::test]
async fn a_stream_is_truncated_unless_all_choices_are_finished() {
    let other = "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"Twice\"}}]}\n\n";
    let ended = "data: {\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n";
    let cases = [
        (vec![ONCE, STOP], false),
        (vec![ONCE, other, STOP], false),
        (vec![ONCE, other, STOP, ended], true),
        (vec![ONCE, other, DONE], true),
    ];
    for (events, whole) in cases {
        let wire = Wire::inference(MockResponse::events(events.concat())).await;
        let request = wire.personal().chat(MODEL).user("Tell me a story");
        let request = request.modify(|request| request.n = Some(2));
        match request.stream().await.unwrap().finish().await {
            Ok(answer) => assert!(whole && answer.raw().choices.len() == 2, "{events:?}"),
            Err(error) => {
                assert!(!whole, "{events:?}");
                assert_broken(&error, ErrorKind::CutOff, "Once");
            }
        }
    }
}

/// A connection error truncates the stream even after a finish reason.
#[tokio::test]
async fn a_connection_error_truncates_a_stream() {
    for (events, before) in [
        ([ROLE, ONCE, UPON], &["Once", " upon"][..]),
        ([ROLE, ONCE, STOP], &["Once"][..]),
    ] {
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ncontent-length: 9999\r\n\r\n{}",
            events.concat()
        );
        let server = RawServer::start(&[&answer]).await;
        let request = server.personal().chat(MODEL).user("Tell me a story");
        let stream = request.stream().await.unwrap();
        assert_breaks(stream, before, ErrorKind::CutOff).await;
        assert_eq!(server.hits(), 1);
    }
}

/// Observed with a prompt that was too long.
#[tokio::test]
async fn an_empty_stream_is_an_error() {
    for body in ["", "\n\n", ": ping\n\n"] {
        let error = stream_of(&[body]).await.unwrap_err();
        assert_broken(&error, ErrorKind::CutOff, "");
    }
}

// Errors in the stream.

const OVERLOADED: &str = "data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"server_error\",\"code\":529,\"metadata\":{}}}\n\n";

#[track_caller]
fn assert_overloaded(error: &Error) {
    assert_eq!(error.code(), Some("529"));
    assert_eq!(error.message(), Some("Overloaded"));
    let body: serde_json::Value = serde_json::from_slice(error.body().unwrap()).unwrap();
    assert_eq!(body["error"]["type"], "server_error");
    // The HTTP status was a success, so `status()` does not describe the error.
    assert!(!error.is_auth() && !error.is_rate_limited() && !error.is_validation());
}

#[tokio::test]
async fn an_error_in_the_first_event_fails_the_call() {
    for events in [&[OVERLOADED][..], &[": ping\n\n", OVERLOADED, DONE][..]] {
        let error = stream_of(events).await.unwrap_err();
        assert_broken(&error, ErrorKind::StreamFailed, "");
        assert_overloaded(&error);
    }
}

#[tokio::test]
async fn an_error_event_ends_a_stream() {
    for events in [
        &[ROLE, ONCE, UPON, OVERLOADED][..],
        &[ROLE, ONCE, UPON, OVERLOADED, DONE][..],
    ] {
        let stream = stream_of(events).await.unwrap();
        let error = assert_breaks(stream, &["Once", " upon"], ErrorKind::StreamFailed).await;
        assert_overloaded(&error);
    }
}

#[tokio::test]
async fn an_error_in_a_chunk_with_choices_is_reported() {
    let both = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}],\"error\":{\"message\":\"Overloaded\",\"type\":\"server_error\",\"code\":529}}\n\n";
    let stream = stream_of(&[ROLE, ONCE, both, DONE]).await.unwrap();
    let error = assert_breaks(stream, &["Once"], ErrorKind::StreamFailed).await;
    assert_overloaded(&error);
}

#[tokio::test]
async fn a_null_error_is_ignored() {
    let chunk =
        "data: {\"error\":null,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n";
    let stream = stream_of(&[chunk, DONE]).await.unwrap();
    assert_eq!(stream.finish().await.unwrap().text(), "x");
}

#[tokio::test]
async fn an_event_named_error_is_an_error() {
    let named = format!("event: error\n{OVERLOADED}");
    let stream = stream_of(&[ROLE, ONCE, &named]).await.unwrap();
    let error = assert_breaks(stream, &["Once"], ErrorKind::StreamFailed).await;
    assert_overloaded(&error);

    let error = stream_of(&[&named]).await.unwrap_err();
    assert_broken(&error, ErrorKind::StreamFailed, "");
    assert_overloaded(&error);
}

/// Plain text instead of JSON is the error message.
#[tokio::test]
async fn an_event_named_error_may_be_plain_text() {
    let named = "event: error\ndata: upstream gone\n\n";
    let stream = stream_of(&[ROLE, ONCE, named]).await.unwrap();
    let error = assert_breaks(stream, &["Once"], ErrorKind::StreamFailed).await;
    assert_eq!(error.message(), Some("upstream gone"));
    assert_eq!(error.body().unwrap(), "upstream gone");
}

#[tokio::test]
async fn an_error_event_without_an_envelope_is_an_error() {
    for event in [
        "event: error\ndata: {\"message\":\"Overloaded\"}\n\n",
        "event: error\ndata: {\"detail\":\"Overloaded\"}\n\n",
        "data: {\"error\":\"Overloaded\"}\n\n",
    ] {
        let error = stream_of(&[event]).await.unwrap_err();
        assert_broken(&error, ErrorKind::StreamFailed, "");
        assert_eq!(error.message(), Some("Overloaded"), "{event}");
    }
}

#[tokio::test]
async fn a_malformed_chunk_is_an_error() {
    for data in [
        "{\"choices\":[{\"index\":0,\"delta\":{\"conte",
        "upstream gone",
        "\"none\"",
        "7",
    ] {
        let event = format!("data: {data}\n\n");
        let stream = stream_of(&[ROLE, ONCE, &event, UPON, DONE]).await.unwrap();
        let error = assert_breaks(stream, &["Once"], ErrorKind::MalformedEvent).await;
        assert_eq!(error.body().unwrap(), data);
        assert_eq!(error.status().unwrap(), 200);

        let error = stream_of(&[&event, DONE]).await.unwrap_err();
        assert_broken(&error, ErrorKind::MalformedEvent, "");
    }
}

// Responses that are not a stream.

#[tokio::test]
async fn json_that_is_not_a_response_is_not_a_stream() {
    let body = r#"{"id": "chatcmpl-123", "object": "chat.completion", "state": "queued"}"#;
    let wire = Wire::inference(MockResponse::json(200, body)).await;
    let error = open(&wire).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    assert_eq!(error.operation(), Some("create_chat_completion_stream"));
    assert_eq!(error.status().unwrap(), 200);
    assert_eq!(error.body().unwrap(), body);
    assert_eq!(error.headers().unwrap()["content-type"], "application/json");
    assert_clean_error(&error);
    assert_eq!(wire.hits(), 1);
}

#[tokio::test]
async fn an_html_response_is_not_a_stream() {
    let wire = Wire::inference(MockResponse::new(200, "text/html", "<html>log in</html>")).await;
    let error = open(&wire).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    assert_eq!(error.body().unwrap(), "<html>log in</html>");
    assert_clean_error(&error);
}

#[tokio::test]
async fn a_stream_of_the_generated_crate() {
    let events = [ROLE, ONCE, STOP, DONE].concat();
    let wire = Wire::inference(MockResponse::events(&events)).await;
    let mut message = ChatMessage::new(Role::User);
    message.content = Some("Tell me a story".into());
    let mut body = ChatCompletionRequest::new(vec![message], MODEL);
    body.stream = Some(true);
    let bare = wire.bare_inference();
    let call = bare.create_chat_completion_stream().body(body);
    let answer = call.send().await.unwrap();
    assert_eq!(answer.meta().status(), 200);
    assert_eq!(answer.meta().headers()["content-type"], "text/event-stream");
    let pieces: Vec<_> = answer.into_value().try_collect().await.unwrap();
    assert_eq!(pieces.concat(), events.as_bytes());

    let request = wire.request();
    assert_eq!(request.line, "POST /api/v1/chat/completions");
    assert_eq!(
        request.headers,
        [
            "accept: text/event-stream",
            "authorization: Bearer pit_key_5f1e0c7a",
            "content-type: application/json",
        ]
    );
    assert_eq!(
        request.json(),
        json!({
            "model": "meta-llama/llama-3.1-70b-instruct",
            "messages": [{"role": "user", "content": "Tell me a story"}],
            "stream": true,
        })
    );
}
