//! A job in the ledger, and its workflow.

use std::time::Duration;

use prime_batch::Limits;
use prime_batch::ledger::PostgresLedger;
use prime_batch::ledger::postgres::{JobInfo, JobState};
use prime_ext::UsdSum;
use serde::Serialize;
use serde_json::json;
use temporalio_client::errors::WorkflowInteractionError;
use temporalio_client::{
    Client, WorkflowCancelOptions, WorkflowIdConflictPolicy, WorkflowIdReusePolicy,
    WorkflowSignalOptions, WorkflowStartOptions,
};
use temporalio_common::RetryPolicy;

use crate::cli::{self, Format, Global};
use crate::connection::Temporal;
use crate::failure::{Exit, Failure};
use crate::workflow::{Batch, Plan, Sizes};

/// How long a command waits for a server.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the job of an output that was submitted last.
pub(crate) async fn find(ledger: &PostgresLedger, name: &str) -> Result<JobInfo, Failure> {
    let jobs = ledger.jobs(Some(name)).await?;
    jobs.into_iter().next().ok_or_else(|| {
        let message = format!("{} has no job of the output {name}", ledger.name());
        Failure::new(Exit::NotFound, message)
    })
}

/// Starts the workflow of a job, or tells it that something has changed if it runs.
pub(crate) async fn wake_or_start(
    client: &Client,
    temporal: &Temporal,
    job: &JobInfo,
    sizes: Sizes,
) -> Result<(), Failure> {
    let chunks = u32::try_from(job.chunks);
    let plan = Plan {
        job: job.id.0,
        chunks: chunks.map_err(|_| Failure::usage("the job has too many chunks"))?,
        first: 0,
        sizes,
    };
    let team = job.team.as_deref().unwrap_or("the owner of the key");
    let options = WorkflowStartOptions::new(temporal.task_queue.clone(), job.name.as_str())
        .id_conflict_policy(WorkflowIdConflictPolicy::UseExisting)
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
        // A workflow that failed starts again, and reads in the ledger what is left.
        .retry_policy(
            RetryPolicy::builder()
                .initial_interval(Duration::from_secs(5))
                .maximum_interval(Duration::from_secs(300))
                .build(),
        )
        .static_summary(format!("{} requests: {}", job.requests, end_of(&job.output)))
        .static_details(format!(
            "- Requests: {}\n- Chunks: {}\n- Output: {}\n- Service: {}\n- Billed: {team}\n\nThe ledger has the results \
             and the costs: `prime-rs batch status {} --ledger …`",
            job.requests, job.chunks, job.output, job.endpoint, job.output
        ))
        .build();
    let started = client.signal_with_start_workflow(Batch::run, plan, Batch::wake, (), options);
    match started.await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::other(format!(
            "the job is in the ledger, but Temporal did not start it: {error}; run the same command again"
        ))),
    }
}

/// The largest number of characters of an output in a summary, which Temporal limits to 400 bytes.
const SUMMARY: usize = 80;

/// Returns the end of a name.
fn end_of(name: &str) -> String {
    let skipped = name.chars().count().saturating_sub(SUMMARY);
    name.chars().skip(skipped).collect()
}

/// Tells the workflow of a job that something has changed. It need not run.
async fn wake(client: &Client, job: &JobInfo) -> Result<(), Failure> {
    let handle = client.get_workflow_handle::<Batch>(job.name.as_str());
    match handle
        .signal(Batch::wake, (), WorkflowSignalOptions::default())
        .await
    {
        Ok(()) | Err(WorkflowInteractionError::NotFound { .. }) => Ok(()),
        Err(error) => Err(Failure::other(format!(
            "the ledger is changed, but Temporal was not told: {error}; run the same command again"
        ))),
    }
}

/// `pause`, `resume` and `cancel`.
pub(crate) async fn set_state(
    named: &cli::Named,
    global: &Global,
    state: JobState,
) -> Result<(), Failure> {
    let ledger = named.ledger.connect(Some(PATIENCE)).await?;
    let job = find(&ledger, &named.output).await?;
    let is_over = job.state == JobState::Done || job.state == JobState::Cancelled;
    if is_over && state != JobState::Running {
        return Err(Failure::usage(format!("the job is {}", job.state.as_str())));
    }
    if job.state == JobState::Done {
        return Err(Failure::usage(
            "the job is done; `submit` asks again what it allows",
        ));
    }
    // The ledger comes first: workers obey it, whatever becomes of Temporal.
    ledger.set_state(job.id, state).await?;
    let client = named.temporal.connect(Some(PATIENCE)).await?;
    match state {
        JobState::Running => {
            wake_or_start(&client, &named.temporal, &job, Sizes::default()).await?;
        }
        JobState::Cancelled => {
            let handle = client.get_workflow_handle::<Batch>(job.name.as_str());
            let cancelled = handle.cancel(WorkflowCancelOptions::default()).await;
            if let Err(error) = cancelled
                && !matches!(error, WorkflowInteractionError::NotFound { .. })
            {
                return Err(Failure::other(format!(
                    "Temporal did not cancel the job: {error}"
                )));
            }
        }
        _ => wake(&client, &job).await?,
    }
    global.write(
        &json!({"job": job.id.0, "state": state.as_str()}),
        &format!("The job {} is {}.", job.id, state.as_str()),
    )
}

#[derive(Serialize)]
struct LimitsView {
    budget_usd: Option<UsdSum>,
    min_concurrency: u32,
    max_concurrency: u32,
    requests_per_minute: Option<u32>,
}

/// `set`.
pub(crate) async fn set(arguments: &cli::Set, global: &Global) -> Result<(), Failure> {
    let named = &arguments.job;
    let ledger = named.ledger.connect(Some(PATIENCE)).await?;
    let job = find(&ledger, &named.output).await?;
    let change = |limits: &mut Limits| arguments.limits.apply(limits);
    let limits = ledger.change_limits(job.id, change).await?;
    // Workers read the limits from the ledger; a job that waits for its budget must be told.
    let client = named.temporal.connect(Some(PATIENCE)).await?;
    wake(&client, &job).await?;
    let view = LimitsView {
        budget_usd: limits.budget.map(UsdSum::from),
        min_concurrency: limits.min_concurrency,
        max_concurrency: limits.max_concurrency,
        requests_per_minute: limits.requests_per_minute,
    };
    let none = || "none".to_owned();
    let budget = view
        .budget_usd
        .map_or_else(none, |budget| format!("${budget}"));
    let rate = view
        .requests_per_minute
        .map_or_else(none, |rate| rate.to_string());
    let text = format!(
        "Budget:              {budget}\nConcurrency:         {} to {} for each worker\nRequests per minute: {rate}",
        view.min_concurrency, view.max_concurrency
    );
    global.write(&view, &text)
}

impl Global {
    /// Writes a result as JSON or as text.
    pub(crate) fn write(&self, json: &impl Serialize, text: &str) -> Result<(), Failure> {
        use std::io::Write as _;
        let line = match self.format {
            Format::Json => {
                serde_json::to_string(json).map_err(|e| Failure::other(e.to_string()))?
            }
            Format::Table => text.to_owned(),
        };
        match writeln!(std::io::stdout(), "{line}") {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::other(
                format!("cannot write to standard output: {error}"),
            )),
            _ => Ok(()),
        }
    }
}
