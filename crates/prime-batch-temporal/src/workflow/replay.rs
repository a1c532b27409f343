//! Replays histories of real runs: a workflow whose steps changed cannot continue a run of the version before.
//!
//! They are of a job with 800 requests in shards of 2 chunks, which was paused, and whose worker was killed. The test
//! `record` writes one anew.

use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, UntypedWorkflow, Url,
    WorkflowExecutionInfo, WorkflowFetchHistoryOptions, WorkflowHandle, WorkflowHistory,
};
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

/// Writes the history of the run RUN of the workflow WORKFLOW to FILE. The server is at TEMPORAL_ADDRESS.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes a file, and needs a server"]
async fn record() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let url: Url = format!("http://{}", variable("TEMPORAL_ADDRESS"))
        .parse()
        .unwrap();
    let connection = Connection::connect(ConnectionOptions::new(url).build()).await;
    let client = Client::new(connection.unwrap(), ClientOptions::new("default").build()).unwrap();
    let info = WorkflowExecutionInfo::builder()
        .namespace("default".to_owned())
        .workflow_id(variable("WORKFLOW"))
        .run_id(variable("RUN"))
        .build();
    let handle = WorkflowHandle::<_, UntypedWorkflow>::new(client, info);
    let history = handle.fetch_history(WorkflowFetchHistoryOptions::default());
    std::fs::write(variable("FILE"), history.to_json().await.unwrap()).unwrap();
}
