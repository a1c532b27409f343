//! `status`: what became of a job.

use std::time::Duration;

use futures::TryStreamExt as _;
use prime_batch::State;
use prime_batch::ledger::PostgresLedger;
use prime_batch::ledger::postgres::{JobInfo, JobState, JobStatus};
use prime_ext::UsdSum;
use serde::Serialize;
use temporalio_client::{Client, WorkflowDescribeOptions, WorkflowListOptions};

use crate::cli::{self, Format, Global};
use crate::failure::{Exit, Failure};
use crate::job::{PATIENCE, find};
use crate::workflow::Batch;

/// The number of requests that are listed.
const LISTED: u32 = 100;

/// How often a job is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// A job as JSON.
#[derive(Serialize)]
struct View {
    job: i64,
    state: &'static str,
    output: String,
    endpoint: String,
    team: Option<String>,
    requests: u64,
    answered: u64,
    failed: u64,
    ambiguous: u64,
    unsent: u64,
    in_flight: u64,
    spent_usd: UsdSum,
    reserved_usd: UsdSum,
    budget_usd: Option<UsdSum>,
    requests_per_minute: Option<u32>,
    max_concurrency: u32,
    chunks: Chunks,
    workers: Vec<Worker>,
    /// The first of them.
    ambiguous_requests: Vec<Listed>,
    /// The first of them.
    failed_requests: Vec<Listed>,
    workflow: String,
    /// What Temporal says about the workflow. Missing if it was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_status: Option<String>,
    /// Why no requests are sent.
    waits: Option<String>,
}

#[derive(Serialize)]
struct Chunks {
    open: u64,
    leased: u64,
    ended: u64,
}

#[derive(Serialize)]
struct Worker {
    worker: String,
    chunks: u64,
    in_flight: u32,
    level: u32,
    seen_seconds_ago: f64,
}

#[derive(Serialize)]
struct Listed {
    id: String,
    line: u64,
    error: Option<String>,
}

