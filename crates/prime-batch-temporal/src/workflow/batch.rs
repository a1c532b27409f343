//! A job.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::workflows::join_all;
use temporalio_sdk::{
    ChildWorkflowCancellationType, ChildWorkflowOptions, ContinueAsNewOptions, ParentClosePolicy,
    SignalWorkflowOptions, WorkflowContext, WorkflowContextView, WorkflowResult,
};

use super::{Counts, Finished, Plan, Range, Shard, bookkeeping, cancelled, show};
use crate::activities::Bookkeeping;

/// A job: starts shards, some at once, and marks the job as done in the ledger.
#[workflow]
#[derive(Default)]
pub(crate) struct Batch {
    /// The ids of the shards that run.
    running: BTreeSet<String>,
}

#[workflow_methods]
impl Batch {
    /// Runs until all shards ended.
    #[run]
    pub(crate) async fn run(ctx: &mut WorkflowContext<Self>, plan: Plan) -> WorkflowResult<Counts> {
        let sizes = plan.sizes;
        let step = sizes.chunks.max(1);
        let end = plan.chunks.min(
            plan.first
                .saturating_add(step.saturating_mul(sizes.shards.max(1))),
        );
        let next = Cell::new(plan.first);
        let lane = async || {
            while next.get() < end && !ctx.cancellation_token().is_cancelled() {
                let first = next.get();
                let range = Range {
                    job: plan.job,
                    first,
                    end: end.min(first.saturating_add(step)),
                    at_once: sizes.chunks_at_once,
                };
                next.set(range.end);
                let text = format!("{first} of {} chunks are handed out", plan.chunks);
                show(ctx, &text)?;
                shard(ctx, range).await?;
            }
            WorkflowResult::Ok(())
        };
        let lanes = join_all((0..sizes.shards_at_once.max(1)).map(|_| lane())).await;
        lanes.into_iter().collect::<WorkflowResult<()>>()?;
        if ctx.cancellation_token().is_cancelled() {
            return Err(cancelled());
        }
        if end < plan.chunks {
            // Its history stays short.
            ctx.continue_as_new(Plan { first: end, ..plan }, ContinueAsNewOptions::default())?;
        }
        let options = bookkeeping("write the list of results".to_owned());
        let finished: Finished = ctx
            .execute_activity(Bookkeeping::finish, plan.job, options)
            .await?;
        if !finished.is_over {
            // Meanwhile, a submission has allowed requests to be asked again.
            ctx.timer(WAIT.0).await;
            ctx.continue_as_new(Plan { first: 0, ..plan }, ContinueAsNewOptions::default())?;
        }
        show(ctx, "done")?;
        Ok(finished.counts)
    }

    /// Something has changed that may let requests be sent again: tells the shards.
    #[signal]
    pub(crate) async fn wake(ctx: &mut WorkflowContext<Self>) {
        let running = ctx.state(|batch| batch.running.clone());
        let signals = running.into_iter().map(async |id| {
            let shard = ctx.external_workflow(id, None);
            let signal = shard.signal(Shard::wake, (), SignalWorkflowOptions::default());
            signal.await
        });
        // A shard that has ended meanwhile needs none.
        drop(join_all(signals).await);
    }

    /// Returns the ids of the shards that run.
    #[query]
    pub(crate) fn running(&self, _ctx: &WorkflowContextView) -> Vec<String> {
        self.running.iter().cloned().collect()
    }
}

/// Waits before a shard is started again that was ended from outside: at first, and at most.
const WAIT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));

/// Runs a shard to its end.
async fn shard(ctx: &WorkflowContext<Batch>, range: Range) -> WorkflowResult<()> {
    let id = format!("{}-chunks-{}-{}", ctx.workflow_id(), range.first, range.end);
    let mut wait = WAIT.0;
    loop {
        let options = ChildWorkflowOptions::builder()
            .workflow_id(id.clone())
            .static_summary(format!("chunks {} to {}", range.first, range.end - 1))
            .cancel_type(ChildWorkflowCancellationType::WaitCancellationCompleted)
            .parent_close_policy(ParentClosePolicy::RequestCancel)
            .build();
        ctx.state_mut(|batch| batch.running.insert(id.clone()));
        let ended = match ctx.start_child_workflow(Shard::run, range, options).await {
            Ok(started) => started.result().await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        ctx.state_mut(|batch| batch.running.remove(&id));
        match ended {
            Ok(_) => return Ok(()),
            Err(_) if ctx.cancellation_token().is_cancelled() => return Err(cancelled()),
            Err(error) => show(
                ctx,
                &format!("chunks {} to {}: {error}", range.first, range.end - 1),
            )?,
        }
        ctx.timer(wait).await;
        wait = (wait * 2).min(WAIT.1);
    }
}
