//! The routes.

use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, post, put};

use crate::errors::platform;
use crate::operation::{Api, Operation};
use crate::routes::middleware::handle;
use crate::routes::{chat, models, official_client, runs, users, wallet};
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

/// Returns the router of all APIs.
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

/// Returns the route of an operation.
fn path(operation: Operation) -> String {
    let path = operation.specified().path;
    match operation.api() {
        // A model ID contains slashes that are not encoded.
        Api::Inference => {
            let path = path.replace("{model_id}", "{*model_id}");
            format!("{}{path}", inference_base())
        }
        Api::Training | Api::Platform => path.to_owned(),
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
        Operation::DeleteRftRun => delete(official_client::delete),
        Operation::StopRun => put(official_client::stop),
        Operation::RestartRun => put(official_client::restart),
        Operation::GetRunLogs => get(official_client::logs),
        Operation::GetRunProgress => get(official_client::progress),
        Operation::PauseRun => post(official_client::pause),
        Operation::ResumeRun => post(official_client::resume),
        Operation::Whoami => get(users::whoami),
        Operation::ListTeams => get(users::teams),
    }
}

/// Finds operations by method and route.
pub(crate) struct Operations(Vec<(&'static str, String, Operation)>);

impl Operations {
    pub(crate) fn new() -> Self {
        let operations = Operation::ALL
            .map(|operation| (operation.specified().method, path(operation), operation));
        Self(operations.into())
    }

    /// Returns the operation of a matched route.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Option<Operation> {
        let found = self.0.iter().find(|one| method == one.0 && one.1 == path);
        found.map(|(_, _, operation)| *operation)
    }
}
