//! Asks the chunks of a job that many machines share.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | [`Runner`]: asks chunks, several at once |

use prime_ext::Client;

use crate::control::Progress;
use crate::error::Error;
use crate::ledger::PostgresLedger;
use crate::ledger::postgres::{JobId, Reconciled, Tally};

/// Asks the chunks of one job, several at once, with one limit on the requests in flight. A process has one runner for
/// each job.
///
/// The settings of the client decide who is billed: a runner refuses a job of another endpoint or account.
pub struct Runner {}

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
    /// Requests are unsent, and the chunk can be run again: another job had them in flight, for example.
    Incomplete,
    /// The rest of the budget is smaller than the upper bound of a request.
    Budget,
    /// The job is paused.
    Paused,
    /// The job is cancelled.
    Cancelled,
    /// The chunk was [given back](Runner::give_back), or the runner was [stopped](Runner::stop).
    Stopped,
    /// The lease was lost. Another worker may have the chunk. The tally is that of the ledger.
    LeaseLost,
    /// Another worker has the chunk, or this one still does. The lease expires after this time, unless it is renewed.
    Held(std::time::Duration),
    /// The disk of the database is full.
    DiskFull,
    /// The service refused the key or the account. The text is the error.
    Refused(String),
    /// The service refused all requests for a long time. The text is the error.
    Unavailable(String),
}

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
        let _ = (client, ledger, job, worker.into());
        Ok(Self {})
    }

    /// Takes a lease of a chunk, asks its requests, writes the part of the output, and ends the lease. If the chunk ended
    /// before, this sends nothing.
    ///
    /// If the future is dropped, the requests in flight continue, and their outcomes are recorded, but the lease is not
    /// renewed. Call [`give_back`](Self::give_back) and wait for the future instead.
    ///
    /// # Errors
    /// Returns an error if the input has changed or cannot be read, or if the database or the output cannot be written.
    /// See [`Error::is_transient`].
    pub async fn ask(&self, chunk: i64) -> Result<ChunkReport, Error> {
        let _ = chunk;
        Ok(ChunkReport {
            tally: Tally::default(),
            end: ChunkEnd::Incomplete,
        })
    }

    /// Sends no more requests of a chunk. [`ask`](Self::ask) returns when those in flight have ended.
    pub fn give_back(&self, chunk: i64) {
        let _ = chunk;
    }

    /// Sends no more requests. All calls of [`ask`](Self::ask) return when the requests in flight have ended.
    pub fn stop(&self) {}

    /// Ends the lease of a chunk whose worker is gone: see [`PostgresLedger::reconcile`]. If the chunk ended, this writes
    /// the part of the output.
    ///
    /// # Errors
    /// Returns an error if the database or the output cannot be written.
    pub async fn reconcile(&self, chunk: i64) -> Result<Reconciled, Error> {
        let _ = chunk;
        Ok(Reconciled::Held(std::time::Duration::ZERO))
    }

    /// Writes the parts of the output that are missing, and the list of all parts, and records that the job is done if no
    /// chunk is open. Returns the number of requests in each state.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or the output cannot be written.
    pub async fn finish(&self) -> Result<Tally, Error> {
        Ok(Tally::default())
    }

    /// Returns the progress of this process.
    pub fn progress(&self) -> Progress {
        Progress::default()
    }
}
