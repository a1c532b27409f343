//! Estimates a cost from tokens and a model's prices.

use openapi_runtime::Usd;
use pinference_api::types::{ModelPricing, Usage};
use rust_decimal::Decimal;

const MILLIONTH: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

/// Returns the cost of `tokens` at a price per million tokens. Returns `None` if the tokens or the price are negative,
/// or if the cost overflows.
pub(crate) fn per_million(tokens: i64, price: Usd) -> Option<Usd> {
    if tokens < 0 || price < Usd::ZERO {
        return None;
    }
    Decimal::from(tokens)
        .checked_mul(price.decimal())?
        .checked_mul(MILLIONTH)
        .map(|cost| Usd::from(cost.normalize()))
}

/// Estimates the cost of a response. Returns `None` if a token count or a required price is missing.
pub(super) fn estimate(usage: &Usage, prices: &ModelPricing) -> Option<Usd> {
    let (prompt, completion) = (usage.prompt_tokens?, usage.completion_tokens?);
    let details = usage.prompt_tokens_details.as_ref();
    let cached = details
        .and_then(|details| details.cached_tokens)
        .unwrap_or(0)
        .clamp(0, prompt.max(0));
    // A price is required only if its tokens were used.
    let cost = |tokens: i64, price: Option<Usd>| match (tokens, price) {
        (0, _) => Some(Usd::ZERO),
        (tokens, price) => per_million(tokens, price?),
    };
    let cached_price = prices.cache_read_usd_per_mtok.or(prices.input_usd_per_mtok);
    Some(
        cost(prompt - cached, prices.input_usd_per_mtok)?
            + cost(cached, cached_price)?
            + cost(completion, prices.output_usd_per_mtok)?,
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn costs_are_estimated() {
        let prices = json!({"input_usd_per_mtok": "3", "output_usd_per_mtok": 15,
            "cache_read_usd_per_mtok": 0.3});
        let input_only = json!({"input_usd_per_mtok": "3"});
        let cases = [
            (
                json!({"prompt_tokens": 10, "completion_tokens": 1}),
                &prices,
                Some("0.000045"),
            ),
            (
                json!({"prompt_tokens": 10, "completion_tokens": 0,
                    "prompt_tokens_details": {"cached_tokens": 4}}),
                &prices,
                Some("0.0000192"),
            ),
            // More cached tokens than prompt tokens: the count is clamped.
            (
                json!({"prompt_tokens": 10, "completion_tokens": 0,
                    "prompt_tokens_details": {"cached_tokens": 40}}),
                &input_only,
                Some("0.00003"),
            ),
            (
                json!({"prompt_tokens": 10, "completion_tokens": 1}),
                &input_only,
                None,
            ),
            (json!({"prompt_tokens": 10}), &prices, None),
            (
                json!({"prompt_tokens": -1, "completion_tokens": 1}),
                &prices,
                None,
            ),
            (
                json!({"prompt_tokens": i64::MIN, "completion_tokens": 1}),
                &prices,
                None,
            ),
            (
                json!({"prompt_tokens": 0, "completion_tokens": 0}),
                &json!({}),
                Some("0"),
            ),
        ];
        for (usage, prices, expected) in cases {
            let usage: Usage = serde_json::from_value(usage).unwrap();
            let prices: ModelPricing = serde_json::from_value(prices.clone()).unwrap();
            let cost = estimate(&usage, &prices).map(|cost| cost.to_string());
            assert_eq!(cost.as_deref(), expected, "{usage:?}");
        }
    }

    #[test]
    fn nothing_overflows() {
        let most: Usd = "99999999999999999999".parse().unwrap();
        assert_eq!(per_million(i64::MAX, most), None);
        assert_eq!(
            per_million(1, most).unwrap().to_string(),
            "99999999999999.999999"
        );
    }
}
