//! What a trace says of an attempt, in the words of OpenTelemetry's conventions for HTTP clients.
//! Nothing of a body, a key, or the value of a header but the request's id.

use http::{HeaderMap, StatusCode};
use openapi_runtime::Operation;
use reqwest::Url;
use tracing::Span;
use tracing::field::Empty;

use crate::error::Error;
use crate::head::request_id;

/// The span of one attempt.
pub(super) fn attempt(operation: &Operation, team: Option<&str>, url: &Url, attempt: u32) -> Span {
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
        prime.operation = operation.id,
        prime.team = team,
        prime.attempt = attempt,
        prime.request_id = Empty,
    )
}

pub(super) fn answered(span: &Span, status: StatusCode, headers: &HeaderMap) {
    if span.is_disabled() {
        return;
    }
    span.record("http.response.status_code", status.as_u16());
    if let Some(id) = request_id(headers) {
        span.record("prime.request_id", id);
    }
}

pub(super) fn failed(span: &Span, error: &Error) {
    if span.is_disabled() {
        return;
    }
    if let Some((head, _)) = error.answer() {
        answered(span, head.status(), head.headers());
    }
    span.record("otel.status_code", "ERROR");
    span.record("error.type", error.type_name().as_ref());
}
