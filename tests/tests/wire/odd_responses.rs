//! Responses that do not match the specification, as servers were observed to send them. What was paid for is not
//! lost: text, finish reasons and tool calls are read, and numbers are exact or unknown.

use std::convert::Infallible;

use prime_ext::bytes::Bytes;
use prime_ext::pinference_api::ByteStream;
use prime_ext::pinference_api::types::{FinishReason, Usage};
use prime_ext::{CallOptions, ChatResponse, ChatStream, ErrorKind, StreamEnd};

use super::support::{MODEL, MockResponse, Wire};

const USAGE: &str =
    r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#;
const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

/// Returns the events of a stream, each with one chunk, and `[DONE]`.
fn events(chunks: &[&str]) -> String {
    let events = chunks.iter().map(|chunk| format!("data: {chunk}\n\n"));
    events.chain(["data: [DONE]\n\n".to_owned()]).collect()
}

async fn ask(body: &str) -> ChatResponse {
    let wire = Wire::inference(MockResponse::json(200, body)).await;
    let request = wire.personal().chat(MODEL).user("Hello");
    request
        .await
        .unwrap_or_else(|error| panic!("{error}: {body}"))
}

async fn stream(response: MockResponse) -> ChatResponse {
    let wire = Wire::inference(response).await;
    let request = wire.personal().chat(MODEL).user("Hello");
    request.stream().await.unwrap().finish().await.unwrap()
}

async fn stream_of(chunks: &[&str]) -> ChatResponse {
    stream(MockResponse::events(events(chunks))).await
}

fn warnings(response: &ChatResponse) -> Vec<String> {
    response
        .warnings()
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn tokens(usage: Option<&Usage>) -> [Option<i64>; 3] {
    let usage = usage.unwrap();
    [
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.total_tokens,
    ]
}

/// Returns the name and the arguments of each tool call.
fn calls(response: &ChatResponse) -> Vec<(&str, &str)> {
    let functions = response
        .tool_calls()
        .iter()
        .map(|call| call.function.as_ref().unwrap());
    functions
        .map(|function| {
            (
                function.name.as_str(),
                function.arguments.as_deref().unwrap_or("-"),
            )
        })
        .collect()
}

#[tokio::test]
async fn every_odd_field_of_a_response_is_a_warning() {
    let response = ask(
        r#"{"id":17,"object":null,"created":"soon","model":["m"],"service_tier":{},"system_fingerprint":true,
        "choices":[{"index":"0","logprobs":7,"finish_reason":"eos","message":{"role":"bot","content":"Hi",
        "reasoning":[],"refusal":0.5,"tool_calls":null,"name":{}}}],
        "usage":{"prompt_tokens":5.0,"completion_tokens":"2","total_tokens":17.9,"cost":{"total":1},
        "prompt_tokens_details":{"cached_tokens":-1.5},"completion_tokens_details":[]}}"#,
    )
    .await;
    assert_eq!(response.text(), "Hi");
    assert_eq!(response.finish_reason(), Some(&FinishReason::from("eos")));
    assert_eq!(response.raw().id.as_deref(), Some("17"));
    assert_eq!(response.raw().choices[0].index, Some(0));
    assert_eq!(tokens(response.usage()), [Some(5), Some(2), None]);
    assert_eq!(response.cost().known(), None);
    let warnings = warnings(&response);
    for path in [
        "id: expected a string, got a number",
        "created: expected an integer, got a string; read as missing",
        "model: expected a string, got a list; read as missing",
        "service_tier: expected",
        "system_fingerprint: expected",
        "choices[0].index: expected an integer, got a string; read as an integer",
        "choices[0].message.reasoning: expected",
        "choices[0].message.refusal: expected",
        "choices[0].message.name: expected",
        "usage.completion_tokens: expected an integer, got a string; read as an integer",
        "usage.total_tokens: expected an integer, got a floating-point number; read as missing",
        "usage.cost: expected an amount of money, got an object; read as missing",
        "usage.prompt_tokens_details.cached_tokens: expected",
        "usage.completion_tokens_details: expected",
    ] {
        assert!(
            warnings.iter().any(|w| w.starts_with(path)),
            "{path}: {warnings:#?}"
        );
    }
    let unaffected = |w: &&String| {
        w.contains("prompt_tokens:") || w.contains("object") && w.starts_with("object")
    };
    assert_eq!(warnings.iter().find(unaffected), None);
}

