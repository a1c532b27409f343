//! Operations that the `prime` command line (0.18.0) calls and that no specification describes. The
//! responses have the fields that the command line reads.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use bytes::Bytes;
use prime_training_api::types::DeleteRunResponse;
use serde_json::{Value, json};

use crate::errors::{ApiError, platform};
use crate::routes::auth;
use crate::state::access::Permission;
use crate::state::{RunSnapshot, Shared};

/// `POST /api/v1/training/runs/prepare`: validates `mode` and returns a placeholder runtime.
pub(crate) async fn prepare(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    auth::platform(&shared, &headers, Permission::Training)?;
    let request: Value =
        serde_json::from_slice(&body).map_err(|error| platform::json(&error.to_string()))?;
    let mode = request.get("mode").and_then(Value::as_str).unwrap_or("rl");
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
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    let caller = auth::platform(&shared, &headers, Permission::Training)?;
    let number = |name: &str, default: usize| match query.get(name).map(|text| text.parse()) {
        None => Ok(default),
        Some(Ok(number)) if number > 0 => Ok(number),
        Some(_) => Err(platform::params(vec![platform::param(
            name,
            "Input should be greater than or equal to 1",
        )])),
    };
    let (page, limit) = (number("page", 1)?, number("limit", 20)?);
    let team = query.get("team_id").map(String::as_str);
    let state = shared.billed_state();
    auth::platform_account(&state, &caller, team)?;
    let mut snapshots = state.run_snapshots();
    snapshots.retain(|run| state.run(&caller, &run.id).is_some());
    let mut runs: Vec<_> = snapshots
        .iter()
        .filter(|run| !run.deleted && run.team.as_deref() == team)
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
    id: Result<Path<String>, PathRejection>,
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

/// `PUT /api/v1/rft/runs/{run_id}/stop`. It has no effect on a run that has ended.
pub(crate) async fn stop(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let caller = auth::platform(&shared, &headers, Permission::Training)?;
    let Path(id) = id.map_err(|_| platform::run())?;
    shared.billed_state().stop_run(&caller, &id);
    get(State(shared), headers, Ok(Path(id))).await
}

/// `DELETE /api/v1/rft/runs/{run_id}`. Unlike `delete_run`, it returns status 404 if the run does
/// not exist.
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
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
        "userId": "user_simulated",
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
        "updatedAt": run.created_at,
    })
}
