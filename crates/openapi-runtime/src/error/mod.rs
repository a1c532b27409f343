//! Errors of calls.
//!
//! | file | what it contains |
//! |---|---|
//! | `kind` | [`ErrorKind`] |
//! | `predicates` | methods that classify an error, such as [`Error::is_auth`] |
//! | `envelope` | parses error bodies of any shape |
//! | `payload` | [`PayloadFault`]: where a body does not match its type |

mod envelope;
mod kind;
mod payload;
mod predicates;

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::base_url::InvalidBaseUrl;
use crate::content_coding::codings;
use crate::limits::OutOfLimits;
use crate::meta::ResponseMeta;
use crate::operation::Operation;
use crate::path::InvalidPathValue;
use crate::response_body::BoxError;
use crate::retry::{may_have_been_processed, requested_wait};

use envelope::Envelope;
pub use envelope::{FieldError, is_error_body, is_error_value};
pub use kind::ErrorKind;
pub use payload::PayloadFault;

/// The error of a call. It has a kind, and the response of the service if there was one.
///
/// `Display` writes one line: the operation, the status, and the error code and message of the service. The message is
/// cut to 300 characters. Keys, tokens and other [secrets](crate::Operation::response_secrets) are redacted. The
/// message may echo the request, such as a part of a prompt. `Display` does not write the [`body`](Self::body).
///
/// ```
/// # fn example(error: openapi_runtime::Error) {
/// if error.is_auth() {
///     eprintln!("check the API key");
/// } else if error.outcome_unknown() {
///     eprintln!("the call may have been carried out: check before you retry");
/// } else {
///     eprintln!("{error}");
/// }
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    operation: Option<Cow<'static, str>>,
    /// Whether the last attempt may have been carried out.
    outcome_unknown: bool,
    /// How many attempts before the last may have been carried out.
    unknown_attempts: u32,
    retryable: bool,
    attempts: u32,
    response: Option<ErrorResponse>,
    source: Option<BoxError>,
}

/// The response that caused an error.
struct ErrorResponse {
    meta: ResponseMeta,
    body: Bytes,
    envelope: Envelope,
    preview: Option<String>,
}

