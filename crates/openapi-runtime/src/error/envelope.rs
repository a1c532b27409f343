//! Parses error bodies of various shapes.
//!
//! Services and their proxies use several shapes: OpenAI's `error`, lists of `errors`, FastAPI's `detail`, plain text,
//! HTML, or an empty body. Gateways put the error of another service within their own, as an object or as JSON within a
//! string. Specifications do not document all of them, so parsing is lenient.

use http::StatusCode;
use serde_json::{Map, Value};

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
    /// The status that the outermost code or class stands for.
    status: Option<StatusCode>,
    /// All codes and classes, in lower case.
    names: Vec<String>,
}

/// The maximum number of field errors that are kept.
const MAX_FIELDS: usize = 100;

/// How deeply an error may be nested in others.
const MAX_NESTING: u32 = 4;

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

    /// Returns the status that the code or class stands for: a number, or one of the names that services use. The
    /// outermost is the status of the service that responded.
    pub(super) fn named_status(&self) -> Option<StatusCode> {
        self.status
    }

    fn names(&self, parts: &[&str]) -> bool {
        let mut names = self.names.iter();
        names.any(|name| parts.iter().any(|part| name.contains(part)))
    }

    fn of_value(value: &Value, redactor: &Redactor) -> Self {
        let reader = Reader { redactor };
        let mut envelope = reader.body(value, MAX_NESTING);
        envelope.describe_fields();
        envelope
    }

    /// The code and class of one object.
    fn named(code: &Option<String>, class: &Option<String>) -> Self {
        let names = [code, class].into_iter().flatten();
        Self {
            status: names.clone().find_map(|name| status_of(name)),
            names: names.map(|name| name.to_ascii_lowercase()).collect(),
            code: code.clone(),
            class: class.clone(),
            ..Self::default()
        }
    }

    /// Adds the parts of a nested error. Its message and names are more specific than those of this error.
    fn enclose(&mut self, inner: Self) {
        let is_name = |code: &String| code.parse::<u64>().is_err();
        self.message = inner.message.or(self.message.take());
        self.code = match (self.code.take(), inner.code) {
            // A name is more specific than a number.
            (Some(outer), Some(inner)) if is_name(&outer) && !is_name(&inner) => Some(outer),
            (outer, inner) => inner.or(outer),
        };
        self.class = inner.class.or(self.class.take());
        self.status = self.status.or(inner.status);
        self.names.extend(inner.names);
        self.fields.extend(inner.fields);
        self.fields.truncate(MAX_FIELDS);
    }

    /// Sets the message to the messages of the fields, if there is no other message.
    fn describe_fields(&mut self) {
        if self.message.is_none() && !self.fields.is_empty() {
            let fields = self.fields.iter().map(|error| {
                let separator = if error.field.is_empty() { "" } else { ": " };
                format!("{}{separator}{}", error.field, error.message)
            });
            self.message = Some(one_line(&fields.collect::<Vec<_>>().join("; ")));
        }
    }
}

/// Returns the error status that a code or class stands for.
fn status_of(name: &str) -> Option<StatusCode> {
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
        "overloaded" | "overloaded_error" | "server_overloaded" | "service_unavailable" => 503,
        code => code.parse().ok()?,
    };
    let status = StatusCode::from_u16(status).ok()?;
    (status.is_client_error() || status.is_server_error()).then_some(status)
}

/// Reads errors. The argument `depth` of its methods is how many more levels of errors may be nested.
#[derive(Clone, Copy)]
struct Reader<'r> {
    redactor: &'r Redactor,
}

