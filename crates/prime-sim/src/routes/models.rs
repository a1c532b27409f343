//! `list_models`, `get_model`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use pinference_api::types::{Model, ModelList};

use crate::errors::{Refusal, inference};
use crate::routes::auth;
use crate::state::{Shared, models};

pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Result<Json<ModelList>, Refusal> {
    auth::inference_or_nobody(&shared, &headers)?;
    let mut list = ModelList::new(shared.state().models.clone());
    list.object = Some("list".to_owned());
    Ok(Json(list))
}

pub(crate) async fn one(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Model>, Refusal> {
    auth::inference(&shared, &headers)?;
    // An id that is no text is no model's.
    let Path(id) = id.map_err(|_| inference::model("\u{fffd}"))?;
    let state = shared.state();
    let model = models::find(&state.models, &id).ok_or_else(|| inference::model(&id))?;
    Ok(Json(model.clone()))
}
