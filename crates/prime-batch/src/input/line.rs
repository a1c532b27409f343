//! Reads a line of JSON.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::request::Request;

/// What may be in a line: a request of OpenAI's batch format, or a body.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(default)]
    custom_id: Option<String>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default, borrow)]
    body: Option<&'a RawValue>,
    #[serde(default, borrow)]
    messages: Option<&'a RawValue>,
}

/// The path of chat completions, at the end of a URL.
const PATH: &str = "/chat/completions";

/// Reads the request of a line. The error is the reason.
pub(super) fn request(number: u64, json: &[u8]) -> Result<Request, String> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err("not a JSON object; a text file of prompts needs a template".to_owned());
    }
    let line: Line<'_> = serde_json::from_slice(json).map_err(|e| format!("invalid JSON: {e}"))?;
    if let Some(method) = line.method.as_deref()
        && !method.eq_ignore_ascii_case("POST")
    {
        return Err(format!(
            "the method is {method:?}; only \"POST\" is supported"
        ));
    }
    if let Some(url) = line.url.as_deref()
        && !url.trim_end_matches('/').ends_with(PATH)
    {
        return Err(format!(
            "the url is {url:?}; only \"/v1/chat/completions\" is supported"
        ));
    }
    let is_body = line.messages.is_some();
    let (id, body) = match (line.custom_id, line.body) {
        (Some(id), Some(body)) => (id, body.get().as_bytes()),
        (None, None) if is_body => (format!("line-{number}"), json),
        (Some(_), None) => return Err("there is a `custom_id`, but no `body`".to_owned()),
        (None, Some(_)) => return Err("there is a `body`, but no `custom_id`".to_owned()),
        (None, None) => {
            return Err(
                "neither a request with `custom_id` and `body`, nor a body with `messages`"
                    .to_owned(),
            );
        }
    };
    let body = Bytes::copy_from_slice(body.trim_ascii());
    Request::new(id, body).map_err(|error| error.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_read() {
        let body = r#"{"model": "m",  "messages": [{"role": "user", "content": "é"}]}"#;
        let full = format!(
            r#"{{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {body} }}"#
        );
        let request_of = |json: &str| request(7, json.as_bytes()).unwrap();
        assert_eq!(request_of(&full).key().id, "a");
        assert_eq!(request_of(&full).body(), body);
        assert_eq!(request_of(&format!(" {body} ")).body(), body);
        assert_eq!(request_of(body).key().id, "line-7");
        let short = format!(r#"{{"custom_id": "a", "body": {body}}}"#);
        assert_eq!(request_of(&short).key(), request_of(&full).key());
    }

    #[test]
    fn other_lines_are_errors() {
        for (line, reason) in [
            ("Tell me a story", "template"),
            ("[]", "template"),
            (r#"{"custom_id": "a""#, "invalid JSON"),
            (r#"{"custom_id": "a"}"#, "no `body`"),
            (r#"{"body": {}}"#, "no `custom_id`"),
            (r#"{"prompt": "a"}"#, "neither"),
            (r#"{"custom_id": 7, "body": {}}"#, "invalid type"),
            (
                r#"{"custom_id": "a", "method": "GET", "body": {}}"#,
                "the method",
            ),
            (
                r#"{"custom_id": "a", "url": "/v1/embeddings", "body": {}}"#,
                "the url",
            ),
            (r#"{"custom_id": "a", "body": {}}"#, "no `model`"),
            (
                r#"{"custom_id": "a", "custom_id": "b", "body": {}}"#,
                "duplicate",
            ),
        ] {
            let error = request(1, line.as_bytes()).unwrap_err();
            assert!(error.contains(reason), "{line}: {error}");
        }
        assert!(request(1, b"{\"a\": \"\xFF\"}").is_err());
    }
}
