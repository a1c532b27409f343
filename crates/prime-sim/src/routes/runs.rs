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
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::document;
use crate::errors::{ApiError, platform};
use crate::operation::Operation;
use crate::routes::auth;
use crate::state::access::Permission;
use crate::state::account::AccountId;
use crate::state::runs::{NewRun, Run};
use crate::state::{self, Shared};

/// The default image tag.
const DEFAULT_IMAGE_TAG: &str = "main";

pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Created, ApiError> {
    let caller = auth::platform(&shared, &headers, Permission::Training)?;
    let request: CreateDedicatedRunRequest = parse(Operation::CreateRun, &body)?;

    let mut state = shared.billed_state();
    let account = auth::platform_account(&state, &caller, request.team_id.as_deref())?;
    check_balance(&state, account)?;
    let new = NewRun {
        account,
        creator: caller.person,
        name: request.name,
        image_tag: request
            .image_tag
            .unwrap_or_else(|| DEFAULT_IMAGE_TAG.to_owned()),
        config: request.config,
    };
    Ok(start(&shared, &mut state, new))
}

/// The response to a request that creates a run.
pub(crate) type Created = (StatusCode, Json<CreateDedicatedRunResponse>);

/// Starts a run.
pub(crate) fn start(shared: &Shared, state: &mut state::State, new: NewRun) -> Created {
    let (id, job) = (shared.ids.id("run_"), shared.ids.id("job_"));
    let token = Secret::from(shared.ids.secret("pit_run_"));
    let mut response = CreateDedicatedRunResponse::new(id.clone(), token);
    response.job_id = Some(job.clone());
    let (number, now) = (shared.ids.number("meters"), state.clock.now());
    state.runs.push(Run::new(id, job, new, number, now));
    (StatusCode::CREATED, Json(response))
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

/// Rejects an account without funds.
pub(crate) fn check_balance(state: &state::State, account: AccountId) -> Result<(), ApiError> {
    let payer = state.accounts.get(account);
    match payer.is_none_or(|payer| payer.balance <= Usd::ZERO) {
        true => Err(platform::funds()),
        false => Ok(()),
    }
}

/// Parses a request, or lists all invalid fields.
pub(crate) fn parse<T: DeserializeOwned>(operation: Operation, body: &[u8]) -> Result<T, ApiError> {
    let reject = |details: &str| Err(platform::params(vec![platform::param("body", details)]));
    let body: Value =
        serde_json::from_slice(body).map_err(|error| platform::json(&error.to_string()))?;
    let Value::Object(fields) = body else {
        return reject("Input should be an object");
    };
    let request = Value::Object(fields);
    let problems: Vec<_> = document::body(operation, &request)
        .into_iter()
        .map(|problem| platform::param(&problem.param, &problem.message))
        .collect();
    if !problems.is_empty() {
        return Err(platform::params(problems));
    }
    serde_json::from_value(request).or_else(|error| reject(&error.to_string()))
}
