//! The events of a body that is still to come.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream as _;
use futures_util::StreamExt as _;
use openapi_runtime::response::BodyError;
use openapi_runtime::{Body, BoxError, ByteStream};
use tokio::time::Instant;

use super::decoder::{Decoder, Event, EventTooLarge, Step};
use crate::road::{Timer, Watch, Watched};

/// What ends a stream before its end.
#[derive(Debug)]
pub(crate) enum EventsError {
    /// The connection broke.
    Broken(BoxError),
    /// An event is larger than the limit.
    TooLarge(EventTooLarge),
    /// No event came for so long.
    Idle(Duration),
}

/// How many pieces or events that say nothing are read before others have their turn.
pub(crate) const AT_ONCE: usize = 64;

/// The events of a body.
#[repr(C)]
pub(crate) struct Events {
    idle: IdleTimer,
    /// Nothing once it is at its end, broken or given up: the connection is free then, or closed.
    pieces: Option<ByteStream>,
    decoder: Decoder,
    /// How many bytes were drained, if it has begun.
    drained: Option<u32>,
}

impl Events {
    /// The events of a body, each of at most `limit` bytes, and at most `idle` of time apart while
    /// somebody waits for them.
    pub(crate) fn new(pieces: ByteStream, limit: usize, idle: Duration) -> Self {
        Self {
            pieces: Some(pieces),
            decoder: Decoder::with_limit(limit),
            idle: IdleTimer::new(idle),
            drained: None,
        }
    }

    /// Goes on to the next event, which is then the [`last`](Self::last); `false` at a clean end.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, EventsError>> {
        // A server that is always faster, and says nothing, does not keep the runtime to itself.
        for _ in 0..AT_ONCE {
            match self.decoder.step() {
                Step::Event => {
                    // One without data is a sign of life, as a comment is.
                    if self.decoder.has_data() {
                        self.idle.stop();
                    }
                    return Poll::Ready(Ok(true));
                }
                Step::TooLarge => {
                    let limit = self.decoder.limit();
                    return self.fail(EventsError::TooLarge(EventTooLarge { limit }));
                }
                Step::Piece => {}
            }
            let Some(pieces) = &mut self.pieces else {
                return Poll::Ready(Ok(false));
            };
            match Pin::new(pieces).poll_next(cx) {
                Poll::Ready(Some(Ok(piece))) => self.decoder.feed(piece),
                Poll::Ready(Some(Err(source))) => return self.fail(EventsError::Broken(source)),
                Poll::Ready(None) => {
                    self.pieces = None;
                    return Poll::Ready(Ok(false));
                }
                Poll::Pending => {
                    ready!(self.idle.poll(cx));
                    let limit = self.idle.limit;
                    return self.fail(EventsError::Idle(limit));
                }
            }
        }
        let error = ready!(self.yield_now(cx));
        Poll::Ready(Err(error))
    }

    /// Gives others their turn; an error if nothing was said for too long.
    pub(crate) fn yield_now(&mut self, cx: &mut Context<'_>) -> Poll<EventsError> {
        if self.idle.poll(cx).is_ready() {
            self.close();
            return Poll::Ready(EventsError::Idle(self.idle.limit));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn fail(&mut self, error: EventsError) -> Poll<Result<bool, EventsError>> {
        self.close();
        Poll::Ready(Err(error))
    }

    /// The event that was given last, until the next one is asked for.
    pub(crate) fn last(&self) -> Event<'_> {
        self.decoder.event()
    }

    /// Lets go of the buffer that the last event came in, if nothing else is in it. For a stream that
    /// is opened and not read yet.
    pub(crate) fn release(&mut self) {
        self.decoder.release();
    }

    /// The event that the end of the body left without its blank line.
    pub(crate) fn unterminated(&mut self) -> Option<Event<'_>> {
        self.decoder.unterminated()
    }

    /// Closes the connection, unless the body is at its end.
    pub(crate) fn close(&mut self) {
        self.pieces = None;
    }

    /// Reads on to the end of the body, of which nothing more is wanted: only then can its connection be
    /// used again. Gives up after a moment or a few bytes, and closes it.
    pub(crate) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        const MOMENT: Duration = Duration::from_millis(100);
        const FEW: u32 = 64 << 10;
        if self.drained.is_none() {
            self.idle = IdleTimer::new(MOMENT);
        }
        let drained = self.drained.get_or_insert(0);
        while let Some(pieces) = &mut self.pieces {
            match Pin::new(pieces).poll_next(cx) {
                Poll::Ready(Some(Ok(piece))) => {
                    let more = u32::try_from(piece.len()).unwrap_or(u32::MAX);
                    *drained = drained.saturating_add(more);
                    if *drained > FEW {
                        self.pieces = None;
                    }
                }
                Poll::Ready(_) => self.pieces = None,
                Poll::Pending => {
                    ready!(self.idle.poll(cx));
                    self.pieces = None;
                }
            }
        }
        Poll::Ready(())
    }

    /// Reads the body whole if it [is no event stream](is_no_event_stream); nothing if it may be one. To be
    /// asked before the first event.
    pub(crate) async fn unless_events(
        &mut self,
        limit: usize,
    ) -> Result<Option<Result<Bytes, BodyError>>, EventsError> {
        let Some(first) = std::future::poll_fn(|cx| self.poll_first(cx)).await? else {
            return Ok(None);
        };
        if !is_no_event_stream(&first) {
            self.decoder.feed(first);
            return Ok(None);
        }
        let Some(pieces) = self.pieces.take() else {
            return Ok(None);
        };
        let body = futures_util::stream::iter([Ok(first)]).chain(pieces);
        let body = Watched::new(body, Watch::new(self.idle.limit, None));
        // Boxed: it seldom comes to that, and streams need not have room for it.
        let body = Box::pin(Body::Stream(ByteStream::new(body)).read(limit));
        Ok(Some(body.await))
    }

    /// The first piece that has anything in it; nothing at the end.
    fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, EventsError>> {
        loop {
            let Some(pieces) = &mut self.pieces else {
                return Poll::Ready(Ok(None));
            };
            match Pin::new(pieces).poll_next(cx) {
                Poll::Ready(Some(Ok(piece))) if piece.is_empty() => {}
                Poll::Ready(Some(Ok(piece))) => return Poll::Ready(Ok(Some(piece))),
                Poll::Ready(Some(Err(source))) => {
                    self.close();
                    return Poll::Ready(Err(EventsError::Broken(source)));
                }
                Poll::Ready(None) => self.close(),
                Poll::Pending => {
                    ready!(self.idle.poll(cx));
                    self.close();
                    return Poll::Ready(Err(EventsError::Idle(self.idle.limit)));
                }
            }
        }
    }
}

/// Whether a body begins with what no event stream begins with, such as JSON.
pub(crate) fn is_no_event_stream(first: &[u8]) -> bool {
    matches!(first.trim_ascii_start().first(), Some(b'{' | b'[' | b'<'))
}

/// Runs while somebody waits.
#[repr(C)] // what every chunk looks at lies together: see `Assembly`
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

    /// Waits for the time to run out, from the first time that this was asked since it was stopped.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        match since.checked_add(self.limit) {
            Some(end) => self.timer.poll(end, now, cx),
            // A limit beyond the end of time is none.
            None => Poll::Pending,
        }
    }
}
