//! Asks the chunks of a job that many machines share.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | [`Runner`]: asks chunks, several at once |
//! | `chunk` | asks one chunk: takes the lease, waits for the outcomes, ends the lease |
//! | `feed` | the engine that all chunks share, and which requests it has |
//! | `heartbeat` | renews the leases, and applies changes of the job |
//! | `output` | writes the parts of the output, and their list |

mod chunk;
mod feed;
mod heartbeat;
mod output;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prime_ext::Client;

use self::feed::Feed;
pub(crate) use self::output::is_part;
use crate::control::Progress;
use crate::error::Error;
use crate::ledger::postgres::{JobId, JobInfo, Leases, Reconciled, Tally};
use crate::ledger::{Job, PostgresLedger};
use crate::price::Models;
use crate::store::Store;

/// Asks the chunks of one job, several at once, with one limit on the requests in flight. A process has one runner for
/// each job.
///
/// The settings of the client decide who is billed: a runner refuses a job of another endpoint or account.
///
/// When it is dropped, it [stops](Self::stop). The leases of chunks with requests in flight are renewed until they ended.
pub struct Runner {
    shared: Arc<Shared>,
}

/// What the tasks of a runner share.
struct Shared {
    client: Client,
    ledger: PostgresLedger,
    job: JobInfo,
    worker: String,
    /// How long a lease is in force after it was taken or renewed.
    lease_time: Duration,
    models: Arc<Models>,
    leases: Arc<Leases>,
    feed: Feed,
    store: Store,
}

/// What became of a chunk.
#[derive(Debug)]
#[non_exhaustive]
pub struct ChunkReport {
    /// The requests of the chunk in each state, in this run and earlier ones.
    pub tally: Tally,
    /// Why the run ended.
    pub end: ChunkEnd,
}

/// Why the run of a chunk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkEnd {
    /// The chunk has no requests that may be sent.
    Complete,
    /// Requests are unsent, and the chunk can be run again: another job has them in flight, for example.
    Incomplete,
    /// The rest of the budget is smaller than the upper bound of a request.
    Budget,
    /// The job is paused.
    Paused,
    /// The job is cancelled.
    Cancelled,
    /// The chunk was [given back](Runner::give_back), or the runner was [stopped](Runner::stop).
    Stopped,
    /// The lease was lost. Another worker may have the chunk.
    LeaseLost,
    /// Another worker has the chunk, or this one still does. The lease expires after this time, unless it is renewed.
    Held(Duration),
    /// The disk of the database is full.
    DiskFull,
    /// The service refused the key or the account. The text is the error.
    Refused(String),
    /// The service refused all requests for a long time. The text is the error.
    Unavailable(String),
}

/// How long a lease is in force after it was taken or renewed.
const LEASE: Duration = Duration::from_secs(20);

impl Runner {
    /// Creates a runner, and lists the models of the service. `worker` is the name of this process, which no other has.
    ///
    /// # Errors
    /// Returns [`LedgerError::OtherJob`](crate::ledger::LedgerError::OtherJob) if the job belongs to another endpoint or
    /// account than the client's, and an error if the database or the models cannot be read.
    pub async fn start(
        client: &Client,
        ledger: PostgresLedger,
        job: JobId,
        worker: impl Into<String>,
    ) -> Result<Self, Error> {
        Self::with_lease(client, ledger, job, worker, LEASE).await
    }

    /// Creates a runner whose leases are in force for another time than 20 seconds after they were taken or renewed. A
    /// runner renews its leases after a fifth of the time. It sends nothing in the last tenth.
    ///
    /// # Errors
    /// See [`start`](Self::start).
    pub async fn with_lease(
        client: &Client,
        ledger: PostgresLedger,
        job: JobId,
        worker: impl Into<String>,
        lease_time: Duration,
    ) -> Result<Self, Error> {
        let job = ledger.job(job).await?;
        let given = Job::of(client, job.input.path().display().to_string());
        let recorded = Job {
            endpoint: job.endpoint.clone(),
            team: job.team.clone(),
            ..given.clone()
        };
        recorded.check_same(&format!("of {} in {}", job.output, ledger.name()), &given)?;
        let models = Arc::new(Models::of(client).await?);
        let level = ledger.last_level(job.id).await?;
        let leases = Arc::new(Leases::new(ledger.clone(), job.clone(), level));
        let store = Store::open(&job.output);
        let shared = Arc::new(Shared {
            client: client.clone(),
            models,
            leases,
            feed: Feed::new(job.options.clone()),
            store: store.map_err(|e| Error::file(job.output.as_ref(), e))?,
            ledger,
            job,
            worker: worker.into(),
            lease_time,
        });
        heartbeat::start(&shared);
        Ok(Self { shared })
    }

    /// Returns the job, as it was when the runner was started.
    pub fn job(&self) -> &JobInfo {
        &self.shared.job
    }

    /// Takes a lease of a chunk, asks its requests, writes the part of the output, and ends the lease. If the chunk ended
    /// before, this sends nothing.
    ///
    /// If the future is dropped, the chunk is [given back](Self::give_back): requests in flight continue, and their
    /// outcomes are recorded.
    ///
    /// # Errors
    /// Returns an error if the input has changed or cannot be read, or if the database or the output cannot be written.
    /// See [`Error::is_transient`].
    pub async fn ask(&self, chunk: i64) -> Result<ChunkReport, Error> {
        let guard = GiveBack(Some((self.shared.clone(), chunk)));
        let task = tokio::spawn(chunk::run(self.shared.clone(), chunk));
        let ended = task.await;
        guard.disarm();
        ended.unwrap_or_else(|error| Err(Error::Task(error.to_string())))
    }

    /// Sends no more requests of a chunk. [`ask`](Self::ask) returns when those in flight have ended.
    pub fn give_back(&self, chunk: i64) {
        self.shared.feed.give_back(chunk, ChunkEnd::Stopped);
    }

    /// Sends no more requests. All calls of [`ask`](Self::ask) return when the requests in flight have ended.
    pub fn stop(&self) {
        self.shared.feed.stop();
    }

    /// Ends the lease of a chunk whose worker is gone: see [`PostgresLedger::reconcile`]. If the chunk has no requests that
    /// may be sent, this writes the part of the output.
    ///
    /// # Errors
    /// Returns an error if the database or the output cannot be written.
    pub async fn reconcile(&self, chunk: i64) -> Result<Reconciled, Error> {
        let reconciled = self.shared.ledger.reconcile(self.shared.job.id, chunk);
        let reconciled = reconciled.await?;
        if let Reconciled::Free { is_ended: true, .. } = reconciled {
            output::write_part(&self.shared, chunk, None).await?;
        }
        Ok(reconciled)
    }

    /// Writes the parts of the output that are missing, and the list of all parts, and records that the job is done if no
    /// chunk is open. Returns the number of requests in each state.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or the output cannot be written.
    pub async fn finish(&self) -> Result<Tally, Error> {
        output::finish(&self.shared).await
    }

    /// Returns the progress of this process.
    pub fn progress(&self) -> Progress {
        self.shared.feed.progress()
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("job", &self.shared.job.id)
            .field("worker", &self.shared.worker)
            .finish_non_exhaustive()
    }
}

/// Gives a chunk back if it is dropped.
struct GiveBack(Option<(Arc<Shared>, i64)>);

impl GiveBack {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for GiveBack {
    fn drop(&mut self) {
        if let Some((shared, chunk)) = &self.0 {
            shared.feed.give_back(*chunk, ChunkEnd::Stopped);
        }
    }
}
