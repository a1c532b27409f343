//! What an error's body says, whichever way it says it.
//!
//! The services and the proxies before them have several envelopes: OpenAI's `error`, the platform's
//! `errors`, FastAPI's `detail`, plain text, HTML, nothing. Neither specification lists them all, so
//! they are read here, leniently.

use serde_json::Value;

/// What an error says of one field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// The field, as the service names it: `limit`, `body.config`.
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
}

impl Envelope {
    /// Reads a body; a secret that it repeats is taken out.
    pub(crate) fn read(body: &[u8], secret: Option<&str>) -> Self {
        let mut envelope = match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::of_value(&value),
            Err(_) => Self {
                message: plain_text(body),
                ..Self::default()
            },
        };
        if let Some(secret) = secret.filter(|secret| !secret.is_empty()) {
            let texts = envelope.fields.iter_mut().map(|field| &mut field.message);
            for text in texts.chain(&mut envelope.message).chain(&mut envelope.code) {
                *text = text.replace(secret, "…");
            }
        }
        envelope
    }

    /// Reads a body that is JSON.
    pub(crate) fn of_value(value: &Value) -> Self {
        let mut envelope = Self::default();
        match &value["error"] {
            Value::String(message) => envelope.message = Some(message.clone()),
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
            _ => {}
        }
        for error in value["errors"].as_array().into_iter().flatten() {
            if let (Some(field), Some(message)) = (text(&error["param"]), text(&error["details"])) {
                envelope.fields.push(FieldError { field, message });
            }
        }
        match &value["detail"] {
            Value::String(message) => envelope.message = Some(message.clone()),
            Value::Array(details) => {
                for detail in details {
                    let parts = detail["loc"].as_array().into_iter().flatten();
                    let field = parts.filter_map(text).collect::<Vec<_>>().join(".");
                    if let Some(message) = text(&detail["msg"]) {
                        envelope.fields.push(FieldError { field, message });
                    }
                }
            }
            _ => {}
        }
        if envelope.message.is_none() {
            envelope.message = text(&value["message"]);
        }
        if envelope.message.is_none() && !envelope.fields.is_empty() {
            let fields = envelope
                .fields
                .iter()
                .map(|f| format!("{}: {}", f.field, f.message));
            envelope.message = Some(fields.collect::<Vec<_>>().join("; "));
        }
        envelope
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The beginning of a plain text; nothing of a page of HTML, which says nothing in words.
fn plain_text(body: &[u8]) -> Option<String> {
    const SHOWN: usize = 200;
    let text = std::str::from_utf8(body).ok()?.trim();
    if text.is_empty() || text.starts_with('<') {
        return None;
    }
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Envelope {
        Envelope::read(body.as_bytes(), Some("pit_secret"))
    }

    #[test]
    fn every_envelope_says_what_it_says() {
        let openai = read(r#"{"error":{"message":"no","type":"t","code":"model_not_found"}}"#);
        assert_eq!(openai.message.as_deref(), Some("no"));
        assert_eq!(openai.code.as_deref(), Some("model_not_found"));
        assert_eq!(openai.class.as_deref(), Some("t"));
        let numbered = read(r#"{"error":{"message":"no","code":401,"other":1}}"#);
        assert_eq!(numbered.code.as_deref(), Some("401"));
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