impl Error {
    /// Creates an error. The message should be lower case, without a trailing full stop, and state the cause first.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            outcome_unknown: false,
            unknown_attempts: 0,
            retryable: false,
            attempts: 0,
            response: None,
            source: None,
        }))
    }

    /// Creates the error of a request that is invalid and was not sent.
    pub fn invalid_request(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Request, reason)
    }

    /// Creates the error of a response with an error status.
    pub(crate) fn from_response(operation: &Operation, meta: ResponseMeta, body: Bytes) -> Self {
        let status = meta.status();
        let envelope = Envelope::read(&body, meta.redactor());
        // Some gateways use statuses without a standard name.
        let mut message = match status.canonical_reason() {
            Some(_) => status.to_string(),
            None => status.as_str().to_owned(),
        };
        // Some servers use the status as the code.
        let code = envelope
            .code
            .as_ref()
            .filter(|code| *code != status.as_str());
        for part in [code, envelope.message.as_ref()].into_iter().flatten() {
            message.push_str(": ");
            message.push_str(part);
        }
        let unknown = !operation.is_safe() && may_have_been_processed(status);
        let preview = envelope::preview(&body, meta.redactor());
        let error = Self::new(ErrorKind::Api, message).with_outcome_unknown(unknown);
        error.with_response(meta, body, envelope, preview)
    }

    /// Creates the error of a response that reports an error with a success status, or of an error event in a stream.
    /// `prefix` precedes the service's message.
    pub fn reported(kind: ErrorKind, prefix: &str, meta: ResponseMeta, body: Bytes) -> Self {
        let envelope = Envelope::read(&body, meta.redactor());
        let parts = [&envelope.code, &envelope.message];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        let message = match parts.is_empty() {
            true => format!("{prefix}unspecified error"),
            false => format!("{prefix}{}", parts.join(": ")),
        };
        Self::new(kind, message).with_response(meta, body, envelope, None)
    }

    /// Creates the error of a response that is neither an error nor what was requested. The error keeps the body.
    pub fn unexpected(
        kind: ErrorKind,
        message: impl Into<String>,
        meta: ResponseMeta,
        body: Bytes,
    ) -> Self {
        let message = message.into();
        let message = meta.redactor().redact(&message).into_owned();
        Self::new(kind, message).with_response(meta, body, Envelope::default(), None)
    }

    /// Creates the error for a successful response whose body does not match the type in the specification.
    pub fn unreadable(
        operation: &Operation,
        meta: ResponseMeta,
        body: Bytes,
        mut fault: PayloadFault,
    ) -> Self {
        fault.path = meta.redactor().redact(&fault.path).into_owned();
        let message = format!(
            "the response ({}, {} bytes) does not match the specification: {fault}; see `body()`",
            meta.status(),
            body.len()
        );
        // Some gateways report an error with a success status.
        let envelope = Envelope::of_success(&body, meta.redactor());
        // The text may repeat the secrets of the response.
        let is_shown = operation.response_secrets.is_empty() && is_error_body(&body);
        let reported = envelope.message.as_ref().filter(|_| is_shown);
        let message = match reported {
            Some(reported) => format!("{message}; the service reports: {reported}"),
            None => message,
        };
        Self::new(ErrorKind::UnexpectedResponse, message)
            // With a success status, the call may have been carried out, whatever the body says.
            .with_outcome_unknown(!operation.is_safe())
            .with_source(fault)
            .with_response(meta, body, envelope, None)
    }

    fn with_response(
        mut self,
        meta: ResponseMeta,
        body: Bytes,
        envelope: Envelope,
        preview: Option<String>,
    ) -> Self {
        let codings = codings(meta.headers());
        // A readable body was not encoded, whatever its headers say.
        if !codings.is_empty() && !envelope.is_set() {
            let codings = meta.redactor().redact_line(&codings.join(", "));
            self.append(&format!("the content coding {codings:?} was not decoded"));
        }
        self.0.attempts = meta.attempts();
        self.0.unknown_attempts = meta.unknown_attempts();
        self.0.response = Some(ErrorResponse {
            meta,
            body,
            envelope,
            preview,
        });
        self
    }

    /// Sets the operation that failed.
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation = Some(operation.into());
        self
    }

    /// Sets the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Sets whether the last attempt may have been carried out.
    #[must_use]
    pub fn with_outcome_unknown(mut self, unknown: bool) -> Self {
        self.0.outcome_unknown = unknown;
        self
    }

    /// Sets how many attempts before the last may have been carried out.
    #[must_use]
    pub fn with_unknown_attempts(mut self, attempts: u32) -> Self {
        self.0.unknown_attempts = attempts;
        self
    }

    /// Sets the number of attempts.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Appends `more` to the message, after a semicolon.
    #[must_use]
    pub fn with_note(mut self, more: &str) -> Self {
        self.0.message.push_str("; ");
        self.0.message.push_str(more);
        self
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the `operationId` of the operation that failed, such as `create_run`.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// Returns the number of attempts to send the request. Returns 0 if there was no attempt.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the metadata of the response, if there was one.
    pub fn meta(&self) -> Option<&ResponseMeta> {
        Some(&self.0.response.as_ref()?.meta)
    }

    /// Returns the status of the response, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.meta().map(ResponseMeta::status)
    }

    /// Returns the headers of the response, if there was one.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.meta().map(ResponseMeta::headers)
    }

    /// Returns the request id that the service assigned. Quote it in support requests.
    pub fn request_id(&self) -> Option<&str> {
        self.meta()?.request_id()
    }

    /// Returns the raw body of the response, if there was one. The body may echo the request and contain secrets.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.response.as_ref().map(|response| &response.body)
    }

    /// Deserializes the body of the response, for example as the error type of a specification. Returns `None` if there
    /// was no response, or its body does not match the type.
    pub fn body_as<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body()?).ok()
    }

    /// Returns the beginning of an error body as one line, with secrets redacted. It may echo the request. Returns
    /// `None` for a success status, and for a body that begins like JSON but cannot be parsed.
    pub fn preview(&self) -> Option<&str> {
        self.0.response.as_ref()?.preview.as_deref()
    }

    /// Returns the service's error code, such as `model_not_found`.
    pub fn code(&self) -> Option<&str> {
        self.envelope()?.code.as_deref()
    }

    /// Returns the service's error class, such as `invalid_request_error`.
    pub fn error_type(&self) -> Option<&str> {
        self.envelope()?.class.as_deref()
    }

    /// Returns the service's message as one line of at most 300 characters. It may echo the request, such as a part of
    /// a prompt.
    pub fn message(&self) -> Option<&str> {
        self.envelope()?.message.as_deref()
    }

    /// Returns the service's errors for individual fields of the request.
    pub fn fields(&self) -> &[FieldError] {
        self.envelope().map_or(&[], |envelope| &envelope.fields)
    }

    /// Returns how long the service asks to wait before the next call: from `retry-after-ms`, or from `Retry-After` in
    /// seconds or as a date.
    pub fn retry_after(&self) -> Option<Duration> {
        requested_wait(self.headers()?, SystemTime::now())
    }

    fn envelope(&self) -> Option<&Envelope> {
        Some(&self.0.response.as_ref()?.envelope)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.0.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.0.message)?;
        if self.0.attempts > 1 {
            write!(f, " (after {} attempts)", self.0.attempts)?;
        }
        if self.outcome_unknown() {
            f.write_str("; the call may have been carried out")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("operation", &self.0.operation)
            .field("status", &self.status())
            .field("message", &self.0.message)
            .field("attempts", &self.0.attempts)
            .field("outcome_unknown", &self.outcome_unknown())
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.0.source.as_ref()?;
        Some(&**source)
    }
}

macro_rules! invalid_request {
    ($($error:ty),*) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::invalid_request(error.to_string())
            }
        }
    )*};
}

invalid_request!(
    http::header::InvalidHeaderValue,
    InvalidBaseUrl,
    InvalidPathValue,
    OutOfLimits
);

impl Error {
    /// Adds the facts about the call to an error.
    pub(crate) fn record_call(
        &mut self,
        operation: &Operation,
        attempts: u32,
        unknown_attempts: u32,
        retryable: bool,
    ) {
        let inner = &mut self.0;
        inner.operation.get_or_insert(Cow::Borrowed(operation.id));
        inner.attempts = attempts;
        inner.unknown_attempts = unknown_attempts;
        inner.retryable = retryable;
    }

    /// Appends `more` to the message, after a semicolon.
    pub(crate) fn append(&mut self, more: &str) {
        self.0.message.push_str("; ");
        self.0.message.push_str(more);
    }
}

impl AsMut<Self> for Error {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}
