//! `list_models`, `get_model`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use pinference_api::types::{Model, ModelList};

use crate::errors::{ApiError, inference};
use crate::routes::auth;
use crate::state::{Shared, models};

pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Result<Json<ModelList>, ApiError> {
    auth::inference_optional(&shared, &headers)?;
    let mut list = ModelList::new(shared.billed_state().models.clone());
    list.object = Some("list".to_owned());
    Ok(Json(list))
}

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Model>, ApiError> {
    auth::inference(&shared, &headers)?;
    // No model has an ID that is not valid UTF-8.
    let Path(id) = id.map_err(|_| inference::model("\u{fffd}"))?;
    let state = shared.billed_state();
    let model = models::find(&state.models, &id).ok_or_else(|| inference::model(&id))?;
    Ok(Json(model.clone()))
}
