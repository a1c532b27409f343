//! `create_run`, `get_run_usage`, `delete_run`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use openapi_runtime::{Secret, Usd};
use prime_training_api::types::{
    CreateDedicatedRunRequest, CreateDedicatedRunResponse, DeleteRunResponse, RunUsageResponse,
};
use serde_json::Value;

use crate::document;
use crate::errors::{Refusal, platform};
use crate::operation::Operation;
use crate::routes::auth;
use crate::state::Shared;
use crate::state::access::Permission;
use crate::state::runs::{Meters, Run};

/// The image of a run that names none.
const IMAGE_TAG: &str = "main";

pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<CreateDedicatedRunResponse>), Refusal> {
    let caller = auth::platform(&shared, &headers, Permission::Training)?;
    let asked = read(&body)?;

    let mut state = shared.state();
    let account = auth::platform_account(&state, &caller, asked.team_id.as_deref())?;
    let payer = state.accounts.get(account);
    if payer.is_none_or(|payer| payer.balance <= Usd::ZERO) {
        return Err(platform::funds());
    }
    let run = Run {
        account,
        id: shared.ids.id("run_"),
        job: shared.ids.id("job_"),
        name: asked.name,
        image_tag: asked.image_tag.unwrap_or_else(|| IMAGE_TAG.to_owned()),
        config: asked.config,
        created: state.clock.now(),
        stopped: None,
        deleted: false,
        meters: Meters::from_number(shared.ids.number("meters")),
        pricing: Run::pricing(),
        row: None,
        billed: Usd::ZERO,
        adapted: false,
    };
    let token = Secret::from(shared.ids.secret("pit_run_"));
    let mut answer = CreateDedicatedRunResponse::new(run.id.clone(), token);
    answer.job_id = Some(run.job.clone());
    state.runs.push(run);
    Ok((StatusCode::CREATED, Json(answer)))
}

pub(crate) async fn usage(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<RunUsageResponse>, Refusal> {
    let caller = auth::platform(&shared, &headers, Permission::Billing)?;
    let Path(id) = id.map_err(|_| platform::run())?;
    let state = shared.state();
    let run = state.run(&caller, &id).ok_or_else(platform::run)?;
    let usage = run.usage(state.clock.now()).map_err(platform::internal)?;
    Ok(Json(usage))
}

pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<DeleteRunResponse>, Refusal> {
    let caller = auth::platform(&shared, &headers, Permission::Training)?;
    let Path(id) = id.map_err(|_| platform::run())?;
    Ok(Json(shared.state().delete_run(&caller, &id)))
}

/// The request, or every field that is wrong with it.
fn read(body: &[u8]) -> Result<CreateDedicatedRunRequest, Refusal> {
    let refuse = |details: &str| Err(platform::params(vec![platform::param("body", details)]));
    let body: Value =
        serde_json::from_slice(body).map_err(|error| platform::json(&error.to_string()))?;
    let Value::Object(fields) = body else {
        return refuse("Input should be an object");
    };
    let asked = Value::Object(fields);
    let problems: Vec<_> = document::body(Operation::CreateRun, &asked)
        .into_iter()
        .map(|problem| platform::param(&problem.param, &problem.message))
        .collect();
    if !problems.is_empty() {
        return Err(platform::params(problems));
    }
    serde_json::from_value(asked).or_else(|error| refuse(&error.to_string()))
}
