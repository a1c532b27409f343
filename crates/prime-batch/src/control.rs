//! Watches and stops a batch that runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prime_ext::UsdSum;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Watches and stops a batch that runs. Clones belong to the same batch.
#[derive(Debug, Clone, Default)]
pub struct Control(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<ControlState>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct ControlState {
    is_stopping: bool,
    progress: Progress,
    started: Option<Instant>,
}

/// The progress of a batch.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Progress {
    /// The number of requests of the input. `None` if it is not known yet.
    pub requests: Option<u64>,
    /// Requests that ended in earlier runs.
    pub earlier: u64,
    /// Requests that were answered in this run.
    pub answered: u64,
    /// Requests that failed in this run.
    pub failed: u64,
    /// Requests of this run that may have been carried out, but have no answer.
    pub ambiguous: u64,
    /// Requests that were not sent, because their cost has no upper bound.
    pub unpriced: u64,
    /// How often requests were sent again after a refusal.
    pub retries: u64,
    /// The requests in flight.
    pub in_flight: u32,
    /// The number of requests that may be in flight.
    pub level: u32,
    /// The prompt tokens of this run.
    pub prompt_tokens: u64,
    /// The completion tokens of this run.
    pub completion_tokens: u64,
    /// The cost of this run that the service stated.
    pub known_cost: UsdSum,
    /// The cost of this run that was calculated from tokens and prices.
    pub estimated_cost: UsdSum,
    /// Requests of this run whose cost is unknown.
    pub with_unknown_cost: u64,
    /// The errors of this run, by their short names: the code of the service, the status, or the kind.
    pub errors: BTreeMap<String, u64>,
    /// Why no requests are sent at the moment.
    pub paused: Option<Pause>,
    /// The time since the first request.
    pub elapsed: Duration,
}

/// Why no requests are sent at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pause {
    /// The service asked to wait.
    Overloaded,
    /// A limit per minute is reached.
    RateLimit,
    /// The disk is too full for the answers of more requests.
    DiskFull,
    /// The ledger cannot be reached.
    Ledger,
    /// The rest of the budget is too small for the next request. Requests in flight may cost less than reserved.
    Budget,
}

impl Progress {
    /// Returns the number of requests that ended, in this run or earlier.
    pub fn ended(&self) -> u64 {
        self.earlier + self.answered + self.failed + self.ambiguous
    }
}

impl Control {
    /// Creates a control for a batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the batch: requests in flight are finished, and no more are sent. The same batch can be continued later.
    pub fn stop(&self) {
        self.state().is_stopping = true;
        self.0.changed.notify_one();
    }

    /// Returns the progress.
    pub fn progress(&self) -> Progress {
        let state = self.state();
        let mut progress = state.progress.clone();
        progress.elapsed = state
            .started
            .map(|start| start.elapsed())
            .unwrap_or_default();
        progress
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.state().is_stopping
    }

    pub(crate) fn update(&self, update: impl FnOnce(&mut Progress)) {
        update(&mut self.state().progress);
    }

    pub(crate) fn start(&self) {
        self.state().started.get_or_insert_with(Instant::now);
    }

    /// Waits for [`stop`](Self::stop).
    pub(crate) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, ControlState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
