//! A run's usage until it ends.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use prime_training_api::types::RunUsageResponse;

use super::{Runs, has_ended};
use crate::error::{Error, ErrorKind};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(30);

/// Failures in a row that are taken for passing.
const MAX_FAILURES: u32 = 5;

/// A run's usage, again and again until the run ends. From
/// [`Runs::watch_usage`](super::Runs::watch_usage).
///
/// It yields when something changed, and ends after the usage of a run that has ended. Dropping it
/// stops the watching, not the run.
///
/// ```no_run
/// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// let mut usage = lab.runs().watch_usage("run_123");
/// while let Some(usage) = usage.try_next().await? {
///     println!("{:?}: ${}", usage.status, usage.total_cost_usd);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is asked until the first usage is"]
pub struct UsageWatch {
    watch: Option<Watch>,
    usages: Option<Usages>,
}

type Usages = Pin<Box<dyn Stream<Item = Result<RunUsageResponse, Error>> + Send>>;

struct Watch {
    runs: Runs,
    run_id: String,
    every: Duration,
    last: Option<RunUsageResponse>,
    looked: bool,
}

impl UsageWatch {
    pub(crate) fn new(runs: Runs, run_id: String) -> Self {
        let watch = Watch {
            runs,
            run_id,
            every: EVERY,
            last: None,
            looked: false,
        };
        Self {
            watch: Some(watch),
            usages: None,
        }
    }

    /// Sets the time between two looks, at least a millisecond. Default: 30 seconds. No effect once it was
    /// asked.
    pub fn every(mut self, interval: Duration) -> Self {
        if let Some(watch) = &mut self.watch {
            watch.every = interval.max(Duration::from_millis(1));
        }
        self
    }

    /// The next usage that differs from the last; nothing after the run has ended.
    ///
    /// # Errors
    /// If the run does not exist, or several looks in a row fail.
    pub async fn try_next(&mut self) -> Result<Option<RunUsageResponse>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// Waits until the run has ended; its last usage.
    ///
    /// # Errors
    /// As [`try_next`](Self::try_next).
    pub async fn until_finished(mut self) -> Result<RunUsageResponse, Error> {
        let mut last = None;
        while let Some(usage) = self.try_next().await? {
            last = Some(usage);
        }
        last.ok_or_else(|| Error::new(ErrorKind::Request, "the run's end was seen before"))
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
        if self
            .last
            .as_ref()
            .is_some_and(|usage| has_ended(usage.status.as_ref()))
        {
            return Ok(None);
        }
        loop {
            if self.looked {
                tokio::time::sleep(self.every).await;
            }
            self.looked = true;
            let usage = self.look().await?;
            if self.last.as_ref().is_none_or(|last| changed(last, &usage)) {
                self.last = Some(usage.clone());
                return Ok(Some(usage));
            }
        }
    }

    /// One look; a failure that may pass is waited out.
    async fn look(&self) -> Result<RunUsageResponse, Error> {
        let mut failures = 0;
        loop {
            match self.runs.usage(&self.run_id).await {
                Err(error) if may_pass(&error) && failures < MAX_FAILURES => {
                    failures += 1;
                    tokio::time::sleep(self.every.saturating_mul(failures)).await;
                }
                outcome => return outcome,
            }
        }
    }
}

fn may_pass(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Disconnected => true,
        ErrorKind::Api => {
            error.is_rate_limited()
                || error
                    .status()
                    .is_some_and(|status| status.is_server_error())
        }
        _ => false,
    }
}

fn changed(last: &RunUsageResponse, new: &RunUsageResponse) -> bool {
    last.status != new.status
        || last.total_tokens != new.total_tokens
        || last.total_cost_usd != new.total_cost_usd
        || last.record_count != new.record_count
}

impl std::fmt::Debug for UsageWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UsageWatch")
    }
}
