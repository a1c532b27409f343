//! Parses error bodies of any shape.
//!
//! Services and their proxies use several shapes: OpenAI's `error`, lists of `errors`, FastAPI's `detail`, plain text,
//! HTML, or an empty body. Specifications do not document all of them, so parsing is lenient.

use http::StatusCode;
use serde_json::Value;

use crate::redact::{Redactor, one_line};

/// The error of one field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// The field as the service names it, such as `limit` or `body.config`. Empty if the service names none.
    pub field: String,
    /// Why the field is invalid.
    pub message: String,
}

/// A parsed error body. All texts are single lines, with secrets redacted.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) message: Option<String>,
    pub(super) code: Option<String>,
    pub(super) class: Option<String>,
    pub(super) fields: Vec<FieldError>,
}

/// The maximum number of field errors that are kept.
const MAX_FIELDS: usize = 100;

impl Envelope {
    /// Parses the body of an error response.
    pub(super) fn read(body: &[u8], redactor: &Redactor) -> Self {
        let Ok(body) = std::str::from_utf8(body) else {
            return Self::default();
        };
        match serde_json::from_str::<Value>(body) {
            Ok(value) => Self::of_value(&value, redactor),
            Err(_) => Self {
                message: plain_text(body, redactor),
                ..Self::default()
            },
        }
    }

    /// Parses the body of a success, which can report an error only as JSON.
    pub(super) fn of_success(body: &[u8], redactor: &Redactor) -> Self {
        match serde_json::from_slice(body) {
            Ok(value) => Self::of_value(&value, redactor),
            Err(_) => Self::default(),
        }
    }

    /// Returns whether the body contains an error.
    pub(super) fn is_set(&self) -> bool {
        self.message.is_some() || self.code.is_some() || !self.fields.is_empty()
    }

    /// Returns whether the code or class names a quota. Known: `insufficient_quota`, `quota_exceeded`,
    /// `insufficient_funds`.
    pub(super) fn names_quota(&self) -> bool {
        self.names(&["quota", "insufficient_funds", "insufficient_balance"])
    }

    /// Returns whether the code or class names the model's context. Known: `context_length_exceeded`,
    /// `context_window_exceeded`, `exceed_context_size_error`, `string_above_max_length`.
    pub(super) fn names_context_overflow(&self) -> bool {
        self.names(&[
            "context_length",
            "context_window",
            "context_size",
            "string_above_max_length",
        ])
    }

    /// Returns whether the code says that the model does not exist.
    pub(super) fn names_unknown_model(&self) -> bool {
        self.code.as_deref() == Some("model_not_found")
    }

    /// Returns the status that the code or class stands for: a number, or one of the names that services use.
    pub(super) fn named_status(&self) -> Option<StatusCode> {
        let named = |name: &String| {
            let status = match name.to_ascii_lowercase().as_str() {
                "invalid_request_error" => 400,
                "authentication_error" => 401,
                "permission_error" => 403,
                "not_found_error" => 404,
                "rate_limit_exceeded"
                | "rate_limit_error"
                | "too_many_requests"
                | "insufficient_quota"
                | "quota_exceeded" => 429,
                "overloaded" | "overloaded_error" | "server_overloaded" | "service_unavailable" => {
                    503
                }
                code => code.parse().ok()?,
            };
            StatusCode::from_u16(status).ok()
        };
        let code = self.code.as_ref().and_then(named);
        code.or_else(|| self.class.as_ref().and_then(named))
    }

    fn names(&self, parts: &[&str]) -> bool {
        let names = [&self.code, &self.class];
        names.into_iter().flatten().any(|name| {
            let name = name.to_ascii_lowercase();
            parts.iter().any(|part| name.contains(part))
        })
    }

    fn of_value(value: &Value, redactor: &Redactor) -> Self {
        let text = |value: &Value| text(value, redactor);
        let mut envelope = Self::default();
        // Some gateways wrap a single error in a list. Some report it within a choice.
        if let [only] = value.as_array().map_or(&[][..], Vec::as_slice) {
            return Self::of_value(only, redactor);
        }
        let of_choice = || {
            value["choices"]
                .as_array()?
                .iter()
                .map(|c| &c["error"])
                .find(|e| !e.is_null())
        };
        let error = if value["error"].is_null() {
            of_choice().unwrap_or(&Value::Null)
        } else {
            &value["error"]
        };
        match error {
            message @ Value::String(_) => envelope.message = text(message),
            error @ Value::Object(_) => {
                envelope.message = text(&error["message"]);
                envelope.code = text(&error["code"]);
                envelope.class = text(&error["type"]);
                if let (Some(field), Some(message)) = (text(&error["param"]), &envelope.message) {
                    envelope.fields.push(FieldError {
                        field,
                        message: message.clone(),
                    });
                }
            }
            Value::Array(messages) => {
                let messages: Vec<String> =
                    messages.iter().take(MAX_FIELDS).filter_map(text).collect();
                envelope.message = (!messages.is_empty()).then(|| one_line(&messages.join("; ")));
            }
            _ => {}
        }
        let errors = value["errors"].as_array().into_iter().flatten();
        for error in errors.take(MAX_FIELDS) {
            let message = text(&error["details"]).or_else(|| text(&error["message"]));
            if let Some(message) = message.or_else(|| text(error)) {
                let field = text(&error["param"]).unwrap_or_default();
                envelope.fields.push(FieldError { field, message });
            }
        }
        match &value["detail"] {
            detail @ Value::String(_) => envelope.message = text(detail),
            Value::Array(details) => {
                for detail in details.iter().take(MAX_FIELDS) {
                    let parts = detail["loc"].as_array().into_iter().flatten();
                    let field = parts.filter_map(text).collect::<Vec<_>>().join(".");
                    if let Some(message) = text(&detail["msg"]).or_else(|| text(detail)) {
                        envelope.fields.push(FieldError { field, message });
                    }
                }
            }
            detail @ Value::Object(_) => {
                envelope.message = text(&detail["message"]).or_else(|| text(&detail["msg"]));
                envelope.code = text(&detail["code"]);
            }
            _ => {}
        }
        if envelope.message.is_none() {
            envelope.message = text(&value["message"]);
        }
        // Flat shapes have the code next to the message.
        if envelope.message.is_some() && envelope.code.is_none() {
            envelope.code = text(&value["code"]);
            let flat_class = || text(&value["type"]).or_else(|| text(&value["error_type"]));
            envelope.class = envelope.class.or_else(flat_class);
        }
        if envelope.message.is_none() && !envelope.fields.is_empty() {
            let fields = envelope.fields.iter().map(|error| {
                let separator = if error.field.is_empty() { "" } else { ": " };
                format!("{}{separator}{}", error.field, error.message)
            });
            envelope.message = Some(one_line(&fields.collect::<Vec<_>>().join("; ")));
        }
        envelope
    }
}

