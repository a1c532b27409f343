//! What went wrong.
//!
//! | file | what it holds |
//! |---|---|
//! | `kind` | [`ErrorKind`] |
//! | `predicates` | what callers branch on |
//! | `build` | how an error is made of an answer, a stream, a generated client's error |
//! | `envelope` | what an error's body says, whichever way it says it |

mod build;
mod envelope;
mod kind;
mod predicates;

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use openapi_runtime::BoxError;

use crate::chat::{ChatAnswer, Ending};
use crate::head::Head;
use crate::retry::asked_wait;

pub(crate) use build::unlisted;
pub use envelope::FieldError;
pub(crate) use envelope::{Envelope, one_line, says_error};
pub use kind::ErrorKind;

/// What went wrong: a kind, the service's own words if it answered, and what to do next.
///
/// `Display` is one sentence. No key, prompt, header or body is in it, or in `Debug`; the body of an
/// answer is at [`body`](Self::body). Of the service's own words, what repeats the request is left out.
///
/// ```
/// # fn example(error: prime_ext::Error) {
/// if error.is_auth() {
///     eprintln!("check PRIME_API_KEY");
/// } else if error.outcome_unknown() {
///     eprintln!("it may have happened: look before you repeat it");
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
    /// Of the last attempt.
    outcome_unknown: bool,
    /// How many attempts before it may have been carried out.
    unknown_before: u32,
    retryable: bool,
    attempts: u32,
    answer: Option<Answer>,
    partial: Option<Box<ChatAnswer>>,
    source: Option<BoxError>,
}

/// The answer that an error came from.
struct Answer {
    head: Head,
    body: Bytes,
    envelope: Envelope,
    preview: Option<String>,
}

impl Error {
    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed, by its name in the specification: `create_run`.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// How often the request was sent, or was tried to be; 0 if it never came to that.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The answer's status, if there was an answer.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.answer.as_ref().map(|answer| answer.head.status())
    }

    /// The answer's headers, if there was an answer.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.answer.as_ref().map(|answer| answer.head.headers())
    }

    /// The service's name for the request, if it gave one: what its support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.answer.as_ref()?.head.request_id()
    }

    /// The answer's body as it came, if there was an answer. It may repeat the request, and hold
    /// secrets.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.answer.as_ref().map(|answer| &answer.body)
    }

    /// The beginning of an error's body on one line, without what it repeats of the request, for a
    /// person to read. Nothing of an answer that came as a success and is JSON: it may hold a secret.
    pub fn preview(&self) -> Option<&str> {
        self.0.answer.as_ref()?.preview.as_deref()
    }

    /// The service's name for the error, such as `model_not_found`.
    pub fn code(&self) -> Option<&str> {
        self.0.answer.as_ref()?.envelope.code.as_deref()
    }

    /// The service's name for the class of the error, such as `invalid_request_error`.
    pub fn class(&self) -> Option<&str> {
        self.0.answer.as_ref()?.envelope.class.as_deref()
    }

    /// The service's own sentence.
    pub fn message(&self) -> Option<&str> {
        self.0.answer.as_ref()?.envelope.message.as_deref()
    }

    /// What the service says of single fields of the request.
    pub fn fields(&self) -> &[FieldError] {
        self.0
            .answer
            .as_ref()
            .map_or(&[], |answer| &answer.envelope.fields)
    }

    /// How long the service asks to wait before the next call: `retry-after-ms`, or `Retry-After` as
    /// seconds or as a date.
    pub fn retry_after(&self) -> Option<Duration> {
        asked_wait(self.headers()?, SystemTime::now())
    }

    /// How the stream ended that broke off.
    pub fn ending(&self) -> Option<Ending> {
        self.partial_answer()?.ending()
    }

    /// The part of a streamed answer that arrived before the error.
    pub fn partial_answer(&self) -> Option<&ChatAnswer> {
        self.0.partial.as_deref()
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
            f.write_str("; it may have been carried out all the same")?;
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
        self.0
            .source
            .as_ref()
            .map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}
