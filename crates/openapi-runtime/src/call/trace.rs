//! The span of an attempt, with fields from OpenTelemetry's semantic conventions for HTTP clients.
//!
//! The span contains no bodies, messages or keys, and no header except the request id.

use std::time::Duration;

use reqwest::Url;
use tracing::Span;
use tracing::field::Empty;

use super::receive::Received;
use crate::error::Error;
use crate::meta::request_id;
use crate::operation::Operation;

/// Creates the span of an attempt.
pub(super) fn attempt(
    operation: &Operation,
    account: Option<&str>,
    url: &Url,
    attempt: u32,
) -> Span {
    tracing::info_span!(
        "http_request",
        otel.kind = "client",
        otel.name = operation.id,
        otel.status_code = Empty,
        http.request.method = operation.method,
        url.template = operation.path,
        server.address = url.host_str(),
        server.port = url.port_or_known_default(),
        http.request.resend_count = attempt - 1,
        http.response.status_code = Empty,
        error.r#type = Empty,
        error.code = Empty,
        account.id = account,
        request.id = Empty,
    )
}

/// Records the status and the request id of a response.
pub(super) fn received(span: &Span, received: &Received) {
    if span.is_disabled() {
        return;
    }
    let Received {
        response, record, ..
    } = received;
    span.record("http.response.status_code", response.status.as_u16());
    if let Some(id) = request_id(&response.headers) {
        // A service can return a header of the request.
        span.record("request.id", &*record.redactor.redact(id));
    }
}

/// Records why an attempt failed: the status or the kind of the error, and the error code of the service.
pub(super) fn failed(span: &Span, error: &Error) {
    if span.is_disabled() {
        return;
    }
    span.record("otel.status_code", "ERROR");
    span.record("error.type", error.type_name().as_ref());
    // A code that is not an identifier may echo the request.
    if let Some(code) = error.code().filter(|code| is_identifier(code)) {
        span.record("error.code", code);
    }
}

fn is_identifier(code: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    code.len() <= 64 && code.bytes().all(is_part)
}

/// Logs a retry.
pub(super) fn retrying(operation: &Operation, attempts: u32, wait: Duration) {
    tracing::info!(
        operation = operation.id,
        attempts,
        wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        "attempt failed, retrying"
    );
}
