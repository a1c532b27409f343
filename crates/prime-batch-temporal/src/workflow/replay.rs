//! Replays histories of real runs: a workflow whose steps changed cannot continue a run of the version before.
//!
//! They are of a job with 800 requests in shards of 2 chunks, which was paused, and whose worker was killed. To record
//! others, run such a job and `temporal workflow show -w ID -r RUN -o json`.

use temporalio_client::WorkflowHistory;
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};

use super::{Batch, Shard};

async fn replay(history: &[u8]) -> Result<(), String> {
    let options = WorkflowReplayerOptions::new()
        .register_workflow::<Batch>()
        .and_then(|options| options.register_workflow::<Shard>());
    let options = options.map_err(|error| error.to_string())?.build();
    let replayer = WorkflowReplayer::new(options).map_err(|error| error.to_string())?;
    let history = WorkflowHistory::from_json(history).map_err(|error| error.to_string())?;
    let replayed = replayer.replay_workflow(history).await;
    replayed.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_runs_are_replayed() {
    for (name, history) in [
        ("shard", &include_bytes!("histories/shard.json")[..]),
        (
            "continued",
            include_bytes!("histories/batch-continued.json"),
        ),
        ("done", include_bytes!("histories/batch-done.json")),
    ] {
        assert_eq!(replay(history).await, Ok(()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_steps_are_noticed() {
    let history = include_str!("histories/batch-done.json");
    // Another activity than that which the workflow calls.
    let other = history.replace("Bookkeeping::finish", "Bookkeeping::other");
    assert_ne!(other, history);
    assert!(replay(other.as_bytes()).await.is_err());
}
