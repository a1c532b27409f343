mod activities;
mod workflow;
use std::time::Duration;
use temporalio_client::*;
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use workflow::{Batch, Plan, Shard, Sizes};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let url: Url = "http://127.0.0.1:7555".parse()?;
    let connection = Connection::connect(ConnectionOptions::new(url).build()).await?;
    let client = Client::new(connection, ClientOptions::new("default").build())?;
    match args[1].as_str() {
        "start" => {
            let chunks: u32 = args[2].parse()?;
            let sizes = Sizes { chunks: 20, chunks_at_once: 10, shards_at_once: 2, shards: 3 };
            let handle = client.signal_with_start_workflow(Batch::run, Plan { job: 1, chunks, first: 0, sizes }, Batch::wake, (),
                WorkflowStartOptions::new("pb", "prime-batch-1").id_conflict_policy(WorkflowIdConflictPolicy::UseExisting)
                .static_summary("answers.jsonl: 100 requests").static_details("many").build()).await?;
            println!("{:?}", handle.run_id());
            let r = handle.get_result(WorkflowGetResultOptions::default()).await;
            println!("{r:?}");
        }
        "wake" => client.get_workflow_handle::<Batch>("prime-batch-1").signal(Batch::wake, (), WorkflowSignalOptions::default()).await?,
        "cancel" => client.get_workflow_handle::<UntypedWorkflow>("prime-batch-1").cancel(WorkflowCancelOptions::default()).await?,
        "running" => println!("{:?}", client.get_workflow_handle::<Batch>("prime-batch-1").query(Batch::running, (), WorkflowQueryOptions::default()).await?),
        "history" => {
            let id = &args[2];
            let json = client.get_workflow_handle::<UntypedWorkflow>(id).fetch_history(Default::default()).to_json().await?;
            std::fs::write(&args[3], json)?;
        }
        "replay" => {
            use temporalio_sdk::workflow_replayer::*;
            let r = WorkflowReplayer::new(WorkflowReplayerOptions::new().register_workflow::<Batch>()?.register_workflow::<Shard>()?.build())?;
            println!("{:?}", r.replay_workflow(WorkflowHistory::from_json(&std::fs::read(&args[2])?)?).await);
        }
        "worker" => {
            let runtime = Runtime::from_current_tokio(Default::default())?;
            let done = std::sync::Arc::new(std::sync::Mutex::new(std::collections::HashSet::new()));
            let a = WorkerOptions::new("pb").register_workflow::<Batch>()?.register_workflow::<Shard>()?;
            let a = a.register_activities(activities::Bookkeeping { done: done.clone(), ..Default::default() }).build();
            let b = WorkerOptions::new("pb-ask").register_activities(activities::Asking(done)).build();
            let mut worker = Worker::new(&runtime, client.clone(), a)?;
            let mut worker2 = Worker::new(&runtime, client, b)?;
            let stop = worker.shutdown_handle();
            let stop2 = worker2.shutdown_handle();
            tokio::spawn(async move { tokio::signal::ctrl_c().await.ok(); stop(); stop2(); });
            tokio::try_join!(worker.run(), worker2.run())?;
        }
        _ => {}
    }
    let _ = Duration::ZERO;
    Ok(())
}
