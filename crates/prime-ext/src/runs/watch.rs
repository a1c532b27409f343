//! A run's usage until it ends.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use openapi_runtime::Usd;
use prime_training_api::types::RunUsageResponse;

use super::poller::{Event, Poller};
use super::{Deletion, Runs};
use crate::error::{Error, ErrorKind};

/// A stream of a run's usage, which ends when the run does. From
/// [`Runs::watch`](super::Runs::watch).
///
/// It yields a usage when something changed, and ends after the usage of a run that
/// [has ended](super::has_ended). Transient failures, such as a service that restarts, are retried. Dropping it
/// stops the watch, not the run.
///
/// ```no_run
/// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// let mut usage = lab.runs().watch("run_123").delete_at_cost("25.00".parse().unwrap());
/// while let Some(usage) = usage.try_next().await? {
///     println!("{:?}: ${}", usage.status, usage.total_cost_usd);
/// }
/// if let Some(deletion) = usage.deletion() {
///     println!("it cost too much, and is {deletion}");
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is requested until the first usage is"]
pub struct UsageWatch {
    /// Present until the first poll.
    poller: Option<Poller>,
    events: Option<Events>,
    /// A setting came after the first poll.
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

    /// Sets the time between two requests, at least a millisecond; each wait is up to a tenth longer or
    /// shorter. Default: 30 seconds. Changing this or another setting after the first poll is an error of the next one.
    pub fn every(self, interval: Duration) -> Self {
        self.set(|poller| poller.interval = interval.max(Duration::from_millis(1)))
    }

    /// Sets how long consecutive failures are retried: no connection, no answer, an unreadable answer, too many
    /// requests, a server error. The waits between them grow to a minute, or to what the service asks for.
    /// Default: 15 minutes.
    pub fn retry_for(self, time: Duration) -> Self {
        self.set(|poller| poller.retry_for = time)
    }

    /// Sets how long to watch, from the first request. If the run has not ended by then, it goes on, and the
    /// watch ends with an error of [`ErrorKind::Timeout`]. Default: no limit.
    ///
    /// It also limits how long a run that costs too much is tried to be deleted
    /// ([`delete_at_cost`](Self::delete_at_cost)). The last try begins at the deadline and takes at most five
    /// seconds.
    pub fn deadline(self, time: Duration) -> Self {
        self.set(|poller| poller.time_limit = Some(time))
    }

    /// Deletes the run when a request shows that it has cost this much. [`deletion`](Self::deletion) then says
    /// so, and the watch goes on until the run has ended or the service no longer knows it. If the run goes on
    /// and costs more, it is deleted again.
    ///
    /// This is best effort. The cost between two requests is not seen, nor is what the service has not billed
    /// yet, and nothing is deleted while nobody polls the watch.
    ///
    /// The watch ends with an error, which says that the run goes on or may go on, if the service refuses the
    /// deletion (401, 403), if it answers with the usage of another run, if the deletion fails for as long as
    /// [`ensure_deleted`](super::Runs::ensure_deleted) tries, or if the run has not ended within the
    /// [`deletion_timeout`](Self::deletion_timeout).
    pub fn delete_at_cost(self, cost: Usd) -> Self {
        self.set(|poller| poller.cost_limit = Some(cost))
    }

    /// Sets how long a deleted run may take to end, from the first try to delete it. Default: 5 minutes.
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

    /// The last deletion of the run, if it had cost too much ([`delete_at_cost`](Self::delete_at_cost)).
    pub fn deletion(&self) -> Option<&Deletion> {
        self.deletion.as_ref()
    }

    /// The next usage that differs from the previous one; `None` after the run has ended.
    ///
    /// # Errors
    /// If the run does not exist, requests fail for too long, the service answers with the usage of another run,
    /// the deadline passes, or a run that costs too much cannot be deleted. Nothing follows an error.
    pub async fn try_next(&mut self) -> Result<Option<RunUsageResponse>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// Waits until the run has ended.
    ///
    /// # Errors
    /// As [`try_next`](Self::try_next).
    pub async fn until_finished(mut self) -> Result<FinishedRun, Error> {
        let mut last = None;
        while let Some(usage) = self.try_next().await? {
            last = Some(usage);
        }
        let usage =
            last.ok_or_else(|| Error::new(ErrorKind::Request, "the run's end was seen before"))?;
        let deletion = self.deletion;
        Ok(FinishedRun { usage, deletion })
    }
}

/// A run that has ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FinishedRun {
    /// Its last usage.
    pub usage: RunUsageResponse,
    /// The last deletion, if it had cost too much ([`UsageWatch::delete_at_cost`]).
    pub deletion: Option<Deletion>,
}

impl Stream for UsageWatch {
    type Item = Result<RunUsageResponse, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.set_too_late {
            this.set_too_late = false;
            this.events = None;
            let message = "a setting of the watch was changed after the first poll; set it before";
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
