//! `worker`: works on jobs.

use std::collections::HashSet;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use prime_batch::ledger::postgres::JobState;
use prime_batch::ledger::{LedgerError, PostgresLedger};
use temporalio_common::telemetry::{Logger, TelemetryOptions};
use temporalio_sdk::runtime::worker_tuner::{FixedSizeSlotSupplier, TunerHolder};
use temporalio_sdk::runtime::{RuntimeOptions, WorkflowErrorType};
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use tokio::signal;

use crate::activities::{Asking, Bookkeeping, Shared};
use crate::cli::{self, Global};
use crate::failure::Failure;
use crate::workflow::{Batch, Shard, asking_queue};

/// The exit code of a process that was told twice to end.
const INTERRUPTED: i32 = 130;

/// The workflow tasks and the activities that read the ledger, each at once.
const BOOKKEEPING: usize = 16;

/// The variable with the filter of the log, such as `warn`.
const LOG: &str = "PRIME_BATCH_LOG";

/// How often `--until-done` reads which jobs are left.
const LOOK: Duration = Duration::from_secs(5);

pub(crate) async fn run(arguments: cli::Worker, global: &Global) -> Result<(), Failure> {
    let client = global.client()?;
    let ledger = arguments.ledger.connect(None).await?;
    let temporal = arguments.temporal.connect(None).await?;
    let name = crate::worker_name();
    let shared = Arc::new(Shared::new(client, ledger.clone(), name.to_owned()));
    let queue = &arguments.temporal.task_queue;
    let failed = |error: &dyn std::fmt::Display| Failure::other(format!("the worker: {error}"));

    let runtime = Runtime::from_current_tokio(telemetry()).map_err(|error| failed(&error))?;
    let options = WorkerOptions::new(queue)
        .register_workflow::<Batch>()
        .and_then(|options| options.register_workflow::<Shard>())
        .map_err(|error| failed(&error))?
        .register_activities(Bookkeeping(shared.clone()))
        .tuner(slots(BOOKKEEPING, BOOKKEEPING))
        // After an update that changed the steps of a workflow, it starts again: the ledger knows how far it was.
        .workflow_failure_errors(HashSet::from([WorkflowErrorType::Nondeterminism]))
        // One that waits for the lease of another worker is repeated elsewhere.
        .graceful_shutdown_period(Duration::from_secs(1))
        .build();
    let mut bookkeeping =
        Worker::new(&runtime, temporal.clone(), options).map_err(|error| failed(&error))?;
    let options = WorkerOptions::new(asking_queue(queue))
        .register_activities(Asking(shared.clone()))
        .tuner(slots(1, arguments.chunks as usize))
        .build();
    let mut asking = Worker::new(&runtime, temporal, options).map_err(|error| failed(&error))?;

    eprintln!("{name} takes the jobs of the queue {queue}");
    let (stop, stop_asking) = (bookkeeping.shutdown_handle(), asking.shutdown_handle());
    let stopping = async {
        let stop_reason = tokio::select! {
            () = terminated() => None,
            stop_reason = shared.stop_reason() => Some(stop_reason),
            () = until_done(&ledger), if arguments.until_done => None,
        };
        stop_asking();
        shared.stop();
        eprintln!("finishing {} requests in flight", shared.in_flight());
        let again = tokio::spawn(async {
            terminated().await;
            process::exit(INTERRUPTED);
        });
        stop();
        (stop_reason, again)
    };
    let running = async { tokio::try_join!(bookkeeping.run(), asking.run()) };
    let ((stop_reason, again), ran) = tokio::join!(stopping, running);
    again.abort();
    ran.map_err(|error| failed(&error))?;
    match stop_reason {
        Some(stop_reason) => Err(Failure::new(stop_reason.exit, stop_reason.reason)),
        None => Ok(()),
    }
}

/// What the SDK logs: failures of its own. Below that, there is a line for each call that is repeated.
fn telemetry() -> RuntimeOptions {
    let filter = std::env::var(LOG).unwrap_or_else(|_| "error".to_owned());
    let logger = Logger::Console {
        filter,
        format: None,
    };
    let options = TelemetryOptions::builder().logging(logger).build();
    // The default interval is valid.
    RuntimeOptions::builder()
        .telemetry_options(options)
        .build()
        .unwrap_or_default()
}

fn slots(workflows: usize, activities: usize) -> TunerHolder {
    TunerHolder::builder()
        .workflow_task_slot_supplier(FixedSizeSlotSupplier::new(workflows.max(2)))
        .activity_task_slot_supplier(FixedSizeSlotSupplier::new(activities))
        .local_activity_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .nexus_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .build()
}

/// Waits for SIGTERM or Ctrl-C.
async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut signal) = signal::unix::signal(signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = signal.recv() => {}
            _ = signal::ctrl_c() => {}
        }
        return;
    }
    drop(signal::ctrl_c().await);
}

/// Waits until no job is left.
async fn until_done(ledger: &PostgresLedger) {
    loop {
        tokio::time::sleep(LOOK).await;
        let is_left = |state| matches!(state, JobState::Running | JobState::Paused);
        match ledger.jobs(None).await {
            Ok(jobs) if !jobs.iter().any(|job| is_left(job.state)) => return,
            Ok(_) | Err(_) => {}
        }
    }
}

impl cli::Ledger {
    /// Connects to the database. While it cannot be reached, this tries again, as long as `patience`.
    pub(crate) async fn connect(
        &self,
        patience: Option<Duration>,
    ) -> Result<PostgresLedger, Failure> {
        let start = std::time::Instant::now();
        let mut is_told = false;
        loop {
            match PostgresLedger::connect(&self.url).await {
                Ok(ledger) => return Ok(ledger),
                Err(error @ LedgerError::Unreachable { .. })
                    if patience.is_none_or(|patience| start.elapsed() < patience) =>
                {
                    if !std::mem::replace(&mut is_told, true) {
                        eprintln!("waiting for the ledger: {error}");
                    }
                }
                Err(error) => return Err(error.into()),
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
}
