//! The activities: what workers do for the workflows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prime_batch::ledger::postgres::{JobId, JobState, Reconciled, Tally};
use prime_batch::ledger::{LedgerError, PostgresLedger};
use prime_batch::{ChunkEnd, Error, Runner};
use prime_ext::Client;
use temporalio_macros::activities;
use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::sync::{OnceCell, watch};

use crate::failure::Exit;
use crate::workflow::{Asked, Chunk, Counts, Finished, HEARTBEAT, Look, Range, Stopped};

/// What the activities of a process share.
pub(crate) struct Shared {
    client: Client,
    ledger: PostgresLedger,
    /// The name of this process, which no other has.
    worker: String,
    runners: Mutex<Runners>,
    /// Why this worker cannot take more work: its settings are those of another account, or its key is refused.
    stop_reason: watch::Sender<Option<StopReason>>,
}

/// Why a worker cannot take more work, and the exit code that says so.
#[derive(Clone)]
pub(crate) struct StopReason {
    pub(crate) exit: Exit,
    pub(crate) reason: String,
}

#[derive(Default)]
struct Runners {
    by_job: HashMap<i64, Arc<OnceCell<Runner>>>,
    is_stopping: bool,
}

/// The number of jobs whose runners are kept although they have no chunk.
const IDLE_RUNNERS: usize = 16;

impl Shared {
    pub(crate) fn new(client: Client, ledger: PostgresLedger, worker: String) -> Self {
        Self {
            client,
            ledger,
            worker,
            runners: Mutex::default(),
            stop_reason: watch::Sender::new(None),
        }
    }

    /// Returns the runner of a job.
    async fn runner(&self, job: i64) -> Result<Arc<OnceCell<Runner>>, Error> {
        let cell = {
            let mut runners = self.runners.lock().unwrap_or_else(PoisonError::into_inner);
            if runners.by_job.len() >= IDLE_RUNNERS && !runners.by_job.contains_key(&job) {
                runners.by_job.retain(|_, one| Arc::strong_count(one) > 1);
            }
            runners.by_job.entry(job).or_default().clone()
        };
        let started = cell.get_or_try_init(|| {
            let ledger = self.ledger.clone();
            Runner::start(&self.client, ledger, JobId(job), self.worker.clone())
        });
        match started.await {
            Ok(runner) if self.is_stopping() => runner.stop(),
            Ok(_) => {}
            Err(error) => {
                let exit = Exit::of(&error);
                let is_other_job = matches!(error, Error::Ledger(LedgerError::OtherJob { .. }));
                match is_other_job || exit == Exit::Auth {
                    true => self.stop_because(exit, error.to_string()),
                    false => eprintln!("job {job}: {error}"),
                }
                return Err(error);
            }
        }
        Ok(cell)
    }

    fn is_stopping(&self) -> bool {
        let runners = self.runners.lock().unwrap_or_else(PoisonError::into_inner);
        runners.is_stopping
    }

    /// Sends no more requests. Those in flight are finished.
    pub(crate) fn stop(&self) {
        let mut runners = self.runners.lock().unwrap_or_else(PoisonError::into_inner);
        runners.is_stopping = true;
        let started = runners.by_job.values().filter_map(|one| one.get());
        started.for_each(Runner::stop);
    }

    /// Returns the number of requests in flight.
    pub(crate) fn in_flight(&self) -> u32 {
        let runners = self.runners.lock().unwrap_or_else(PoisonError::into_inner);
        let started = runners.by_job.values().filter_map(|one| one.get());
        started.map(|one| one.progress().in_flight).sum()
    }

    /// Lets the worker end, with the exit code and the reason.
    fn stop_because(&self, exit: Exit, reason: String) {
        self.stop_reason
            .send_replace(Some(StopReason { exit, reason }));
    }