pub(crate) async fn run(arguments: cli::Status, global: &Global) -> Result<(), Failure> {
    let ledger = arguments.ledger.connect(Some(PATIENCE)).await?;
    let job = find(&ledger, &arguments.output).await?;
    loop {
        let status = ledger.status(job.id).await?;
        let is_over = matches!(status.job.state, JobState::Done | JobState::Cancelled);
        // The ledger says what was paid, also if Temporal cannot be reached.
        let client = arguments.temporal.connect(Some(Duration::ZERO)).await;
        let client = client
            .inspect_err(|error| eprintln!("note: Temporal was not reached: {error}"))
            .ok();
        let view = View::read(&ledger, &status, client.as_ref()).await?;
        global.write(&view, &view.text())?;
        if !arguments.watch || is_over {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Shows the progress until a job ends. The result says whether all requests were answered.
pub(crate) async fn wait(
    ledger: &PostgresLedger,
    job: &JobInfo,
    global: &Global,
) -> Result<(), Failure> {
    let status = loop {
        let status = ledger.status(job.id).await?;
        if matches!(status.job.state, JobState::Done | JobState::Cancelled) {
            break status;
        }
        if global.format == Format::Table {
            eprintln!("{}", line(&status));
        }
        tokio::time::sleep(LOOK).await;
    };
    let view = View::read(ledger, &status, None).await?;
    global.write(&view, &view.text())?;
    match status.tally {
        _ if status.job.state == JobState::Cancelled => {
            Err(Failure::other("the job was cancelled"))
        }
        tally if tally.ambiguous > 0 => Err(Failure::new(
            Exit::OutcomeUnknown,
            format!(
                "{} requests may have been carried out, but have no answer; --ambiguous ask-again asks them again",
                tally.ambiguous
            ),
        )),
        tally if tally.failed > 0 => Err(Failure::other(format!(
            "{} requests failed; --retry-failed asks them again",
            tally.failed
        ))),
        tally if tally.unsent > 0 => Err(Failure::other(format!(
            "{} requests were not sent, because their cost has no upper bound; --allow-unpriced sends them",
            tally.unsent
        ))),
        _ => Ok(()),
    }
}

/// Returns a number and a noun, with an `s` unless the number is 1.
pub(crate) fn plural(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// Returns the progress as a line.
fn line(status: &JobStatus) -> String {
    let (tally, chunks) = (&status.tally, &status.chunks);
    format!(
        "{}: {} of {}, {} of {}, {}, ${}",
        status.job.state.as_str(),
        tally.answered + tally.failed + tally.ambiguous,
        plural(status.job.requests, "request"),
        chunks.ended,
        plural(status.job.chunks as u64, "chunk"),
        plural(status.workers.len() as u64, "worker"),
        status.spent
    )
}

impl View {
    async fn read(
        ledger: &PostgresLedger,
        status: &JobStatus,
        client: Option<&Client>,
    ) -> Result<Self, Failure> {
        let job = &status.job;
        let list = async |states: &[State]| {
            let rows = ledger.requests(job.id, states, LISTED).await?;
            let listed = rows.into_iter().map(|row| Listed {
                id: row.key.id,
                line: row.line,
                error: row.error,
            });
            Ok::<Vec<_>, Failure>(listed.collect())
        };
        let workflow = job.name.clone();
        let (workflow_status, waits) = match client {
            Some(client) => workflow_state(client, &workflow).await,
            None => (None, None),
        };
        let workers = status.workers.iter().map(|worker| Worker {
            worker: worker.name.clone(),
            chunks: worker.chunks,
            // A worker that has no chunk has not told yet that nothing is in flight.
            in_flight: if worker.chunks > 0 {
                worker.in_flight
            } else {
                0
            },
            level: worker.level,
            seen_seconds_ago: worker.seen.as_secs_f64(),
        });
        let workers: Vec<Worker> = workers.collect();
        Ok(Self {
            job: job.id.0,
            state: job.state.as_str(),
            output: job.output.clone(),
            endpoint: job.endpoint.clone(),
            team: job.team.clone(),
            requests: job.requests,
            answered: status.tally.answered,
            failed: status.tally.failed,
            ambiguous: status.tally.ambiguous,
            unsent: status.tally.unsent,
            in_flight: workers.iter().map(|one| u64::from(one.in_flight)).sum(),
            spent_usd: status.spent,
            reserved_usd: status.reserved,
            budget_usd: job.limits.budget.map(UsdSum::from),
            requests_per_minute: job.limits.requests_per_minute,
            max_concurrency: job.limits.max_concurrency,
            chunks: Chunks {
                open: status.chunks.open,
                leased: status.chunks.leased,
                ended: status.chunks.ended,
            },
            workers,
            ambiguous_requests: list(&[State::Ambiguous]).await?,
            failed_requests: list(&[State::Failed]).await?,
            workflow,
            workflow_status,
            waits: match job.state {
                JobState::Paused => Some("paused".to_owned()),
                _ => waits,
            },
        })
    }

    fn text(&self) -> String {
        let budget = match self.budget_usd {
            Some(budget) => format!(" of ${budget}"),
            None => String::new(),
        };
        let mut text = format!(
            "Job:       {} ({}), {}\nAccount:   {}\nRequests:  {}: {} answered, {} failed, {} ambiguous, {} unsent, \
             {} in flight\nChunks:    {} ended, {} with a worker, {} open\nCost:      ${}{budget}, ${} reserved\n\
             Workflow:  {}",
            self.job,
            self.state,
            self.output,
            self.team.as_deref().unwrap_or("the owner of the key"),
            self.requests,
            self.answered,
            self.failed,
            self.ambiguous,
            self.unsent,
            self.in_flight,
            self.chunks.ended,
            self.chunks.leased,
            self.chunks.open,
            self.spent_usd,
            self.reserved_usd,
            self.workflow,
        );
        if let Some(status) = &self.workflow_status {
            text.push_str(&format!(" ({status})"));
        }
        if let Some(waits) = &self.waits {
            text.push_str(&format!("\nWaits:     {waits}"));
        }
        for one in &self.workers {
            text.push_str(&format!(
                "\nWorker:    {}: {} with it, {} of {} in flight, seen {:.0} s ago",
                one.worker,
                plural(one.chunks, "chunk"),
                one.in_flight,
                one.level,
                one.seen_seconds_ago
            ));
        }
        for (name, listed) in [
            ("Ambiguous", &self.ambiguous_requests),
            ("Failed", &self.failed_requests),
        ] {
            for one in listed.iter().take(10) {
                let error = one.error.as_deref().unwrap_or("no answer");
                text.push_str(&format!(
                    "\n{name}: {} (line {}): {error}",
                    one.id, one.line
                ));
            }
        }
        text
    }
}

/// Returns what Temporal says about a workflow, and why its shards wait.
async fn workflow_state(client: &Client, id: &str) -> (Option<String>, Option<String>) {
    let handle = client.get_workflow_handle::<Batch>(id);
    let Ok(found) = handle.describe(WorkflowDescribeOptions::default()).await else {
        return (Some("not started".to_owned()), None);
    };
    let mut status = format!("{:?}", found.status()).to_lowercase();
    if let Some(task) = &found.raw().pending_workflow_task
        && task.attempt > 2
    {
        // Temporal repeats a task for ever if the program of a worker fails in it.
        status.push_str(&format!(
            ", but its task failed {} times: see the log of a worker",
            task.attempt - 1
        ));
    }
    let query = format!("WorkflowId STARTS_WITH '{id}-chunks-' AND ExecutionStatus = 'Running'");
    let mut shards = client.list_workflows(query, WorkflowListOptions::default());
    let mut waits = None;
    while let Ok(Some(shard)) = shards.try_next().await {
        let state: Option<String> = shard.memo().get("state").ok().flatten();
        match state.as_deref() {
            None | Some("running") => return (Some(status), None),
            Some(_) => waits = state,
        }
    }
    (Some(status), waits)
}
