//! Which path goes where, and what every request goes through.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use pinference_api::operations as inference;
use prime_training_api::operations as training;

use crate::errors::platform;
use crate::record::Answered;
use crate::routes::{chat, models, runs, wallet};
use crate::state::Shared;

/// More than this is not read of one request.
const MAX_BODY: usize = 64 << 20;

/// The path that all operations of the Inference API share: `/api/v1`.
pub(crate) fn inference_base() -> &'static str {
    base_path(pinference_api::Client::DEFAULT_BASE_URL)
}

/// The path of a base URL.
fn base_path(url: &str) -> &str {
    let address = url.split_once("://").map_or(url, |(_, address)| address);
    address.find('/').map_or("", |slash| &address[slash..])
}

/// Every route of both APIs. Their paths are the specifications' own.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let on_inference = |path: &str| format!("{}{path}", inference_base());
    // A model's id has slashes, which stand in the path as they are.
    let any_model = inference::GET_MODEL
        .path
        .replace("{model_id}", "{*model_id}");
    Router::new()
        .route(
            &on_inference(inference::LIST_MODELS.path),
            get(models::list),
        )
        .route(&on_inference(&any_model), get(models::one))
        .route(
            &on_inference(inference::CREATE_CHAT_COMPLETION.path),
            post(chat::complete),
        )
        .route(training::GET_WALLET.path, get(wallet::get))
        .route(training::CREATE_RUN.path, post(runs::create))
        .route(training::GET_RUN_USAGE.path, get(runs::usage))
        .route(training::DELETE_RUN.path, delete(runs::delete))
        .fallback(async || platform::route())
        .method_not_allowed_fallback(async || platform::method())
        .layer(from_fn_with_state(Arc::clone(&shared), through))
        .with_state(shared)
}

/// What every request goes through: it is recorded, answered, numbered and told of.
async fn through(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = shared.ids.id("req_");
    let (head, body) = request.into_parts();
    let (method, path) = (head.method.clone(), head.uri.path().to_owned());

    let place = shared.recorder.arrived(&head);
    let mut response = match axum::body::to_bytes(body, MAX_BODY).await {
        Ok(body) => {
            shared.recorder.completed(place, body.clone());
            next.run(Request::from_parts(head, Body::from(body))).await
        }
        Err(_) => platform::too_large().into_response(),
    };
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-request-id", id);
    }
    if let Some(tell) = &shared.on_answer {
        tell(&Answered {
            method,
            path,
            status: response.status(),
            took: started.elapsed(),
            request_id,
        });
    }
    response
}