#[tokio::test]
async fn a_valid_response_has_no_warnings() {
    let response =
        ask(r#"{"choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]}"#).await;
    assert!(response.warnings().is_empty());
    let hi = r#"{"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    assert!(stream_of(&[hi, STOP, USAGE]).await.warnings().is_empty());
}

#[tokio::test]
async fn whole_floats_are_token_counts() {
    let usage = r#"{"created":1.75e9,"choices":[],"usage":{"prompt_tokens":5.0,"completion_tokens":2.0,"total_tokens":7.0}}"#;
    let hi = r#"{"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    let response = stream_of(&[hi, STOP, usage]).await;
    assert_eq!(tokens(response.usage()), [Some(5), Some(2), Some(7)]);
    assert_eq!(response.raw().created, Some(1_750_000_000));
    assert!(response.warnings().is_empty());
    let fraction = usage.replace("7.0", "37.25");
    let response = stream_of(&[hi, STOP, &fraction]).await;
    assert_eq!(tokens(response.usage()), [Some(5), Some(2), None]);
    assert!(warnings(&response)[0].starts_with("usage.total_tokens: expected an integer"));
}

/// Some servers write the contents of a choice into another field, or leave out the list of choices.
#[tokio::test]
async fn contents_in_another_place_are_read() {
    for body in [
        r#"{"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop","created":1.0}"#,
        r#"{"text":"Hi","finish_reason":"stop"}"#,
        r#"{"choices":null,"delta":{"content":"Hi"},"finish_reason":"stop"}"#,
        r#"{"choices":{"message":{"content":"Hi"},"finish_reason":"stop"}}"#,
        r#"{"choices":[{"text":"Hi","finish_reason":"stop"}]}"#,
        r#"{"choices":[{"delta":{"content":"Hi"},"message":null,"finish_reason":"stop"}]}"#,
        r#"{"choices":[{"message":{"content":[{"type":"text","text":"Hi"}]},"finish_reason":"stop"}]}"#,
        r#"{"choices":[{"message":{"content":{"type":"text","text":"Hi"}},"finish_reason":"stop"}]}"#,
    ] {
        let response = ask(body).await;
        assert_eq!(response.text(), "Hi", "{body}");
        assert_eq!(response.finish_reason().unwrap().as_str(), "stop", "{body}");
        assert_eq!(response.body(), body);
        let response = stream_of(&[body, USAGE]).await;
        assert_eq!(response.text(), "Hi", "{body}");
        assert_eq!(response.stream_end(), Some(StreamEnd::Complete), "{body}");
    }
}

#[tokio::test]
async fn json_without_contents_is_not_a_response() {
    for body in [
        r#"{"status":"queued"}"#,
        r#"{"text":7}"#,
        "[]",
        "7",
        "null",
        r#"{"choices":"#,
    ] {
        let wire = Wire::inference(MockResponse::json(200, body)).await;
        let error = wire.personal().chat(MODEL).user("Hello").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{body}");
        assert_eq!(error.body().unwrap(), body);
        assert!(error.outcome_unknown());
    }
    let error = r#"{"message":"out of capacity","code":503}"#;
    let wire = Wire::inference(MockResponse::json(200, error)).await;
    assert!(wire.personal().chat(MODEL).user("Hello").await.is_err());
}

/// A server streams although it was not asked to.
#[tokio::test]
async fn a_stream_is_read_as_a_complete_response() {
    let hi = r#"{"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    let wire = Wire::inference(MockResponse::events(events(&[hi, STOP, USAGE]))).await;
    let response = wire.personal().chat(MODEL).user("Hello").await.unwrap();
    assert_eq!(response.text(), "Hi");
    assert_eq!(tokens(response.usage()), [Some(5), Some(2), Some(7)]);
    assert_eq!(response.warnings().len(), 1);
    // A stream that was cut off is not a complete response.
    let cut = format!("data: {hi}\n\n");
    let wire = Wire::inference(MockResponse::events(&cut)).await;
    let error = wire.personal().chat(MODEL).user("Hello").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    assert_eq!(error.body().unwrap(), &cut);
}

/// The connection breaks after the finish reason, or the body is too large: the rest of the stream may have the usage.
#[tokio::test]
async fn a_broken_stream_is_not_a_complete_response() {
    let body = events(&[
        r#"{"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#,
        STOP,
        USAGE,
    ]);
    let begun = &body[..body.find(USAGE).unwrap()];
    let length = body.len().to_string();
    let broken = MockResponse::events(begun).header("content-length", &length);
    let wire = Wire::inference(broken).await;
    let error = wire.personal().chat(MODEL).user("Hello").await.unwrap_err();
    assert_ne!(error.kind(), ErrorKind::Api);

    let wire = Wire::inference(MockResponse::events(&body)).await;
    let options = CallOptions::new().max_body(begun.len());
    let request = wire.personal().chat(MODEL).user("Hello").options(options);
    let error = request.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
}

#[tokio::test]
async fn omitted_warnings_are_counted_or_announced() {
    let odd = vec!["7"; 200].join(",");
    let response = ask(&format!(
        r#"{{"choices":[{{"index":0,"message":{{"content":"Hi"}}}},{odd}]}}"#
    ))
    .await;
    let warnings = warnings(&response);
    assert_eq!(warnings.len(), 101);
    assert_eq!(warnings[100], "more warnings were omitted");
}

/// The digits of a cost are exact, also if the response has another shape.
#[tokio::test]
async fn usage_in_a_choice_counts() {
    let usage = r#"{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"cost":0.1234567890123456789}"#;
    let body = format!(
        r#"{{"choices":[{{"message":{{"content":"Hi"}},"finish_reason":"stop","usage":{usage}}}],"usage":{{}}}}"#
    );
    let whole = ask(&body).await;
    let chunk = body.replace("message", "delta");
    let streamed = stream_of(&[&chunk]).await;
    for response in [whole, streamed] {
        assert_eq!(tokens(response.usage()), [Some(5), Some(2), Some(7)]);
        assert_eq!(response.cost().to_string(), "$0.1234567890123456789");
    }
}

/// An empty usage neither counts nor replaces a usage.
#[tokio::test]
async fn an_empty_usage_reports_nothing() {
    let hi = r#"{"choices":[{"index":0,"delta":{"content":"Hi"}}],"usage":{}}"#;
    let empty = r#"{"choices":[],"usage":{}}"#;
    let response = stream_of(&[hi, STOP, empty]).await;
    assert_eq!(response.stream_end(), Some(StreamEnd::NoUsage));
    assert!(response.usage().is_none());
    assert_eq!(response.cost().known(), None);
    let response = stream_of(&[hi, STOP, USAGE, empty]).await;
    assert_eq!(response.stream_end(), Some(StreamEnd::Complete));
    assert_eq!(tokens(response.usage()), [Some(5), Some(2), Some(7)]);
    let whole = ask(r#"{"choices":[{"message":{"content":"Hi"}}],"usage":{}}"#).await;
    assert!(whole.usage().is_none());
}

/// The first chunk of some gateways has no choices, and placeholders for the id, the model and the time.
#[tokio::test]
async fn placeholders_do_not_count() {
    let first =
        r#"{"id":"","object":"","created":0,"model":"","choices":[],"prompt_filter_results":[]}"#;
    let hi = r#"{"id":"c7","created":1750000000,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    let annotation = r#"{"id":"","created":0,"model":"","choices":[{"index":0,"finish_reason":null,"offsets":{}}]}"#;
    let response = stream_of(&[first, hi, annotation, STOP, USAGE]).await;
    assert_eq!(response.text(), "Hi");
    let raw = response.raw();
    assert_eq!(
        (raw.id.as_deref(), raw.model.as_deref()),
        (Some("c7"), Some("m"))
    );
    assert_eq!(raw.created, Some(1_750_000_000));
}

#[tokio::test]
async fn log_probabilities_that_are_not_finite_are_null() {
    let logprobs = r#"{"content":[{"token":"Hi","logprob":-Infinity,"top_logprobs":[{"token":"Ho","logprob":NaN}]}]}"#;
    let body = format!(
        r#"{{"choices":[{{"index":0,"message":{{"content":"Hi"}},"finish_reason":"stop","logprobs":{logprobs}}}]}}"#
    );
    let whole = ask(&body).await;
    let streamed = stream_of(&[&body.replace("message", "delta"), USAGE]).await;
    for response in [whole, streamed] {
        assert_eq!(response.text(), "Hi");
        let found = warnings(&response);
        assert_eq!(
            found[0],
            "choices[0].logprobs.content[0].logprob: not a finite number; read as null"
        );
        assert_eq!(found.len(), 2);
    }
}

#[tokio::test]
async fn lone_surrogates_are_replaced() {
    let chunk =
        |text: &str| format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}"#);
    for (texts, expected) in [
        (&["a", "\\udcaf", "b"][..], "a\u{fffd}b"),
        (&["a", "\\ud83d", "\\ude00"], "a\u{fffd}\u{fffd}"),
        (&["\\ud83d\\ude00"], "😀"),
        (&["\\\\ud83d"], "\\ud83d"),
    ] {
        let mut chunks: Vec<String> = texts.iter().map(|text| chunk(text)).collect();
        chunks.extend([STOP.to_owned(), USAGE.to_owned()]);
        let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
        let response = stream_of(&chunks).await;
        assert_eq!(response.text(), expected);
        assert_eq!(tokens(response.usage()), [Some(5), Some(2), Some(7)]);
    }
    let whole = ask(r#"{"choices":[{"message":{"content":"a\ud83d"}}]}"#).await;
    assert_eq!(whole.text(), "a\u{fffd}");
}

#[tokio::test]
async fn the_last_of_two_values_that_is_not_null_counts() {
    let body = r#"{"id":"a","choices":[{"message":{"content":"no","content":"Hi","content":null},
        "finish_reason":"stop"}],"id":"b","id":null}"#;
    let whole = ask(body).await;
    let streamed = stream_of(&[&body.replace("message", "delta").replace('\n', ""), USAGE]).await;
    for response in [whole, streamed] {
        assert_eq!(response.text(), "Hi");
        assert_eq!(response.raw().id.as_deref(), Some("b"));
    }
}

