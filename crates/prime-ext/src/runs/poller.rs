//! Polls a run's usage and enforces its cost limit.

use std::future::Future;
use std::time::Duration;

use openapi_runtime::{Response, Usd};
use prime_training_api::builder;
use prime_training_api::types::RunUsageResponse;
use tokio::time::Instant;

use super::backoff::{Backoff, with_jitter};
use super::total::check_cost;
use super::{Deletion, LAST_REQUEST_TIMEOUT, Runs, check_usage, has_ended, named};
use crate::error::{Error, ErrorKind};

/// The default time between two requests.
const INTERVAL: Duration = Duration::from_secs(30);

/// The longest time between two requests after a deletion.
const INTERVAL_AFTER_DELETION: Duration = Duration::from_secs(10);

/// The default time for which consecutive failures are retried.
const RETRY_FOR: Duration = Duration::from_secs(15 * 60);

/// The default time that a deleted run may take to end.
const DELETION_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// An event of a watched run.
pub(super) enum Event {
    Usage(Box<RunUsageResponse>),
    /// The run reached its cost limit and was deleted.
    Deletion(Deletion),
}

/// Polls a run's usage and enforces its cost limit.
pub(super) struct Poller {
    runs: Runs,
    run_id: String,
    pub(super) interval: Duration,
    pub(super) retry_for: Duration,
    pub(super) time_limit: Option<Duration>,
    pub(super) cost_limit: Option<Usd>,
    pub(super) deletion_timeout: Duration,
    /// When to stop watching. Set at the first request.
    deadline: Option<Instant>,
    started: bool,
    deleting: Option<Deleting>,
    /// The usage to yield after the deletion that was just yielded.
    pending: Option<RunUsageResponse>,
    last: Option<RunUsageResponse>,
    /// Whether the service responded that the run does not exist.
    gone: bool,
}

/// The state of a run that reached its cost limit and is being deleted.
struct Deleting {
    /// When the run must have ended. `None` if the clock cannot represent that time.
    deadline: Option<Instant>,
    /// The cost of the run at its last successful deletion.
    cost: Option<Usd>,
}

/// The result of checking a run against its cost limit.
enum Outcome {
    /// The run has not reached the limit, or its cost has not risen since it was deleted.
    Unchanged,
    Deleted(Deletion),
    /// The run ended before it could be deleted, with this usage.
    Ended(Box<RunUsageResponse>),
    /// The run could not be deleted yet.
    Refused,
}

impl Poller {
    pub(super) fn new(runs: Runs, run_id: String) -> Self {
        Self {
            runs,
            run_id,
            interval: INTERVAL,
            retry_for: RETRY_FOR,
            time_limit: None,
            cost_limit: None,
            deletion_timeout: DELETION_TIMEOUT,
            deadline: None,
            started: false,
            deleting: None,
            pending: None,
            last: None,
            gone: false,
        }
    }

    /// Returns the next event, or `None` after the run has ended.
    pub(super) async fn next(&mut self) -> Result<Option<Event>, Error> {
        if let Some(usage) = self.pending.take()
            && let Some(event) = self.changed(usage)
        {
            return Ok(Some(event));
        }
        loop {
            if self.gone || self.last.as_ref().is_some_and(ended) {
                return Ok(None);
            }
            if self.started {
                self.pause().await?;
            } else {
                self.started = true;
                self.deadline = self.time_limit.and_then(from_now);
            }
            let Some(usage) = self.request().await? else {
                return Ok(None);
            };
            let usage = match self.enforce_cost_limit(&usage).await? {
                Outcome::Unchanged | Outcome::Refused => usage,
                Outcome::Ended(usage) => *usage,
                Outcome::Deleted(deletion) => {
                    self.pending = Some(usage);
                    return Ok(Some(Event::Deletion(deletion)));
                }
            };
            if let Some(event) = self.changed(usage) {
                return Ok(Some(event));
            }
        }
    }

