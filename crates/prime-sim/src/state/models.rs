//! The model catalog.

use pinference_api::types::{Model, ModelPricing, ModelSpecs};

use crate::faults::for_model;
use crate::price::usd;
use crate::shapes::ReasoningField;

/// The creation time of all models, taken from the examples of the documentation.
const CREATED: i64 = 1_693_721_698;

/// A model that repeats the last user message.
pub(crate) const ECHO: &str = "sim/echo";

/// An entry of the catalog.
struct Entry {
    id: &'static str,
    owner: &'static str,
    name: &'static str,
    serving: &'static str,
    /// The prices of input, output and cached input, in thousandths of a dollar per million tokens.
    prices: Option<(i64, i64, Option<i64>)>,
    context: i64,
    output: i64,
    reasoning: bool,
}

const ENTRIES: [Entry; 6] = [
    Entry {
        id: "meta-llama/llama-3.1-70b-instruct",
        owner: "meta",
        name: "Llama 3.1 70B Instruct",
        serving: "hosted",
        prices: Some((300, 400, None)),
        context: 131_072,
        output: 8_192,
        reasoning: false,
    },
    Entry {
        id: "anthropic/claude-3-5-sonnet-20241022",
        owner: "anthropic",
        name: "Claude 3.5 Sonnet",
        serving: "gateway",
        prices: Some((3_000, 15_000, Some(300))),
        context: 200_000,
        output: 8_192,
        reasoning: false,
    },
    Entry {
        id: "openai/gpt-oss-120b",
        owner: "openai",
        name: "gpt-oss 120B",
        serving: "hosted",
        prices: Some((50, 250, None)),
        context: 131_072,
        output: 32_768,
        reasoning: true,
    },
    Entry {
        id: "qwen/qwen3.5-35b-a3b",
        owner: "qwen",
        name: "Qwen3.5 35B-A3B",
        serving: "hosted",
        prices: Some((85, 333, Some(21))),
        context: 262_144,
        output: 65_536,
        reasoning: true,
    },
    Entry {
        id: "nvidia/nemotron-3-nano-30b-a3b",
        owner: "nvidia",
        name: "Nemotron 3 Nano 30B",
        serving: "hosted",
        prices: Some((60, 240, None)),
        context: 262_144,
        output: 32_768,
        reasoning: true,
    },
    Entry {
        id: "prime-intellect/intellect-3",
        owner: "prime-intellect",
        name: "INTELLECT-3 (preview)",
        serving: "hosted",
        // Some models have no price.
        prices: None,
        context: 131_072,
        output: 32_768,
        reasoning: true,
    },
];

/// Returns all models.
pub(crate) fn catalog() -> Vec<Model> {
    ENTRIES.iter().map(Model::from).collect()
}

/// Returns the model with the ID.
pub(crate) fn find<'a>(models: &'a [Model], id: &str) -> Option<&'a Model> {
    models.iter().find(|model| model.id == id)
}

/// Creates the adapter `{base}:{adapter}`. It has the price of its base.
pub(crate) fn adapter(base: &Model, adapter: &str) -> Model {
    let mut adapted = base.clone();
    adapted.id = format!("{}:{adapter}", base.id);
    adapted.display_name = base
        .display_name
        .as_ref()
        .map(|name| format!("{name}, adapter {adapter}"));
    adapted
}

/// Returns the field of generated reasoning. It differs between models, as it does between servers.
pub(crate) fn reasoning_field(model: &str) -> ReasoningField {
    match model.split('/').next() {
        Some("anthropic") => ReasoningField::ReasoningDetails,
        Some("nvidia") => ReasoningField::Reasoning,
        _ => ReasoningField::ReasoningContent,
    }
}

/// Returns the model that serves an ID. The `sim/…` models (faults and `sim/echo`) are served by
/// the first model.
pub(crate) fn resolve<'a>(models: &'a [Model], id: &str) -> Option<&'a Model> {
    if id == ECHO || for_model(id).is_some_and(|fault| fault.is_ok()) {
        return models.first();
    }
    find(models, id)
}

impl From<&Entry> for Model {
    fn from(entry: &Entry) -> Self {
        let price = |thousandths| Some(usd(thousandths, 3));
        let pricing = entry.prices.map(|(input, output, cached)| {
            let mut pricing = ModelPricing::default();
            pricing.input_usd_per_mtok = price(input);
            pricing.output_usd_per_mtok = price(output);
            pricing.cache_read_usd_per_mtok = cached.and_then(price);
            pricing
        });
        let mut specs = ModelSpecs::default();
        specs.context_window = Some(entry.context);
        specs.max_output_tokens = Some(entry.output);
        specs.supports_reasoning = Some(entry.reasoning);

        let mut model = Self::new(entry.id);
        model.object = Some("model".to_owned());
        model.owned_by = Some(entry.owner.to_owned());
        model.created = Some(CREATED);
        model.display_name = Some(entry.name.to_owned());
        model.serving = Some(entry.serving.to_owned());
        model.pricing = pricing;
        model.specs = Some(specs);
        model
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adapter_has_the_price_of_its_base() {
        let mut models = catalog();
        let id = "meta-llama/llama-3.1-70b-instruct:ad_1";
        assert!(resolve(&models, id).is_none());
        models.push(adapter(&models[0], "ad_1"));
        let price = |model: &Model| Some(model.pricing.as_ref()?.input_usd_per_mtok?.to_string());
        assert_eq!(resolve(&models, id).and_then(price), price(&models[0]));
        assert!(resolve(&models, ECHO).is_some());
        assert!(find(&models, ECHO).is_none());
    }
}