/// The content type may be wrong; the body may consist of JSON lines or of a list.
#[tokio::test]
async fn a_stream_is_read_as_what_it_is() {
    let hi = r#"{"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    let lines = [hi, STOP, USAGE].join("\n");
    let list = format!("[{}]", [hi, STOP, USAGE].join(","));
    for body in [
        &events(&[hi, STOP, USAGE]),
        &lines,
        &format!("{lines}\n"),
        &list,
    ] {
        for media in [
            "application/json",
            "application/x-ndjson",
            "text/plain",
            "text/event-stream",
        ] {
            let response = stream(MockResponse::new(200, media, body)).await;
            assert_eq!(response.text(), "Hi", "{media}: {body}");
            assert_eq!(
                response.stream_end(),
                Some(StreamEnd::Complete),
                "{media}: {body}"
            );
            assert_eq!(tokens(response.usage()), [Some(5), Some(2), Some(7)]);
        }
        assert_eq!(stream(MockResponse::bare(200, body)).await.text(), "Hi");
    }
    // A complete response may have an empty delta beside its message.
    let both = r#"{"choices":[{"message":{"content":"Hi"},"delta":{"content":""},"finish_reason":"stop"}]}"#;
    let response = stream(MockResponse::json(200, both)).await;
    assert_eq!(response.text(), "Hi");
    // Lines that were cut off are not a complete response.
    let wire = Wire::inference(MockResponse::json(200, &format!("{hi}\n{}", &STOP[..30]))).await;
    let cut = wire
        .personal()
        .chat(MODEL)
        .user("Hello")
        .stream()
        .await
        .unwrap();
    let error = cut.finish().await.unwrap_err();
    assert_eq!(error.stream_end(), Some(StreamEnd::CutOff));
    assert_eq!(error.partial_response().unwrap().text(), "Hi");
}

