//! The events of a body that is still to come.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream as _;
use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::decoder::{Decoder, Event, EventTooLarge, Step};
use crate::deadline::{Deadline, TimeoutStream, Timer, is_http_timeout};
use crate::response_body::{BodyError, BoxError, ByteStream, read};

/// What ends an event stream before its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum EventStreamError {
    /// The connection broke.
    Broken(BoxError),
    /// The HTTP client or a limit of time ended the body.
    TimedOut(BoxError),
    /// An event is larger than the limit.
    TooLarge(EventTooLarge),
    /// No event came for so long.
    Idle(Duration),
}

/// How many pieces are read in a poll before other tasks have their turn.
const MAX_PIECES: usize = 64;

/// How much of a body is read after its last event, in time and in bytes, so that its connection can be used again.
const MAX_DRAIN_TIME: Duration = Duration::from_millis(100);
const MAX_DRAIN_BYTES: u32 = 64 << 10;

/// The events of a body that is still to come.
///
/// Nothing is read ahead, so backpressure reaches the server. No two events are further apart than the idle timeout, of
/// the time in which they are waited for.
#[repr(C)] // what every event looks at comes first: see `Decoder`
pub struct EventStream {
    idle: IdleTimer,
    /// `None` once it has ended, broken or been closed: its connection is then free, or closed.
    body: Option<ByteStream>,
    decoder: Decoder,
    /// Why the body ended before its first byte, until it is polled.
    failed: Option<Box<EventStreamError>>,
    /// How many bytes were drained, if draining has begun.
    drained: Option<u32>,
}

impl EventStream {
    /// The events of a body, each of at most `max_event` bytes, and at most `idle` of waiting apart.
    pub fn new(body: ByteStream, max_event: usize, idle: Duration) -> Self {
        Self {
            body: Some(body),
            decoder: Decoder::with_limit(max_event),
            failed: None,
            idle: IdleTimer::new(idle),
            drained: None,
        }
    }

    /// Advances to the next event, which is then the [`last`](Self::last); `false` at the end of the body.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, EventStreamError>> {
        for _ in 0..MAX_PIECES {
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
                Step::Piece => {}
            }
            let Some(body) = &mut self.body else {
                return Poll::Ready(match self.failed.take() {
                    Some(error) => Err(*error),
                    None => Ok(false),
                });
            };
            match Pin::new(body).poll_next(cx) {
                Poll::Ready(Some(Ok(piece))) => self.decoder.feed(piece),
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

    /// Gives other tasks their turn. An error if no event has come for too long.
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

    /// The event that was found last, until the next one is polled.
    pub fn last(&self) -> Event<'_> {
        self.decoder.event()
    }

    /// Frees the buffer that the last event came in, if it contains nothing else. For a stream that may wait long.
    pub fn release(&mut self) {
        self.decoder.release();
    }

    /// The event that the end of the body left without its blank line.
    pub fn unterminated(&mut self) -> Option<Event<'_>> {
        self.decoder.unterminated()
    }

    /// Closes the connection, unless the body has ended.
    pub fn close(&mut self) {
        self.body = None;
    }

    /// Reads what is left of the body, of which nothing more is needed, so that its connection can be used again. Gives
    /// up after 100 ms or 64 KiB, and closes it.
    pub fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.drained.is_none() {
            self.idle = IdleTimer::new(MAX_DRAIN_TIME);
        }
        let drained = self.drained.get_or_insert(0);
        while let Some(body) = &mut self.body {
            match Pin::new(body).poll_next(cx) {
                Poll::Ready(Some(Ok(piece))) => {
                    let more = u32::try_from(piece.len()).unwrap_or(u32::MAX);
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

    /// Reads a body whole that is no event stream; `None` if it is one. Before the first event.
    ///
    /// This is where a response is found to be an event stream: by its media type, and, if that does not say otherwise,
    /// by its first character, since JSON and HTML begin with none that an event stream begins with.
    pub(crate) async fn take_other_body(
        &mut self,
        is_declared_other: bool,
        limit: usize,
    ) -> Result<Option<Bytes>, BodyError> {
        let first = match std::future::poll_fn(|cx| self.poll_first(cx)).await {
            Ok(first) => first,
            Err(error) => {
                self.failed = Some(Box::new(error));
                return Ok(None);
            }
        };
        if !is_declared_other && !first.as_deref().is_some_and(begins_like_other) {
            if let Some(first) = first {
                self.decoder.feed(first);
            }
            return Ok(None);
        }
        let first = futures_util::stream::iter(first.map(Ok));
        let rest = futures_util::stream::iter(self.body.take()).flatten();
        let body = first.chain(rest);
        let deadline = Deadline {
            idle: self.idle.limit,
            end: None,
        };
        let body = read(&mut TimeoutStream::new(body, deadline), limit).await;
        body.map(Some)
    }

    /// The first piece with a byte in it; `None` at the end.
    fn poll_first(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, EventStreamError>> {
        loop {
            let Some(body) = &mut self.body else {
                return Poll::Ready(Ok(None));
            };
            match Pin::new(body).poll_next(cx) {
                Poll::Ready(Some(Ok(piece))) if piece.is_empty() => {}
                Poll::Ready(Some(Ok(piece))) => return Poll::Ready(Ok(Some(piece))),
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
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

fn broken(source: BoxError) -> EventStreamError {
    match is_http_timeout(&source) {
        true => EventStreamError::TimedOut(source),
        false => EventStreamError::Broken(source),
    }
}

/// Whether a body begins like JSON or HTML.
fn begins_like_other(first: &[u8]) -> bool {
    matches!(first.trim_ascii_start().first(), Some(b'{' | b'[' | b'<'))
}

/// Runs while an event is waited for.
#[repr(C)] // what every event looks at comes first: see `Decoder`
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

    /// Waits for the time to run out, from the first poll since it was stopped.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        match since.checked_add(self.limit) {
            Some(end) => self.timer.poll(end, now, cx),
            // No clock reaches that time.
            None => Poll::Pending,
        }
    }
}
