//! A request of a batch.

use std::fmt;

use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::key::{BodyHash, Key};

/// A chat request of a batch: its key, and the JSON body that is sent byte for byte.
#[derive(Clone)]
pub struct Request {
    key: Key,
    line: u64,
    body: Bytes,
    model: String,
    max_tokens: Option<u64>,
    choices: u64,
    has_remote_content: bool,
}

/// Why a body is not a request of a batch.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRequest(String);

/// What is read of a body.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(default)]
    model: Option<String>,
    #[serde(default, borrow)]
    messages: Option<&'a RawValue>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default, borrow)]
    max_tokens: Option<&'a RawValue>,
    #[serde(default, borrow)]
    max_completion_tokens: Option<&'a RawValue>,
    #[serde(default, borrow)]
    n: Option<&'a RawValue>,
}

impl Request {
    /// Creates a request from its id and its body: a chat request as JSON.
    ///
    /// ```
    /// use prime_batch::Request;
    ///
    /// let body = r#"{"model": "openai/gpt-oss-120b", "messages": [{"role": "user", "content": "Hello"}]}"#;
    /// let request = Request::new("greeting", body)?;
    /// assert_eq!(request.model(), "openai/gpt-oss-120b");
    /// assert!(Request::new("empty", "{}").is_err());
    /// # Ok::<(), prime_batch::InvalidRequest>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the body is not a JSON object, names a property twice, has no model or no messages, or
    /// requests a stream.
    pub fn new(id: impl Into<String>, body: impl Into<Bytes>) -> Result<Self, InvalidRequest> {
        let (id, body) = (id.into(), body.into());
        let invalid = |reason: &str| InvalidRequest(reason.to_owned());
        if id.is_empty() {
            return Err(invalid("the id is empty"));
        }
        let of_json =
            |error: serde_json::Error| InvalidRequest(format!("the body is invalid: {error}"));
        let hash = BodyHash::of(&body).map_err(of_json)?;
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(invalid("the body is not a JSON object"));
        }
        let head: Head<'_> = serde_json::from_slice(&body).map_err(of_json)?;
        let model = head.model.filter(|model| !model.trim().is_empty());
        let Some(model) = model else {
            return Err(invalid("the body has no `model`"));
        };
        let messages = head
            .messages
            .map(|messages| serde_json::from_str::<Vec<IgnoredAny>>(messages.get()));
        match messages {
            Some(Ok(messages)) if !messages.is_empty() => {}
            _ => return Err(invalid("the body has no `messages`")),
        }
        if head.stream == Some(true) {
            return Err(invalid("the body requests a stream; remove `stream`"));
        }
        let max_tokens = count("max_tokens", head.max_tokens)?;
        let max_tokens =
            max_tokens.max(count("max_completion_tokens", head.max_completion_tokens)?);
        Ok(Self {
            key: Key { id, hash },
            line: 0,
            model,
            max_tokens,
            choices: count("n", head.n)?.unwrap_or(1).max(1),
            has_remote_content: has_remote_content(&body),
            body,
        })
    }

    pub(crate) fn at_line(mut self, line: u64) -> Self {
        self.line = line;
        self
    }

    /// Returns the key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Returns the line of the input, counted from 1. It is 0 if the request does not come from a file.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Returns the body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the id of the model.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Returns the largest number of completion tokens of each choice, if the body limits it.
    pub fn max_tokens(&self) -> Option<u64> {
        self.max_tokens
    }

    /// Returns the number of choices (`n`).
    pub fn choices(&self) -> u64 {
        self.choices
    }

    /// Returns whether the body refers to content that it does not contain, such as the URL of an image. The size of the
    /// body is then no upper bound of the prompt tokens.
    pub fn has_remote_content(&self) -> bool {
        self.has_remote_content
    }
}

/// Shows neither the body nor the messages.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("id", &self.key.id)
            .field("line", &self.line)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

