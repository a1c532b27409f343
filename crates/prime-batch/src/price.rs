//! The prices of the models, and upper bounds of costs.

use std::collections::HashMap;

use prime_ext::pinference_api::types::{Model, ModelPricing};
use prime_ext::{Client, Cost, ModelId, Usage, Usd};

use crate::error::Error;
use crate::request::Request;

/// What the service states about its models.
#[derive(Debug, Clone, Default)]
pub struct Models(HashMap<String, Facts>);

#[derive(Debug, Clone)]
struct Facts {
    pricing: Option<ModelPricing>,
    max_output_tokens: Option<u64>,
}

impl Models {
    /// Reads a list of models, such as that of [`prime_ext::Models::list`].
    pub fn new<'a>(models: impl IntoIterator<Item = &'a Model>) -> Self {
        let facts = |model: &Model| {
            let specs = model.specs.as_ref();
            let facts = Facts {
                pricing: model.pricing.clone(),
                max_output_tokens: specs.and_then(|specs| specs.max_output_tokens?.try_into().ok()),
            };
            (model.id.clone(), facts)
        };
        Self(models.into_iter().map(facts).collect())
    }

    /// Lists the models of the service.
    pub(crate) async fn of(client: &Client) -> Result<Self, Error> {
        let list = client.models().list().await;
        let list = list.map_err(|error| Error::Models(Box::new(error)))?;
        Ok(Self::new(&list))
    }

    /// Returns whether a model exists. An adapter exists if its base model does.
    pub fn contains(&self, model: &str) -> bool {
        self.facts(model).is_some()
    }

    /// Returns the ids of the models, sorted.
    pub fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.0.keys().map(String::as_str).collect();
        ids.sort_unstable();
        ids
    }

    fn facts(&self, model: &str) -> Option<&Facts> {
        self.0.get(model).or_else(|| {
            let id = ModelId::parse(model).ok()?;
            self.0.get(id.base())
        })
    }

    /// Returns the upper bound of the cost of a request: a prompt token for each byte of the body, and the largest
    /// number of completion tokens for each choice. That number is the one that the request sets, or else the largest of
    /// the model.
    ///
    /// Returns `None` if there is no bound: the price or the number is unknown, or the body refers to content that it
    /// does not contain, such as the URL of an image.
    pub fn bound(&self, request: &Request) -> Option<Usd> {
        let facts = self.facts(request.model())?;
        if request.has_remote_content() {
            return None;
        }
        let mut prices = facts.pricing.clone()?;
        // Tokens that are written to a cache may cost more than others.
        let input = [prices.input_usd_per_mtok, prices.cache_write_usd_per_mtok];
        prices.input_usd_per_mtok = prices
            .input_usd_per_mtok
            .and(input.into_iter().flatten().max());
        let max_tokens = request.max_tokens().or(facts.max_output_tokens)?;
        let mut usage = Usage::default();
        usage.prompt_tokens = i64::try_from(request.body().len()).ok();
        usage.completion_tokens = i64::try_from(max_tokens.checked_mul(request.choices())?).ok();
        Cost::Unknown
            .or_estimate(Some(&usage), Some(&prices))
            .amount()
    }

    /// Returns the cost of a response, estimated if the service does not state it.
    pub(crate) fn cost(&self, model: &str, usage: Option<&Usage>, stated: Cost) -> Cost {
        let prices = self.facts(model).and_then(|facts| facts.pricing.as_ref());
        stated.or_estimate(usage, prices)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn models() -> Models {
        let models: Vec<Model> = serde_json::from_value(json!([
            {"id": "m", "pricing": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10}, "specs": {"max_output_tokens": 1000}},
            {"id": "cached", "pricing": {"input_usd_per_mtok": 1, "cache_write_usd_per_mtok": 2, "output_usd_per_mtok": 0}},
            {"id": "free of facts"},
        ]))
        .unwrap();
        Models::new(&models)
    }

    #[test]
    fn a_bound_covers_the_most_expensive_response() {
        let bound = |change: serde_json::Value| {
            let mut body =
                json!({"model": "m", "messages": [{"role": "user", "content": "Hello"}]});
            let properties = change.as_object().unwrap().clone();
            body.as_object_mut().unwrap().extend(properties);
            let request = Request::new("a", body.to_string()).unwrap();
            (models().bound(&request), request.body().len())
        };
        for (change, prompt_price, completion) in [
            (json!({"max_tokens": 50}), 1, 500),
            (json!({"max_tokens": 50, "n": 3}), 1, 1_500),
            (json!({}), 1, 10_000),
            (json!({"model": "m:adapter"}), 1, 10_000),
            (json!({"model": "cached", "max_tokens": 5}), 2, 0),
        ] {
            let (amount, bytes) = bound(change.clone());
            let expected = format!("0.{:06}", bytes * prompt_price + completion);
            assert_eq!(amount, Some(expected.parse().unwrap()), "{change}");
        }
        for unknown in [
            json!({"model": "cached"}),
            json!({"model": "free of facts", "max_tokens": 5}),
            json!({"model": "other", "max_tokens": 5}),
            json!({"max_tokens": 5, "messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}]}),
        ] {
            assert_eq!(bound(unknown.clone()).0, None, "{unknown}");
        }
    }
}
