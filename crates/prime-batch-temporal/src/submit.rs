//! `submit`: creates a job, or attaches to it.

use prime_batch::Limits;
use prime_batch::ledger::LedgerError;
use prime_batch::ledger::postgres::{JobState, Submission};
use serde::Serialize;

use crate::cli::{Ambiguous, Global, Submit};
use crate::failure::Failure;
use crate::job::{PATIENCE, wake_or_start};
use crate::status;
use crate::workflow::Sizes;

#[derive(Serialize)]
struct View<'a> {
    job: i64,
    is_new: bool,
    state: &'static str,
    output: &'a str,
    requests: u64,
    chunks: i64,
    workflow: &'a str,
}

pub(crate) async fn run(arguments: Submit, global: &Global) -> Result<(), Failure> {
    let client = global.client()?;
    let ledger = arguments.ledger.connect(Some(PATIENCE)).await?;
    // Limits that are not given stay as they are.
    let jobs = match ledger.jobs(Some(&arguments.output)).await {
        Err(LedgerError::NoJob { .. }) => Vec::new(),
        jobs => jobs?,
    };
    let mut limits = jobs.first().map_or_else(Limits::default, |job| job.limits);
    arguments.limits.apply(&mut limits);

    let input = arguments.prompts.input(&arguments.input)?;
    let mut submission = Submission::new(input, arguments.output);
    submission.limits = limits;
    submission.options.again.ambiguous = arguments.ambiguous == Ambiguous::AskAgain;
    submission.options.again.failed = arguments.retry_failed;
    submission.options.allow_unpriced = arguments.allow_unpriced;
    submission.options.max_retries = arguments.max_retries;
    let submitted = ledger.submit(&client, submission).await?;
    let mut job = submitted.job;
    if job.state == JobState::Cancelled {
        ledger.set_state(job.id, JobState::Running).await?;
        job.state = JobState::Running;
    }
    if job.state != JobState::Done {
        let temporal = arguments.temporal.connect(Some(PATIENCE)).await?;
        let sizes = match arguments.sizes.as_deref() {
            Some(&[chunks, chunks_at_once, shards_at_once, shards]) => Sizes {
                chunks,
                chunks_at_once,
                shards_at_once,
                shards,
            },
            _ => Sizes::default(),
        };
        wake_or_start(&temporal, &arguments.temporal, &job, sizes).await?;
    }
    let view = View {
        job: job.id.0,
        is_new: submitted.is_new,
        state: job.state.as_str(),
        output: &job.output,
        requests: job.requests,
        chunks: job.chunks,
        workflow: &job.name,
    };
    let attached = match submitted.is_new {
        true => "Created",
        false => "Attached to",
    };
    let text = format!(
        "{attached} the job {} with {} in {}. It is {}.",
        job.id,
        status::plural(job.requests, "request"),
        status::plural(job.chunks as u64, "chunk"),
        job.state.as_str()
    );
    if !arguments.wait {
        return global.write(&view, &text);
    }
    eprintln!("{text}");
    status::wait(&ledger, &job, global).await
}