/// Returns whether the body of a success reports an error.
pub fn is_error_body(body: &[u8]) -> bool {
    let value = serde_json::from_slice(body);
    value.is_ok_and(|value| Envelope::of_value(&value, Redactor::none()).is_set())
}

/// Returns whether the value of an `error` field reports an error. Some servers include an empty one in every response.
pub fn is_error_value(error: Option<&Value>) -> bool {
    error.is_some_and(|error| match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(errors) => !errors.is_empty(),
        Value::Object(error) => !error.is_empty(),
        Value::Number(code) => code.as_f64() != Some(0.0),
        Value::Bool(true) => true,
    })
}

/// Returns the beginning of an error body as one line. Returns `None` if the body is empty, or begins like JSON but
/// cannot be parsed, because secret fields cannot be found then.
pub(super) fn preview(body: &[u8], redactor: &Redactor) -> Option<String> {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(value) => redactor.redact_json(value),
        Err(_) => {
            let text = String::from_utf8_lossy(body);
            if begins_like_json(&text) {
                return None;
            }
            redactor.redact(&text).into_owned()
        }
    };
    let line = one_line(&text);
    (!line.is_empty()).then_some(line)
}

fn text(value: &Value, redactor: &Redactor) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(one_line(&redactor.redact(text))),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns the text of a plain text body. Returns `None` for HTML, and for truncated JSON.
fn plain_text(body: &str, redactor: &Redactor) -> Option<String> {
    let text = body.trim();
    let is_plain = !text.is_empty() && !text.starts_with('<') && !begins_like_json(text);
    is_plain.then(|| one_line(&redactor.redact(text)))
}

fn begins_like_json(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    text.starts_with(['{', '[', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Envelope {
        let redactor = Redactor::of_secrets(&["pit_secret"]);
        Envelope::read(body.as_bytes(), &redactor)
    }

    #[test]
    fn every_shape_is_parsed() {
        let openai = read(r#"{"error":{"message":"no","type":"t","code":"model_not_found"}}"#);
        assert_eq!(openai.message.as_deref(), Some("no"));
        assert_eq!(openai.code.as_deref(), Some("model_not_found"));
        assert_eq!(openai.class.as_deref(), Some("t"));
        let numbered = read(r#"{"error":{"message":"no","code":401,"other":1}}"#);
        assert_eq!(numbered.code.as_deref(), Some("401"));
        let named = read(r#"{"type":"error","error":{"type":"overloaded_error","message":"no"}}"#);
        assert_eq!(named.class.as_deref(), Some("overloaded_error"));
        assert_eq!(named.named_status(), Some(StatusCode::SERVICE_UNAVAILABLE));
        let platform = read(r#"{"errors":[{"param":"limit","details":"too large"}]}"#);
        assert_eq!(platform.message.as_deref(), Some("limit: too large"));
        assert_eq!(platform.fields[0].field, "limit");
        let fastapi = read(r#"{"detail":[{"loc":["body","config",0],"msg":"missing"}]}"#);
        assert_eq!(fastapi.fields[0].field, "body.config.0");
        assert_eq!(
            read(r#"{"detail":"Not found"}"#).message.as_deref(),
            Some("Not found")
        );
        assert_eq!(read(r#"{"error":"no"}"#).message.as_deref(), Some("no"));
        assert_eq!(
            read("upstream gone").message.as_deref(),
            Some("upstream gone")
        );
        for (flat, code) in [
            (
                r#"{"code":"invalid-argument","error":"wrong"}"#,
                "invalid-argument",
            ),
            (
                r#"{"object":"error","message":"wrong","type":"t","code":"1500"}"#,
                "1500",
            ),
            (r#"[{"error":{"code":400,"message":"wrong"}}]"#, "400"),
            (
                r#"{"choices":[{"error":{"code":502,"message":"wrong"}}]}"#,
                "502",
            ),
        ] {
            let flat = read(flat);
            assert_eq!(
                (flat.message.as_deref(), flat.code.as_deref()),
                (Some("wrong"), Some(code))
            );
        }
        assert_eq!(
            read(r#"{"error":["a","b"]}"#).message.as_deref(),
            Some("a; b")
        );
        for nothing in ["", "<html>502</html>", "null", "[]", "{}", "7"] {
            assert_eq!(read(nothing).message, None, "{nothing}");
        }
    }

    #[test]
    fn an_echoed_key_is_redacted() {
        let envelope = read(r#"{"error":{"message":"wrong key: pit_secret","code":"pit_secret"}}"#);
        assert!(!format!("{envelope:?}").contains("pit_secret"));
    }
}