impl Reader<'_> {
    /// Reads a complete body.
    fn body(self, value: &Value, depth: u32) -> Envelope {
        match value {
            Value::Object(object) => self.object(object, false, depth),
            // Some gateways wrap a single error in a list.
            Value::Array(list) if list.len() == 1 && depth > 0 => self.body(&list[0], depth - 1),
            Value::String(text) => {
                let json = embedded(text).filter(|_| depth > 0);
                json.map(|json| self.body(&json, depth - 1))
                    .unwrap_or_default()
            }
            _ => Envelope::default(),
        }
    }

    /// Reads the value of a field that contains an error or its message.
    fn error(self, value: &Value, depth: u32) -> Envelope {
        let is_nested = matches!(value, Value::Object(_) | Value::Array(_) | Value::String(_));
        if let (true, Some(depth)) = (is_nested, depth.checked_sub(1)) {
            let json = match value {
                Value::String(text) => embedded(text),
                _ => None,
            };
            let envelope = match json.as_ref().unwrap_or(value) {
                Value::Object(object) => self.object(object, true, depth),
                Value::Array(list) => self.list(list, depth),
                _ => Envelope::default(),
            };
            if envelope.is_set() || !value.is_string() {
                return envelope;
            }
        }
        Envelope {
            message: text(value, self.redactor),
            ..Envelope::default()
        }
    }

    /// Reads an object. If it `is_error`, it may consist of a code only.
    fn object(self, object: &Map<String, Value>, is_error: bool, depth: u32) -> Envelope {
        let get = |name: &str| object.get(name).unwrap_or(&Value::Null);
        let text = |name: &str| text(get(name), self.redactor);
        let mut inner = Envelope {
            message: text("details"),
            ..Envelope::default()
        };
        for name in ["error_message", "msg", "message"] {
            inner.enclose(self.error(get(name), depth));
        }
        inner.describe_fields();
        inner.enclose(self.routed(get("metadata"), depth));
        let mut code = text("code").or_else(|| text("error_code"));
        match get("error") {
            Value::Null => inner.enclose(self.of_choice(get("choices"), depth)),
            Value::Number(_) => code = code.or_else(|| text("error")),
            // Web frameworks name the kind of an error beside its message.
            Value::String(name) if inner.message.is_some() && !begins_like_json(name) => {
                let name = text("error");
                if name.as_deref().is_some_and(is_identifier) {
                    code = code.or(name);
                } else if let (Some(name), Some(message)) = (name, &mut inner.message) {
                    *message = one_line(&format!("{name}: {message}"));
                }
            }
            error => inner.enclose(self.error(error, depth)),
        }
        inner.enclose(self.error(get("detail"), depth));
        inner.enclose(self.errors(get("errors"), depth));
        if let (Some(field), Some(message)) = (self.field(object), &inner.message) {
            let message = message.clone();
            inner.fields.push(FieldError { field, message });
        }
        if !is_error && !inner.is_set() {
            return inner;
        }
        // `error` as a class only says that this is an error.
        let class = text("type").or_else(|| text("error_type"));
        let mut outer = Envelope::named(&code, &class.filter(|class| class != "error"));
        outer.enclose(inner);
        outer
    }

    /// Reads the error of a provider from the error of a router. The message of the router does not contain the reason.
    fn routed(self, metadata: &Value, depth: u32) -> Envelope {
        let mut raw = self.error(&metadata["raw"], depth);
        raw.describe_fields();
        raw.message = raw.message.filter(|message| {
            let is_plain = plain_text(message, Redactor::none()).is_some();
            is_plain && message.contains(char::is_alphanumeric)
        });
        let provider = text(&metadata["provider_name"], self.redactor);
        if let (Some(provider), Some(message)) = (provider, &mut raw.message) {
            *message = one_line(&format!("{provider}: {message}"));
        }
        raw
    }

    /// Reads the first error within the choices, where some gateways report errors.
    fn of_choice(self, choices: &Value, depth: u32) -> Envelope {
        let mut choices = choices.as_array().into_iter().flatten();
        let error = choices.find_map(|choice| choice.get("error").filter(|error| !error.is_null()));
        error
            .map(|error| self.error(error, depth))
            .unwrap_or_default()
    }

    /// Reads a list of errors, or an object with an error or with the messages of each field.
    fn errors(self, errors: &Value, depth: u32) -> Envelope {
        let envelope = self.error(errors, depth);
        let Value::Object(fields) = errors else {
            return envelope;
        };
        if envelope.is_set() {
            return envelope;
        }
        let redactor = self.redactor;
        let fields = fields.iter().flat_map(|(name, messages)| {
            let messages = match messages {
                Value::Array(list) => &list[..],
                message => std::slice::from_ref(message),
            };
            let messages = messages
                .iter()
                .filter_map(|message| text(message, redactor));
            messages.map(|message| FieldError {
                field: redactor.redact_line(name),
                // The message may repeat the value of the field.
                message: match redactor.is_secret_field(name) {
                    true => "…".to_owned(),
                    false => message,
                },
            })
        });
        Envelope {
            fields: fields.take(MAX_FIELDS).collect(),
            ..Envelope::default()
        }
    }

    /// Reads a list of errors. The names are read only if the list has a single error.
    fn list(self, list: &[Value], depth: u32) -> Envelope {
        let mut envelope = Envelope::default();
        for item in list.iter().take(MAX_FIELDS) {
            let mut error = self.error(item, depth);
            if let (true, Some(message)) = (error.fields.is_empty(), error.message.take()) {
                let field = String::new();
                error.fields.push(FieldError { field, message });
            }
            if list.len() == 1 {
                envelope = Envelope {
                    message: None,
                    ..error
                };
            } else {
                envelope.fields.extend(error.fields);
            }
        }
        envelope
    }

    /// Returns the field that an error is about.
    fn field(self, error: &Map<String, Value>) -> Option<String> {
        let text = |value: &Value| text(value, self.redactor);
        match error.get("loc") {
            Some(Value::Array(parts)) => {
                Some(parts.iter().filter_map(text).collect::<Vec<_>>().join("."))
            }
            _ => error.get("param").and_then(text),
        }
    }
}