    /// Returns an event if the usage differs from the last one.
    fn changed(&mut self, usage: RunUsageResponse) -> Option<Event> {
        if self.last.as_ref().is_some_and(|last| is_same(last, &usage)) {
            return None;
        }
        self.last = Some(usage.clone());
        Some(Event::Usage(Box::new(usage)))
    }

    async fn pause(&self) -> Result<(), Error> {
        let interval = match &self.deleting {
            None => self.interval,
            Some(_) => self.interval.min(INTERVAL_AFTER_DELETION),
        };
        let mut pause = with_jitter(interval);
        if let Some(deadline) = self.deletion_deadline() {
            // The last request is sent when the time is over.
            pause = pause.min(deadline.saturating_duration_since(Instant::now()));
        }
        self.in_time(tokio::time::sleep(pause)).await
    }

    /// Requests the usage. Returns `None` if the run was deleted and the service responds that it does not exist.
    async fn request(&self) -> Result<Option<RunUsageResponse>, Error> {
        match self.in_time(self.retried_request()).await? {
            Ok(usage) => Ok(Some(usage)),
            Err(error) if error.is_not_found() && self.deleting.is_some() => Ok(None),
            // The run never existed.
            Err(error) if error.is_not_found() && self.last.is_none() => Err(error),
            Err(error) => Err(self.no_longer_enforced(error)),
        }
    }

    /// Requests the usage, and retries transient failures.
    async fn retried_request(&self) -> Result<RunUsageResponse, Error> {
        let mut backoff = Backoff::new(self.interval, self.retry_for);
        loop {
            let usage = self.runs.unchecked_usage(self.run_id.clone());
            // A request that hangs must not suspend the cost limit.
            let usage = usage.timeout(self.runs.request_timeout());
            match usage.with_response().await {
                // A usage of another run is not transient.
                Ok(usage) => match self.check_cost(check_usage(&self.run_id, usage)?) {
                    Ok(usage) => return Ok(usage),
                    Err(error) => backoff.wait_before_retry(error).await?,
                },
                Err(error) => backoff.wait_before_retry(error).await?,
            }
        }
    }

