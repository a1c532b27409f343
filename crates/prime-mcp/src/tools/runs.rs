//! `runs`, `run`, `run_usage` and `run_logs`.

use std::sync::Arc;

use prime_ext::prime_platform_api::types::Run;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::page;
use crate::session::Session;
use crate::tool::{Fault, Tool};

pub(super) fn tools() -> [Tool; 4] {
    [
        Tool::read(
            "runs",
            "List training runs, newest first. Costs nothing.",
            list,
        ),
        Tool::read("run", "Return a training run. Costs nothing.", get),
        Tool::read(
            "run_usage",
            "Return the tokens and the cost of a training run in US dollars. Costs nothing.",
            usage,
        ),
        Tool::read(
            "run_logs",
            "Return the last log lines of a training run. Costs nothing.",
            logs,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct List {
    /// The number of runs to skip, for the next page.
    #[serde(default)]
    offset: usize,
    /// The largest number of runs, at most 50. Default: 20.
    #[serde(default)]
    limit: Option<usize>,
}

/// Names a run.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Id {
    /// The id of the run.
    run_id: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Logs {
    /// The id of the run.
    run_id: String,
    /// The number of lines, at most 500. Default: 50.
    #[serde(default)]
    lines: Option<u64>,
    /// Only lines that contain this text.
    #[serde(default)]
    search: Option<String>,
}

/// The largest size of logs in a result, in bytes.
const MAX_LOGS: usize = 50_000;

async fn list(session: Arc<Session>, arguments: List) -> Result<Value, Fault> {
    let mut all = session.client.runs().list();
    let mut runs = Vec::new();
    while let Some(run) = all.try_next().await? {
        runs.push(run);
    }
    let total = runs.len();
    let (runs, next) = page(runs, arguments.offset, arguments.limit);
    let runs: Vec<Value> = runs.iter().map(view).collect();
    Ok(json!({"runs": runs, "total": total, "next_offset": next}))
}

async fn get(session: Arc<Session>, arguments: Id) -> Result<Value, Fault> {
    let run = session.client.runs().get(arguments.run_id).await;
    Ok(view(&run.map_err(fault)?))
}

/// Returns the fault of a call for one run.
pub(super) fn fault(error: prime_ext::Error) -> Fault {
    let is_unknown = error.is_not_found();
    let fault = Fault::from(error);
    match is_unknown {
        true => Fault::new(format!("{fault}: `runs` lists the runs")),
        false => fault,
    }
}

fn view(run: &Run) -> Value {
    json!({
        "id": run.id,
        "name": run.name,
        "status": run.status.to_string(),
        "base_model": run.base_model,
        "created_at": run.created_at,
        "completed_at": run.completed_at,
        "error_message": run.error_message,
    })
}

async fn usage(session: Arc<Session>, arguments: Id) -> Result<Value, Fault> {
    let usage = session.client.runs().usage(arguments.run_id).await;
    let usage = usage.map_err(fault)?;
    Ok(json!({
        "run_id": usage.run_id,
        "run_name": usage.run_name,
        "status": usage.status.as_ref().map(ToString::to_string),
        "total_tokens": usage.total_tokens,
        "total_cost_usd": usage.total_cost_usd,
    }))
}

async fn logs(session: Arc<Session>, arguments: Logs) -> Result<Value, Fault> {
    let lines = arguments.lines.unwrap_or(50).clamp(1, 500);
    let mut logs = session.client.runs().logs(arguments.run_id).tail(lines);
    if let Some(text) = arguments.search {
        logs = logs.search(text);
    }
    let mut text = logs.await.map_err(fault)?;
    let is_cut = text.len() > MAX_LOGS;
    if is_cut {
        let mut start = text.len() - MAX_LOGS;
        while !text.is_char_boundary(start) {
            start += 1;
        }
        text.drain(..start);
    }
    Ok(json!({"logs": text, "is_cut": is_cut}))
}
