//! `models` and `estimate`.

use std::sync::Arc;

use prime_ext::pinference_api::types::Model;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::page;
use super::question::Question;
use crate::session::Session;
use crate::tool::{Fault, Tool};

pub(super) fn tools() -> [Tool; 2] {
    [
        Tool::read(
            "models",
            "List models with their prices in US dollars per million tokens and their limits in tokens. Costs nothing.",
            list,
        ),
        Tool::read(
            "estimate",
            "Return the largest cost of a question in US dollars. The question is not asked. Costs nothing.",
            estimate,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct List {
    /// Only models whose id or name contains this text.
    #[serde(default)]
    search: Option<String>,
    /// The number of models to skip, for the next page.
    #[serde(default)]
    offset: usize,
    /// The largest number of models, at most 50. Default: 20.
    #[serde(default)]
    limit: Option<usize>,
}

async fn list(session: Arc<Session>, arguments: List) -> Result<Value, Fault> {
    let mut models = session.client.models().list().await?;
    if let Some(text) = arguments.search.map(|text| text.to_lowercase()) {
        models.retain(|model| {
            let name = model.display_name.as_deref().unwrap_or_default();
            [model.id.as_str(), name]
                .iter()
                .any(|name| name.to_lowercase().contains(&text))
        });
    }
    let total = models.len();
    let (models, next) = page(models, arguments.offset, arguments.limit);
    let models: Vec<Value> = models.iter().map(view).collect();
    Ok(json!({"models": models, "total": total, "next_offset": next}))
}

fn view(model: &Model) -> Value {
    let (prices, specs) = (model.pricing.as_ref(), model.specs.as_ref());
    json!({
        "id": model.id,
        "name": model.display_name,
        "input_usd_per_mtok": prices.and_then(|prices| prices.input_usd_per_mtok),
        "output_usd_per_mtok": prices.and_then(|prices| prices.output_usd_per_mtok),
        "context_window": specs.and_then(|specs| specs.context_window),
        "max_output_tokens": specs.and_then(|specs| specs.max_output_tokens),
        "supports_reasoning": specs.and_then(|specs| specs.supports_reasoning),
    })
}

async fn estimate(session: Arc<Session>, question: Question) -> Result<Value, Fault> {
    let bound = question.bound(&session).await?;
    Ok(json!({
        "at_most_usd": bound,
        "left_of_limit_usd": session.limit().map(|_| session.left()),
        "note": match bound {
            Some(_) => "an upper bound; most questions cost much less",
            None => "there is no upper bound: the price of the model or the size of its answers is unknown; set max_tokens",
        },
    }))
}