/// Reads a count. Some programs write `100.0`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates"
)]
fn count(name: &str, json: Option<&RawValue>) -> Result<Option<u64>, InvalidRequest> {
    let number = json.map(|json| serde_json::from_str::<f64>(json.get()));
    match number {
        None => Ok(None),
        Some(Ok(number)) if number >= 0.0 => Ok(Some(number.ceil() as u64)),
        Some(_) => Err(InvalidRequest(format!("`{name}` is not a count"))),
    }
}

fn has_remote_content(body: &[u8]) -> bool {
    let may_have = |name: &str| memmem::find(body, name.as_bytes()).is_some();
    if !may_have("_url") && !may_have("file_id") && !may_have("\\u") {
        return false;
    }
    serde_json::from_slice(body)
        .is_ok_and(|body: Value| refers_to_content(&body["messages"], false))
}

/// Returns whether a value names a URL other than a `data:` URL below a property such as `image_url`, or a file.
fn refers_to_content(value: &Value, is_url: bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| refers_to_content(item, is_url)),
        Value::Object(properties) => properties.iter().any(|(name, value)| {
            let is_url = name.ends_with("_url") || is_url && name == "url";
            name == "file_id" && value.is_string() || refers_to_content(value, is_url)
        }),
        Value::String(text) => is_url && !text.starts_with("data:"),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(body: &Value) -> Result<Request, InvalidRequest> {
        Request::new("a", body.to_string())
    }

    #[test]
    fn what_the_engine_needs_is_read() {
        let messages = json!([{"role": "user", "content": "Hello"}]);
        let body = json!({"model": "m", "messages": messages, "max_tokens": 10.0, "max_completion_tokens": 20, "n": 3});
        let parsed = request(&body).unwrap();
        assert_eq!(
            (parsed.model(), parsed.max_tokens(), parsed.choices()),
            ("m", Some(20), 3)
        );
        let parsed =
            request(&json!({"model": "m", "messages": messages, "max_tokens": null, "n": 0}))
                .unwrap();
        assert_eq!((parsed.max_tokens(), parsed.choices()), (None, 1));
    }

    #[test]
    fn other_bodies_are_invalid() {
        let messages = json!([{"role": "user", "content": "Hello"}]);
        for (body, reason) in [
            (json!([]), "not a JSON object"),
            (json!({"messages": messages}), "no `model`"),
            (json!({"model": " ", "messages": messages}), "no `model`"),
            (json!({"model": "m"}), "no `messages`"),
            (json!({"model": "m", "messages": []}), "no `messages`"),
            (json!({"model": "m", "messages": "Hello"}), "no `messages`"),
            (
                json!({"model": "m", "messages": messages, "stream": true}),
                "a stream",
            ),
            (json!({"model": 7, "messages": messages}), "invalid type"),
            (
                json!({"model": "m", "messages": messages, "max_tokens": "5"}),
                "`max_tokens` is not",
            ),
            (
                json!({"model": "m", "messages": messages, "n": -1}),
                "`n` is not",
            ),
        ] {
            let error = request(&body).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        assert!(Request::new("", r#"{"model": "m"}"#).is_err());
    }

    #[test]
    fn remote_content_is_found() {
        for (content, expected) in [
            (json!("see https://example.com"), false),
            (
                json!([{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]),
                true,
            ),
            (
                json!([{"type": "image_url", "image_url": "https://example.com/a.png"}]),
                true,
            ),
            (
                json!([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]),
                false,
            ),
            (
                json!([{"type": "file", "file": {"file_id": "file-1"}}]),
                true,
            ),
            (
                json!([{"type": "text", "text": "image_url and file_id"}]),
                false,
            ),
        ] {
            let body = json!({"model": "m", "messages": [{"role": "user", "content": content}]});
            assert_eq!(
                request(&body).unwrap().has_remote_content(),
                expected,
                "{content}"
            );
        }
    }
}
