//! Every value of a response, replaced by values of every other kind: the text is intact, and each number that counts
//! is exact or unknown. The responses are one with every field, and the recordings.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use prime_ext::http::Response;
use prime_ext::transport::from_fn;
use prime_ext::{ChatResponse, Client, StreamEnd, Usd};
use serde_json::{Value, json};

/// Stands for the odd value in serialized JSON.
const PLACEHOLDER: &str = "@odd@";

/// An odd value, and what it may be read as if it replaces a token count or a cost.
struct Odd {
    json: &'static str,
    integer: Option<i64>,
    amount: Option<&'static str>,
}

const fn odd(json: &'static str) -> Odd {
    Odd {
        json,
        integer: None,
        amount: None,
    }
}

const fn number(json: &'static str, integer: Option<i64>, amount: Option<&'static str>) -> Odd {
    Odd {
        json,
        integer,
        amount,
    }
}

const ODD: &[Odd] = &[
    odd("null"),
    odd("true"),
    odd("\"\""),
    odd("\"other\""),
    odd("\"\\udc00\""),
    odd("\"17.9 tokens\""),
    odd("[]"),
    odd("[null]"),
    odd("[[{}],7]"),
    odd("{}"),
    odd("{\"a\":1}"),
    odd("{\"error\":\"other\"}"),
    odd("{\"message\":\"other\",\"text\":\"other\",\"content\":\"other\"}"),
    odd("{\"choices\":[{\"text\":\"other\"}]}"),
    odd("{\"a\":1,\"a\":2,\"a\":null}"),
    odd("NaN"),
    odd("-Infinity"),
    odd("1e999"),
    number("0", Some(0), Some("0")),
    number("-1", Some(-1), None),
    number("17.9", None, Some("17.9")),
    number("\"17.9\"", None, Some("17.9")),
    number("5.0", Some(5), Some("5.0")),
    number("\"5\"", Some(5), Some("5")),
    number("5e1", Some(50), Some("50")),
    number(
        "9007199254740993.0",
        Some(9_007_199_254_740_993),
        Some("9007199254740993.0"),
    ),
    number("99999999999999999999", None, Some("99999999999999999999")),
    number("{\"total_cost\":0.25}", None, Some("0.25")),
];

