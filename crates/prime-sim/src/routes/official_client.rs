//! Operations on runs that no specification of the provider describes. The official client (prime
//! 0.18.0) calls them. The responses have the fields that the client reads.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use bytes::Bytes;
use prime_platform_api::types::{PrepareRunRequest, ResumeRunRequest};
use prime_training_api::types::{DeleteRunResponse, RunStatus};
use serde_json::{Value, json};

use crate::errors::{ApiError, platform};
use crate::operation::Operation;
use crate::routes::query::{Parameters, RawQuery};
use crate::routes::{auth, runs};
use crate::state::access::{Permission, user_id};
use crate::state::clock::timestamp;
use crate::state::runs::{NewRun, Run};
use crate::state::{RunSnapshot, Shared};

/// The default page size.
const DEFAULT_LIMIT: usize = 20;

/// The default number of log lines.
const DEFAULT_LINES: usize = 1_000;

type RunId = Result<Path<String>, PathRejection>;

/// `POST /api/v1/training/runs/prepare`: validates `mode` and returns a placeholder runtime.
pub(crate) async fn prepare(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    auth::platform(&shared, &headers, Permission::Training)?;
    let request: PrepareRunRequest = runs::parse(Operation::PrepareRun, &body)?;
    let mode = request.mode.as_deref().unwrap_or("rl");
    if !["rl", "sft"].contains(&mode) {
        let problem = platform::param("mode", "Input should be 'rl' or 'sft'");
        return Err(platform::params(vec![problem]));
    }
    let commit = "0".repeat(40);
    Ok(Json(json!({
        "contract_version": 1,
        "mode": mode,
        "runtime": {
            "repository": "ghcr.io/primeintellect-ai/prime-rl",
            "digest": format!("sha256:{}", "0".repeat(64)),
            "image_commit": commit,
            "source_commit": null,
            "schema_commit": commit,
        },
        "schema_install": { "python": "3.12", "requirements": [], "constraints": [] },
        // The simulator has no image that could validate a configuration.
        "submission_supported": false,
    })))
}

/// `GET /api/v1/rft/runs`: returns a page of runs of an account, newest first.
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    query: RawQuery,
) -> Result<Json<Value>, ApiError> {
    let caller = auth::platform(&shared, &headers, Permission::Training)?;
    let query = Parameters::new(Operation::ListRuns, query)?;
    let page = query.number("page").unwrap_or(1).max(1);
    let limit = query.number("limit").unwrap_or(DEFAULT_LIMIT).max(1);
    let team = query.text("team_id");
    let mine = query.is_true("mine");
    let state = shared.billed_state();
    auth::platform_account(&state, &caller, team)?;
    let mut snapshots = state.run_snapshots();
    snapshots.retain(|run| state.run(&caller, &run.id).is_some());
    let mut runs: Vec<_> = snapshots
        .iter()
        .filter(|run| !run.deleted && run.team.as_deref() == team)
        .filter(|run| !mine || run.created_by == caller.person)
        .collect();
    runs.reverse();
    let page_runs = runs
        .iter()
        .skip((page - 1).saturating_mul(limit))
        .take(limit);
    Ok(Json(json!({
        "runs": page_runs.map(|run| view(run)).collect::<Vec<_>>(),
        "total": runs.len(),
        "page": page,
        "limit": limit,
        "total_pages": runs.len().div_ceil(limit),
    })))
}

/// `GET /api/v1/rft/runs/{run_id}`.
pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: RunId,
) -> Result<Json<Value>, ApiError> {
    let caller = auth::platform(&shared, &headers, Permission::Training)?;
    let Path(id) = id.map_err(|_| platform::run())?;
    let state = shared.billed_state();
    let visible = state.run(&caller, &id).is_some();
    let runs = state.run_snapshots();
    let run = runs
        .iter()
        .find(|run| visible && run.id == id && !run.deleted);
    Ok(Json(json!({ "run": view(run.ok_or_else(platform::run)?) })))
}

/// Changes a run that exists and that the caller has access to.
fn change<T>(
    shared: &Shared,
    headers: &HeaderMap,
    id: &str,
    change: impl FnOnce(&mut Run, std::time::Duration) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let caller = auth::platform(shared, headers, Permission::Training)?;
    let mut state = shared.billed_state();
    let now = state.clock.now();
    let run = state.run_mut(&caller, id).ok_or_else(platform::run)?;
    change(run, now)
}

/// `PUT /api/v1/rft/runs/{run_id}/stop`. It has no effect on a run that has ended.
pub(crate) async fn stop(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: RunId,
) -> Result<Json<Value>, ApiError> {
    let Path(id) = id.map_err(|_| platform::run())?;
    change(&shared, &headers, &id, |run, now| {
        run.stop(now);
        Ok(())
    })?;
    get(State(shared), headers, Ok(Path(id))).await
}

/// `PUT /api/v1/rft/runs/{run_id}/restart`. Only a running run can be restarted.
pub(crate) async fn restart(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: RunId,
) -> Result<Json<Value>, ApiError> {
    let Path(id) = id.map_err(|_| platform::run())?;
    change(&shared, &headers, &id, |run, now| match run.restart(now) {
        true => Ok(()),
        false => Err(wrong_status("restarted", &run.status(now))),
    })?;
    get(State(shared), headers, Ok(Path(id))).await
}

