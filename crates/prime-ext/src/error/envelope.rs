//! What an error's body says, whichever way it says it.
//!
//! The services and the proxies before them have several envelopes: OpenAI's `error`, the platform's
//! `errors`, FastAPI's `detail`, plain text, HTML, nothing. Neither specification lists them all, so
//! they are read here, leniently.

use http::StatusCode;
use serde_json::Value;

use crate::head::Head;
use crate::road::{Hidden, Hiding};

/// What an error says of one field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// The field, as the service names it: `limit`, `body.config`. Empty if it names none.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// What an error's body says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) message: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) fields: Vec<FieldError>,
    named: Named,
}

/// Code and class as they came, which decide on more than on what is shown: what people wrote may be a part
/// of them.
#[derive(Default, Clone, PartialEq, Eq)]
struct Named {
    code: Option<String>,
    class: Option<String>,
}

/// Nothing of it.
impl std::fmt::Debug for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Named")
    }
}

/// The most characters that are kept of a text of an answer.
const KEPT: usize = 300;

/// The most fields that are kept of an answer that names what is wrong with each.
const FIELDS: usize = 100;

impl Envelope {
    /// Reads the body of an error; what it repeats of the request is taken out of every text, whole,
    /// before it is shortened.
    pub(crate) fn read(body: &[u8], hidden: &Hidden) -> Self {
        let Ok(body) = std::str::from_utf8(body) else {
            return Self::default();
        };
        match serde_json::from_str::<Value>(body) {
            Ok(value) => Self::of_value(&value, &hidden.hiding()),
            Err(_) => Self {
                message: plain_text(&hidden.hide(body)),
                ..Self::default()
            },
        }
    }

    /// The beginning of an error's body, for a person to read. `None` if the body begins like JSON and is not valid:
    /// fields in which it has secrets cannot be told from others.
    pub(crate) fn preview(body: &[u8], hidden: &Hidden) -> Option<String> {
        let text = match serde_json::from_slice::<Value>(body) {
            Ok(value) => hidden.hide_in(value),
            Err(_) => {
                let text = String::from_utf8_lossy(body);
                if begins_like_json(&text) {
                    return None;
                }
                hidden.hide(&text).into_owned()
            }
        };
        let line = one_line(&text);
        (!line.is_empty()).then_some(line)
    }

    /// The same of a success: nothing if it is JSON, or may be cut-off JSON, which may hold a secret.
    pub(crate) fn preview_of_success(body: &[u8], head: &Head) -> Option<String> {
        let page = body.trim_ascii_start().starts_with(b"<");
        page.then(|| Self::preview(body, head.hidden())).flatten()
    }

    /// Reads the body of an answer that came as a success: only JSON can say that it is none.
    pub(crate) fn of_success(body: &[u8], hidden: &Hidden) -> Self {
        match serde_json::from_slice(body) {
            Ok(value) => Self::of_value(&value, &hidden.hiding()),
            Err(_) => Self::default(),
        }
    }

    /// Whether a body that came as a success says that it is an error.
    pub(crate) fn is_error(body: &[u8]) -> bool {
        let said = serde_json::from_slice(body);
        said.is_ok_and(|value| Self::of_value(&value, &Hidden::NOTHING.hiding()).says_something())
    }

    /// Whether the body said anything.
    fn says_something(&self) -> bool {
        self.message.is_some() || self.code.is_some() || !self.fields.is_empty()
    }

    /// Whether it names a quota. Seen: `insufficient_quota`, `quota_exceeded`, `insufficient_funds`.
    pub(crate) fn names_quota(&self) -> bool {
        self.names(&["quota", "insufficient_funds", "insufficient_balance"])
    }

    /// Whether it names the model's context. Seen: `context_length_exceeded`,
    /// `context_window_exceeded`, `exceed_context_size_error`, `string_above_max_length`.
    pub(crate) fn names_context_overflow(&self) -> bool {
        self.names(&[
            "context_length",
            "context_window",
            "context_size",
            "string_above_max_length",
        ])
    }

