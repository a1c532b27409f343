//! How long is waited: without a byte, and in all.

use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use openapi_runtime::BoxError;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

/// It took too long.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(crate) enum Silence {
    /// Nothing came for this long.
    #[error("nothing came for {0:?}")]
    Idle(Duration),
    /// The call was to be over by then.
    #[error("it was not whole within {0:?}")]
    Total(Duration),
}

/// Whether a body broke off because time ran out, by our clock or by that of a caller's own client.
pub(crate) fn is_timeout(source: &BoxError) -> bool {
    let of_reqwest = source.downcast_ref::<reqwest::Error>();
    source.is::<Silence>() || of_reqwest.is_some_and(reqwest::Error::is_timeout)
}

/// How long is waited.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch {
    idle: Duration,
    end: Option<(Instant, Duration)>,
}

impl Watch {
    pub(crate) fn new(idle: Duration, end: Option<(Instant, Duration)>) -> Self {
        Self { idle, end }
    }

    /// When a wait that begins now ends, and what it is then.
    fn deadline(&self) -> Option<(Instant, Silence)> {
        // A time that no clock reaches is no limit.
        let idle = Instant::now().checked_add(self.idle);
        match (idle, self.end) {
            (Some(idle), Some((end, total))) if end < idle => Some((end, Silence::Total(total))),
            (Some(idle), _) => Some((idle, Silence::Idle(self.idle))),
            (None, Some((end, total))) => Some((end, Silence::Total(total))),
            (None, None) => None,
        }
    }

    /// Waits for a future; one that is large is better pinned, and handed over as a reference.
    pub(super) async fn over<F: Future>(self, future: F) -> Result<F::Output, Silence> {
        match self.deadline() {
            Some((at, silence)) => timeout_at(at, future).await.map_err(|_| silence),
            None => Ok(future.await),
        }
    }
}

/// A body that ends in an error when nothing comes for too long.
pub(crate) struct Watched<S> {
    body: S,
    watch: Watch,
    /// The wait that goes on, if one does: a reader who takes his time is no silence of the server's.
    wait: Option<(Instant, Silence)>,
    timer: Timer,
}

impl<S> Watched<S> {
    pub(crate) fn new(body: S, watch: Watch) -> Self {
        Self {
            body,
            watch,
            wait: None,
            timer: Timer::default(),
        }
    }
}

impl<S, E> Stream for Watched<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Poll::Ready(next) = Pin::new(&mut this.body).poll_next(cx) {
            this.wait = None;
            return Poll::Ready(next.map(|piece| piece.map_err(Into::into)));
        }
        if this.wait.is_none() {
            this.wait = this.watch.deadline();
        }
        let Some((end, silence)) = this.wait else {
            return Poll::Pending;
        };
        ready!(this.timer.poll(end, Instant::now(), cx));
        Poll::Ready(Some(Err(Box::new(silence))))
    }
}

/// One timer for many waits. Not set anew for every wait: one that goes off too early is set to when it
/// should have. Nor looked at before it can go off, as long as it wakes the right one: with a thousand
/// streams, its memory is in no cache.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Timer {
    /// When it goes off, and whom it wakes.
    set: Option<(Instant, Waker)>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Waits for a time.
    pub(crate) fn poll(&mut self, end: Instant, now: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if let Some((at, waker)) = &self.set
            && now < *at
            && *at <= end
            && waker.will_wake(cx.waker())
        {
            return Poll::Pending;
        }
        let mut sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(end)))
            .as_mut();
        if sleep.deadline() > end {
            sleep.as_mut().reset(end);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= end {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(end);
        }
        self.set = Some((sleep.deadline(), cx.waker().clone()));
        Poll::Pending
    }
}
