//! Reads events from a response body.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream as _;
use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::decoder::{Decoder, Event, EventTooLarge, Step};
use crate::response_body::{BodyError, BoxError, ByteStream, read};
use crate::time_limits::{TimeLimits, TimeoutStream, Timer, is_timeout};

/// Why reading an event stream failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventStreamError {
    /// The connection failed.
    #[error("the connection failed")]
    Broken(#[source] BoxError),
    /// A timeout of the HTTP client ended the body.
    #[error("a timeout of the HTTP client ended the stream")]
    TimedOut(#[source] BoxError),
    /// An event is larger than the limit.
    #[error(transparent)]
    TooLarge(EventTooLarge),
    /// No event was received within the idle timeout.
    #[error("no event received for {0:?}")]
    Idle(Duration),
    /// The body ended within an event.
    #[error("the stream ended within an event")]
    Truncated,
    /// The body begins like JSON or HTML.
    #[error("the response is not an event stream; does the request ask for one?")]
    NotAnEventStream,
}

/// The maximum number of chunks that one poll reads before it yields to other tasks.
const MAX_CHUNKS_PER_POLL: usize = 64;

/// The limits of draining a body after its last event, so that the connection can be reused.
const MAX_DRAIN_TIME: Duration = Duration::from_millis(100);
const MAX_DRAIN_BYTES: u32 = 64 << 10;

/// Reads events from a response body.
///
/// The stream does not read ahead, so backpressure reaches the server. The idle timeout limits the wait for each event.
/// Time that the reader spends between events does not count.
pub struct EventStream {
    idle: IdleTimer,
    /// `None` after the body has ended, has failed or was closed.
    body: Option<ByteStream>,
    decoder: Decoder,
    /// Whether the first byte that is not whitespace was received.
    has_begun: bool,
    /// An error that occurred before the first byte. The next poll returns it.
    failed: Option<Box<EventStreamError>>,
    /// The number of bytes that were drained, or `None` before draining has begun.
    drained: Option<u32>,
}

impl EventStream {
    /// Creates a stream of the events of a body, with a maximum event size in bytes and an idle timeout.
    pub fn new(body: ByteStream, max_event: usize, idle: Duration) -> Self {
        Self {
            body: Some(body),
            decoder: Decoder::with_limit(max_event),
            has_begun: false,
            failed: None,
            idle: IdleTimer::new(idle),
            drained: None,
        }
    }

    /// Returns the next event, or `None` at the end of the body.
    ///
    /// If the future is dropped, no event is lost.
    ///
    /// ```
    /// # async fn example(body: openapi_runtime::ByteStream) -> Result<(), openapi_runtime::sse::EventStreamError> {
    /// let mut events = body.into_events();
    /// while let Some(event) = events.next().await? {
    ///     println!("{}: {}", event.name, event.data);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Returns an error if reading the body fails, if the body ends within an event, or if it is no event stream, such as
    /// the JSON of a request that asks for no stream.
    pub async fn next(&mut self) -> Result<Option<Event<'_>>, EventStreamError> {
        if std::future::poll_fn(|cx| self.poll_next(cx)).await? {
            return Ok(Some(self.last()));
        }
        match self.unterminated() {
            None => Ok(None),
            Some(_) => Err(EventStreamError::Truncated),
        }
    }

    /// Advances to the next event, which [`last`](Self::last) then returns. Returns `false` at the end of the body.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, EventStreamError>> {
        for _ in 0..MAX_CHUNKS_PER_POLL {
            match self.decoder.step() {
                Step::Event => {
                    // An event without data keeps the connection alive, as a comment does.
                    if self.decoder.has_data() {
                        self.idle.stop();
                    }
                    return Poll::Ready(Ok(true));
                }
                Step::TooLarge => {
                    let limit = self.decoder.limit();
                    return self.fail(EventStreamError::TooLarge(EventTooLarge { limit }));
                }
                Step::NeedChunk => {}
            }
            let Some(body) = &mut self.body else {
                return Poll::Ready(match self.failed.take() {
                    Some(error) => Err(*error),
                    None => Ok(false),
                });
            };
            match Pin::new(body).poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    if !self.has_begun {
                        if begins_like_other(&chunk) {
                            return self.fail(EventStreamError::NotAnEventStream);
                        }
                        self.has_begun = !chunk.trim_ascii_start().is_empty();
                    }
                    self.decoder.feed(chunk);
                }
                Poll::Ready(Some(Err(source))) => return self.fail(broken(source)),
                Poll::Ready(None) => {
                    self.body = None;
                    return Poll::Ready(Ok(false));
                }
                Poll::Pending => {
                    ready!(self.idle.poll(cx));
                    let limit = self.idle.limit;
                    return self.fail(EventStreamError::Idle(limit));
                }
            }
        }
        let error = ready!(self.poll_yield(cx));
        Poll::Ready(Err(error))
    }

    /// Yields to other tasks. Returns an error if the idle timeout has passed.
    pub fn poll_yield(&mut self, cx: &mut Context<'_>) -> Poll<EventStreamError> {
        if self.idle.poll(cx).is_ready() {
            self.close();
            return Poll::Ready(EventStreamError::Idle(self.idle.limit));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn fail(&mut self, error: EventStreamError) -> Poll<Result<bool, EventStreamError>> {
        self.close();
        Poll::Ready(Err(error))
    }

    /// Returns the last event. It is available until the next poll.
    pub fn last(&self) -> Event<'_> {
        self.decoder.event()
    }

    /// Frees the buffer of the last event, if it contains nothing else. Call it before a long wait.
    pub fn release(&mut self) {
        self.decoder.release();
    }

    /// Returns the last event if the body ended before its blank line.
    pub fn unterminated(&mut self) -> Option<Event<'_>> {
        self.decoder.unterminated()
    }

    /// Closes the connection, unless the body has ended.
    pub fn close(&mut self) {
        self.body = None;
    }

    /// Reads and discards the rest of the body, so that the connection can be reused. Closes the connection after
    /// 100 ms or 64 KiB.
    pub fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.drained.is_none() {
            self.idle = IdleTimer::new(MAX_DRAIN_TIME);
            // Frees the last chunk, in whose place the connection would allocate another buffer.
            self.decoder = Decoder::with_limit(self.decoder.limit());
        }
        let drained = self.drained.get_or_insert(0);
        while let Some(body) = &mut self.body {
            match Pin::new(body).poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    // An empty chunk counts too, so that this loop ends.
                    let more = u32::try_from(chunk.len()).unwrap_or(u32::MAX).max(1);
                    *drained = drained.saturating_add(more);
                    if *drained > MAX_DRAIN_BYTES {
                        self.body = None;
                    }
                }
                Poll::Ready(_) => self.body = None,
                Poll::Pending => {
                    ready!(self.idle.poll(cx));
                    self.body = None;
                }
            }
        }
        Poll::Ready(())
    }

    /// Reads the complete body if it is not an event stream, and returns `None` if it is one. Call it before the first
    /// event.
    ///
    /// The start of the body decides. A body that starts with a field of an event stream is an event stream. A body
    /// that starts like JSON or HTML is not. For any other start, the media type decides. If a content coding is
    /// declared, the body must also be text, because some servers declare a coding that they do not use.
    pub(crate) async fn take_other_body(
        &mut self,
        has_other_type: bool,
        has_coding: bool,
        limit: usize,
    ) -> Result<Option<Bytes>, BodyError> {
        let mut skipped = 0;
        let first = match std::future::poll_fn(|cx| self.poll_first(cx, &mut skipped)).await {
            Ok(first) => first,
            Err(error) => {
                self.failed = Some(Box::new(error));
                return Ok(None);
            }
        };
        let is_other = first.as_deref().map_or(has_other_type, |first| {
            begins_like_other(first)
                || has_other_type && !begins_like_events(first)
                || has_coding && is_binary(first)
        });
        if !is_other {
            if let Some(first) = first {
                self.has_begun = true;
                self.decoder.feed(first);
            }
            return Ok(None);
        }
        let first = futures_util::stream::iter(first.map(Ok));
        let rest = futures_util::stream::iter(self.body.take()).flatten();
        let body = first.chain(rest);
        let limits = TimeLimits {
            idle: self.idle.limit,
            end: None,
        };
        let body = read(&mut TimeoutStream::new(body, limits), limit).await;
        body.map(Some)
    }

    /// Reads the first chunk that is not only whitespace, which some servers send to keep the connection open. Returns
    /// `None` at the end of the body. `skipped` counts the bytes of whitespace.
    fn poll_first(
        &mut self,
        cx: &mut Context<'_>,
        skipped: &mut usize,
    ) -> Poll<Result<Option<Bytes>, EventStreamError>> {
        for _ in 0..MAX_CHUNKS_PER_POLL {
            let Some(body) = &mut self.body else {
                return Poll::Ready(Ok(None));
            };
            match Pin::new(body).poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) if chunk.trim_ascii_start().is_empty() => {
                    *skipped += chunk.len();
                    let limit = self.decoder.limit();
                    if *skipped > limit {
                        self.close();
                        let error = EventStreamError::TooLarge(EventTooLarge { limit });
                        return Poll::Ready(Err(error));
                    }
                }
                Poll::Ready(Some(Ok(chunk))) => return Poll::Ready(Ok(Some(chunk))),
                Poll::Ready(Some(Err(source))) => {
                    self.close();
                    return Poll::Ready(Err(broken(source)));
                }
                Poll::Ready(None) => self.close(),
                Poll::Pending => {
                    ready!(self.idle.poll(cx));
                    self.close();
                    return Poll::Ready(Err(EventStreamError::Idle(self.idle.limit)));
                }
            }
        }
        let error = ready!(self.poll_yield(cx));
        Poll::Ready(Err(error))
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

