//! Watches the usage of a run until it ends.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use openapi_runtime::Usd;
use prime_training_api::types::RunUsageResponse;

use super::poller::{Event, Poller};
use super::{Deletion, Runs};
use crate::error::{Error, ErrorKind};

/// A stream of a run's usage that ends when the run ends. Returned by [`Runs::watch`](super::Runs::watch).
///
/// The stream yields the first usage, and then each usage that differs from the previous one. The last item is the
/// usage with which the run [has ended](super::has_ended). Transient failures, such as a restart of the service, are
/// retried. Dropping the stream does not stop the run.
///
/// ```no_run
/// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// let mut watch = lab.runs().watch("run_123").delete_at_cost("25.00".parse()?);
/// while let Some(usage) = watch.try_next().await? {
///     println!("{:?}: ${}", usage.status, usage.total_cost_usd);
/// }
/// if let Some(deletion) = watch.deletion() {
///     println!("the run reached its cost limit: {deletion}");
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct UsageWatch {
    /// Present until the first poll.
    poller: Option<Poller>,
    events: Option<Events>,
    /// Whether a setting was changed after the first poll.
    set_too_late: bool,
    deletion: Option<Deletion>,
}

type Events = Pin<Box<dyn Stream<Item = Result<Event, Error>> + Send>>;

impl UsageWatch {
    pub(crate) fn new(runs: Runs, run_id: String) -> Self {
        Self {
            poller: Some(Poller::new(runs, run_id)),
            events: None,
            set_too_late: false,
            deletion: None,
        }
    }

    /// Sets the time between two requests, at least 1 ms. A random jitter of up to 10 % is added or subtracted. The
    /// default is 30 seconds.
    ///
    /// If this or any other setting is changed after the first poll, the next item is an error.
    pub fn every(self, interval: Duration) -> Self {
        self.set(|poller| poller.interval = interval.max(Duration::from_millis(1)))
    }

    /// Sets how long consecutive transient failures are retried: connection failures, timeouts, unreadable responses,
    /// rate limits and server errors. The default is 15 minutes.
    ///
    /// The first wait is the time between two requests. Each further wait is twice as long, up to one minute or the first
    /// wait, whichever is longer. A wait is longer if the service asks for that with `Retry-After`.
    pub fn retry_for(self, time: Duration) -> Self {
        self.set(|poller| poller.retry_for = time)
    }

    /// Sets how long to watch, counted from the first request. If the run has not ended by then, the watch ends with an
    /// [`ErrorKind::Timeout`] error, and the run continues. The default is no limit.
    ///
    /// The deadline also applies when [`delete_at_cost`](Self::delete_at_cost) deletes the run. The last request for
    /// the deletion is sent at the deadline at the latest, and times out after five seconds.
    pub fn deadline(self, time: Duration) -> Self {
        self.set(|poller| poller.time_limit = Some(time))
    }

    /// Deletes the run when its reported cost reaches this limit. The watch then continues until the run has ended, or
    /// until the service responds that the run does not exist. [`deletion`](Self::deletion) returns the result of the
    /// deletion. If the run continues after its deletion and its cost rises, the run is deleted again.
    ///
    /// The limit is best effort. The cost can exceed it, because the cost is requested only from time to time and the
    /// service may report it late. The limit is enforced only while the watch is polled.
    ///
    /// The watch ends with an error in these cases. The error says whether the run may still cost money.
    ///
    /// - The service refuses the deletion (401, 403).
    /// - The service responds with the usage of another run.
    /// - The cost stays unknown, because it is [negative or contradictory](super::total_cost), for the time set by
    ///   [`retry_for`](Self::retry_for). A run whose cost is unknown is not deleted.
    /// - The deletion fails for the time that [`ensure_deleted`](super::Runs::ensure_deleted) retries it.
    /// - The run has not ended within the [`deletion_timeout`](Self::deletion_timeout).
    pub fn delete_at_cost(self, cost: Usd) -> Self {
        self.set(|poller| poller.cost_limit = Some(cost))
    }

    /// Sets how long a deleted run may take to end, counted from the first request for its deletion. The default is 5
    /// minutes.
    pub fn deletion_timeout(self, time: Duration) -> Self {
        self.set(|poller| poller.deletion_timeout = time)
    }

    fn set(mut self, set: impl FnOnce(&mut Poller)) -> Self {
        match &mut self.poller {
            Some(poller) => set(poller),
            None => self.set_too_late = true,
        }
        self
    }

    /// Returns the last deletion of the run by [`delete_at_cost`](Self::delete_at_cost), or `None` if there was none.
    pub fn deletion(&self) -> Option<&Deletion> {
        self.deletion.as_ref()
    }

    /// Returns the first usage, and then the next usage that differs from the previous one. Returns `None` after the
    /// run has ended.
    ///
    /// # Errors
    /// Returns an error if the run does not exist, requests fail for too long, the service responds with the usage of
    /// another run, the deadline passes, or a run that reached its cost limit cannot be deleted. The stream ends after
    /// an error.
    pub async fn try_next(&mut self) -> Result<Option<RunUsageResponse>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// Waits until the run has ended, and returns its last usage.
    ///
    /// # Errors
    /// Returns the same errors as [`try_next`](Self::try_next).
    pub async fn until_finished(mut self) -> Result<FinishedRun, Error> {
        let mut last = None;
        while let Some(usage) = self.try_next().await? {
            last = Some(usage);
        }
        let usage =
            last.ok_or_else(|| Error::new(ErrorKind::Request, "the watch has already ended"))?;
        let deletion = self.deletion;
        Ok(FinishedRun { usage, deletion })
    }
}

/// A run that has ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FinishedRun {
    /// The last usage.
    pub usage: RunUsageResponse,
    /// The last deletion by [`UsageWatch::delete_at_cost`], or `None` if there was none.
    pub deletion: Option<Deletion>,
}

impl Stream for UsageWatch {
    type Item = Result<RunUsageResponse, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.set_too_late {
            this.set_too_late = false;
            this.events = None;
            let message = "a setting was changed after the first poll of the watch; set it before";
            return Poll::Ready(Some(Err(Error::new(ErrorKind::Request, message))));
        }
        if let Some(poller) = this.poller.take() {
            this.events = Some(Box::pin(futures_util::stream::try_unfold(
                poller,
                |mut poller| async move { Ok(poller.next().await?.map(|event| (event, poller))) },
            )));
        }
        loop {
            let Some(events) = &mut this.events else {
                return Poll::Ready(None);
            };
            match ready!(events.as_mut().poll_next(cx)) {
                Some(Ok(Event::Deletion(deletion))) => this.deletion = Some(deletion),
                Some(Ok(Event::Usage(usage))) => return Poll::Ready(Some(Ok(*usage))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl std::fmt::Debug for UsageWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UsageWatch")
            .field("deletion", &self.deletion)
            .finish_non_exhaustive()
    }
}
