//! `batch_estimate`, `batch_status`, `batch_start` and `batch_stop`.

use std::path::PathBuf;
use std::sync::Arc;

use prime_batch::ledger::LedgerError;
use prime_batch::{Batch, Report, State};
use prime_ext::Usd;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::session::Session;
use crate::tool::{Fault, Needs, Progress, Tool};

pub(super) fn tools() -> [Tool; 4] {
    [
        Tool::read(
            "batch_estimate",
            "Check the input of a batch, a file of JSON Lines, and return its largest cost in US dollars. Costs nothing.",
            estimate,
        ),
        Tool::read(
            "batch_status",
            "Return what became of a batch: the requests in each state, and the cost in US dollars. Costs nothing.",
            status,
        ),
        Tool::change(
            "batch_start",
            "Ask the requests of a file, in the background, or continue after an interruption. Costs money, up to \
             budget_usd, which is reserved from the limit of this server. Answered requests are not asked again. The \
             batch stops when the server ends, and can be continued.",
            Needs::Spending,
            false,
            start,
        ),
        Tool::change(
            "batch_stop",
            "Stop a batch that this server runs. Requests in flight are finished, and cost what they cost. The batch can be \
             continued.",
            Needs::Spending,
            false,
            stop,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The path of the input.
    input: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Output {
    /// The path of the output.
    output: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Start {
    /// The path of the input: a file of JSON Lines with `custom_id` and `body`, or with `model` and `messages`.
    input: String,
    /// The path of the output. It is created, and has its ledger beside it.
    output: String,
    /// The largest cost of this run in US dollars, such as "2.50".
    #[schemars(with = "String")]
    budget_usd: Usd,
    /// The largest number of requests in flight. Default: 256.
    #[serde(default)]
    max_concurrency: Option<u32>,
}

async fn estimate(session: Arc<Session>, arguments: Input) -> Result<Value, Fault> {
    let batch = Batch::open(arguments.input, PathBuf::new());
    let estimate = batch.estimate(&session.client).await?;
    let input = &estimate.input;
    Ok(json!({
        "requests": input.requests,
        "at_most_usd": input.bound,
        "requests_without_bound": input.without_bound,
        "requests_without_max_tokens": input.without_max_tokens,
        "models": input.models,
        "left_of_limit_usd": session.limit().map(|_| session.left()),
    }))
}

async fn status(session: Arc<Session>, arguments: Output) -> Result<Value, Fault> {
    let path = PathBuf::from(arguments.output);
    let report = Report::of(&path).await?;
    Ok(view(&report, session.batch(&path).is_some()))
}

fn view(report: &Report, is_run_here: bool) -> Value {
    let totals = report.totals();
    json!({
        "output": report.output.display().to_string(),
        "errors": report.errors.display().to_string(),
        "is_running": report.job.is_running,
        "is_run_by_this_server": is_run_here,
        "requests": report.counts.values().sum::<u64>(),
        "answered": report.count(State::Answered),
        "failed": report.count(State::Failed),
        "ambiguous": report.count(State::Ambiguous),
        "in_flight": report.count(State::Sent),
        "unsent": report.count(State::Unsent),
        "known_cost_usd": totals.known_cost,
        "estimated_cost_usd": totals.estimated_cost,
        "requests_with_unknown_cost": totals.with_unknown_cost,
        "unknown_cost_at_most_usd": totals.held,
    })
}

/// Returns what a batch has spent so far. Unknown costs count with their upper bounds.
async fn spent(output: &PathBuf) -> Result<Usd, prime_batch::Error> {
    let report = match Report::of(output).await {
        Ok(report) => report,
        Err(prime_batch::Error::Ledger(LedgerError::Missing(_))) => return Ok(Usd::ZERO),
        Err(error) => return Err(error),
    };
    let totals = report.totals();
    let mut spent = totals.known_cost;
    spent += totals.estimated_cost;
    spent += totals.held;
    Ok(spent.usd())
}

async fn start(
    session: Arc<Session>,
    _progress: Progress,
    arguments: Start,
) -> Result<Value, Fault> {
    let output = PathBuf::from(&arguments.output);
    let before = spent(&output).await?;
    let batch = Batch::open(&arguments.input, &output)
        // The budget of a batch includes earlier runs.
        .budget(before + arguments.budget_usd)
        .concurrency(1, arguments.max_concurrency.unwrap_or(256).max(1));
    // Errors of the input are returned before anything is reserved.
    let estimate = batch.estimate(&session.client).await?;
    let Some(control) = session.add_batch(&output) else {
        return Err(Fault::new(
            "this server runs this batch already: see batch_status",
        ));
    };
    let reservation = match session.reserve(arguments.budget_usd) {
        Ok(reservation) => reservation,
        Err(fault) => {
            session.remove_batch(&output);
            return Err(fault);
        }
    };
    let (running, path) = (session.clone(), output.clone());
    let run = batch.control(&control);
    let (failed, failure) = tokio::sync::oneshot::channel();
    drop(tokio::spawn(async move {
        let ended = run.run(&running.client).await;
        // If the ledger cannot be read, the whole budget stays reserved.
        if let Ok(after) = spent(&path).await {
            reservation.settle((after - before).max(Usd::ZERO));
        }
        running.remove_batch(&path);
        if let Err(error) = ended {
            // Nobody waits after the start.
            let _ = failed.send(error);
        }
    }));
    // A batch that cannot start fails at once, for example because another process runs it.
    if let Ok(Ok(error)) = tokio::time::timeout(START, failure).await {
        return Err(error.into());
    }
    Ok(json!({
        "started": true,
        "requests": estimate.input.requests,
        "at_most_usd": estimate.input.bound,
        "budget_usd": arguments.budget_usd,
        "left_of_limit_usd": session.left(),
        "next": "batch_status returns the progress; batch_stop stops the batch",
    }))
}

/// How long a start waits for an error.
const START: std::time::Duration = std::time::Duration::from_millis(500);

async fn stop(
    session: Arc<Session>,
    _progress: Progress,
    arguments: Output,
) -> Result<Value, Fault> {
    let path = PathBuf::from(arguments.output);
    let Some(control) = session.batch(&path) else {
        return Err(Fault::new(
            "this server does not run this batch: see batch_status",
        ));
    };
    control.stop();
    let in_flight = control.progress().in_flight;
    Ok(json!({"stopping": true, "in_flight": in_flight}))
}