fn broken(source: BoxError) -> EventStreamError {
    match is_timeout(&source) {
        true => EventStreamError::TimedOut(source),
        false => EventStreamError::Broken(source),
    }
}

/// Returns whether a body starts with a field of an event stream, or with an incomplete one.
fn begins_like_events(first: &[u8]) -> bool {
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let first = first.trim_ascii_start();
    let fields: [&[u8]; 6] = [b"data:", b"event:", b"id:", b"retry:", b"error:", b":"];
    fields
        .iter()
        .any(|field| first.starts_with(field) || field.starts_with(first))
}

/// Returns whether the start of a body is not text.
fn is_binary(bytes: &[u8]) -> bool {
    // The last character may be incomplete.
    let is_invalid = std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_some());
    is_invalid
        || bytes
            .iter()
            .any(|b| b.is_ascii_control() && !b.is_ascii_whitespace())
}

/// Returns whether a body starts like JSON or HTML.
fn begins_like_other(first: &[u8]) -> bool {
    matches!(first.trim_ascii_start().first(), Some(b'{' | b'[' | b'<'))
}

/// Limits the wait for an event.
struct IdleTimer {
    limit: Duration,
    since: Option<Instant>,
    timer: Timer,
}

impl IdleTimer {
    fn new(limit: Duration) -> Self {
        Self {
            limit,
            since: None,
            timer: Timer::default(),
        }
    }

    fn stop(&mut self) {
        self.since = None;
    }

    /// Waits for the timeout, which starts at the first poll after a stop.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        match since.checked_add(self.limit) {
            Some(end) => self.timer.poll(end, now, cx),
            // The time cannot be represented.
            None => Poll::Pending,
        }
    }
}
