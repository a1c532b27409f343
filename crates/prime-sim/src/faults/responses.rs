//! Error responses: bodies and headers.

use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::operation::{Api, Operation};

/// The format of an error body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Envelope {
    /// `{"error": {"message", "type", "code"}}`, used by the Inference API.
    Error,
    /// `{"errors": [{"param", "details"}]}`, used by the Training API for invalid parameters.
    Errors,
    /// `{"detail": "…"}`, used by the Training API for other errors.
    Detail,
    /// `{"detail": [{"loc", "msg", "type"}]}`, used by FastAPI.
    DetailList,
    /// The message as `text/plain`.
    Text,
    /// An HTML page, as sent by a proxy.
    Html,
    /// No body and no content type.
    Empty,
}

/// The body of an error response.
#[derive(Debug, Clone)]
pub(crate) enum ErrorBody {
    /// The body that the API sends for the status.
    Default,
    Quota,
    Envelope(Envelope),
    Bytes(Bytes),
}

/// The prefix of a header value that becomes a date. It is followed by the time until the date in
/// milliseconds.
pub(crate) const DATE_PREFIX: &str = "\0date in ms:";

/// Builds the response of a fault with a status.
pub(crate) fn build(fault: &Fault, status: u16, operation: Option<Operation>) -> Response {
    let status = match StatusCode::from_u16(status) {
        Ok(known) if status >= 200 => known,
        _ => return invalid_fault(&format!("{status} is not a response status")),
    };
    let api = operation.map_or(Api::Training, Operation::api);
    let envelope = match (&fault.error_body, api) {
        (ErrorBody::Envelope(envelope), _) => *envelope,
        (_, Api::Inference) => Envelope::Error,
        (_, Api::Training | Api::Platform) if status == StatusCode::UNPROCESSABLE_ENTITY => {
            Envelope::Errors
        }
        (_, Api::Training | Api::Platform) => Envelope::Detail,
    };
    let error_text = error_text(status, matches!(fault.error_body, ErrorBody::Quota));
    let (content_type, body) = match &fault.error_body {
        ErrorBody::Bytes(body) => ("application/json", body.clone()),
        _ => encode(envelope, status, error_text),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if !content_type.is_empty() {
        let value = HeaderValue::from_static(content_type);
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

/// The `type`, `code` and message of an error.
type ErrorText = (&'static str, &'static str, &'static str);

fn error_text(status: StatusCode, quota: bool) -> ErrorText {
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

fn encode(envelope: Envelope, status: StatusCode, error_text: ErrorText) -> (&'static str, Bytes) {
    let (kind, code, message) = error_text;
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

/// Sets the headers of a fault. Returns an error message if a header is invalid.
pub(crate) fn set_headers(fault: &Fault, headers: &mut HeaderMap) -> Result<(), String> {
    for (name, value) in &fault.headers {
        let value = match value.strip_prefix(DATE_PREFIX).map(str::parse) {
            Some(Ok(in_ms)) => {
                httpdate::fmt_http_date(SystemTime::now() + Duration::from_millis(in_ms))
            }
            _ => value.clone(),
        };
        match (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            (Ok(name), Ok(value)) => drop(headers.insert(name, value)),
            _ => return Err(format!("invalid header '{name}' with value {value:?}")),
        }
    }
    Ok(())
}

/// Reports an invalid fault in a response with status 500.
pub(crate) fn invalid_fault(why: &str) -> Response {
    let mut response = Response::new(Body::from(format!("prime-sim: invalid fault: {why}\n")));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