    /// Waits until a job turns out to belong to another account or endpoint, or the service refuses the key.
    pub(crate) async fn stop_reason(&self) -> StopReason {
        let mut receiver = self.stop_reason.subscribe();
        match receiver.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(stop_reason)) => stop_reason.clone(),
            // The sender is a field of this, and the value is not empty.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}

/// The activity that asks requests.
pub(crate) struct Asking(pub(crate) Arc<Shared>);

#[activities]
impl Asking {
    /// Asks the requests of a chunk. If Temporal cancels the activity, requests in flight are finished.
    #[activity]
    pub(crate) async fn ask(
        self: Arc<Self>,
        ctx: ActivityContext,
        chunk: Chunk,
    ) -> Result<Asked, ActivityError> {
        let cell = self.0.runner(chunk.job).await.map_err(failure)?;
        let Some(runner) = cell.get() else {
            return Ok(Asked::default());
        };
        let mut asking = std::pin::pin!(runner.ask(chunk.chunk.into()));
        let mut beat = tokio::time::interval(HEARTBEAT);
        let mut is_cancelled = false;
        let report = loop {
            tokio::select! {
                report = &mut asking => break report.map_err(failure)?,
                _ = beat.tick() => drop(ctx.record_heartbeat(()).await),
                () = ctx.cancelled(), if !is_cancelled => {
                    is_cancelled = true;
                    runner.give_back(chunk.chunk.into());
                }
            }
        };
        match &report.end {
            // The next chunk would end in the same way, and another worker may have a key that is accepted.
            ChunkEnd::Refused(error) => self.0.stop_because(Exit::Auth, error.clone()),
            ChunkEnd::Unavailable(error) => eprintln!("chunk {}: {error}", chunk.chunk),
            _ => {}
        }
        Ok(Asked {
            unsent: report.tally.unsent,
            reason: reason(&report.end, &self.0.worker),
        })
    }
}

/// Returns why other chunks would not be asked either. Messages of the service stay in the log of the worker.
fn reason(end: &ChunkEnd, worker: &str) -> Option<String> {
    Some(match end {
        ChunkEnd::Budget => {
            "the rest of the budget is too small for the next request: raise it with `set --budget`"
                .to_owned()
        }
        ChunkEnd::Paused => "paused".to_owned(),
        ChunkEnd::Cancelled => "cancelled".to_owned(),
        ChunkEnd::DiskFull => "the disk of the database is full".to_owned(),
        ChunkEnd::Refused(_) => {
            format!(
                "the service refuses the key or the account of {worker}, which has ended: see its log"
            )
        }
        ChunkEnd::Unavailable(_) => {
            format!("the service refuses all requests of {worker}: see its log")
        }
        _ => return None,
    })
}

/// The activities that read and change the ledger.
pub(crate) struct Bookkeeping(pub(crate) Arc<Shared>);

/// The longest time between two looks at a lease.
const LOOK: Duration = Duration::from_secs(5);

#[activities]
impl Bookkeeping {
    /// Reads which chunks are open.
    #[activity]
    pub(crate) async fn look(
        self: Arc<Self>,
        _ctx: ActivityContext,
        range: Range,
    ) -> Result<Look, ActivityError> {
        let chunks = i64::from(range.first)..i64::from(range.end);
        let found = self.0.ledger.open_chunks(JobId(range.job), chunks).await;
        let found = found.map_err(|error| failure(error.into()))?;
        let open = found.open.into_iter();
        Ok(Look {
            open: open.filter_map(|chunk| chunk.try_into().ok()).collect(),
            stopped: match found.state {
                Some(JobState::Paused) => Some(Stopped::Paused),
                Some(JobState::Cancelled) => Some(Stopped::Cancelled),
                _ => None,
            },
            counts: found.tally.into(),
        })
    }

    /// Ends the lease of a chunk whose worker is gone. While a worker renews it, this waits: Temporal may have lost the
    /// activity, but not the worker.
    #[activity]
    pub(crate) async fn reconcile(
        self: Arc<Self>,
        ctx: ActivityContext,
        chunk: Chunk,
    ) -> Result<Counts, ActivityError> {
        loop {
            let cell = self.0.runner(chunk.job).await.map_err(failure)?;
            let Some(runner) = cell.get() else {
                return Ok(Counts::default());
            };
            let reconciled = runner.reconcile(chunk.chunk.into()).await;
            let wait;
            match reconciled.map_err(failure)? {
                Reconciled::Free { tally, .. } => return Ok(tally.into()),
                Reconciled::Held(time) => {
                    drop(ctx.record_heartbeat(()).await);
                    wait = time.clamp(Duration::from_millis(100), LOOK);
                }
                _ => wait = LOOK,
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = ctx.cancelled() => return Err(ActivityError::cancelled()),
            }
        }
    }

    /// Writes the list of results, and records that the job is done if it has no open chunk.
    #[activity]
    pub(crate) async fn finish(
        self: Arc<Self>,
        ctx: ActivityContext,
        job: i64,
    ) -> Result<Finished, ActivityError> {
        let cell = self.0.runner(job).await.map_err(failure)?;
        let Some(runner) = cell.get() else {
            return Ok(Finished::default());
        };
        let mut finishing = std::pin::pin!(runner.finish());
        let mut beat = tokio::time::interval(HEARTBEAT);
        let tally = loop {
            tokio::select! {
                tally = &mut finishing => break tally.map_err(failure)?,
                _ = beat.tick() => drop(ctx.record_heartbeat(()).await),
            }
        };
        let job = self.0.ledger.job(JobId(job)).await;
        let state = job.map_err(|error| failure(error.into()))?.state;
        Ok(Finished {
            counts: tally.into(),
            is_over: matches!(state, JobState::Done | JobState::Cancelled),
        })
    }
}

impl From<Tally> for Counts {
    fn from(tally: Tally) -> Self {
        Self {
            answered: tally.answered,
            failed: tally.failed,
            ambiguous: tally.ambiguous,
        }
    }
}

/// The failure of an activity. Its message is on Temporal's pages.
fn failure(error: Error) -> ActivityError {
    ApplicationFailure::new(error).into()
}
