//! Decides whether the cost that the service reports can be right.

use openapi_runtime::Usd;
use prime_training_api::types::RunUsageResponse;
use rust_decimal::Decimal;

/// A total and its two parts, each rounded to cents, differ by less than this.
const ROUNDING: Decimal = Decimal::from_parts(2, 0, 0, false, 2);

/// Returns what a run has cost so far, or `None` if that is unknown. Do not treat an unknown cost as zero.
///
/// The cost is unknown if an amount is negative, or if the total is less than its parts and rounding does not explain
/// that.
///
/// ```no_run
/// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// let usage = lab.runs().usage("run_123").await?;
/// match prime_ext::runs::total_cost(&usage) {
///     Some(cost) => println!("${cost}"),
///     None => println!("unknown"),
/// }
/// # Ok(())
/// # }
/// ```
pub fn total_cost(usage: &RunUsageResponse) -> Option<Usd> {
    check_cost(usage).ok()
}

/// Returns what a run has cost. The error is the field that is wrong, and why.
pub(super) fn check_cost(usage: &RunUsageResponse) -> Result<Usd, (&'static str, &'static str)> {
    const TOTAL: &str = "total_cost_usd";
    let total = usage.total_cost_usd;
    let parts = [usage.training.cost_usd, usage.inference.cost_usd];
    for (field, cost) in [
        (TOTAL, Some(total)),
        ("training.cost_usd", parts[0]),
        ("inference.cost_usd", parts[1]),
    ] {
        if cost.is_some_and(|cost| cost < Usd::ZERO) {
            return Err((field, "it is negative"));
        }
    }
    let sum: Usd = parts.into_iter().flatten().sum();
    if sum >= total + Usd::from(ROUNDING) {
        return Err((TOTAL, "it is less than the costs of training and inference"));
    }
    Ok(total)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn odd_costs_are_unknown() {
        for (total, training, inference, expected) in [
            ("1.53", "1.50", "0.03", Some("1.53")),
            // Other costs may be part of the total.
            ("2", "1.50", "0.03", Some("2")),
            (
                "1.5299999999999998",
                "1.50",
                "0.03",
                Some("1.5299999999999998"),
            ),
            ("1.51", "1.50", "0.0125", Some("1.51")),
            ("0", "0", "0", Some("0")),
            ("1.52", "1.50", "0.03", Some("1.52")),
            ("1.51", "1.50", "0.03", None),
            ("0", "1.50", "0.03", None),
            ("-1", "0", "0", None),
            ("1", "-1", "2", None),
            ("1", "2", "-1", None),
        ] {
            let json = format!(
                r#"{{"run_id": "r", "total_tokens": 0, "total_cost_usd": {total}, "pricing": {{}},
                    "training": {{"cost_usd": {training}}}, "inference": {{"cost_usd": {inference}}}}}"#
            );
            let usage = serde_json::from_str(&json).unwrap();
            let cost = total_cost(&usage).map(|cost| cost.to_string());
            assert_eq!(cost.as_deref(), expected, "{json}");
        }
    }
}
