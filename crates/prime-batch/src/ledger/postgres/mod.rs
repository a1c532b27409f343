//! A ledger in a PostgreSQL database, which many workers share.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | [`PostgresLedger`]: a connection to the database |
//! | `types` | jobs, chunks, and their states |
//! | `schema.sql` | the tables, with a comment for each column |
//!
//! A ledger belongs to an output, an endpoint and an account. It has a job for each input, and a job has chunks of about
//! 100 requests. A worker takes a lease of a chunk before it sends its requests, and renews it while they are in flight.
//! Each lease has a fencing token of its own: a worker that lost its lease cannot record a request as sent, and so does
//! not send it. What the requests of a chunk may cost is reserved from the budget with the lease.
//!
//! Nothing has to be installed in the database: the tables are in a schema of their own, `prime_batch`, which the first
//! job creates.

mod types;

use std::ops::Range;

use prime_ext::Client;

pub use self::types::{
    ChunkCounts, JobId, JobInfo, JobState, JobStatus, OpenChunks, Reconciled, Submission,
    Submitted, Tally, WorkerInfo,
};
use super::{LedgerError, Limits, Row, State};
use crate::error::Error;
use crate::report::Report;

/// A ledger in a PostgreSQL database. Clones share their connections.
///
/// A lost connection is opened again, and what was not confirmed is repeated.
#[derive(Debug, Clone)]
pub struct PostgresLedger {}

impl PostgresLedger {
    /// Connects to a database: `postgres://user:password@host:port/database`.
    ///
    /// Connections to other machines are encrypted, and the certificate of the server is verified. These parameters
    /// change this:
    ///
    /// - `sslrootcert=/path/to/ca.pem`: the certificates that are trusted, instead of those of the operating system.
    /// - `sslmode=disable`: no encryption. `sslmode=require`: encryption to this machine, too.
    ///
    /// # Errors
    /// Returns an error if the URL is invalid, or if the database cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, LedgerError> {
        let _ = url;
        Err(unfinished())
    }

    /// Returns the address of the database, without the password.
    pub fn name(&self) -> &str {
        ""
    }

    /// Checks an input, and creates its job in the ledger of an output. If the job exists, its limits and options are
    /// changed, and the requests that may be asked again are.
    ///
    /// # Errors
    /// Returns an error if the input has errors, or if the output belongs to another endpoint or account.
    pub async fn submit(
        &self,
        client: &Client,
        submission: Submission,
    ) -> Result<Submitted, Error> {
        let _ = (client, submission);
        Err(unfinished().into())
    }

    /// Returns a job.
    ///
    /// # Errors
    /// Returns [`LedgerError::NoJob`] if it does not exist.
    pub async fn job(&self, job: JobId) -> Result<JobInfo, LedgerError> {
        let _ = job;
        Err(unfinished())
    }

    /// Returns the jobs of an output, the one that was submitted last first. `None` for all outputs.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read.
    pub async fn jobs(&self, output: Option<&str>) -> Result<Vec<JobInfo>, LedgerError> {
        let _ = output;
        Err(unfinished())
    }

    /// Changes the limits of the ledger of a job. Workers apply them when they renew their leases.
    ///
    /// # Errors
    /// Returns an error if there is no such job, or if the database cannot be written.
    pub async fn change_limits(
        &self,
        job: JobId,
        change: impl FnOnce(&mut Limits) + Send,
    ) -> Result<Limits, LedgerError> {
        let _ = (job, change);
        Err(unfinished())
    }

    /// Pauses, resumes or cancels a job. Workers stop sending its requests when they renew their leases.
    ///
    /// # Errors
    /// Returns an error if there is no such job, or if the database cannot be written.
    pub async fn set_state(&self, job: JobId, state: JobState) -> Result<(), LedgerError> {
        let _ = (job, state);
        Err(unfinished())
    }

    /// Returns which chunks of a range have requests that may be sent, and counts the others.
    ///
    /// # Errors
    /// Returns an error if there is no such job, or if the database cannot be read.
    pub async fn open_chunks(
        &self,
        job: JobId,
        chunks: Range<i64>,
    ) -> Result<OpenChunks, LedgerError> {
        let _ = (job, chunks);
        Err(unfinished())
    }

    /// Ends the lease of a chunk whose worker is gone. Requests that are still recorded as sent become ambiguous. A lease
    /// in force is not touched, and a chunk without a lease is not changed.
    ///
    /// [`Runner::reconcile`](crate::Runner::reconcile) also writes the part of the output.
    ///
    /// # Errors
    /// Returns an error if there is no such chunk, or if the database cannot be written.
    pub async fn reconcile(&self, job: JobId, chunk: i64) -> Result<Reconciled, LedgerError> {
        let _ = (job, chunk);
        Err(unfinished())
    }

    /// Returns the state of a job: its chunks, workers and costs. It reads no requests, so that it is quick for large
    /// jobs.
    ///
    /// # Errors
    /// Returns an error if there is no such job, or if the database cannot be read.
    pub async fn status(&self, job: JobId) -> Result<JobStatus, LedgerError> {
        let _ = job;
        Err(unfinished())
    }

    /// Returns requests of a job in one of these states, in the order of the input, without their answers.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read.
    pub async fn requests(
        &self,
        job: JobId,
        states: &[State],
        limit: u32,
    ) -> Result<Vec<Row>, LedgerError> {
        let _ = (job, states, limit);
        Err(unfinished())
    }

    /// Returns what became of a job. It reads all its requests.
    ///
    /// # Errors
    /// Returns an error if there is no such job, or if the database cannot be read.
    pub async fn report(&self, job: JobId) -> Result<Report, Error> {
        let _ = job;
        Err(unfinished().into())
    }
}

fn unfinished() -> LedgerError {
    LedgerError::Failed {
        path: String::new(),
        reason: "not implemented".to_owned(),
    }
}