fn whole() -> Value {
    json!({
        "id": "c1", "object": "chat.completion", "created": 1_750_000_000, "model": "m", "service_tier": "default",
        "system_fingerprint": "fp", "provider": {"name": "p", "list": [1, 2]},
        "choices": [{
            "index": 0, "finish_reason": "stop", "native_finish_reason": "end",
            "logprobs": {"content": [{"token": "Hi", "logprob": -0.5, "bytes": [72, 105],
                "top_logprobs": [{"token": "Ho", "logprob": -1.5, "bytes": null}]}], "refusal": null},
            "message": {
                "role": "assistant", "content": "Hi", "refusal": null, "reasoning": "so", "reasoning_content": "so",
                "reasoning_details": [{"type": "text", "text": "so"}],
                "annotations": [{"type": "url_citation", "url_citation":
                    {"url": "https://example.com", "title": "t", "start_index": 0, "end_index": 2}}],
                "audio": {"id": "a", "data": "AQID", "expires_at": 1_750_000_000, "transcript": "Hi"},
                "function_call": {"name": "f", "arguments": "{}"},
                "tool_calls": [{"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
        }],
        "usage": {
            "prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "cost": 0.25,
            "prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 1, "image_tokens": 1, "text_tokens": 1,
                "cache_write_tokens": 1},
            "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": 1, "text_tokens": 1,
                "accepted_prediction_tokens": 1, "rejected_prediction_tokens": 1},
            "is_byok": false,
        },
    })
}

/// The same response as chunks: the message, its end, and the usage.
fn chunks() -> Vec<Value> {
    let mut first = whole();
    let mut usage = whole();
    usage["choices"] = json!([]);
    first.as_object_mut().unwrap().remove("usage");
    let message = first["choices"][0]
        .as_object_mut()
        .unwrap()
        .remove("message");
    first["choices"][0]["delta"] = message.unwrap();
    first["choices"][0]["finish_reason"] = Value::Null;
    let mut end = first.clone();
    end["choices"][0]["delta"] = json!({"role": "assistant"});
    end["choices"][0]["finish_reason"] = json!("stop");
    vec![first, end, usage]
}

/// Returns the JSON pointers of all values that may be replaced: not the text, what contains it, `index` or `error`.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let is_text = |at: &str| at.ends_with("/message/content") || at.ends_with("/delta/content");
    let contains_text = |at: &str| {
        let ends = [
            "",
            "/choices",
            "/choices/0",
            "/choices/0/message",
            "/choices/0/delta",
        ];
        ends.contains(&at)
    };
    if is_text(at) {
        return;
    }
    let is_excluded = at.ends_with("/index") || at.ends_with("/error");
    if !contains_text(at) && !is_excluded {
        found.push(at.to_owned());
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointers(member, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Returns the JSON with the value at the pointer replaced.
fn replaced(value: &Value, pointer: &str, odd: &str) -> String {
    let mut value = value.clone();
    *value.pointer_mut(pointer).unwrap() = PLACEHOLDER.into();
    value
        .to_string()
        .replace(&format!("\"{PLACEHOLDER}\""), odd)
}

fn client(body: String) -> Client {
    let transport = from_fn(move |_| Response::new(body.clone()));
    let builder = Client::builder().api_key("key").personal();
    builder.transport(transport).build().unwrap()
}

/// Checks a response of which the value at the pointer was replaced.
fn check(response: &ChatResponse, pointer: &str, odd: &Odd) {
    let context = format!("{pointer} = {}: {response:?}", odd.json);
    assert_eq!(response.text(), "Hi", "{context}");
    let usage = response.usage();
    let counts = [
        (
            "/usage/prompt_tokens",
            usage.and_then(|usage| usage.prompt_tokens),
            5,
        ),
        (
            "/usage/completion_tokens",
            usage.and_then(|usage| usage.completion_tokens),
            2,
        ),
        (
            "/usage/total_tokens",
            usage.and_then(|usage| usage.total_tokens),
            7,
        ),
        (
            "/usage/prompt_tokens_details/cached_tokens",
            usage.and_then(|usage| usage.prompt_tokens_details.as_ref()?.cached_tokens),
            1,
        ),
        (
            "/usage/completion_tokens_details/reasoning_tokens",
            usage.and_then(|usage| usage.completion_tokens_details.as_ref()?.reasoning_tokens),
            1,
        ),
    ];
    for (path, count, original) in counts {
        if pointer == path {
            assert_eq!(count, odd.integer, "{context}");
        } else if !path.starts_with(pointer) {
            assert_eq!(count, Some(original), "{context}");
        }
    }
    let amount = |text: &str| text.parse::<Usd>().unwrap();
    let cost = response.cost().known();
    if pointer == "/usage/cost" {
        assert_eq!(cost, odd.amount.map(amount), "{context}");
    } else if pointer != "/usage" {
        assert_eq!(cost, Some(amount("0.25")), "{context}");
    }
    if odd.json == "null" || pointer == "/usage" {
        return;
    }
    // Only a field that may have any value or several formats is read without a warning.
    let counts = pointer.starts_with("/usage/") && pointer.ends_with("_tokens");
    if counts && odd.integer.is_none() {
        let path = pointer[1..].replace('/', ".");
        let has_warning = response
            .warnings()
            .iter()
            .any(|warning| warning.path == path);
        assert!(has_warning, "{context} {:?}", response.warnings());
    }
}

#[tokio::test]
async fn a_complete_response_with_any_odd_value_is_read() {
    let whole = whole();
    let mut all = Vec::new();
    pointers(&whole, "", &mut all);
    assert!(all.len() > 40);
    for pointer in &all {
        for odd in ODD {
            let client = client(replaced(&whole, pointer, odd.json));
            let response = client.chat("m").user("Hello").await;
            check(
                &response.unwrap_or_else(|e| panic!("{pointer} {}: {e}", odd.json)),
                pointer,
                odd,
            );
        }
    }
}

#[tokio::test]
async fn a_stream_with_any_odd_value_is_read() {
    let chunks = chunks();
    for (at, chunk) in chunks.iter().enumerate() {
        let mut all = Vec::new();
        pointers(chunk, "", &mut all);
        for pointer in &all {
            for odd in ODD {
                let mut body = String::new();
                for (index, chunk) in chunks.iter().enumerate() {
                    let json = match index == at {
                        true => replaced(chunk, pointer, odd.json),
                        false => chunk.to_string(),
                    };
                    body.push_str(&format!("data: {json}\n\n"));
                }
                body.push_str("data: [DONE]\n\n");
                let stream = client(body).chat("m").user("Hello").stream().await.unwrap();
                let response = stream.finish().await;
                let response =
                    response.unwrap_or_else(|e| panic!("{at} {pointer} {}: {e}", odd.json));
                check(&response, pointer, odd);
            }
        }
    }
}

/// Returns the bodies of the recordings.
fn recordings() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/data");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let bodies = files.filter(|path| path.extension().is_some_and(|end| end == "body"));
    bodies
        .filter_map(|path| {
            Some((
                path.display().to_string(),
                std::fs::read_to_string(path).ok()?,
            ))
        })
        .collect()
}

#[tokio::test]
async fn a_recorded_response_with_any_odd_value_keeps_its_text() {
    let mut checked = 0;
    for (name, body) in recordings() {
        let Ok(value) = serde_json::from_str::<Value>(&body) else {
            continue;
        };
        let Ok(expected) = client(body).chat("m").user("Hello").await else {
            continue;
        };
        let mut all = Vec::new();
        pointers(&value, "", &mut all);
        for pointer in &all {
            for odd in ODD {
                let client = client(replaced(&value, pointer, odd.json));
                let response = client.chat("m").user("Hello").await;
                let response =
                    response.unwrap_or_else(|e| panic!("{name} {pointer} {}: {e}", odd.json));
                assert_eq!(
                    response.text(),
                    expected.text(),
                    "{name} {pointer} {}",
                    odd.json
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 10_000, "{checked}");
}

#[tokio::test]
async fn a_recorded_stream_with_any_odd_value_keeps_its_text() {
    let mut checked = 0;
    for (name, body) in recordings() {
        let Ok(expected) = text_of_stream(body.clone()).await else {
            continue;
        };
        let lines: Vec<&str> = body.lines().collect();
        let chunks = lines.iter().enumerate().filter_map(|(at, line)| {
            let value: Value = serde_json::from_str(line.strip_prefix("data:")?).ok()?;
            Some((at, value))
        });
        let chunks: Vec<(usize, Value)> = chunks.collect();
        // The first and the last chunks have the rare fields.
        let last = chunks.len().saturating_sub(3);
        let selected = chunks
            .iter()
            .enumerate()
            .filter(|(at, _)| *at < 3 || *at >= last);
        for (_, (at, chunk)) in selected {
            let mut all = Vec::new();
            pointers(chunk, "", &mut all);
            for pointer in &all {
                for odd in ODD {
                    let line = format!("data: {}", replaced(chunk, pointer, odd.json));
                    let mut lines = lines.clone();
                    lines[*at] = &line;
                    let text = text_of_stream(lines.join("\n") + "\n").await;
                    assert_eq!(text.as_ref(), Ok(&expected), "{name} {line}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 10_000, "{checked}");
}

/// Returns the text of a stream, also if a finish reason is missing.
async fn text_of_stream(body: String) -> Result<String, String> {
    let text = |response: &ChatResponse| response.text().into_owned();
    let stream = client(body).chat("m").user("Hello").stream().await;
    match stream.map_err(|e| e.to_string())?.finish().await {
        Ok(response) => Ok(text(&response)),
        Err(error) if error.stream_end() == Some(StreamEnd::CutOff) => {
            Ok(error.partial_response().map(text).unwrap_or_default())
        }
        Err(error) => Err(error.to_string()),
    }
}
