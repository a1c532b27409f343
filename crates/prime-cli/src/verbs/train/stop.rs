//! `train stop`: stops a run.

use std::time::{Duration, Instant};

use prime_ext::Client;
use prime_ext::runs::has_ended;

use super::{Force, Status};
use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;

/// Stop a run, and wait up to three minutes until it has ended
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"runId\", \"status\"}

Examples:
  prime-rs train stop run_123 --force")]
pub(crate) struct Stop {
    /// The id of the run
    #[arg(value_name = "RUN")]
    run_id: String,

    #[command(flatten)]
    force: Force,
}

/// The time between two requests for the status, and how long the run may take to end. Source: the official client.
const POLL: Duration = Duration::from_secs(3);
const TIME: Duration = Duration::from_secs(180);

impl Stop {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let id = &self.run_id;
        if !self
            .force
            .confirm(context, &format!("Stop the run {id}?"))?
        {
            return Ok(());
        }
        let client = context.client()?;
        let status = block_on(until_interrupted(stopped(&client, id, context), || {
            format!(
                "interrupted; the run may be stopping: prime-rs train get {id} shows its status"
            )
        }))?;
        if context.out.is_json() {
            return context.out.json(&Status {
                run_id: id,
                status: &status,
            });
        }
        context.out.line(&match has_ended(Some(&status)) {
            _ if status.eq_ignore_ascii_case("STOPPED") => format!("The run {id} is stopped."),
            true => {
                format!("The run {id} had ended before it was stopped. Its status is {status}.")
            }
            false => format!("The run {id} is still being stopped. Its status is {status}."),
        })
    }
}

/// Stops the run, and returns its last known status.
async fn stopped(client: &Client, id: &str, context: &Context) -> Result<String, Failure> {
    let begin = Instant::now();
    let mut status = client.runs().stop(id).await?.status;
    while !has_ended(Some(&status)) && begin.elapsed() + POLL < TIME {
        tokio::time::sleep(POLL).await;
        match client.runs().get(id).await {
            Ok(run) => status = run.status,
            // The run was stopped; only its status is unknown.
            Err(error) => {
                context.out.warn(&Failure::from(error).to_string());
                break;
            }
        }
    }
    Ok(status.to_string())
}
