//! How long is waited: without a byte, and in all.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use prime_runtime::BoxError;
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
    pub(super) async fn over<F: Future>(&self, future: F) -> Result<F::Output, Silence> {
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
    /// One timer for all waits: it is looked at when it fires, not set anew for each.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    pub(crate) fn new(body: S, watch: Watch) -> Self {
        Self {
            body,
            watch,
            wait: None,
            timer: None,
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
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= end {
                return Poll::Ready(Some(Err(Box::new(silence))));
            }
            timer.as_mut().reset(end);
        }
        Poll::Pending
    }
}
