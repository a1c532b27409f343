//! The ledger: the record of what was sent, answered and paid.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | the trait [`Ledger`] and its types |
//! | `job` | [`Job`] and [`JobRecord`]: what a ledger belongs to |
//! | `row` | [`Row`] and [`Totals`]: the requests of a ledger, and their counts and sums |
//! | `paid` | what an outcome adds to the cost of its request |
//! | `sqlite` | [`SqliteLedger`]: a ledger in one file, for one machine |
//! | `postgres` | `PostgresLedger`: a ledger in a database, for many machines (feature `postgres`) |
//!
//! A request is recorded as sent before it leaves, and as done when its outcome is known. A request that was sent and is
//! not done when its process ends is ambiguous: it may have been carried out and billed.

mod job;
mod paid;
#[cfg(feature = "postgres")]
pub mod postgres;
mod row;
pub mod sqlite;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use prime_ext::{Cost, Usd};

use crate::error::Error;
use crate::key::Key;

pub use job::{Job, JobRecord};
pub(crate) use paid::Paid;
#[cfg(feature = "postgres")]
pub use postgres::PostgresLedger;
pub use row::{Row, Totals};
pub use sqlite::SqliteLedger;

/// The state of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// The request has not been sent, or the service did not carry it out.
    Unsent,
    /// The request was sent, and its outcome is not known yet.
    Sent,
    /// The request was answered.
    Answered,
    /// The service refused the request, or its response cannot be used.
    Failed,
    /// The request may have been carried out and billed, but its answer is lost.
    Ambiguous,
}

impl State {
    /// All states, in the order of a request's life.
    pub const ALL: [Self; 5] = [
        Self::Unsent,
        Self::Sent,
        Self::Answered,
        Self::Failed,
        Self::Ambiguous,
    ];

    /// Returns the name of the state, as it is in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsent => "unsent",
            Self::Sent => "sent",
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Ambiguous => "ambiguous",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which requests are asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AskAgain {
    /// Requests that failed.
    pub failed: bool,
    /// Requests whose outcome is unknown. Each of them may be billed twice.
    pub ambiguous: bool,
}

impl AskAgain {
    /// Returns whether a request in this state may be sent.
    pub fn allows(self, state: State) -> bool {
        match state {
            State::Unsent => true,
            State::Failed => self.failed,
            State::Ambiguous => self.ambiguous,
            State::Sent | State::Answered => false,
        }
    }
}

/// A request that is about to be sent.
#[derive(Debug, Clone)]
pub struct Sending {
    /// The key.
    pub key: Key,
    /// The line of the input, counted from 1.
    pub line: u64,
    /// The id of the model.
    pub model: String,
    /// The body. `None` if the ledger does not keep the contents.
    pub body: Option<Bytes>,
    /// The upper bound of the cost, which is reserved from the budget. `None` if it is unknown.
    pub bound: Option<Usd>,
    /// Which requests may be sent again.
    pub again: AskAgain,
}

/// Whether a request may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The request is recorded as sent, and its bound is reserved. The number identifies it in this ledger.
    Admitted(i64),
    /// The rest of the budget is smaller than the bound.
    OverBudget,
    /// The request is in a state in which it may not be sent.
    NotAllowed(State),
    /// The request is not sent, and leaves the engine. Other requests continue.
    Declined(Decline),
}

/// Why a ledger declines to send one request, while others continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decline {
    /// The lease of the request has expired, or another process took it.
    LeaseLost,
    /// The rest of the amount that is reserved for the lease is smaller than the bound.
    Budget,
    /// The lease is being given back, for example because the job was paused.
    GivenBack,
}

/// The outcome of a request.
#[derive(Debug, Clone)]
pub struct Done {
    /// The number of the request: see [`Admission::Admitted`].
    pub number: i64,
    /// [`Answered`](State::Answered), [`Failed`](State::Failed) or [`Ambiguous`](State::Ambiguous).
    pub state: State,
    /// The status of the response.
    pub status: Option<u16>,
    /// The id that the service gave the request.
    pub request_id: Option<String>,
    /// The body of the response, as one line of JSON.
    pub answer: Option<Bytes>,
    /// A short name of the error, such as `429` or `timeout`.
    pub error_code: Option<String>,
    /// The message of the error.
    pub error: Option<String>,
    /// The cost. `None` if nothing was billed. If it is unknown, the bound of the request stays taken from the budget.
    pub cost: Option<Cost>,
    /// How many attempts before the last may have been carried out.
    pub unknown_attempts: u32,
    /// The prompt tokens that the response states.
    pub prompt_tokens: Option<u64>,
    /// The completion tokens that the response states.
    pub completion_tokens: Option<u64>,
    /// The time from sending the request to the end of its response.
    pub latency: Duration,
}

/// The limits of a job. They can be changed while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest cost. `None` for no limit.
    pub budget: Option<Usd>,
    /// The smallest number of requests in flight.
    pub min_concurrency: u32,
    /// The largest number of requests in flight.
    pub max_concurrency: u32,
    /// The largest number of requests in a minute. `None` for no limit.
    pub requests_per_minute: Option<u32>,
    /// The largest number of prompt and completion tokens in a minute. `None` for no limit.
    pub tokens_per_minute: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            budget: None,
            min_concurrency: 1,
            max_concurrency: 256,
            requests_per_minute: None,
            tokens_per_minute: None,
        }
    }
}

