//! Idle timeouts and total timeouts.

use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use crate::response_body::{BoxError, ReadError, TimeoutError};

/// Returns whether a body ended because of a timeout: a timeout of the HTTP client, or that of a [`TimeoutStream`].
pub(crate) fn is_timeout(source: &BoxError) -> bool {
    let of_reqwest = source.downcast_ref::<reqwest::Error>();
    of_reqwest.is_some_and(reqwest::Error::is_timeout)
        || matches!(source.downcast_ref(), Some(ReadError::TimedOut(_)))
}

/// The timeouts of a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeLimits {
    /// The longest time without received data.
    pub(crate) idle: Duration,
    /// When the call times out, and the timeout that is then reported.
    pub(crate) end: Option<(Instant, Duration)>,
}

impl TimeLimits {
    /// Returns when a wait that starts now times out, and the error to report. Returns `None` if it never times out.
    fn next_timeout(&self) -> Option<(Instant, TimeoutError)> {
        let idle = Instant::now().checked_add(self.idle);
        match (idle, self.end) {
            (Some(idle), Some((end, total))) if end < idle => {
                Some((end, TimeoutError::Total(total)))
            }
            (Some(idle), _) => Some((idle, TimeoutError::Idle(self.idle))),
            (None, Some((end, total))) => Some((end, TimeoutError::Total(total))),
            (None, None) => None,
        }
    }

    /// Waits for a future. Pin a large future and pass it by reference.
    pub(crate) async fn wait_for<F: Future>(self, future: F) -> Result<F::Output, TimeoutError> {
        match self.next_timeout() {
            Some((at, error)) => timeout_at(at, future).await.map_err(|_| error),
            None => Ok(future.await),
        }
    }
}

/// A body that ends with an error if it times out.
pub(crate) struct TimeoutStream<S> {
    body: S,
    limits: TimeLimits,
    /// The current wait. The time between polls does not count.
    wait: Option<(Instant, TimeoutError)>,
    timer: Timer,
}

impl<S> TimeoutStream<S> {
    pub(crate) fn new(body: S, limits: TimeLimits) -> Self {
        Self {
            body,
            limits,
            wait: None,
            timer: Timer::default(),
        }
    }
}

impl<S> Stream for TimeoutStream<S>
where
    S: Stream<Item = Result<Bytes, BoxError>> + Unpin,
{
    type Item = Result<Bytes, ReadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Poll::Ready(next) = Pin::new(&mut this.body).poll_next(cx) {
            this.wait = None;
            return Poll::Ready(next.map(|chunk| chunk.map_err(ReadError::Broken)));
        }
        if this.wait.is_none() {
            this.wait = this.limits.next_timeout();
        }
        let Some((end, error)) = this.wait else {
            return Poll::Pending;
        };
        ready!(this.timer.poll(end, Instant::now(), cx));
        Poll::Ready(Some(Err(ReadError::TimedOut(error))))
    }
}

/// One timer for many waits.
///
/// The timer is not reset for each wait. If it fires too early, it is reset to the current end. The timer is not polled
/// before it can fire, unless the task changed. This avoids cache misses when there are many streams.
#[derive(Default)]
pub(crate) struct Timer {
    /// When the timer fires, and the task that it wakes.
    armed: Option<(Instant, Waker)>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Waits until `end`.
    pub(crate) fn poll(&mut self, end: Instant, now: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if let Some((at, waker)) = &self.armed
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
        self.armed = Some((sleep.deadline(), cx.waker().clone()));
        Poll::Pending
    }
}
