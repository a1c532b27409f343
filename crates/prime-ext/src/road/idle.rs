//! The time without a byte.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use prime_runtime::{BoxError, ByteStream};
use tokio::time::{Instant, Sleep, sleep_until};

/// Nothing came for this long.
#[derive(Debug, thiserror::Error)]
#[error("nothing came for {0:?}")]
pub(crate) struct Silence(Duration);

impl Silence {
    pub(super) fn of(longest: Duration) -> Self {
        Self(longest)
    }
}

/// A body that ends in an error when nothing comes for too long.
pub(super) struct Watched {
    body: ByteStream,
    longest: Duration,
    // Since when somebody waits: a reader who takes his time is no silence of the server's.
    since: Option<Instant>,
    // One timer for the whole body: it is looked at when it fires, not set anew for each piece.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    pub(super) fn new(body: ByteStream, longest: Duration) -> Self {
        Self {
            body,
            longest,
            since: None,
            timer: None,
        }
    }
}

impl Stream for Watched {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Poll::Ready(next) = Pin::new(&mut this.body).poll_next(cx) {
            this.since = None;
            return Poll::Ready(next);
        }
        // A time that no clock reaches is no limit.
        let since = *this.since.get_or_insert_with(Instant::now);
        let Some(end) = since.checked_add(this.longest) else {
            return Poll::Pending;
        };
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= end {
                return Poll::Ready(Some(Err(Box::new(Silence(this.longest)))));
            }
            timer.as_mut().reset(end);
        }
        Poll::Pending
    }
}