/// Returns the JSON object or list that a text contains.
fn embedded(text: &str) -> Option<Value> {
    let is_container = text.trim_start().starts_with(['{', '[']);
    is_container.then(|| serde_json::from_str(text).ok())?
}

fn is_identifier(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// Returns whether the body of a 2xx response reports an error: it contains an error, or a message instead of a result.
pub fn is_error_body(body: &[u8]) -> bool {
    serde_json::from_slice(body).is_ok_and(|value| reports_error(&value))
}

fn reports_error(value: &Value) -> bool {
    if let Some([only]) = value.as_array().map(Vec::as_slice) {
        return reports_error(only);
    }
    let is_filled = |name: &str| match &value[name] {
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => false,
    };
    let has_result = value["success"] == true || ["choices", "data"].into_iter().any(is_filled);
    if !has_result {
        return Envelope::of_value(value, Redactor::none()).is_set();
    }
    let choices = value["choices"].as_array().into_iter().flatten();
    let mut errors = choices.map(|choice| choice.get("error"));
    is_error_value(value.get("error")) || errors.any(is_error_value) || is_filled("errors")
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
    let line = match serde_json::from_slice::<Value>(body) {
        Ok(value) => one_line(&redactor.redact_json(value)),
        Err(_) => {
            let text = String::from_utf8_lossy(body);
            if begins_like_json(&text) {
                return None;
            }
            redactor.redact_line(&text)
        }
    };
    (!line.is_empty()).then_some(line)
}

fn text(value: &Value, redactor: &Redactor) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(redactor.redact_line(text)),
        Value::Number(number) => Some(redactor.redact_line(&number.to_string())),
        _ => None,
    }
}