/// Some servers keep the connection open with whitespace until the response is complete.
#[tokio::test]
async fn whitespace_before_a_body_may_arrive_alone() {
    let message = r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}"#;
    let delta = r#"{"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}"#;
    for body in [message, &events(&[delta])] {
        let pieces =
            ["\n", " \n", body].map(|piece| Ok::<_, Infallible>(Bytes::from(piece.to_owned())));
        let pieces = ByteStream::new(futures_util::stream::iter(pieces));
        let stream = ChatStream::from_byte_stream(pieces).await.unwrap();
        assert_eq!(stream.finish().await.unwrap().text(), "Hi");
    }
}

/// The body ends without a blank line after the last event.
#[tokio::test]
async fn an_unterminated_last_event_counts_if_it_is_complete() {
    let hi = r#"{"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    let last = r#"{"choices":[{"index":0,"delta":{"content":"!"},"finish_reason":"stop"}],"usage":{"total_tokens":7}}"#;
    for end in ["", "\n", "\r\n"] {
        let body = format!("data: {hi}\n\ndata: {last}{end}");
        let response = stream(MockResponse::events(&body)).await;
        assert_eq!(response.text(), "Hi!", "{end:?}");
        assert_eq!(response.stream_end(), Some(StreamEnd::Complete));
        assert_eq!(response.usage().unwrap().total_tokens, Some(7));
    }
    for cut in 1..last.len() {
        let body = format!("data: {hi}\n\ndata: {}", &last[..cut]);
        let wire = Wire::inference(MockResponse::events(&body)).await;
        let stream = wire
            .personal()
            .chat(MODEL)
            .user("Hello")
            .stream()
            .await
            .unwrap();
        let error = stream.finish().await.unwrap_err();
        assert_eq!(error.stream_end(), Some(StreamEnd::CutOff), "{body}");
        assert_eq!(error.partial_response().unwrap().text(), "Hi", "{body}");
    }
}