    /// Rejects a usage whose cost is unknown if a limit depends on it.
    fn check_cost(&self, usage: Response<RunUsageResponse>) -> Result<RunUsageResponse, Error> {
        let is_needed = self.cost_limit.is_some() && self.deleting.is_none();
        match check_cost(usage.value()) {
            Err((field, reason)) if is_needed && !ended(usage.value()) => {
                let (_, meta, body) = usage.into_parts();
                let message = format!("the cost of the run is unknown: {field}: {reason}");
                let error = Error::unexpected(message, meta, body);
                Err(named::<builder::GetRunUsage<'_>>(error))
            }
            _ => Ok(usage.into_value()),
        }
    }

    /// Deletes the run if it has reached its cost limit, and again if it costs more after that.
    async fn enforce_cost_limit(&mut self, usage: &RunUsageResponse) -> Result<Outcome, Error> {
        let cost = usage.total_cost_usd;
        let too_much = self.cost_limit.is_some_and(|limit| cost >= limit);
        if ended(usage) || !too_much && self.deleting.is_none() {
            return Ok(Outcome::Unchanged);
        }
        let deletion_timeout = self.deletion_timeout;
        let deleting = self.deleting.get_or_insert_with(|| Deleting {
            deadline: from_now(deletion_timeout),
            cost: None,
        });
        if deleting.deadline.is_some_and(|end| Instant::now() >= end) {
            return Err(self.not_ended(usage));
        }
        if deleting.cost.is_some_and(|deleted_at| cost <= deleted_at) {
            return Ok(Outcome::Unchanged);
        }
        let deadlines = [self.deadline, self.deletion_deadline()];
        let deadline = deadlines.into_iter().flatten().min();
        match self.runs.ensure_deleted_by(&self.run_id, deadline).await {
            Ok(deletion) => {
                if let Some(deleting) = &mut self.deleting {
                    // If there was nothing to delete but the run continues, it is deleted again.
                    deleting.cost = deletion.raw().deleted.then_some(cost);
                }
                Ok(Outcome::Deleted(deletion))
            }
            // The run may have ended in the meantime.
            Err(error) if error.is_not_found() || error.is_conflict() => {
                self.request_once_more(error, cost).await
            }
            Err(error) if error.outcome_unknown() => Err(may_go_on(error, cost)),
            Err(error) => Err(goes_on(error, cost)),
        }
    }

    /// Requests the usage of a run that could not be deleted, because the run may have ended.
    async fn request_once_more(&mut self, error: Error, cost: Usd) -> Result<Outcome, Error> {
        match self.in_time(self.retried_request()).await? {
            Ok(usage) if ended(&usage) => Ok(Outcome::Ended(Box::new(usage))),
            // The service may allow the deletion later. It is tried again until the deletion timeout.
            Ok(_) if error.is_conflict() => Ok(Outcome::Refused),
            Ok(_) => Err(goes_on(error, cost)),
            Err(gone) if gone.is_not_found() => {
                self.gone = true;
                Ok(Outcome::Deleted(Deletion::not_found(&self.run_id, false)))
            }
            Err(_) => Err(may_go_on(error, cost)),
        }
    }

    fn deletion_deadline(&self) -> Option<Instant> {
        self.deleting.as_ref()?.deadline
    }

    /// Returns the error of a deleted run that has not ended.
    fn not_ended(&self, usage: &RunUsageResponse) -> Error {
        let message = format!(
            "the run has not ended within {:?} of the first request to delete it; its status is {}, it has cost {} \
             USD and may still cost money",
            self.deletion_timeout,
            status_of(Some(usage)),
            usage.total_cost_usd
        );
        Error::new(ErrorKind::Timeout, message)
    }

    /// Adds to an error that the cost limit is no longer enforced.
    fn no_longer_enforced(&self, error: Error) -> Error {
        match (self.cost_limit, &self.deleting) {
            (Some(limit), None) => error.with_note(&format!(
                "the cost limit of {limit} USD is no longer enforced"
            )),
            (Some(_), Some(_)) => error.with_note("the deleted run may still cost money"),
            (None, _) => error,
        }
    }

    /// Waits for a future until the deadline, or until the deletion takes too long.
    async fn in_time<T>(&self, future: impl Future<Output = T>) -> Result<T, Error> {
        let deletion = self.deletion_deadline();
        let deletion = deletion.and_then(|end| end.checked_add(LAST_REQUEST_TIMEOUT));
        let deadlines = [self.deadline, deletion];
        let Some(deadline) = deadlines.into_iter().flatten().min() else {
            return Ok(future.await);
        };
        let result = tokio::time::timeout_at(deadline, future).await;
        result.map_err(|_| {
            let message = format!(
                "the run had not ended by the deadline and goes on; its last status is {}",
                status_of(self.last.as_ref())
            );
            self.no_longer_enforced(Error::new(ErrorKind::Timeout, message))
        })
    }
}

/// Returns the time that is `time` from now, or `None` if the clock cannot represent it.
fn from_now(time: Duration) -> Option<Instant> {
    Instant::now().checked_add(time)
}

/// Adds to the error of a deletion that the run continues.
fn goes_on(error: Error, cost: Usd) -> Error {
    error.with_note(&format!(
        "the run has cost {cost} USD; it goes on and costs money"
    ))
}

/// Adds to the error of a deletion that the run may continue.
fn may_go_on(error: Error, cost: Usd) -> Error {
    error.with_note(&format!(
        "the run has cost {cost} USD; it may go on and cost money"
    ))
}

fn ended(usage: &RunUsageResponse) -> bool {
    has_ended(usage.status.as_ref())
}

fn status_of(usage: Option<&RunUsageResponse>) -> &str {
    let status = usage.and_then(|usage| usage.status.as_ref());
    status.map_or("unknown", |status| status.as_str())
}

/// Returns whether two usages are the same. Usages that cannot be serialized count as different.
fn is_same(last: &RunUsageResponse, new: &RunUsageResponse) -> bool {
    match (serde_json::to_string(last), serde_json::to_string(new)) {
        (Ok(last), Ok(new)) => last == new,
        _ => false,
    }
}