/// Returns the text of a plain text body. Returns `None` for HTML, and for truncated JSON.
fn plain_text(body: &str, redactor: &Redactor) -> Option<String> {
    let text = body.trim();
    let is_plain = !text.is_empty() && !text.starts_with('<') && !begins_like_json(text);
    is_plain.then(|| redactor.redact_line(text))
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
    fn numbers_are_redacted() {
        let redactor = Redactor::of_secrets(&["1234567890"]);
        for body in [
            r#"{"error":{"message":"no","code":1234567890}}"#,
            r#"{"error":1234567890,"message":"no"}"#,
        ] {
            let error = Envelope::read(body.as_bytes(), &redactor);
            assert_eq!(error.code.as_deref(), Some("…"), "{body}");
        }
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

    /// The message of a router does not contain the reason, which is in `error.metadata.raw`.
    #[test]
    fn the_reason_of_a_provider_is_read() {
        let routed = |raw: &str| {
            read(&format!(
                r#"{{"error":{{"message":"Provider returned error","code":429,"metadata":{{"raw":{raw},"provider_name":"Acme"}}}}}}"#
            ))
        };
        for (raw, message, code) in [
            (
                r#""{\"error\": {\"message\": \"too long\", \"code\": \"context_length_exceeded\"}}""#,
                "Acme: too long",
                "context_length_exceeded",
            ),
            (
                r#"{"error":{"message":"no","type":"t","code":"insufficient_quota"}}"#,
                "Acme: no",
                "insufficient_quota",
            ),
            (
                r#"{"error":{"message":"no","code":400}}"#,
                "Acme: no",
                "400",
            ),
            (r#"{"detail":"busy"}"#, "Acme: busy", "429"),
            (r#""busy""#, "Acme: busy", "429"),
            (r#"["busy", "later"]"#, "Acme: busy; later", "429"),
            // An error without a message does not replace the message of the router.
            ("null", "Provider returned error", "429"),
            (r#""…""#, "Provider returned error", "429"),
            (r#""<html>busy</html>""#, "Provider returned error", "429"),
            (r#""{\"error\": {\"mess""#, "Provider returned error", "429"),
            (r#"{"trace":7}"#, "Provider returned error", "429"),
        ] {
            let envelope = routed(raw);
            assert_eq!(envelope.message.as_deref(), Some(message), "{raw}");
            assert_eq!(envelope.code.as_deref(), Some(code), "{raw}");
            assert_eq!(
                envelope.named_status(),
                Some(StatusCode::TOO_MANY_REQUESTS),
                "{raw}"
            );
            assert_eq!(
                envelope.names_context_overflow(),
                code.starts_with("context")
            );
            assert_eq!(envelope.names_quota(), code.ends_with("quota"));
        }
    }

    #[test]
    fn errors_within_others_are_read() {
        for (body, message, code) in [
            (
                r#"{"error":"{\"message\":\"no\",\"code\":\"c\"}"}"#,
                "no",
                Some("c"),
            ),
            (
                r#"{"error":{"error":{"message":"no","code":"c"}}}"#,
                "no",
                Some("c"),
            ),
            (
                r#"{"error":{"message":"failed","error":{"message":"no","code":"c"}}}"#,
                "no",
                Some("c"),
            ),
            (r#"{"errors":{"message":"no","code":"c"}}"#, "no", Some("c")),
            (
                r#"{"errors":[{"message":"no","code":"c"}]}"#,
                "no",
                Some("c"),
            ),
            (
                r#"{"errors":{"limit":["too large","odd"],"name":"missing"}}"#,
                "limit: too large; limit: odd; name: missing",
                None,
            ),
            (
                r#"{"detail":{"error":{"message":"no","code":"c"}}}"#,
                "no",
                Some("c"),
            ),
            (
                r#"{"message":"{\"error\":{\"message\":\"no\",\"code\":\"c\"}}"}"#,
                "no",
                Some("c"),
            ),
            (r#"{"status":"error","error_message":"no"}"#, "no", None),
            (
                r#"{"success":false,"msg":"no","code":"c"}"#,
                "no",
                Some("c"),
            ),
            (
                r#"{"error":"Bad Request","message":"no","statusCode":400}"#,
                "Bad Request: no",
                None,
            ),
            (r#"{"error":"c","message":"no"}"#, "no", Some("c")),
            (r#"{"error":404,"message":"no"}"#, "no", Some("404")),
            (r#""{\"detail\":\"no\"}""#, "no", None),
            (
                r#"{"error":"[Errno 111] refused"}"#,
                "[Errno 111] refused",
                None,
            ),
        ] {
            let envelope = read(body);
            assert_eq!(envelope.message.as_deref(), Some(message), "{body}");
            assert_eq!(envelope.code.as_deref(), code, "{body}");
        }
        let outer =
            read(r#"{"error":{"code":"server_error","message":"no","error":{"code":500}}}"#);
        assert_eq!(outer.code.as_deref(), Some("server_error"));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels: usize| {
            let json = r#"{"error":"#.repeat(levels) + r#""no""# + &"}".repeat(levels);
            read(&json).message
        };
        assert_eq!(nested(4).as_deref(), Some("no"));
        assert_eq!(nested(100), None);
        let mut text = "no".to_owned();
        for _ in 0..10 {
            text = serde_json::json!({"message": text, "error": {"metadata": {"raw": text}}})
                .to_string();
        }
        assert!(read(&text).message.is_some());
    }

    #[test]
    fn a_success_is_no_error() {
        let choice = r#"{"index":0,"message":{"content":"Paris"}}"#;
        for body in [
            &format!(r#"{{"choices":[{choice}],"message":"ok"}}"#),
            &format!(r#"{{"choices":[{choice}],"detail":"cached","errors":[]}}"#),
            &format!(r#"{{"choices":[{choice}],"error":{{}},"code":"c","msg":"ok"}}"#),
            r#"{"success":true,"message":"queued"}"#,
            r#"{"data":[{"id":"m"}],"message":"ok"}"#,
            r#"{"message":{"role":"assistant","content":"Paris"},"done":true}"#,
            r#"{"id":"x","code":"c","type":"t"}"#,
            "{}",
            "[]",
            "7",
            "",
        ] {
            assert!(!is_error_body(body.as_bytes()), "{body}");
        }
        for body in [
            &format!(r#"{{"choices":[{choice}],"error":{{"message":"no"}}}}"#),
            &format!(r#"{{"choices":[{choice},{{"error":"no"}}]}}"#),
            r#"{"choices":[],"message":"no"}"#,
            r#"{"success":true,"error":"no"}"#,
            r#"{"success":false,"msg":"no"}"#,
            r#"[{"error":{"code":400}}]"#,
        ] {
            assert!(is_error_body(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn an_echoed_key_is_redacted() {
        for body in [
            r#"{"error":{"message":"wrong key: pit_secret","code":"pit_secret"}}"#,
            r#"{"error":{"metadata":{"raw":"wrong key: pit_secret","provider_name":"pit_secret"}}}"#,
            r#"{"error":{"metadata":{"raw":"{\"error\":{\"message\":\"wrong key: pit_secret\",\"code\":\"pit_secret\"}}"}}}"#,
            r#"{"error":"pit_secret","message":"no"}"#,
            r#"{"errors":{"pit_secret":"pit_secret"}}"#,
        ] {
            let envelope = read(body);
            assert!(envelope.message.is_some());
            assert!(
                !format!("{envelope:?}").contains("pit_secret"),
                "{envelope:?}"
            );
        }
        let fields = read(r#"{"errors":{"api_key":["hunter2"],"limit":"odd"}}"#);
        assert_eq!(fields.message.as_deref(), Some("api_key: …; limit: odd"));
    }
}
