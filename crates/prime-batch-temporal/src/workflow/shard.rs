//! A range of chunks.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::workflows::{join_all, select};
use temporalio_sdk::{
    ContinueAsNewOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
};

use super::{Asked, Chunk, Counts, Look, Range, Stopped, asking, bookkeeping, cancelled, show};
use crate::activities::{Asking, Bookkeeping};

/// Waits before chunks are handed out again that could not be finished: at first, and at most.
const WAIT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(600));

/// Why chunks wait that no worker has finished, without another reason: workers were lost, for example.
const UNFINISHED: &str = "waits before chunks are handed out again that were not finished";

/// A range of chunks. It works in rounds: it reads in the ledger which chunks are open, and hands out each of them once.
#[workflow]
#[derive(Default)]
pub(crate) struct Shard {
    /// How often something has changed that may let requests be sent again.
    changes: u64,
    /// Why it waits.
    waits: Option<String>,
}

#[workflow_methods]
impl Shard {
    /// Runs until no chunk is open.
    #[run]
    pub(crate) async fn run(
        ctx: &mut WorkflowContext<Self>,
        range: Range,
    ) -> WorkflowResult<Counts> {
        let (mut wait, mut is_due) = (WAIT.0, true);
        let mut before = usize::MAX;
        let mut reason = None;
        loop {
            let changes = ctx.state(|shard| shard.changes);
            let options = bookkeeping("read which chunks are open".to_owned());
            let look: Look = ctx
                .execute_activity(Bookkeeping::look, range, options)
                .await?;
            if ctx.cancellation_token().is_cancelled() {
                return Err(cancelled());
            }
            if look.open.is_empty() || look.stopped == Some(Stopped::Cancelled) {
                return Ok(look.counts);
            }
            let has_moved = look.open.len() < before;
            if has_moved {
                wait = WAIT.0;
            }
            let is_paused = look.stopped == Some(Stopped::Paused);
            if !is_paused && (has_moved || is_due) {
                set_waits(ctx, None)?;
                before = look.open.len();
                is_due = false;
                reason = hand_out(ctx, range, look.open).await;
                continue;
            }
            // Nothing could be finished: the budget is spent, for example, or these chunks end each worker.
            let why = match is_paused {
                true => "paused".to_owned(),
                false => reason.clone().unwrap_or_else(|| UNFINISHED.to_owned()),
            };
            set_waits(ctx, Some(why))?;
            if ctx.continue_as_new_suggested() {
                ctx.continue_as_new(range, ContinueAsNewOptions::default())?;
            }
            select! {
                _ = ctx.wait_condition(|shard| shard.changes != changes) => wait = WAIT.0,
                _ = ctx.timer(wait) => wait = (wait * 2).min(WAIT.1),
            }
            if ctx.cancellation_token().is_cancelled() {
                return Err(cancelled());
            }
            is_due = true;
        }
    }

    /// Something has changed that may let requests be sent again.
    #[signal]
    pub(crate) fn wake(&mut self, _ctx: &mut SyncWorkflowContext<Self>) {
        self.changes += 1;
    }

    /// Returns why the shard waits.
    #[query]
    pub(crate) fn waiting(&self, _ctx: &WorkflowContextView) -> Option<String> {
        self.waits.clone()
    }
}

/// Shows why the shard waits.
fn set_waits(ctx: &WorkflowContext<Shard>, waits: Option<String>) -> WorkflowResult<()> {
    if ctx.state(|shard| shard.waits == waits) {
        return Ok(());
    }
    show(ctx, waits.as_deref().unwrap_or("running"))?;
    ctx.state_mut(|shard| shard.waits = waits);
    Ok(())
}

/// Hands out each chunk once. Returns why the rest is not handed out, if others would not be sent either.
async fn hand_out(ctx: &WorkflowContext<Shard>, range: Range, open: Vec<u32>) -> Option<String> {
    let lanes = range
        .at_once
        .clamp(1, 500)
        .min(u32::try_from(open.len()).unwrap_or(500));
    let chunks = RefCell::new(open.into_iter());
    let reason = Cell::new(None);
    let lane = async || {
        loop {
            if ctx.cancellation_token().is_cancelled() {
                return;
            }
            let found = reason.take();
            if found.is_some() {
                reason.set(found);
                return;
            }
            let Some(chunk) = chunks.borrow_mut().next() else {
                return;
            };
            let chunk = Chunk {
                job: range.job,
                chunk,
            };
            if let Some(found) = ask(ctx, chunk).await {
                reason.set(Some(found));
            }
        }
    };
    join_all((0..lanes).map(|_| lane())).await;
    reason.into_inner()
}

/// Lets a worker ask the requests of a chunk. If its end is not known, the ledger is reconciled.
async fn ask(ctx: &WorkflowContext<Shard>, chunk: Chunk) -> Option<String> {
    let options = asking(ctx.task_queue(), chunk.chunk);
    let asked: Result<Asked, _> = ctx.execute_activity(Asking::ask, chunk, options).await;
    match asked {
        Ok(asked) => asked.reason,
        Err(_) => {
            let options = bookkeeping(format!("reconcile chunk {}", chunk.chunk));
            // It is repeated until it succeeds.
            let reconciled = ctx
                .execute_activity(Bookkeeping::reconcile, chunk, options)
                .await;
            reconciled.err().map(|error| error.to_string())
        }
    }
}
