//! One attempt: the request out, the answer in, within limits.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use openapi_runtime::response::{BodyError, read};
use openapi_runtime::{Body, ByteStream, Head, Operation, Response, RetrySafety};
use reqwest::Url;
use tokio::time::Instant;

use super::Sent;
use super::failure::Failure;
use super::headers;
use super::idle::{Silence, Watch, Watched};
use super::opening;

/// The most that is read of an error's body, in bytes and in time: enough for what it says, and what
/// does not come by then does not hold up the call.
const ERROR_BODY: usize = 1 << 20;
const ERROR_BODY_TIME: Duration = Duration::from_secs(10);

/// How long an attempt may take.
pub(super) struct Limits {
    /// Without a byte.
    pub(super) idle: Duration,
    /// When the answer must be whole, and how long that was from the call's beginning.
    pub(super) end: Option<(Instant, Duration)>,
    /// Bytes of the answer.
    pub(super) body: usize,
    /// Bytes of an event.
    pub(super) event: usize,
}

/// One attempt of a call. Its parts are functions of their own, so that the future that waits holds what it
/// waits for and no more.
pub(super) struct Attempt<'a> {
    pub(super) operation: &'a Operation,
    pub(super) url: &'a Url,
    pub(super) limits: Limits,
    /// Whether redirects may have been followed.
    pub(super) may_follow: bool,
    /// What is noted on the answer.
    pub(super) sent: Arc<Sent>,
}

impl Attempt<'_> {
    /// A request is sent once. What comes back is a success: read whole, or a stream.
    pub(super) async fn run(
        &self,
        sending: impl Future<Output = Result<reqwest::Response, reqwest::Error>>,
    ) -> Result<Response, Failure> {
        let Limits { idle, end, .. } = self.limits;
        let (head, pieces, length) = match Watch::new(idle, end).over(sending).await {
            Ok(Ok(response)) => self.begun(response),
            Ok(Err(e)) => return Err(self.unanswered(e)),
            Err(silence) => return Err(self.out_of_time(silence)),
        };
        if head.status.is_success() && self.operation.streams && may_be_event_stream(&head.headers)
        {
            // Who reads its events watches the time between them.
            if self.operation.retry_safety != RetrySafety::Billable {
                return Ok(Response::new(head, Body::Stream(ByteStream::new(pieces))));
            }
            // One that costs money is open once it has begun. Boxed: other calls need not have room for it.
            return Box::pin(self.look(head, pieces)).await;
        }
        let (watch, limit) = self.body_limits(head.status);
        let body = read(&mut Watched::new(pieces, watch), limit).await;
        self.answered(head, body, length)
    }

    /// The head of an answer, its body, which is still to come, and how long that is to be, if it says so.
    fn begun(
        &self,
        mut response: reqwest::Response,
    ) -> (
        Head,
        impl Stream<Item = reqwest::Result<Bytes>> + Send + Sync + Unpin + use<>,
        Option<u64>,
    ) {
        // A stream is kept open, and the buffer of its connection not for its headers' sake.
        let headers = match self.operation.streams {
            true => headers::detached(response.headers()),
            false => std::mem::take(response.headers_mut()),
        };
        let mut head = Head::new(response.status(), headers);
        head.notes = Some(self.sent.clone());
        // An answer to HEAD has the length of a body that does not come.
        let length = response.content_length();
        let length = length.filter(|_| self.operation.method != "HEAD");
        (head, response.bytes_stream(), length)
    }

    fn unanswered(&self, error: reqwest::Error) -> Failure {
        Failure::unanswered(error, self.operation, self.url, self.may_follow)
    }

    fn out_of_time(&self, silence: Silence) -> Failure {
        let origin = self.url.origin().ascii_serialization();
        let message = format!("no answer from {origin}: {silence}");
        Failure::out_of_time(self.operation, message, silence)
    }

    /// Looks how a stream begins.
    async fn look(
        &self,
        head: Head,
        pieces: impl Stream<Item = reqwest::Result<Bytes>> + Send + Sync + Unpin + 'static,
    ) -> Result<Response, Failure> {
        let (stream, failure) = opening::look(pieces, &head, self.operation, &self.limits).await;
        let opened = Response::new(head, Body::Stream(stream));
        match failure {
            None => Ok(opened),
            Some(failure) => Err(Failure {
                opened: Some(Box::new(opened)),
                ..failure
            }),
        }
    }

    /// How long a body may take, and how many bytes it may have.
    fn body_limits(&self, status: StatusCode) -> (Watch, usize) {
        let Limits {
            idle, end, body, ..
        } = self.limits;
        if status.is_success() {
            return (Watch::new(idle, end), body);
        }
        let soon = (Instant::now() + ERROR_BODY_TIME, ERROR_BODY_TIME);
        let end = end.filter(|(end, _)| *end < soon.0).unwrap_or(soon);
        (Watch::new(ERROR_BODY_TIME.min(idle), Some(end)), ERROR_BODY)
    }

    /// What an answer is, whose body came as far as it did.
    fn answered(
        &self,
        head: Head,
        body: Result<Bytes, BodyError>,
        length: Option<u64>,
    ) -> Result<Response, Failure> {
        let operation = self.operation;
        // HTTP/2 can end a body before its end in a way that reqwest takes for its end.
        let body = body.and_then(|body| match length {
            Some(length) if (body.len() as u64) < length => {
                let missing = io::Error::from(io::ErrorKind::UnexpectedEof);
                Err(BodyError::new(body, missing))
            }
            _ => Ok(body),
        });
        Err(match (body, head.status.is_success()) {
            (Ok(body), true) if !operation.streams => {
                return Ok(Response::new(head, Body::Whole(body)));
            }
            (Ok(body), true) => Failure::no_stream(operation, head.into(), body),
            (Err(broken), true) => Failure::half_answered(broken, operation, head.into()),
            (Ok(body), false) => Failure::refused(operation, head.into(), body),
            // As much of it as came.
            (Err(broken), false) => Failure::refused(operation, head.into(), broken.received),
        })
    }
}

/// Servers that stream without saying so are known; those that say something else mean it.
fn may_be_event_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|media| {
        let media = media.as_bytes();
        let prefix = b"text/event-stream";
        media.len() >= prefix.len() && media[..prefix.len()].eq_ignore_ascii_case(prefix)
    })
}
