//! The routes.

use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, post, put};
use pinference_api::operations as inference;
use prime_training_api::operations as training;

use crate::errors::platform;
use crate::operation::Operation;
use crate::routes::middleware::handle;
use crate::routes::{chat, models, official_client, runs, wallet};
use crate::state::Shared;

/// Returns the base path of the Inference API, `/api/v1`.
pub(crate) fn inference_base() -> &'static str {
    base_path(pinference_api::Client::DEFAULT_BASE_URL)
}

/// Returns the path of a base URL.
fn base_path(url: &str) -> &str {
    let address = url.split_once("://").map_or(url, |(_, address)| address);
    address.find('/').map_or("", |slash| &address[slash..])
}

/// Returns the router of both APIs.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Operation::ALL
        .into_iter()
        .fold(Router::new(), |router, operation| {
            router.route(&path(operation), handler(operation))
        })
        .fallback(async || platform::route())
        .method_not_allowed_fallback(async || platform::method())
        .layer(from_fn_with_state(Arc::clone(&shared), handle))
        .with_state(shared)
}

/// Returns the route of an operation, from the specification if it is part of one.
fn path(operation: Operation) -> String {
    let on_inference = |path: &str| format!("{}{path}", inference_base());
    match operation {
        Operation::ListModels => on_inference(inference::LIST_MODELS.path),
        // A model ID contains slashes that are not encoded.
        Operation::GetModel => on_inference(
            &inference::GET_MODEL
                .path
                .replace("{model_id}", "{*model_id}"),
        ),
        Operation::CreateChatCompletion => on_inference(inference::CREATE_CHAT_COMPLETION.path),
        Operation::GetWallet => training::GET_WALLET.path.to_owned(),
        Operation::CreateRun => training::CREATE_RUN.path.to_owned(),
        Operation::GetRunUsage => training::GET_RUN_USAGE.path.to_owned(),
        Operation::DeleteRun => training::DELETE_RUN.path.to_owned(),
        // Not part of a specification. The official client (prime 0.18.0) calls them.
        Operation::PrepareRun => format!("{}/prepare", training::CREATE_RUN.path),
        Operation::ListRuns => "/api/v1/rft/runs".to_owned(),
        Operation::GetRun | Operation::DeleteRftRun => "/api/v1/rft/runs/{run_id}".to_owned(),
        Operation::StopRun => "/api/v1/rft/runs/{run_id}/stop".to_owned(),
    }
}

fn handler(operation: Operation) -> MethodRouter<Arc<Shared>> {
    match operation {
        Operation::ListModels => get(models::list),
        Operation::GetModel => get(models::get),
        Operation::CreateChatCompletion => post(chat::complete),
        Operation::GetWallet => get(wallet::get),
        Operation::CreateRun => post(runs::create),
        Operation::GetRunUsage => get(runs::usage),
        Operation::DeleteRun => delete(runs::delete),
        Operation::PrepareRun => post(official_client::prepare),
        Operation::ListRuns => get(official_client::list),
        Operation::GetRun => get(official_client::get),
        Operation::StopRun => put(official_client::stop),
        Operation::DeleteRftRun => delete(official_client::delete),
    }
}

/// Finds operations by method and route.
pub(crate) struct Operations(Vec<(Method, String, Operation)>);

impl Operations {
    pub(crate) fn new() -> Self {
        let operations = Operation::ALL.map(|operation| {
            let method = match operation {
                Operation::CreateChatCompletion | Operation::CreateRun | Operation::PrepareRun => {
                    Method::POST
                }
                Operation::DeleteRun | Operation::DeleteRftRun => Method::DELETE,
                Operation::StopRun => Method::PUT,
                _ => Method::GET,
            };
            (method, path(operation), operation)
        });
        Self(operations.into())
    }

    /// Returns the operation of a matched route.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Option<Operation> {
        let found = self.0.iter().find(|one| one.0 == method && one.1 == path);
        found.map(|(_, _, operation)| *operation)
    }
}
