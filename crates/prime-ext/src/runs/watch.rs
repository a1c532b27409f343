//! A run's usage until it ends.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use openapi_runtime::Usd;
use prime_training_api::operations::GET_RUN_USAGE;
use prime_training_api::types::RunUsageResponse;
use tokio::time::Instant;

use super::patience::{Patience, with_jitter};
use super::{Deletion, Runs, has_ended};
use crate::error::{Error, ErrorKind};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(30);

/// How long failures in a row are taken for passing.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// A run's usage, again and again until the run ends. From
/// [`Runs::watch_usage`](super::Runs::watch_usage).
///
/// It yields when something changed, and ends after the usage of a run that has ended. Failures that
/// may pass, such as a service that restarts, are waited out. Dropping it stops the watching, not the
/// run.
///
/// ```no_run
/// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// let mut usage = lab.runs().watch_usage("run_123").delete_at_cost("25.00".parse().unwrap());
/// while let Some(usage) = usage.try_next().await? {
///     println!("{:?}: ${}", usage.status, usage.total_cost_usd);
/// }
/// if let Some(deletion) = usage.deletion() {
///     println!("it cost too much, and is {deletion}");
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is asked until the first usage is"]
pub struct UsageWatch {
    watch: Option<Watch>,
    usages: Option<Usages>,
    deletion: Arc<OnceLock<Deletion>>,
}

type Usages = Pin<Box<dyn Stream<Item = Result<RunUsageResponse, Error>> + Send>>;

struct Watch {
    runs: Runs,
    run_id: String,
    every: Duration,
    patience: Duration,
    within: Option<Duration>,
    at_cost: Option<Usd>,
    deletion: Arc<OnceLock<Deletion>>,
    deadline: Option<Instant>,
    last: Option<RunUsageResponse>,
    looked: bool,
}

impl UsageWatch {
    pub(crate) fn new(runs: Runs, run_id: String) -> Self {
        let deletion = Arc::new(OnceLock::new());
        let watch = Watch {
            runs,
            run_id,
            every: EVERY,
            patience: PATIENCE,
            within: None,
            at_cost: None,
            deletion: deletion.clone(),
            deadline: None,
            last: None,
            looked: false,
        };
        Self {
            watch: Some(watch),
            usages: None,
            deletion,
        }
    }

    /// Sets the time between two looks, at least a millisecond; each is up to a tenth longer or shorter.
    /// Default: 30 seconds. As all that is set here, without effect once it was asked.
    pub fn every(self, interval: Duration) -> Self {
        self.set(|watch| watch.every = interval.max(Duration::from_millis(1)))
    }

    /// Sets how long failures in a row are waited out: no connection, no answer, an answer that cannot be
    /// read, too many requests, a server error. Looks are then further and further apart, as far as a
    /// minute, or as the service asks. Default: 15 minutes.
    pub fn patience(self, time: Duration) -> Self {
        self.set(|watch| watch.patience = time)
    }

    /// Sets how long to watch, from the first look. A run that has not ended by then goes on, and the
    /// watch ends in an error of [`ErrorKind::Timeout`]. Default: as long as it takes.
    ///
    /// It also ends the tries to delete a run that costs too much
    /// ([`delete_at_cost`](Self::delete_at_cost)): the last begins when it comes. A look that shows the cost
    /// just before is thus followed by a deletion, which has five seconds; that is the longest that the
    /// watch goes on after its deadline.
    pub fn deadline(self, time: Duration) -> Self {
        self.set(|watch| watch.within = Some(time))
    }

    /// Deletes the run when a look shows that it has cost this much. [`deletion`](Self::deletion) then
    /// says so, and watching goes on to the run's end.
    ///
    /// This is best effort: what the run costs between two looks is not seen, nor what the service has not
    /// billed yet, and nothing is deleted while nobody asks for the next usage. If the run cannot be
    /// deleted, as [`ensure_deleted`](super::Runs::ensure_deleted) tries it, the watch ends in the error of
    /// that; a [`deadline`](Self::deadline) does not wait for a deletion, but lets one be tried.
    pub fn delete_at_cost(self, cost: Usd) -> Self {
        self.set(|watch| watch.at_cost = Some(cost))
    }

    fn set(mut self, set: impl FnOnce(&mut Watch)) -> Self {
        if let Some(watch) = &mut self.watch {
            set(watch);
        }
        self
    }

    /// What became of the run after it had cost too much; nothing if it has not.
    pub fn deletion(&self) -> Option<&Deletion> {
        self.deletion.get()
    }

    /// The next usage that differs from the last; nothing after the run has ended.
    ///
    /// # Errors
    /// If the run does not exist, looks fail for too long, the deadline passes, or a run that costs too
    /// much cannot be deleted. Nothing comes after an error.
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
        let deletion = self.deletion().cloned();
        Ok(FinishedRun { usage, deletion })
    }
}

