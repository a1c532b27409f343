//! The usage of a run, as a table and as JSON.

use prime_ext::Usd;
use prime_ext::prime_training_api::types::{RunUsageBreakdown, RunUsageResponse};
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::{Style, Table, number};

/// The usage as JSON, with the fields of the official client in its order.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "RunUsage")]
pub(crate) struct View<'a> {
    run_id: &'a str,
    run_name: Option<&'a str>,
    base_model: Option<&'a str>,
    status: Option<&'a prime_ext::prime_training_api::types::RunStatus>,
    training: Part,
    inference: Part,
    total_tokens: i64,
    total_cost_usd: Usd,
    pricing: Pricing,
    record_count: i64,
}

#[derive(Serialize, JsonSchema)]
struct Part {
    tokens: Option<i64>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cost_usd: Option<Usd>,
}

#[derive(Serialize, JsonSchema)]
struct Pricing {
    training_per_mtok: Option<Usd>,
    inference_input_per_mtok: Option<Usd>,
    inference_output_per_mtok: Option<Usd>,
}

impl<'a> View<'a> {
    pub(super) fn new(usage: &'a RunUsageResponse) -> Self {
        let part = |part: &RunUsageBreakdown| Part {
            tokens: part.tokens,
            input_tokens: part.input_tokens,
            output_tokens: part.output_tokens,
            cost_usd: part.cost_usd,
        };
        Self {
            run_id: &usage.run_id,
            run_name: usage.run_name.as_deref(),
            base_model: usage.base_model.as_deref(),
            status: usage.status.as_ref(),
            training: part(&usage.training),
            inference: part(&usage.inference),
            total_tokens: usage.total_tokens,
            total_cost_usd: usage.total_cost_usd,
            pricing: Pricing {
                training_per_mtok: usage.pricing.training_per_mtok,
                inference_input_per_mtok: usage.pricing.inference_input_per_mtok,
                inference_output_per_mtok: usage.pricing.inference_output_per_mtok,
            },
            record_count: usage.record_count,
        }
    }
}

pub(super) fn status(usage: &RunUsageResponse) -> String {
    usage
        .status
        .as_ref()
        .map_or("unknown status".to_owned(), ToString::to_string)
}

/// Returns the total cost, or `unknown`.
pub(super) fn cost(usage: &RunUsageResponse) -> String {
    prime_ext::runs::total_cost(usage).map_or("unknown".to_owned(), number::usd)
}

/// The lines above the table.
pub(super) fn title(usage: &RunUsageResponse, style: Style) -> String {
    let mut text = format!(
        "{}  {}\n",
        style.bold(&usage.run_id),
        style.cyan(&status(usage))
    );
    if let Some(name) = usage
        .run_name
        .as_ref()
        .filter(|name| **name != usage.run_id)
    {
        text.push_str(&format!("{}\n", style.dim(name)));
    }
    if let Some(model) = &usage.base_model {
        text.push_str(&format!("{}\n", style.dim(&format!("model: {model}"))));
    }
    text
}

pub(super) fn table(usage: &RunUsageResponse) -> Table {
    const NONE: &str = "-";
    let tokens = |tokens: Option<i64>| tokens.map_or(NONE.to_owned(), number::tokens);
    let price = |price: Option<Usd>| price.map_or(NONE.to_owned(), number::per_mtok);
    // As in the official client: the service reports the cost of inference only as a sum.
    let derived = |tokens: Option<i64>, price: Option<Usd>| {
        let cost = tokens.zip(price).and_then(|(tokens, price)| {
            let cost = price.decimal().checked_mul(tokens.into())?;
            cost.checked_div(1_000_000.into())
        });
        cost.map_or(NONE.to_owned(), |cost| number::usd(cost.into()))
    };
    let (training, inference, pricing) = (&usage.training, &usage.inference, &usage.pricing);
    let mut table = Table::new()
        .column("Bucket")
        .number("Tokens")
        .number("Cost")
        .number("Price / Mtok");
    table.row([
        "Training".to_owned(),
        tokens(training.tokens),
        training.cost_usd.map_or(NONE.to_owned(), number::usd),
        price(pricing.training_per_mtok),
    ]);
    for (name, count, cost) in [
        (
            "Inference (input)",
            inference.input_tokens,
            pricing.inference_input_per_mtok,
        ),
        (
            "Inference (output)",
            inference.output_tokens,
            pricing.inference_output_per_mtok,
        ),
    ] {
        table.row([
            name.to_owned(),
            tokens(count),
            derived(count, cost),
            price(cost),
        ]);
    }
    table.row([
        "Total".to_owned(),
        number::tokens(usage.total_tokens),
        cost(usage),
        String::new(),
    ]);
    table
}
