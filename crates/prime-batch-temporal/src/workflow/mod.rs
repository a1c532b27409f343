//! The workflows: which chunks are handed out, and when.
//!
//! | module | contents |
//! |---|---|
//! | `mod` | their inputs and results, and how activities are called |
//! | `batch` | [`Batch`]: a job; starts shards |
//! | `replay` | tests with recorded histories |
//! | `shard` | [`Shard`]: a range of chunks; hands them out |
//!
//! The ledger is the record of a job: Temporal has only numbers of chunks. A workflow can therefore be ended and started
//! again at any time. It hands out the chunks that the ledger lists as open.

mod batch;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod replay;
mod shard;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use temporalio_common::RetryPolicy;
use temporalio_sdk::{
    ActivityCancellationType, ActivityOptions, MemoValue, WorkflowCancellationToken,
    WorkflowContext, WorkflowResult, WorkflowTermination,
};

pub(crate) use batch::Batch;
pub(crate) use shard::Shard;

/// The input of [`Batch`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The job in the ledger.
    pub(crate) job: i64,
    /// The number of chunks of the job.
    pub(crate) chunks: u32,
    /// The first chunk of this run of the workflow.
    #[serde(default)]
    pub(crate) first: u32,
    #[serde(default)]
    pub(crate) sizes: Sizes,
}

/// How a job is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Sizes {
    /// The chunks of a shard. Its history has about 6 events for each.
    pub(crate) chunks: u32,
    /// The chunks of a shard that are handed out at once.
    pub(crate) chunks_at_once: u32,
    /// The shards that run at once.
    pub(crate) shards_at_once: u32,
    /// The shards that a run of [`Batch`] starts before it continues as a new one. Its history has about 10 events for
    /// each.
    pub(crate) shards: u32,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            chunks: 500,
            chunks_at_once: 50,
            shards_at_once: 8,
            shards: 400,
        }
    }
}

/// The input of [`Shard`]: a range of chunks.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Range {
    /// The job in the ledger.
    pub(crate) job: i64,
    /// The first chunk.
    pub(crate) first: u32,
    /// The chunk after the last.
    pub(crate) end: u32,
    /// See [`Sizes::chunks_at_once`].
    pub(crate) at_once: u32,
}

/// A chunk of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Chunk {
    /// The job in the ledger.
    pub(crate) job: i64,
    /// The number of the chunk.
    pub(crate) chunk: u32,
}

/// What the ledger says about a range of chunks.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Look {
    /// The chunks that have requests to send.
    pub(crate) open: Vec<u32>,
    /// Why no request of the job may be sent now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stopped: Option<Stopped>,
    pub(crate) counts: Counts,
}

/// Why no request of a job may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stopped {
    Paused,
    Cancelled,
}

/// The numbers of requests that ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) answered: u64,
    pub(crate) failed: u64,
    pub(crate) ambiguous: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.answered += other.answered;
        self.failed += other.failed;
        self.ambiguous += other.ambiguous;
    }
}

/// The end of a chunk that was handed out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// Requests that were not sent.
    pub(crate) unsent: u64,
    /// Why requests were not sent, if others would not be sent either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// The end of a job.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Finished {
    pub(crate) counts: Counts,
    /// Whether no chunk is open.
    pub(crate) is_over: bool,
}

/// The task queue of the activities that ask requests. It is separate, so that an activity that reads the ledger does
/// not wait until a worker has asked a chunk.
pub(crate) fn asking_queue(queue: &str) -> String {
    format!("{queue}-ask")
}

/// A worker reports this often that it works on a chunk.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(2);

/// Temporal takes a chunk from a worker that has not reported for this time.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest time of a chunk. A single answer may take an hour, and a limit on requests per minute may be small.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(24 * 3_600);

/// The options of the activity that asks the requests of a chunk. It is not attempted twice: the ledger must be read
/// before the rest is handed out again.
fn asking(queue: &str, chunk: u32) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(CHUNK_TIMEOUT)
        .task_queue(asking_queue(queue))
        .heartbeat_timeout(HEARTBEAT_TIMEOUT)
        .cancellation_type(ActivityCancellationType::WaitCancellationCompleted)
        .retry_policy(RetryPolicy::builder().maximum_attempts(1).build())
        .summary(format!("chunk {chunk}"))
        .build()
}

/// The options of an activity that reads or changes the ledger. It is repeated until it succeeds, also after the
/// workflow was cancelled.
fn bookkeeping(summary: String) -> ActivityOptions {
    let retry = RetryPolicy::builder()
        .initial_interval(Duration::from_secs(1))
        .maximum_interval(Duration::from_secs(30))
        .build();
    ActivityOptions::with_start_to_close_timeout(Duration::from_secs(600))
        .heartbeat_timeout(HEARTBEAT_TIMEOUT * 3)
        .cancellation_token(WorkflowCancellationToken::new())
        .retry_policy(retry)
        .summary(summary)
        .build()
}

/// The end of a workflow that was cancelled.
fn cancelled() -> WorkflowTermination {
    WorkflowTermination::cancelled()
}

/// Shows the state of a workflow on Temporal's pages.
fn show<W>(ctx: &WorkflowContext<W>, state: &str) -> WorkflowResult<()> {
    ctx.set_current_details(state);
    Ok(ctx.upsert_memo([("state", Some(MemoValue::new(state.to_owned())))])?)
}