/// A run that has ended. Dereferences to its last usage.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FinishedRun {
    /// Its last usage.
    pub usage: RunUsageResponse,
    /// What became of it if it had cost too much ([`UsageWatch::delete_at_cost`]).
    pub deletion: Option<Deletion>,
}

impl Deref for FinishedRun {
    type Target = RunUsageResponse;

    fn deref(&self) -> &RunUsageResponse {
        &self.usage
    }
}

impl Stream for UsageWatch {
    type Item = Result<RunUsageResponse, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(watch) = this.watch.take() {
            this.usages = Some(Box::pin(futures_util::stream::try_unfold(
                watch,
                |mut watch| async move { Ok(watch.next().await?.map(|usage| (usage, watch))) },
            )));
        }
        match &mut this.usages {
            Some(usages) => usages.as_mut().poll_next(cx),
            None => Poll::Ready(None),
        }
    }
}

impl Watch {
    async fn next(&mut self) -> Result<Option<RunUsageResponse>, Error> {
        if self.last.as_ref().is_some_and(ended) {
            return Ok(None);
        }
        if self.deadline.is_none() {
            self.deadline = self
                .within
                .and_then(|time| Instant::now().checked_add(time));
        }
        loop {
            if self.looked {
                let pause = tokio::time::sleep(with_jitter(self.every));
                self.in_time(pause).await?;
            }
            self.looked = true;
            let usage = match self.in_time(self.look()).await? {
                Ok(usage) => usage,
                // A deleted run may be forgotten.
                Err(error) if error.is_not_found() && self.deletion.get().is_some() => {
                    return Ok(None);
                }
                // One that nobody has seen is none.
                Err(error) if error.is_not_found() && self.last.is_none() => return Err(error),
                Err(error) => return Err(self.unheld(error)),
            };
            self.hold_to_cost(&usage).await?;
            if self.last.as_ref().is_none_or(|last| changed(last, &usage)) {
                self.last = Some(usage.clone());
                return Ok(Some(usage));
            }
        }
    }

    /// One look; a failure that may pass is waited out.
    async fn look(&self) -> Result<RunUsageResponse, Error> {
        let mut patience = Patience::new(self.every, self.patience);
        loop {
            match self.runs.usage(&self.run_id).await {
                Err(error) => patience.wait_out(error).await?,
                usage => return usage,
            }
        }
    }

    /// Deletes the run, once, if it costs too much.
    async fn hold_to_cost(&self, usage: &RunUsageResponse) -> Result<(), Error> {
        let too_much = self
            .at_cost
            .is_some_and(|cost| usage.total_cost_usd >= cost);
        if too_much && self.deletion.get().is_none() && !ended(usage) {
            let deletion = self.runs.ensure_deleted_by(&self.run_id, self.deadline);
            let deletion = deletion.await.map_err(|error| {
                let cost = usage.total_cost_usd;
                error.and(&format!("the run has cost {cost} USD, and may go on"))
            })?;
            // Nobody else sets it.
            drop(self.deletion.set(deletion));
        }
        Ok(())
    }

    /// Says of an error that it is also the end of what was to hold the run to its cost.
    fn unheld(&self, error: Error) -> Error {
        match (self.at_cost, self.deletion.get()) {
            (Some(cost), None) => error.and(&format!(
                "nobody deletes the run any more when it has cost {cost} USD"
            )),
            _ => error,
        }
    }

    async fn in_time<T>(&self, what: impl Future<Output = T>) -> Result<T, Error> {
        let Some(deadline) = self.deadline else {
            return Ok(what.await);
        };
        tokio::time::timeout_at(deadline, what).await.map_err(|_| {
            let last = self.last.as_ref();
            let status = last.and_then(|usage| usage.status.as_ref());
            let status = status.map_or("unknown", |status| status.as_str());
            let message = format!(
                "the run had not ended by the deadline, and goes on; its last status is {status}"
            );
            self.unheld(Error::new(ErrorKind::Timeout, message).of(&GET_RUN_USAGE))
        })
    }
}

fn ended(usage: &RunUsageResponse) -> bool {
    has_ended(usage.status.as_ref())
}

/// Whether the service says anything else than before. What cannot be compared has changed.
fn changed(last: &RunUsageResponse, new: &RunUsageResponse) -> bool {
    match (serde_json::to_string(last), serde_json::to_string(new)) {
        (Ok(last), Ok(new)) => last != new,
        _ => true,
    }
}

impl std::fmt::Debug for UsageWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UsageWatch")
            .field("deletion", &self.deletion.get())
            .finish_non_exhaustive()
    }
}
