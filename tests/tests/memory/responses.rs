//! Memory that a response takes, for the bodies that take the most for their size.

use prime_ext::bytes::Bytes;
use prime_ext::http::Response;
use prime_ext::transport::from_fn;
use prime_ext::{ChatResponse, Client, Error};

use super::{BYTES, COUNTING};

/// The size of a body in bytes.
const SIZE: usize = 2 << 20;

/// The maximum memory, as a multiple of the body.
const MAX_FACTOR: f64 = 15.0;

/// Returns `item` repeated up to the size, between `before` and `after`.
fn body(before: &str, item: &str, after: &str) -> Bytes {
    let count = (SIZE - before.len() - after.len()) / (item.len() + 1);
    let items = vec![item; count].join(",");
    format!("{before}{items}{after}").into()
}

/// Asks for a response with this body. Returns it with the peak of memory beyond the body, which is shared, as a multiple
/// of the size.
async fn ask(body: &Bytes) -> (Result<ChatResponse, Error>, f64) {
    let response = body.clone();
    let transport = from_fn(move |_| Response::new(response.clone()));
    let builder = Client::builder().api_key("key").personal();
    let client = builder.transport(transport).build().unwrap();
    let before = BYTES.current_usage();
    BYTES.reset_peak_usage();
    let response = client.chat("m").user("Hello").await;
    let memory = BYTES.peak_usage().saturating_sub(before);
    (response, 1.0 + memory as f64 / body.len() as f64)
}

#[tokio::test]
async fn a_response_takes_at_most_15_times_its_body() {
    let _counting = COUNTING.lock().await;
    let text =
        r#"{"choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}],"x":["#;
    let message = r#"{"choices":[{"index":0,"message":{"content":"Hi","x":["#;
    let parts = r#"{"choices":[{"index":0,"message":{"content":[{"type":"text","text":"Hi"},"#;
    let calls = r#"{"choices":[{"index":0,"message":{"content":"Hi","tool_calls":["#;
    let logprobs = r#"{"choices":[{"index":0,"message":{"content":"Hi"},"logprobs":{"content":["#;
    let other = r#"{"choices":[{"index":0,"message":{"content":"Hi"},"logprobs":{"x":["#;
    let choices = r#"{"choices":[{"index":0,"message":{"content":"Hi"}},"#;
    let usage =
        r#"{"choices":[{"index":0,"message":{"content":"Hi"}}],"usage":{"total_tokens":7,"x":["#;
    let nested =
        r#"{"choices":[{"index":0,"message":{"content":"Hi"}},{"message":{"tool_calls":[{}]}},"#;
    for (before, after) in [
        (text, "]}"),
        (message, "]}}]}"),
        (parts, "]}}]}"),
        (calls, "]}}]}"),
        (logprobs, "]}}]}"),
        (other, "]}}]}"),
        (choices, "]}"),
        (nested, "]}"),
        (usage, "]}}"),
    ] {
        for item in [
            "{}",
            "0",
            "[]",
            "\"\"",
            "null",
            "{\"a\":1}",
            "{\"a\":{\"b\":{}}}",
            "[[[]]]",
            "{\"token\":\"\"}",
        ] {
            let (response, factor) = ask(&body(before, item, after)).await;
            println!("{factor:5.1} {item:16} {before}");
            assert!(factor <= MAX_FACTOR, "{factor} {item} {before}");
            assert_eq!(response.unwrap().text(), "Hi", "{item} {before}");
        }
    }
}

/// A large response that matches the specification is read completely.
#[tokio::test]
async fn a_large_response_with_log_probabilities_is_complete() {
    let _counting = COUNTING.lock().await;
    let alternative = r#"{"token":" the","logprob":-0.5123456,"bytes":[32,116,104,101]}"#;
    let token = format!(
        r#"{{"token":" the","logprob":-0.5123456,"bytes":[32,116,104,101],"top_logprobs":[{}]}}"#,
        vec![alternative; 20].join(",")
    );
    let before = r#"{"choices":[{"index":0,"message":{"content":"Hi"},"logprobs":{"content":["#;
    let (response, factor) = ask(&body(before, &token, "]}}]}")).await;
    let response = response.unwrap();
    println!("{factor:5.1} log probabilities");
    assert!(response.warnings().is_empty(), "{:?}", response.warnings());
    let logprobs = response.raw().choices[0].logprobs.as_ref().unwrap();
    assert!(logprobs.content.as_ref().unwrap().len() > 1_000);
    assert!(factor <= MAX_FACTOR, "{factor}");
}
