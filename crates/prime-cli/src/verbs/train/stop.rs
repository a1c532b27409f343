//! `train stop`: stops a run.

use std::time::{Duration, Instant};

use prime_ext::http::Method;
use prime_ext::{Client, Error};
use serde_json::Value;

use super::Force;
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

/// The statuses of runs that have ended. Source: the official client.
const ENDED: [&str; 4] = ["STOPPED", "FAILED", "COMPLETED", "PAUSED"];

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
                "interrupted; the run may be stopping: prime-rs train usage {id} shows its status"
            )
        }))?;
        if context.out.is_json() {
            return context
                .out
                .json(&serde_json::json!({ "runId": id, "status": status }));
        }
        context.out.line(&match has_ended(&status) {
            _ if status.eq_ignore_ascii_case("STOPPED") => format!("The run {id} is stopped."),
            true => {
                format!("The run {id} had ended before it was stopped. Its status is {status}.")
            }
            false => format!("The run {id} is still being stopped. Its status is {status}."),
        })
    }
}

fn has_ended(status: &str) -> bool {
    ENDED.iter().any(|ended| ended.eq_ignore_ascii_case(status))
}

/// Stops the run, and returns its last known status.
async fn stopped(client: &Client, id: &str, context: &Context) -> Result<String, Failure> {
    let begin = Instant::now();
    let mut status = call(client, Method::PUT, &format!("{id}/stop")).await?;
    while !has_ended(&status) && begin.elapsed() + POLL < TIME {
        tokio::time::sleep(POLL).await;
        match call(client, Method::GET, id).await {
            Ok(now) => status = now,
            // The run was stopped; only its status is unknown.
            Err(error) => {
                context.out.warn(&Failure::from(error).to_string());
                break;
            }
        }
    }
    Ok(status)
}

/// Calls an operation on a run that is not in the specification. Source: the official client (`api/rl.py`).
async fn call(client: &Client, method: Method, path: &str) -> Result<String, Error> {
    let call = client
        .call_platform(method, format!("api/v1/rft/runs/{path}"))
        .no_team();
    let response: Value = call.send().await?;
    let status = response.pointer("/run/status").and_then(Value::as_str);
    Ok(status.unwrap_or("unknown").to_owned())
}
