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
use crate::errors::{ApiError, platform};
use crate::operation::Operation;
use crate::routes::auth;
use crate::state::Shared;
use crate::state::access::Permission;
use crate::state::runs::{Run, TokenRates};

/// The default image tag.
const DEFAULT_IMAGE_TAG: &str = "main";

pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<CreateDedicatedRunResponse>), ApiError> {
    let caller = auth::platform(&shared, &headers, Permission::Training)?;
    let request = parse(&body)?;

    let mut state = shared.billed_state();
    let account = auth::platform_account(&state, &caller, request.team_id.as_deref())?;
    let payer = state.accounts.get(account);
    if payer.is_none_or(|payer| payer.balance <= Usd::ZERO) {
        return Err(platform::funds());
    }
    let run = Run {
        account,
        id: shared.ids.id("run_"),
        job: shared.ids.id("job_"),
        name: request.name,
        image_tag: request
            .image_tag
            .unwrap_or_else(|| DEFAULT_IMAGE_TAG.to_owned()),
        config: request.config,
        created: state.clock.now(),
        stopped: None,
        deleted: false,
        rates: TokenRates::from_number(shared.ids.number("meters")),
        pricing: Run::pricing(),
        row: None,
        billed: Usd::ZERO,
        adapter_published: false,
    };
    let token = Secret::from(shared.ids.secret("pit_run_"));
    let mut response = CreateDedicatedRunResponse::new(run.id.clone(), token);
    response.job_id = Some(run.job.clone());
    state.runs.push(run);
    Ok((StatusCode::CREATED, Json(response)))
}

pub(crate) async fn usage(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<RunUsageResponse>, ApiError> {
    let caller = auth::platform(&shared, &headers, Permission::Billing)?;
    let Path(id) = id.map_err(|_| platform::run())?;
    let state = shared.billed_state();
    let run = state.run(&caller, &id).ok_or_else(platform::run)?;
    let usage = run.usage(state.clock.now()).map_err(platform::internal)?;
    Ok(Json(usage))
}

pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<DeleteRunResponse>, ApiError> {
    let caller = auth::platform(&shared, &headers, Permission::Training)?;
    let Path(id) = id.map_err(|_| platform::run())?;
    Ok(Json(shared.billed_state().delete_run(&caller, &id)))
}

/// Parses a request, or lists all invalid fields.
fn parse(body: &[u8]) -> Result<CreateDedicatedRunRequest, ApiError> {
    let reject = |details: &str| Err(platform::params(vec![platform::param("body", details)]));
    let body: Value =
        serde_json::from_slice(body).map_err(|error| platform::json(&error.to_string()))?;
    let Value::Object(fields) = body else {
        return reject("Input should be an object");
    };
    let request = Value::Object(fields);
    let problems: Vec<_> = document::body(Operation::CreateRun, &request)
        .into_iter()
        .map(|problem| platform::param(&problem.param, &problem.message))
        .collect();
    if !problems.is_empty() {
        return Err(platform::params(problems));
    }
    serde_json::from_value(request).or_else(|error| reject(&error.to_string()))
}
