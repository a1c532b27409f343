//! One attempt: the request out, the answer in, within limits.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use prime_runtime::response::read;
use prime_runtime::{Body, ByteStream, Operation, Response};
use reqwest::Url;
use tokio::time::Instant;

use super::Sent;
use super::failure::Failure;
use super::headers;
use super::idle::{Watch, Watched};
use super::opening;

/// The most that is read of an error's body, in bytes and in time: enough for what it says, and what
/// does not come by then does not hold up the call.
const ERROR_BODY: usize = 1 << 20;
const ERROR_BODY_TIME: Duration = Duration::from_secs(10);

/// How long an attempt may take.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Without a byte.
    pub(super) idle: Duration,
    /// When the answer must be whole, and how long that was from the call's beginning.
    pub(super) end: Option<(Instant, Duration)>,
    /// Bytes of the answer.
    pub(super) body: usize,
    /// Bytes of an event.
    pub(super) event: usize,
    /// Whether a stream counts as open only once it has begun.
    pub(super) looks: bool,
}

/// A request is sent once. What comes back is a success: read whole, or a stream.
pub(super) async fn attempt(
    sending: impl Future<Output = Result<reqwest::Response, reqwest::Error>>,
    url: &Url,
    operation: &Operation,
    limits: Limits,
    may_follow: bool,
    sent: Sent,
) -> Result<Response, Failure> {
    let silence = Watch::new(limits.idle, limits.end);
    let mut response = match silence.over(sending).await {
        Ok(Ok(response)) => response,
        Ok(Err(e)) => return Err(Failure::unanswered(e, operation, url, may_follow)),
        Err(silence) => {
            let origin = url.origin().ascii_serialization();
            let message = format!("no answer from {origin}: {silence}");
            return Err(Failure::out_of_time(operation, message, silence));
        }
    };
    // A stream is kept open, and the buffer of its connection not for its headers' sake.
    let headers = match operation.streams {
        true => headers::detached(response.headers()),
        false => std::mem::take(response.headers_mut()),
    };
    let mut head = prime_runtime::Head::new(response.status(), headers);
    head.notes = Some(Arc::new(sent));
    let ok = head.status.is_success();
    let pieces = response.bytes_stream();
    if ok && operation.streams && may_be_event_stream(&head.headers) {
        // Who reads its events watches the time between them.
        if !limits.looks {
            return Ok(Response::new(head, Body::Stream(ByteStream::new(pieces))));
        }
        // Boxed: other calls need not have room for it.
        let look = Box::pin(opening::look(pieces, &head, operation, limits));
        let (stream, failure) = look.await;
        let opened = Response::new(head, Body::Stream(stream));
        return match failure {
            None => Ok(opened),
            Some(failure) => Err(Failure {
                opened: Some(opened),
                ..failure
            }),
        };
    }
    let (watch, limit) = match ok {
        true => (Watch::new(limits.idle, limits.end), limits.body),
        false => {
            let idle = ERROR_BODY_TIME.min(limits.idle);
            let soon = (Instant::now() + ERROR_BODY_TIME, ERROR_BODY_TIME);
            let end = limits.end.filter(|(end, _)| *end < soon.0).unwrap_or(soon);
            (Watch::new(idle, Some(end)), ERROR_BODY)
        }
    };
    let mut pieces = Watched::new(pieces, watch);
    let body = read(&mut pieces, limit).await;
    let body = match (body, ok) {
        (Ok(body), true) if !operation.streams => {
            return Ok(Response::new(head, Body::Whole(body)));
        }
        (Ok(body), true) => return Err(Failure::no_stream(operation, head.into(), body)),
        (Err(broken), true) => {
            return Err(Failure::half_answered(broken, operation, head.into()));
        }
        (Ok(body), false) => body,
        // As much of it as came.
        (Err(broken), false) => broken.received,
    };
    Err(Failure::refused(operation, head.into(), body))
}

/// Servers that stream without saying so are known; those that say something else mean it.
fn may_be_event_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|media| {
        let media = media.as_bytes();
        let prefix = b"text/event-stream";
        media.len() >= prefix.len() && media[..prefix.len()].eq_ignore_ascii_case(prefix)
    })
}