    /// The status that it names: as its code, or by one of the names that services have for it.
    pub(crate) fn told_status(&self) -> Option<StatusCode> {
        let said = |name: &String| {
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
        let code = self.named.code.as_ref().and_then(said);
        code.or_else(|| self.named.class.as_ref().and_then(said))
    }

    fn names(&self, parts: &[&str]) -> bool {
        let names = [&self.named.code, &self.named.class];
        names.into_iter().flatten().any(|name| {
            let name = name.to_ascii_lowercase();
            parts.iter().any(|part| name.contains(part))
        })
    }

    /// Whether it says that there is no such model.
    pub(crate) fn names_unknown_model(&self) -> bool {
        self.named.code.as_deref() == Some("model_not_found")
    }

    fn of_value(value: &Value, hiding: &Hiding<'_>) -> Self {
        let raw = Self::of_texts(value, &|text| one_line(text));
        let mut shown = Self::of_texts(value, &|text| one_line(&hiding.hide(text)));
        shown.named = Named {
            code: raw.code,
            class: raw.class,
        };
        shown
    }

    /// Reads them with what is shown of each text.
    fn of_texts(value: &Value, shown: &dyn Fn(&str) -> String) -> Self {
        let text = |value: &Value| text(value, shown);
        let mut envelope = Self::default();
        // Some gateways wrap the one error in a list; some say it of an answer, and not of the whole.
        if let [only] = value.as_array().map_or(&[][..], Vec::as_slice) {
            return Self::of_texts(only, shown);
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
                let messages: Vec<String> = messages.iter().take(FIELDS).filter_map(text).collect();
                envelope.message = (!messages.is_empty()).then(|| one_line(&messages.join("; ")));
            }
            _ => {}
        }
        let errors = value["errors"].as_array().into_iter().flatten();
        for error in errors.take(FIELDS) {
            let message = text(&error["details"]).or_else(|| text(&error["message"]));
            if let Some(message) = message.or_else(|| text(error)) {
                let field = text(&error["param"]).unwrap_or_default();
                envelope.fields.push(FieldError { field, message });
            }
        }
        match &value["detail"] {
            detail @ Value::String(_) => envelope.message = text(detail),
            Value::Array(details) => {
                for detail in details.iter().take(FIELDS) {
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
        // Beside the message, and not within an object of its own.
        if envelope.message.is_some() && envelope.code.is_none() {
            envelope.code = text(&value["code"]);
            let beside = || text(&value["type"]).or_else(|| text(&value["error_type"]));
            envelope.class = envelope.class.or_else(beside);
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

/// Whether the `error` of an answer says that something went wrong. Some servers write one into every answer,
/// with nothing in it.
pub(crate) fn says_error(error: Option<&Value>) -> bool {
    error.is_some_and(|error| match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(errors) => !errors.is_empty(),
        Value::Object(error) => !error.is_empty(),
        Value::Number(code) => code.as_f64() != Some(0.0),
        Value::Bool(true) => true,
    })
}

/// A text as it may stand in a sentence: on one line, and not without end.
pub(crate) fn one_line(text: &str) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.extend(word.chars().filter(|c| !c.is_control()));
        if words.len() > KEPT {
            words = words.chars().take(KEPT).collect();
            words.push('…');
            break;
        }
    }
    words
}

fn text(value: &Value, shown: &dyn Fn(&str) -> String) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(shown(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The text of a body that is plain text. `None` for a page of HTML and for JSON that was cut off, in which secrets
/// cannot be told from other fields.
fn plain_text(body: &str) -> Option<String> {
    let text = body.trim();
    let is_plain = !text.is_empty() && !text.starts_with('<') && !begins_like_json(text);
    is_plain.then(|| one_line(text))
}

fn begins_like_json(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    text.starts_with(['{', '[', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Envelope {
        Envelope::read(body.as_bytes(), &Hidden::of(vec!["pit_secret".to_owned()]))
    }

    #[test]
    fn every_envelope_says_what_it_says() {
        let openai = read(r#"{"error":{"message":"no","type":"t","code":"model_not_found"}}"#);
        assert_eq!(openai.message.as_deref(), Some("no"));
        assert_eq!(openai.code.as_deref(), Some("model_not_found"));
        assert_eq!(openai.class.as_deref(), Some("t"));
        let numbered = read(r#"{"error":{"message":"no","code":401,"other":1}}"#);
        assert_eq!(numbered.code.as_deref(), Some("401"));
        let named = read(r#"{"type":"error","error":{"type":"overloaded_error","message":"no"}}"#);
        assert_eq!(named.class.as_deref(), Some("overloaded_error"));
        assert_eq!(named.told_status(), Some(StatusCode::SERVICE_UNAVAILABLE));
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
    fn a_repeated_key_is_taken_out() {
        let envelope = read(r#"{"error":{"message":"wrong key: pit_secret","code":"pit_secret"}}"#);
        assert!(!format!("{envelope:?}").contains("pit_secret"));
    }
}
