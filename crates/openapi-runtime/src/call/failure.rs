//! An attempt that failed: its error, and what decides whether another attempt follows.

use bytes::Bytes;
use http::StatusCode;
use reqwest::Url;

use crate::deadline::is_http_timeout;
use crate::error::{Error, ErrorKind};
use crate::meta::ResponseMeta;
use crate::operation::{Operation, RetrySafety};
use crate::response_body::{BodyError, ReadError, TimeoutError};
use crate::retry::FailureClass;
use crate::transport::{TransportError, TransportErrorKind};

/// An attempt that failed.
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

    /// The request got no response.
    pub(super) fn unanswered<E: From<Error>>(
        error: TransportError,
        operation: &Operation,
        url: &Url,
    ) -> Failure<E> {
        let origin = url.origin().ascii_serialization();
        let reason = error.reason();
        // What could not be connected to may be where the service redirected to after it had carried out the call.
        let unsure = error.may_be_redirected() && operation.retry_safety == RetrySafety::Never;
        let (kind, class, message) = match error.kind() {
            TransportErrorKind::NotSent if unsure => (
                ErrorKind::Disconnected,
                FailureClass::Broken,
                format!("no connection to {origin}, or to where it redirected: {reason}"),
            ),
            TransportErrorKind::NotSent => (
                ErrorKind::Connect,
                FailureClass::NotSent,
                format!("no connection to {origin}: {reason}"),
            ),
            TransportErrorKind::NotProcessed if !unsure => (
                ErrorKind::Disconnected,
                FailureClass::NotProcessed,
                format!("{origin} refused the request before it processed it"),
            ),
            TransportErrorKind::NotProcessed | TransportErrorKind::Broken => (
                ErrorKind::Disconnected,
                FailureClass::Broken,
                format!("the connection to {origin} broke before a response came"),
            ),
            TransportErrorKind::TimedOut => (
                ErrorKind::Timeout,
                FailureClass::TimedOut,
                format!("no response from {origin} in time"),
            ),
            TransportErrorKind::LargeHead => (
                ErrorKind::UnexpectedResponse,
                FailureClass::Final,
                format!("the head of the response from {origin} is too large"),
            ),
            TransportErrorKind::MalformedHead => (
                ErrorKind::Disconnected,
                FailureClass::Broken,
                format!(
                    "the head of a response on the connection to {origin} is malformed or too large"
                ),
            ),
            TransportErrorKind::Redirects => (
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
        let not_done = matches!(class, FailureClass::NotSent | FailureClass::NotProcessed)
            || kind == ErrorKind::Request;
        let error = Error::new(kind, message)
            .with_outcome_unknown(!not_done && !operation.is_safe())
            .with_source(error.into_source());
        Failure { error, class }.into_other()
    }

    /// No response came in time.
    pub(super) fn timed_out<E: From<Error>>(
        timeout: TimeoutError,
        operation: &Operation,
        url: &Url,
    ) -> Failure<E> {
        let origin = url.origin().ascii_serialization();
        let message = format!("no response from {origin}: {timeout}");
        Self::out_of_time(message, timeout, operation).into_other()
    }

    /// The first event of a stream did not come in time.
    pub(super) fn not_opened_in_time(timeout: TimeoutError, operation: &Operation) -> Self {
        let message = format!("no first event of the stream: {timeout}");
        Self::out_of_time(message, timeout, operation)
    }

    fn out_of_time(message: String, timeout: TimeoutError, operation: &Operation) -> Self {
        let error = Error::new(ErrorKind::Timeout, message)
            .with_outcome_unknown(!operation.is_safe())
            .with_source(timeout);
        Self {
            error,
            class: FailureClass::TimedOut,
        }
    }

    /// The body of a success broke off.
    pub(super) fn broken_body(
        broken: BodyError,
        operation: &Operation,
        meta: ResponseMeta,
    ) -> Self {
        let BodyError { received, source } = broken;
        let (kind, class) = match &source {
            ReadError::TooLong { .. } => (ErrorKind::UnexpectedResponse, FailureClass::Final),
            ReadError::TimedOut(_) => (ErrorKind::Timeout, FailureClass::TimedOut),
            ReadError::Broken(source) if is_http_timeout(source) => {
                (ErrorKind::Timeout, FailureClass::TimedOut)
            }
            ReadError::Broken(_) => (ErrorKind::Disconnected, FailureClass::Broken),
        };
        let status = meta.status();
        let message = format!(
            "the response ({status}) broke off after {} bytes: {source}",
            received.len()
        );
        let error = Error::unexpected(kind, message, meta, received)
            .with_outcome_unknown(!operation.is_safe())
            .with_source(source);
        Self { error, class }
    }

    /// The service answered with the status of an error.
    pub(super) fn refused(operation: &Operation, meta: ResponseMeta, body: Bytes) -> Self {
        let error = Error::from_response(operation, meta, body);
        let class = FailureClass::reported(&error);
        Self { error, class }
    }
}

impl FailureClass {
    /// The class of an error that the service reported, with the status of an error or within a success.
    pub fn reported(error: &Error) -> Self {
        let Some(meta) = error.meta() else {
            return Self::Final;
        };
        let named = error.named_status().filter(|status| !status.is_success());
        let should_retry = meta.headers().get("x-should-retry");
        Self::Status {
            status: named.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            quota: error.is_quota(),
            should_retry: match should_retry.map(|value| value.as_bytes()) {
                // That of a success was written before anything went wrong.
                Some(b"true") if !meta.status().is_success() => Some(true),
                Some(b"false") => Some(false),
                _ => None,
            },
        }
    }

    /// The class of the error of a stream that failed at its beginning.
    pub fn of_stream(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::StreamFailed => Self::reported(error),
            ErrorKind::CutOff => Self::Broken,
            ErrorKind::Timeout => Self::TimedOut,
            _ => Self::Final,
        }
    }
}
