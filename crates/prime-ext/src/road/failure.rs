//! An attempt that failed: the error, and what decides whether there is another.

use std::error::Error as _;
use std::iter;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use h2::Reason;
use openapi_runtime::response::{BodyError, TooLong};
use openapi_runtime::{Operation, Response, RetrySafety};
use reqwest::Url;

use super::Silence;
use crate::error::{Error, ErrorKind};
use crate::head::Head;
use crate::retry::{What, asked_wait};

/// An attempt that failed.
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) what: What,
    /// How long the service asks to wait.
    pub(super) asked: Option<Duration>,
    /// A stream that failed at its beginning, for who reads it if this was the last attempt.
    pub(super) opened: Option<Box<Response>>,
}

/// Whether the server said that it did not look at the request, which may then be sent again, whatever it
/// does. Source: RFC 9113, 8.7.
fn is_unprocessed(error: &reqwest::Error) -> bool {
    let first = error.source();
    let of_http2 = iter::successors(first, |&error| error.source())
        .find_map(|error| error.downcast_ref::<h2::Error>());
    of_http2.is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
        let left = error.is_go_away() && error.reason() == Some(Reason::NO_ERROR);
        error.is_remote() && (refused || left)
    })
}

impl Failure {
    fn new(error: Error, what: What) -> Self {
        Self {
            error,
            what,
            asked: None,
            opened: None,
        }
    }

    /// The request got no answer.
    pub(super) fn unanswered(
        error: reqwest::Error,
        operation: &Operation,
        url: &Url,
        may_follow: bool,
    ) -> Self {
        let origin = url.origin().ascii_serialization();
        // A client of the caller's own may follow redirects, and reqwest does not say whether it did: what
        // was not connected to may be where the service pointed after it had created the run.
        let unsure = may_follow && operation.retry_safety == RetrySafety::Never;
        let (kind, what, message) = if error.is_connect() && unsure {
            let message = format!("no connection to {origin}, or to where it pointed");
            (ErrorKind::Disconnected, What::Broken, message)
        } else if error.is_connect() {
            let message = format!("no connection to {origin}");
            (ErrorKind::Connect, What::Unsent, message)
        } else if is_unprocessed(&error) && !unsure {
            let message = format!("{origin} refused the request before it looked at it");
            (ErrorKind::Disconnected, What::Unprocessed, message)
        } else if error.is_timeout() {
            let message = format!("no answer from {origin} in time");
            (ErrorKind::Timeout, What::TimedOut, message)
        } else if error.is_builder() {
            let message = "the request cannot be sent".to_owned();
            (ErrorKind::Request, What::Final, message)
        } else if error.is_redirect() {
            let message = format!("{origin} points elsewhere, and on, without end");
            (ErrorKind::UnexpectedAnswer, What::Final, message)
        } else {
            let message = format!("the connection to {origin} broke before an answer came");
            (ErrorKind::Disconnected, What::Broken, message)
        };
        let not_done =
            what == What::Unsent || what == What::Unprocessed || kind == ErrorKind::Request;
        let error = Error::new(kind, message)
            .of(operation)
            .with_unknown_outcome(!not_done && operation.method != "GET")
            .because(error.without_url());
        Self::new(error, what)
    }

    /// It took too long.
    pub(super) fn out_of_time(operation: &Operation, message: String, silence: Silence) -> Self {
        let error = Error::new(ErrorKind::Timeout, message)
            .of(operation)
            .with_unknown_outcome(operation.method != "GET")
            .because(silence);
        Self::new(error, What::TimedOut)
    }

    /// The answer's body broke off.
    pub(super) fn half_answered(broken: BodyError, operation: &Operation, head: Head) -> Self {
        let BodyError {
            received, source, ..
        } = broken;
        let of_reqwest = source.downcast_ref::<reqwest::Error>();
        let (kind, what, why) = if let Some(too_long) = source.downcast_ref::<TooLong>() {
            let why = format!("{too_long}; `CallOptions::max_body` sets the limit");
            (ErrorKind::UnexpectedAnswer, What::Final, Some(why))
        } else if let Some(silence) = source.downcast_ref::<Silence>() {
            let why = Some(silence.to_string());
            (ErrorKind::Timeout, What::TimedOut, why)
        } else if of_reqwest.is_some_and(reqwest::Error::is_timeout) {
            (ErrorKind::Timeout, What::TimedOut, None)
        } else {
            (ErrorKind::Disconnected, What::Broken, None)
        };
        let status = head.status();
        let mut message = format!(
            "the answer ({status}) broke off after {} bytes",
            received.len()
        );
        if let Some(why) = why {
            message.push_str(": ");
            message.push_str(&why);
        }
        let mut error = Error::unexpected(message, head, received)
            .of(operation)
            .with_unknown_outcome(operation.method != "GET")
            .because(source);
        error.set_kind(kind);
        Self::new(error, what)
    }

    /// The service said no.
    pub(super) fn refused(operation: &Operation, head: Head, body: Bytes) -> Self {
        let asked = asked_wait(head.headers(), SystemTime::now());
        let error = Error::answered(operation, head, body);
        let what = What::said_by(&error);
        Self {
            asked,
            ..Self::new(error, what)
        }
    }

    /// The first event of a stream is an error.
    pub(super) fn begun_with(operation: &Operation, error: Error) -> Self {
        let unknown = !error.is_refusal();
        let error = error.of(operation).with_unknown_outcome(unknown);
        let what = What::said_by(&error);
        Self::new(error, what)
    }

    /// A stream broke off before its first event.
    pub(super) fn not_begun(operation: &Operation) -> Self {
        let message = "the stream broke off before its first event";
        let error = Error::new(ErrorKind::CutOff, message)
            .of(operation)
            .with_unknown_outcome(true);
        Self::new(error, What::Broken)
    }

    /// A stream was asked for, and something else came.
    pub(super) fn no_stream(operation: &Operation, head: Head, body: Bytes) -> Self {
        let media = head.media_type().unwrap_or_else(|| "nothing".to_owned());
        let message = format!("a stream was asked for, and {media} came; it is kept in `body()`");
        let error = Error::unexpected(message, head, body)
            .of(operation)
            .with_unknown_outcome(true);
        Self::new(error, What::Final)
    }
}
