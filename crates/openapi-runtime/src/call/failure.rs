//! Failed attempts. Each has an error, and a class that decides whether the call is retried.

use bytes::Bytes;
use http::StatusCode;
use reqwest::Url;

use crate::error::{Error, ErrorKind};
use crate::meta::ResponseMeta;
use crate::operation::{Operation, RetrySafety};
use crate::response_body::{BodyError, ReadError, TimeoutError};
use crate::retry::FailureClass;
use crate::time_limits::is_timeout;
use crate::transport::{TransportError, TransportErrorKind};

/// A failed attempt.
pub(super) struct Failure<E> {
    pub(super) error: E,
    pub(super) class: FailureClass,
}

impl Failure<Error> {
    pub(super) fn into_other<E: From<Error>>(self) -> Failure<E> {
        Failure {
            error: self.error.into(),
            class: self.class,
        }
    }

    /// Creates the failure of a request that received no response.
    pub(super) fn not_received<E: From<Error>>(
        error: TransportError,
        operation: &Operation,
        url: &Url,
    ) -> Failure<E> {
        let origin = url.origin().ascii_serialization();
        let reason = error.reason();
        // The service may have carried out the call, and then redirected the client to an unreachable host.
        let ambiguous =
            error.may_have_been_redirected() && operation.retry_safety != RetrySafety::Idempotent;
        let (kind, class, message) = match error.kind() {
            TransportErrorKind::NotSent | TransportErrorKind::Tls if ambiguous => (
                ErrorKind::Disconnected,
                FailureClass::Broken,
                format!("cannot connect to {origin} or to the target of its redirect: {reason}"),
            ),
            TransportErrorKind::NotSent => (
                ErrorKind::Connect,
                FailureClass::NotSent,
                format!("cannot connect to {origin}: {reason}"),
            ),
            TransportErrorKind::Tls => (
                ErrorKind::Connect,
                FailureClass::Final,
                format!("the TLS handshake with {origin} failed: {reason}"),
            ),
            TransportErrorKind::Unfinished if !ambiguous => (
                ErrorKind::Disconnected,
                FailureClass::NotProcessed,
                format!(
                    "the connection to {origin} failed before the request was sent completely: {reason}"
                ),
            ),
            TransportErrorKind::NotProcessed if !ambiguous => (
                ErrorKind::Disconnected,
                FailureClass::NotProcessed,
                format!("{origin} rejected the request before processing it"),
            ),
            TransportErrorKind::NotProcessed
            | TransportErrorKind::Unfinished
            | TransportErrorKind::Broken => (
                ErrorKind::Disconnected,
                FailureClass::Broken,
                format!(
                    "the connection to {origin} failed before a response was received: {reason}"
                ),
            ),
            TransportErrorKind::TimedOut => (
                ErrorKind::Timeout,
                FailureClass::TimedOut,
                format!("the request to {origin} timed out"),
            ),
            TransportErrorKind::HeadersTooLarge => (
                ErrorKind::UnexpectedResponse,
                FailureClass::Final,
                format!("the response header from {origin} is too large"),
            ),
            TransportErrorKind::MalformedHeaders => (
                ErrorKind::Disconnected,
                FailureClass::Broken,
                format!(
                    "a response header on the connection to {origin} is malformed or too large"
                ),
            ),
            TransportErrorKind::TooManyRedirects => (
                ErrorKind::UnexpectedResponse,
                FailureClass::Final,
                format!("too many redirects from {origin}"),
            ),
            TransportErrorKind::InvalidRequest => (
                ErrorKind::Request,
                FailureClass::Final,
                format!("the request cannot be sent: {reason}"),
            ),
        };
        let not_processed = matches!(class, FailureClass::NotSent | FailureClass::NotProcessed)
            || matches!(kind, ErrorKind::Connect | ErrorKind::Request);
        let error = Error::new(kind, message)
            .with_outcome_unknown(!not_processed && !operation.is_safe())
            .with_source(error.into_source());
        Failure { error, class }.into_other()
    }

    /// Creates the failure of a request that timed out.
    pub(super) fn timed_out<E: From<Error>>(
        timeout: TimeoutError,
        operation: &Operation,
        url: &Url,
    ) -> Failure<E> {
        let origin = url.origin().ascii_serialization();
        let message = format!("no response from {origin}: {timeout}");
        Self::timeout(message, timeout, operation).into_other()
    }

    /// Creates the failure of a stream that timed out before its first event.
    pub(super) fn stream_timed_out(timeout: TimeoutError, operation: &Operation) -> Self {
        let message = format!("no first event received: {timeout}");
        Self::timeout(message, timeout, operation)
    }

    fn timeout(message: String, timeout: TimeoutError, operation: &Operation) -> Self {
        let error = Error::new(ErrorKind::Timeout, message)
            .with_outcome_unknown(!operation.is_safe())
            .with_source(timeout);
        Self {
            error,
            class: FailureClass::TimedOut,
        }
    }

    /// Creates the failure of a 2xx response whose body could not be read completely.
    pub(super) fn incomplete_body(
        error: BodyError,
        operation: &Operation,
        meta: ResponseMeta,
    ) -> Self {
        let BodyError { received, source } = error;
        let (kind, class) = match &source {
            ReadError::TooLong { .. } => (ErrorKind::UnexpectedResponse, FailureClass::Final),
            ReadError::TimedOut(_) => (ErrorKind::Timeout, FailureClass::TimedOut),
            ReadError::Broken(source) if is_timeout(source) => {
                (ErrorKind::Timeout, FailureClass::TimedOut)
            }
            ReadError::Broken(_) => (ErrorKind::Disconnected, FailureClass::Broken),
        };
        let status = meta.status();
        let message = format!(
            "the response ({status}) ended early, after {} bytes: {source}",
            received.len()
        );
        let error = Error::unexpected(kind, message, meta, received)
            .with_outcome_unknown(!operation.is_safe())
            .with_source(source);
        Self { error, class }
    }

    /// Creates the failure of a response with an error status.
    pub(super) fn error_status(operation: &Operation, meta: ResponseMeta, body: Bytes) -> Self {
        let error = Error::from_response(operation, meta, body);
        let class = FailureClass::reported(&error);
        Self { error, class }
    }
}

impl FailureClass {
    /// Returns the class of an error that the service reported, with an error status or in the body of a 2xx response.
    pub fn reported(error: &Error) -> Self {
        let Some(meta) = error.meta() else {
            return Self::Final;
        };
        let named = error.named_status().filter(|status| !status.is_success());
        let should_retry = meta.headers().get("x-should-retry");
        Self::Status {
            status: named.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            quota: error.is_quota_exceeded(),
            should_retry: match should_retry.map(|value| value.as_bytes()) {
                // The headers of a 2xx response were sent before the error occurred.
                Some(b"true") if !meta.status().is_success() => Some(true),
                Some(b"false") => Some(false),
                _ => None,
            },
        }
    }

    /// Returns the class of a stream that failed before its first event.
    pub fn of_stream(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::StreamFailed => Self::reported(error),
            ErrorKind::CutOff => Self::Broken,
            ErrorKind::Timeout => Self::TimedOut,
            _ => Self::Final,
        }
    }
}