impl Limits {
    /// Checks that the limits do not contradict each other.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let (min, max) = (self.min_concurrency, self.max_concurrency);
        if min == 0 || max < min {
            let reason = format!(
                "the concurrency is between {min} and {max}; the lower bound must be at least 1 and at most the upper \
                 bound"
            );
            return Err(Error::Option(reason));
        }
        Ok(())
    }
}

/// The record of a job: which requests were sent, and what became of them.
///
/// A ledger is opened under a lease, whose token increases with each owner. Every change is conditional on the lease: a
/// process that lost it cannot record a request as sent, and so does not send it. A ledger that several processes share
/// has a lease for each part of the requests: see [`Decline`], [`Ledger::may_leave`] and [`LedgerError::RequestLost`].
pub trait Ledger: Send + Sync + 'static {
    /// Returns the states of these requests, in their order, and claims those that may be sent.
    fn claim(&self, keys: Vec<Key>)
    -> impl Future<Output = Result<Vec<State>, LedgerError>> + Send;

    /// Records a request as sent, and reserves its bound from the budget, in one transaction. When the future is ready,
    /// the record is on disk.
    fn sent(&self, sending: Sending)
    -> impl Future<Output = Result<Admission, LedgerError>> + Send;

    /// Records that the service refused a request, which may be sent again, and releases its bound. `unknown` says
    /// whether the request may have been carried out nevertheless: a gateway may return 503 for a request that it
    /// forwarded.
    fn unsent(
        &self,
        number: i64,
        unknown: bool,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Records that a request, which is recorded as sent, does not leave after all, and releases its bound.
    fn withdraw(&self, number: i64) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Records an outcome, with the answer and its cost, and releases the bound, in one transaction. When the future is
    /// ready, the record is on disk.
    fn done(&self, done: Done) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Takes a request and its tokens from the limits per minute. Returns how long to wait before the next try, or zero
    /// if they were taken.
    fn take_rate(&self, tokens: u64) -> impl Future<Output = Result<Duration, LedgerError>> + Send;

    /// Saves the number of requests in flight that the service accepts, for the next run.
    fn save_level(&self, level: u32) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Returns whether a request, which is recorded as sent, may still leave. It is called immediately before. A ledger
    /// whose leases expire returns `false` if the lease of the request has expired; the request is then withdrawn.
    fn may_leave(&self, number: i64) -> bool {
        let _ = number;
        true
    }

    /// Returns the level that was saved last.
    fn level(&self) -> Option<u32>;

    /// Returns the current limits.
    fn limits(&self) -> Limits;
}

/// The error of a ledger.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Another process owns the ledger.
    #[error(
        "{path} is in use by {owner}: stop it, or wait until it ends. `status` and `report` work beside it"
    )]
    InUse {
        /// The path of the ledger.
        path: String,
        /// The process that owns the ledger.
        owner: String,
    },
    /// Another process took the lease of this one.
    #[error("another process took over the ledger; this one sends nothing more")]
    LeaseLost,
    /// Another process took over one request. It concerns only this request: others continue.
    #[error("another process took over the request")]
    RequestLost,
    /// The ledger belongs to another job.
    #[error(
        "the ledger {path} belongs to {field} {recorded}, but this job has {field} {given}; use another output file"
    )]
    OtherJob {
        /// The path of the ledger.
        path: String,
        /// What differs: the endpoint, the account or the shard.
        field: &'static str,
        /// The value in the ledger.
        recorded: String,
        /// The value of this job.
        given: String,
    },
    /// The ledger was written by a newer version of this crate.
    #[error(
        "the ledger {path} has version {version}, but this program knows only versions up to {known}; update it"
    )]
    Newer {
        /// The path of the ledger.
        path: String,
        /// The version of the ledger.
        version: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The file is not a ledger.
    #[error("{0} is not a ledger of a batch; move it away, or use another output file")]
    NotALedger(String),
    /// There is no ledger.
    #[error("{0} does not exist; `batch run` creates it")]
    Missing(String),
    /// The database has no such job or chunk.
    #[error("{path} has no {what}")]
    NoJob {
        /// The database.
        path: String,
        /// The job or the chunk.
        what: String,
    },
    /// The database cannot be reached at the moment.
    #[error("{path} cannot be reached: {reason}")]
    Unreachable {
        /// The database.
        path: String,
        /// The reason.
        reason: String,
    },
    /// The disk is full.
    #[error("the disk is full: the ledger {path} cannot be written")]
    DiskFull {
        /// The path of the ledger.
        path: String,
    },
    /// The ledger cannot be read or written.
    #[error("the ledger {path}: {reason}")]
    Failed {
        /// The path of the ledger.
        path: String,
        /// The reason.
        reason: String,
    },
}

impl LedgerError {
    /// Returns whether the same call may succeed later without a change: the disk is full, or the ledger cannot be
    /// reached or is in use.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::DiskFull { .. } | Self::InUse { .. }
        )
    }
}