/// Older versions of llama.cpp write an error into a field of the event stream that is called `error`.
#[tokio::test]
async fn an_error_field_of_an_event_is_an_error() {
    let error = r#"error: {"code":400,"message":"the prompt has 9000 tokens","type":"invalid_request_error"}"#;
    let wire = Wire::inference(MockResponse::events(format!("{error}\n\ndata: [DONE]\n\n"))).await;
    let opened = wire.personal().chat(MODEL).user("Hello").stream().await;
    let failed = opened.unwrap_err();
    assert_eq!(failed.message(), Some("the prompt has 9000 tokens"));
    assert_eq!(failed.code(), Some("400"));
    assert_eq!(failed.kind(), ErrorKind::StreamFailed);
    assert_eq!(wire.hits(), 1);

    let hi = r#"data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    let body = format!("{hi}\n\n{error}\n\ndata: [DONE]\n\n");
    let wire = Wire::inference(MockResponse::events(body)).await;
    let stream = wire
        .personal()
        .chat(MODEL)
        .user("Hello")
        .stream()
        .await
        .unwrap();
    let failed = stream.finish().await.unwrap_err();
    assert_eq!(failed.stream_end(), Some(StreamEnd::ServiceError));
    assert_eq!(failed.message(), Some("the prompt has 9000 tokens"));
    assert_eq!(failed.partial_response().unwrap().text(), "Hi");
}

