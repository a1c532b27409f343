//! Error answers: which body, which headers.

use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::operation::{Api, Operation};

/// How a server writes an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Envelope {
    /// `{"error": {"message", "type", "code"}}`, the Inference API's.
    Error,
    /// `{"errors": [{"param", "details"}]}`, the Training API's for wrong parameters.
    Errors,
    /// `{"detail": "…"}`, the Training API's for the rest.
    Detail,
    /// `{"detail": [{"loc", "msg", "type"}]}`, as FastAPI writes it.
    DetailList,
    /// A sentence as `text/plain`.
    Text,
    /// A page as `text/html`, from a proxy.
    Html,
    /// No body and no content type.
    Empty,
}

/// What the body of an error says.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// What the API would say with such a status.
    Usual,
    Quota,
    Envelope(Envelope),
    Bytes(Bytes),
}

/// What stands in a header in the place of a date to come, ahead of the milliseconds until then.
pub(crate) const DATE: &str = "\0date in ms:";

/// The whole answer of a fault with a status.
pub(crate) fn answer(fault: &Fault, status: u16, operation: Option<Operation>) -> Response {
    let status = match StatusCode::from_u16(status) {
        Ok(known) if status >= 200 => known,
        _ => return misuse(&format!("{status} is not the status of an answer")),
    };
    let api = operation.map_or(Api::Training, Operation::api);
    let envelope = match (&fault.says, api) {
        (Says::Envelope(envelope), _) => *envelope,
        (_, Api::Inference) => Envelope::Error,
        (_, Api::Training) if status == StatusCode::UNPROCESSABLE_ENTITY => Envelope::Errors,
        (_, Api::Training) => Envelope::Detail,
    };
    let words = words(status, matches!(fault.says, Says::Quota));
    let (content_type, body) = match &fault.says {
        Says::Bytes(body) => ("application/json", body.clone()),
        _ => written(envelope, status, words),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if !content_type.is_empty() {
        let value = HeaderValue::from_static(content_type);
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

/// An error's `type`, `code` and message.
type Words = (&'static str, &'static str, &'static str);

fn words(status: StatusCode, quota: bool) -> Words {
    if quota {
        let message = "You exceeded your current quota. Please check your plan and billing.";
        return ("insufficient_quota", "insufficient_quota", message);
    }
    match status.as_u16() {
        401 => ("authentication_error", "invalid_api_key", "Invalid API key"),
        402 => (
            "insufficient_quota",
            "insufficient_funds",
            "Insufficient balance (including overdraft). Please add funds to continue.",
        ),
        403 => ("permission_error", "permission_denied", "Not allowed"),
        404 => ("invalid_request_error", "not_found", "Not found"),
        408 => ("timeout_error", "request_timeout", "Request timed out"),
        409 => ("conflict_error", "conflict", "Conflict"),
        429 => (
            "rate_limit_error",
            "rate_limit_exceeded",
            "Too many requests",
        ),
        400..=499 => (
            "invalid_request_error",
            "invalid_request",
            "Invalid request",
        ),
        503 => ("server_error", "overloaded", "Service unavailable"),
        _ => ("server_error", "internal_error", "Internal server error"),
    }
}

fn written(envelope: Envelope, status: StatusCode, words: Words) -> (&'static str, Bytes) {
    let (kind, code, message) = words;
    let json = |value: Value| ("application/json", Bytes::from(value.to_string()));
    match envelope {
        Envelope::Error => {
            json(json!({ "error": { "message": message, "type": kind, "code": code } }))
        }
        Envelope::Errors => json(json!({ "errors": [{ "param": "body", "details": message }] })),
        Envelope::Detail => json(json!({ "detail": message })),
        Envelope::DetailList => {
            json(json!({ "detail": [{ "loc": ["body"], "msg": message, "type": code }] }))
        }
        Envelope::Text => ("text/plain; charset=utf-8", message.into()),
        Envelope::Html => {
            let title = status.canonical_reason().unwrap_or("Error");
            let page = format!(
                "<html>\r\n<head><title>{0} {title}</title></head>\r\n<body>\r\n\
                 <center><h1>{0} {title}</h1></center>\r\n<hr><center>proxy</center>\r\n\
                 </body>\r\n</html>\r\n",
                status.as_u16()
            );
            ("text/html", page.into())
        }
        Envelope::Empty => ("", Bytes::new()),
    }
}

/// Puts a fault's headers over those of an answer. Says which one cannot be sent.
pub(crate) fn dress(fault: &Fault, headers: &mut HeaderMap) -> Result<(), String> {
    for (name, value) in &fault.headers {
        let value = match value.strip_prefix(DATE).map(str::parse) {
            Some(Ok(in_ms)) => {
                httpdate::fmt_http_date(SystemTime::now() + Duration::from_millis(in_ms))
            }
            _ => value.clone(),
        };
        match (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            (Ok(name), Ok(value)) => drop(headers.insert(name, value)),
            _ => return Err(format!("a header '{name}' of {value:?} cannot be sent")),
        }
    }
    Ok(())
}

/// A fault that makes no sense is seen, in the answer.
pub(crate) fn misuse(why: &str) -> Response {
    let mut response = Response::new(Body::from(format!("prime-sim: a fault: {why}\n")));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
