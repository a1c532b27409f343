//! The error of a call.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use http::StatusCode;
use openapi_runtime::{BoxError, PayloadFault, ResponseMeta};

use crate::chat::{ChatResponse, StreamEnd};
use crate::tools::{LoopEnd, Transcript};
use crate::typed::ParseFailure;

pub use openapi_runtime::{ErrorKind, FieldError};

/// The error of a call. It dereferences to [`openapi_runtime::Error`], and holds what was paid for: the part of a
/// streamed response that arrived before the error, or a response that is not the requested answer.
///
/// `Display` writes one line: the operation, the cause and, for common errors, what to do next. Keys and tokens are
/// redacted. The line includes the [`message`](openapi_runtime::Error::message) of the service, which may echo the
/// request.
///
/// ```
/// # fn example(error: prime_ext::Error) {
/// if error.is_auth() {
///     eprintln!("check PRIME_API_KEY");
/// } else if error.outcome_unknown() {
///     eprintln!("the call may have been carried out: check before you retry");
/// } else {
///     eprintln!("{error}");
/// }
/// # }
/// ```
pub struct Error {
    call: openapi_runtime::Error,
    partial: Option<Box<ChatResponse>>,
    transcript: Option<Box<Transcript>>,
    parse_failure: Option<Box<ParseFailure>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        openapi_runtime::Error::new(kind, message).into()
    }

    /// Creates the error of a response that is neither an error nor what was requested.
    pub(crate) fn unexpected(message: impl Into<String>, meta: ResponseMeta, body: Bytes) -> Self {
        let kind = ErrorKind::UnexpectedResponse;
        openapi_runtime::Error::unexpected(kind, message, meta, body).into()
    }

    /// Applies a change to the runtime's error.
    pub(crate) fn map(
        self,
        change: impl FnOnce(openapi_runtime::Error) -> openapi_runtime::Error,
    ) -> Self {
        Self {
            call: change(self.call),
            ..self
        }
    }

    pub(crate) fn with_source(self, source: impl Into<BoxError>) -> Self {
        self.map(|error| error.with_source(source))
    }

    pub(crate) fn with_operation(self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.map(|error| error.with_operation(operation))
    }

    pub(crate) fn with_outcome_unknown(self, unknown: bool) -> Self {
        self.map(|error| error.with_outcome_unknown(unknown))
    }

    /// Appends to the message, after a semicolon.
    pub(crate) fn with_note(self, more: &str) -> Self {
        self.map(|error| error.with_note(more))
    }

    pub(crate) fn with_partial(mut self, partial: ChatResponse) -> Self {
        self.partial = Some(Box::new(partial));
        self
    }

    pub(crate) fn with_transcript(mut self, transcript: Transcript) -> Self {
        self.transcript = Some(Box::new(transcript));
        self
    }

    pub(crate) fn with_parse_failure(mut self, failure: ParseFailure) -> Self {
        self.parse_failure = Some(Box::new(failure));
        self
    }

    /// Returns how the stream ended, or `None` if the error did not come from a stream.
    pub fn stream_end(&self) -> Option<StreamEnd> {
        self.partial_response()?.stream_end()
    }

    /// Returns the part of a streamed response that arrived before the error. If that part has a choice or usage, the
    /// service carried out the call, and may have billed it.
    /// [`outcome_unknown`](openapi_runtime::Error::outcome_unknown) is then `false`.
    pub fn partial_response(&self) -> Option<&ChatResponse> {
        self.partial.as_deref()
    }

    /// Returns what a [tool loop](crate::tools::ToolLoop) did before the error. `None` if the error did not come from a
    /// tool loop.
    pub fn transcript(&self) -> Option<&Transcript> {
        self.transcript.as_deref()
    }

    /// Returns why a complete response has no [typed answer](crate::typed), and the response with its text and cost.
    /// `None` if the error is another one.
    pub fn parse_failure(&self) -> Option<&ParseFailure> {
        self.parse_failure.as_deref()
    }

    /// Returns why a [tool loop](crate::tools::ToolLoop) ended. `None` if the error did not come from a tool loop.
    pub fn loop_end(&self) -> Option<LoopEnd> {
        self.transcript()?.end()
    }
}

impl From<openapi_runtime::Error> for Error {
    /// Appends what to do next.
    fn from(call: openapi_runtime::Error) -> Self {
        let call = match advice(&call) {
            Some(advice) => call.with_note(&advice),
            None => call,
        };
        Self {
            call,
            partial: None,
            transcript: None,
            parse_failure: None,
        }
    }
}

/// Converts the error of parsing an amount, such as a cost limit.
impl From<openapi_runtime::usd::ParseUsdError> for Error {
    fn from(error: openapi_runtime::usd::ParseUsdError) -> Self {
        Self::new(ErrorKind::Request, error.to_string())
    }
}

impl AsMut<openapi_runtime::Error> for Error {
    fn as_mut(&mut self) -> &mut openapi_runtime::Error {
        &mut self.call
    }
}

impl Deref for Error {
    type Target = openapi_runtime::Error;

    fn deref(&self) -> &openapi_runtime::Error {
        &self.call
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.call.source()
    }
}

/// Returns what the caller can do about an error of the service.
fn advice(error: &openapi_runtime::Error) -> Option<String> {
    if !matches!(error.kind(), ErrorKind::Api | ErrorKind::StreamFailed) {
        return None;
    }
    let advice = match error.named_status()? {
        _ if error.is_context_overflow() => {
            "shorten the messages, or use a model with a larger context"
        }
        StatusCode::UNAUTHORIZED => {
            "check the API key: PRIME_API_KEY, or api_key in ~/.prime/config.json"
        }
        StatusCode::PAYMENT_REQUIRED => "add funds, or bill another account with `Client::team`",
        StatusCode::FORBIDDEN => {
            "the key or its owner is not allowed to do this; check the key's permissions and the team"
        }
        StatusCode::NOT_FOUND if error.is_unknown_model() => {
            "`Client::models` lists the models that exist"
        }
        StatusCode::TOO_MANY_REQUESTS if error.is_quota_exceeded() => {
            "a quota is used up, and waiting does not help; raise it, or bill another account"
        }
        StatusCode::TOO_MANY_REQUESTS => "wait, or send fewer requests at once",
        status if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) => {
            let target = error.meta().and_then(ResponseMeta::location);
            let target = target.unwrap_or_else(|| "another address".to_owned());
            return Some(format!(
                "it redirects to {target}; redirects are not followed, because the key would be sent there; set the base \
                 URL to the new address"
            ));
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

/// Rejects extra fields that the specification lists. Such a field would appear twice in the request, and it is
/// undefined which of the two values a service reads.
pub(crate) fn reject_known_fields(
    extra: &serde_json::Map<String, serde_json::Value>,
    known: &[&str],
) -> Result<(), Error> {
    match extra.keys().find(|key| known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let message =
                format!("{key:?} is not an extra field: set the field of that name instead");
            Err(Error::new(ErrorKind::Request, message))
        }
    }
}

/// Returns the response that an error reports as not matching the specification. Its body was received completely.
pub(crate) fn mismatched_body(error: &openapi_runtime::Error) -> Option<(&ResponseMeta, &Bytes)> {
    let source = std::error::Error::source(error)?;
    source
        .is::<PayloadFault>()
        .then_some((error.meta()?, error.body()?))
}