/// A server makes a new id for each fragment; only the first has a name.
#[tokio::test]
async fn fragments_with_changing_ids_are_one_tool_call() {
    let fragment = |id: &str, function: &str| {
        format!(
            r#"{{"choices":[{{"index":0,"delta":{{"tool_calls":[{{"index":0,"id":"{id}","function":{function}}}]}}}}]}}"#
        )
    };
    let chunks = [
        fragment("call_a", r#"{"name":"add","arguments":""}"#),
        fragment("call_b", r#"{"arguments":"{\"x\":"}"#),
        fragment("call_c", r#"{"arguments":"1}"}"#),
    ];
    let response = stream_of(&[&chunks[0], &chunks[1], &chunks[2], STOP, USAGE]).await;
    assert_eq!(calls(&response), [("add", r#"{"x":1}"#)]);
    assert_eq!(response.tool_calls()[0].id.as_deref(), Some("call_a"));
}

/// Complete calls that all have index 0, with an empty id or without one.
#[tokio::test]
async fn complete_calls_with_the_same_index_are_separate() {
    for id in [r#""id":"","#, ""] {
        let call = |name: &str| {
            format!(
                r#"{{"choices":[{{"index":0,"delta":{{"tool_calls":[{{"index":0,{id}"function":{{"name":"{name}","arguments":"{{\"a\":\"{name}\"}}"}}}}]}}}}]}}"#
            )
        };
        let response = stream_of(&[&call("get_time"), &call("get_rate"), STOP, USAGE]).await;
        assert_eq!(
            calls(&response),
            [
                ("get_time", r#"{"a":"get_time"}"#),
                ("get_rate", r#"{"a":"get_rate"}"#)
            ]
        );
    }
}

/// Odd values in tool calls, in a complete response and in a stream.
#[tokio::test]
async fn tool_calls_are_read_from_odd_values() {
    for (odd, expected) in [
        (
            r#"[{"id":7,"type":null,"index":"0","function":{"name":"f","arguments":{"x": 1}}}]"#,
            ("f", r#"{"x": 1}"#),
        ),
        (
            r#"{"id":"a","function":{"name":"f","arguments":"{}"}}"#,
            ("f", "{}"),
        ),
        (
            r#"[{"id":[],"function":{"name":"f","arguments":null}}]"#,
            ("f", "-"),
        ),
        (
            r#"[null,{"id":"a","function":{"name":"f","arguments":""}}]"#,
            ("f", ""),
        ),
        (
            r#"[{"id":"a","function":{"name":null,"arguments":"{}"}}]"#,
            ("", "{}"),
        ),
        (r#"[{"id":"a","function":{"arguments":"{}"}}]"#, ("", "{}")),
    ] {
        let whole = ask(&format!(
            r#"{{"choices":[{{"message":{{"content":"Hi","tool_calls":{odd}}},"finish_reason":"tool_calls"}}]}}"#
        ))
        .await;
        let chunk = format!(
            r#"{{"choices":[{{"index":0,"delta":{{"content":"Hi","tool_calls":{odd}}},"finish_reason":"tool_calls"}}]}}"#
        );
        let streamed = stream_of(&[&chunk, USAGE]).await;
        for response in [whole, streamed] {
            assert_eq!(response.text(), "Hi", "{odd}");
            assert_eq!(calls(&response), [expected], "{odd}");
        }
    }
}

/// The arguments of a call that continues after it was complete are kept, and cannot be parsed.
#[tokio::test]
async fn calls_that_must_not_be_executed_are_warnings() {
    let fragment = |arguments: &str| {
        format!(
            r#"{{"choices":[{{"index":0,"delta":{{"tool_calls":[{{"index":0,"id":"a","function":{{"name":"f","arguments":"{arguments}"}}}}]}}}}]}}"#
        )
    };
    for (fragments, arguments, reason) in [
        (
            vec![fragment("{}"), fragment("{}")],
            "{}{}",
            "not valid JSON; do not execute the call",
        ),
        (
            vec![fragment("{")],
            "{",
            "not valid JSON; do not execute the call",
        ),
        (vec![fragment("")], "", "empty"),
    ] {
        let mut chunks: Vec<&str> = fragments.iter().map(String::as_str).collect();
        chunks.extend([STOP, USAGE]);
        let response = stream_of(&chunks).await;
        assert_eq!(calls(&response), [("f", arguments)]);
        let path = "choices[0].message.tool_calls[0].function.arguments";
        assert_eq!(warnings(&response), [format!("{path}: {reason}")]);
    }
}