/// `POST /api/v1/training/runs/{run_id}/pause`. Only a running run can be paused. It has no effect
/// on a run that is pausing or paused.
pub(crate) async fn pause(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: RunId,
) -> Result<Json<Value>, ApiError> {
    let Path(id) = id.map_err(|_| platform::run())?;
    let status = change(&shared, &headers, &id, |run, now| match run.pause(now) {
        true => Ok(run.status(now)),
        false => Err(wrong_status("paused", &run.status(now))),
    })?;
    Ok(Json(json!({ "runId": id, "status": status })))
}

/// `POST /api/v1/training/runs/{run_id}/resume`: creates a run with the configuration of a paused one.
pub(crate) async fn resume(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: RunId,
    body: Bytes,
) -> Result<runs::Created, ApiError> {
    let caller = auth::platform(&shared, &headers, Permission::Training)?;
    let Path(id) = id.map_err(|_| platform::run())?;
    let request: ResumeRunRequest = runs::parse(Operation::ResumeRun, &body)?;
    let mut state = shared.billed_state();
    let now = state.clock.now();
    let run = state.run_mut(&caller, &id).ok_or_else(platform::run)?;
    if run.status(now) != RunStatus::Paused {
        return Err(wrong_status("resumed", &run.status(now)));
    }
    let new = NewRun {
        account: run.account,
        creator: caller.person,
        name: run.name.clone(),
        image_tag: request.image_tag.unwrap_or_else(|| run.image_tag.clone()),
        config: run.config.clone(),
    };
    runs::check_balance(&state, new.account)?;
    Ok(runs::start(&shared, &mut state, new))
}

fn wrong_status(action: &str, status: &RunStatus) -> ApiError {
    platform::conflict(&format!("A run that is {status} cannot be {action}"))
}

/// `GET /api/v1/rft/runs/{run_id}/logs`. `regex` is not supported.
pub(crate) async fn logs(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: RunId,
    query: RawQuery,
) -> Result<Json<Value>, ApiError> {
    let Path(id) = id.map_err(|_| platform::run())?;
    let query = Parameters::new(Operation::GetRunLogs, query)?;
    let invalid = |name, details: &str| Err(platform::params(vec![platform::param(name, details)]));
    let component = query.text("component").unwrap_or("orchestrator");
    match component {
        "env-server" if query.text("env_name").is_none() => {
            return invalid("env_name", "Required for the component 'env-server'");
        }
        "orchestrator" | "trainer" | "inference" | "env-server" => {}
        _ => return invalid("component", "Unknown component"),
    }
    if query.is_true("regex") {
        return invalid(
            "regex",
            "The simulator does not support regular expressions",
        );
    }
    let (log, now) = change(&shared, &headers, &id, |run, now| Ok((run.log(now), now)))?;
    let since = query
        .number("since_seconds")
        .map(|seconds| now.saturating_sub(std::time::Duration::from_secs(seconds as u64)));
    let lines: Vec<String> = log
        .iter()
        .filter(|line| since.is_none_or(|since| line.time >= since))
        .filter(|line| query.text("level").is_none_or(|level| line.level == level))
        .map(|line| {
            let time = timestamp(line.time);
            format!("{time} {component} {}: {}", line.level, line.text)
        })
        .filter(|line| query.text("search").is_none_or(|text| line.contains(text)))
        .collect();
    let tail = query.number("tail_lines").unwrap_or(DEFAULT_LINES);
    let lines = &lines[lines.len().saturating_sub(tail)..];
    Ok(Json(json!({ "logs": lines.join("\n") })))
}

/// `GET /api/v1/rft/runs/{run_id}/progress`.
pub(crate) async fn progress(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: RunId,
) -> Result<Json<Value>, ApiError> {
    let Path(id) = id.map_err(|_| platform::run())?;
    let (steps, now) = change(&shared, &headers, &id, |run, now| Ok((run.steps(now), now)))?;
    let all: Vec<u64> = (1..=steps).collect();
    Ok(Json(json!({
        "latestStep": (steps > 0).then_some(steps),
        "stepsWithSamples": all,
        "stepsWithDistributions": all,
        "lastUpdatedAt": (steps > 0).then(|| timestamp(now)),
    })))
}

/// `DELETE /api/v1/rft/runs/{run_id}`. Unlike `delete_run`, it returns status 404 if the run does
/// not exist.
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: RunId,
) -> Result<Json<DeleteRunResponse>, ApiError> {
    let caller = auth::platform(&shared, &headers, Permission::Training)?;
    let Path(id) = id.map_err(|_| platform::run())?;
    let deleted = shared.billed_state().delete_run(&caller, &id);
    deleted
        .deleted
        .then_some(Json(deleted))
        .ok_or_else(platform::run)
}

/// Converts a run to the format of the client.
fn view(run: &RunSnapshot) -> Value {
    let field = |name: &str| run.config.get(name).cloned().unwrap_or(Value::Null);
    json!({
        "id": run.id,
        "name": run.name,
        "userId": user_id(&run.created_by),
        "teamId": run.team,
        "status": run.status,
        "kind": "DEDICATED_FULL_FT",
        "maxSteps": field("max_steps"),
        "seqLen": field("seq_len"),
        "batchSize": field("batch_size"),
        "baseModel": run.usage.base_model,
        "environments": [],
        "runConfig": run.config,
        "createdAt": run.created_at,
        "updatedAt": run.ended_at.or(run.started_at).unwrap_or(run.created_at),
        "startedAt": run.started_at,
        "completedAt": run.ended_at,
    })
}
