//! Jobs, chunks, and their states.

use std::fmt;
use std::time::Duration;

use prime_ext::UsdSum;
use serde::{Deserialize, Serialize};

use crate::engine::Options;
use crate::input::{Checked, Input};
use crate::key::BodyHash;
use crate::ledger::Limits;

/// The number of a job in its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub i64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A job that is submitted.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The input. Relative paths are made absolute: all workers must be able to read it.
    pub input: Input,
    /// The directory or URL of the output. All workers must be able to write it.
    pub output: String,
    /// The limits. The budget and the limits per minute are for all workers together, and the concurrency for each.
    pub limits: Limits,
    /// The options of the workers. [`Options::directory`] has no effect.
    pub options: Options,
    /// The number of requests in a chunk. Default: 100.
    pub chunk_size: u32,
}

impl Submission {
    /// Creates a submission with the default limits and options.
    pub fn new(input: impl Into<Input>, output: impl Into<String>) -> Self {
        Self {
            input: input.into(),
            output: output.into(),
            limits: Limits::default(),
            options: Options::default(),
            chunk_size: 100,
        }
    }
}

/// A job that was submitted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Submitted {
    /// The job.
    pub job: JobInfo,
    /// Whether the job was created. Otherwise, it existed.
    pub is_new: bool,
    /// What the input has.
    pub checked: Checked,
}

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum JobState {
    /// Workers send its requests.
    Running,
    /// Workers send none of its requests until it is resumed.
    Paused,
    /// Workers send none of its requests.
    Cancelled,
    /// All its requests ended, and the output is complete.
    Done,
}

impl JobState {
    /// Returns the name of the state, as it is in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
        }
    }

    pub(crate) fn parse(name: &str) -> Self {
        match name {
            "paused" => Self::Paused,
            "cancelled" => Self::Cancelled,
            "done" => Self::Done,
            _ => Self::Running,
        }
    }
}

/// What is recorded about a job.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JobInfo {
    /// The number of the job.
    pub id: JobId,
    /// A name that no other job has, also in other databases: letters, digits and hyphens.
    pub name: String,
    /// The directory or URL of the output.
    pub output: String,
    /// The base URL of the service.
    pub endpoint: String,
    /// The team that is billed. `None` for the personal account.
    pub team: Option<String>,
    /// The input.
    pub input: Input,
    /// A hash of the input and its template.
    pub digest: BodyHash,
    /// The number of requests.
    pub requests: u64,
    /// The number of chunks. They are numbered from 0.
    pub chunks: i64,
    /// The state.
    pub state: JobState,
    /// The limits of the ledger.
    pub limits: Limits,
    /// The options of the workers.
    pub options: Options,
    /// The time at which the job was created, in milliseconds since 1970.
    pub created_at: i64,
    pub(crate) ledger: i64,
}

/// The number of requests of a chunk or a job in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Requests that were answered.
    pub answered: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Requests that may have been carried out, but have no answer.
    pub ambiguous: u64,
    /// Requests that were not sent, or that the service did not carry out.
    pub unsent: u64,
    /// The unsent requests that are not sent because their cost has no upper bound.
    pub unpriced: u64,
}

/// What [`PostgresLedger::reconcile`](super::PostgresLedger::reconcile) found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reconciled {
    /// The chunk has no lease.
    Free {
        /// The requests in each state.
        tally: Tally,
        /// Whether the chunk has no requests that may be sent.
        is_ended: bool,
    },
    /// A worker has a lease in force. It expires after this time unless the worker renews it.
    Held(Duration),
}

/// The chunks of a range.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct OpenChunks {
    /// The numbers of the chunks that have requests that may be sent, or that a worker has.
    pub open: Vec<i64>,
    /// The requests of all chunks of the range in each state.
    pub tally: Tally,
    /// The state of the job. `None` if there is no such chunk.
    pub state: Option<JobState>,
}

/// The number of chunks in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ChunkCounts {
    /// Chunks that have requests that may be sent, and no worker.
    pub open: u64,
    /// Chunks that a worker has.
    pub leased: u64,
    /// Chunks all of whose requests ended.
    pub ended: u64,
}

/// A worker.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WorkerInfo {
    /// The name.
    pub name: String,
    /// The number of its chunks.
    pub chunks: u64,
    /// The time since it was seen last.
    pub seen: Duration,
    /// The number of its requests in flight.
    pub in_flight: u32,
    /// The number of requests that it may have in flight.
    pub level: u32,
}

/// The state of a job.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JobStatus {
    /// The job.
    pub job: JobInfo,
    /// The requests in each state. For chunks that a worker has, this is the state before.
    pub tally: Tally,
    /// The number of chunks in each state.
    pub chunks: ChunkCounts,
    /// The workers that were seen within the last minute, or that have chunks.
    pub workers: Vec<WorkerInfo>,
    /// The cost of all jobs of this ledger. An unknown cost counts with its upper bound.
    pub spent: UsdSum,
    /// What is reserved from the budget for requests that may be sent, beyond what they have cost.
    pub reserved: UsdSum,
}
