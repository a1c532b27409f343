//! Compares a run's total cost with its tokens and prices.

use std::fmt;

use openapi_runtime::Usd;
use prime_training_api::types::RunUsageResponse;
use rust_decimal::Decimal;

use crate::cost::per_million;

/// The decimal places to which amounts are compared. Amounts are rounded to cents at most, and digits after the ninth
/// place are floating-point errors.
const MIN_PLACES: u32 = 2;
const MAX_PLACES: u32 = 9;

/// The result of [`audit`].
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Audit {
    /// The inconsistencies between the service's numbers.
    pub differences: Vec<Difference>,
    /// What could not be checked, because a token count, an amount or a required price is unknown.
    pub unchecked: Vec<&'static str>,
}

/// Two numbers that should be equal.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Difference {
    /// Two amounts in US dollars.
    Cost {
        /// The name of the amount.
        of: &'static str,
        /// The reported amount.
        said: Usd,
        /// The amount computed from other reported numbers.
        computed: Usd,
    },
    /// Two token counts.
    Tokens {
        /// The name of the count.
        of: &'static str,
        /// The reported count.
        said: i64,
        /// The count computed from other reported numbers.
        computed: i128,
    },
}

impl Audit {
    /// Returns whether everything could be checked and is consistent.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.unchecked.is_empty()
    }

    fn cost(&mut self, of: &'static str, said: Option<Usd>, computed: Option<Usd>, places: u32) {
        let (Some(said), Some(computed)) = (said, computed) else {
            self.unchecked.push(of);
            return;
        };
        let unit = Decimal::new(1, places.clamp(MIN_PLACES, MAX_PLACES));
        // Rounding changes an amount by less than one unit of its last place.
        let difference = said.decimal().saturating_sub(computed.decimal()).abs();
        if difference >= unit {
            self.differences
                .push(Difference::Cost { of, said, computed });
        }
    }

    fn tokens(&mut self, of: &'static str, said: Option<i64>, computed: Option<i128>) {
        let (Some(said), Some(computed)) = (said, computed) else {
            self.unchecked.push(of);
            return;
        };
        if i128::from(said) != computed {
            self.differences
                .push(Difference::Tokens { of, said, computed });
        }
    }
}

/// Computes the cost of a run from its tokens and prices, and compares it with the reported cost.
///
/// Differences due to rounding are ignored. An amount is assumed to be rounded to the decimal places that it is written
/// with, or to two if it is written with fewer.
///
/// ```no_run
/// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// let usage = lab.runs().usage("run_123").await?;
/// for difference in prime_ext::runs::audit(&usage).differences {
///     eprintln!("{difference}");
/// }
/// # Ok(())
/// # }
/// ```
pub fn audit(usage: &RunUsageResponse) -> Audit {
    let mut audit = Audit::default();
    let (training, inference) = (&usage.training, &usage.inference);
    let sum = |a: Option<i64>, b: Option<i64>| Some(i128::from(a?) + i128::from(b?));
    let total = Some(usage.total_tokens);
    audit.tokens("the total", total, sum(training.tokens, inference.tokens));
    let computed = sum(inference.input_tokens, inference.output_tokens);
    audit.tokens("inference", inference.tokens, computed);

    let total = Some(usage.total_cost_usd);
    let meters = [training.cost_usd, inference.cost_usd];
    let places = |amount: &Option<Usd>| amount.map_or(0, |amount| amount.decimal().scale());
    let max_places = meters.iter().map(places).fold(places(&total), u32::max);
    let computed = meters.into_iter().sum();
    audit.cost("the total", total, computed, max_places);

    let prices = &usage.pricing;
    let training_parts = [(training.tokens, prices.training_per_mtok)];
    let inference_parts = [
        (inference.input_tokens, prices.inference_input_per_mtok),
        (inference.output_tokens, prices.inference_output_per_mtok),
    ];
    for (of, said, parts) in [
        ("training", training.cost_usd, &training_parts[..]),
        ("inference", inference.cost_usd, &inference_parts[..]),
    ] {
        let used = parts.iter().filter(|(tokens, _)| *tokens != Some(0));
        let computed = used.map(|(tokens, price)| per_million((*tokens)?, (*price)?));
        audit.cost(of, said, computed.sum(), places(&said));
    }
    audit
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cost { of, said, computed } => {
                let (difference, direction) = if said > computed {
                    (*said - *computed, "more")
                } else {
                    (*computed - *said, "less")
                };
                write!(
                    f,
                    "{of}: reported ${said}, computed ${computed} (${difference} {direction})"
                )
            }
            Self::Tokens { of, said, computed } => {
                write!(f, "{of}: reported {said} tokens, computed {computed}")
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Audits a consistent usage after some changes, and formats the result.
    fn report(changes: &[(&str, Value)]) -> Vec<String> {
        let mut usage = json!({
            "run_id": "r", "total_tokens": 1_003_000, "total_cost_usd": "1.5125",
            "training": {"tokens": 1_000_000, "cost_usd": "1.50"},
            "inference": {"tokens": 3_000, "input_tokens": 1_000, "output_tokens": 2_000,
                "cost_usd": "0.0125"},
            "pricing": {"training_per_mtok": 1.5, "inference_input_per_mtok": "2.5",
                "inference_output_per_mtok": 5},
        });
        for (path, value) in changes {
            *usage.pointer_mut(path).unwrap() = value.clone();
        }
        let audit = audit(&serde_json::from_str(&usage.to_string()).unwrap());
        let mut report: Vec<String> = audit.differences.iter().map(ToString::to_string).collect();
        report.extend(audit.unchecked.iter().map(|of| format!("{of}: no price")));
        assert_eq!(audit.is_clean(), report.is_empty());
        report
    }

    #[test]
    fn rounding_is_ignored() {
        const TOTAL: &str = "/total_cost_usd";
        const INFERENCE: &str = "/inference/cost_usd";
        for changes in [
            &[][..],
            // Floating-point errors.
            &[(TOTAL, json!("1.5125000000000002"))],
            &[("/training/cost_usd", json!("1.4999999999999998"))],
            // Amounts rounded up or down to the places they are written with.
            &[(INFERENCE, json!("0.013")), (TOTAL, json!("1.513"))],
            &[(INFERENCE, json!("0.012")), (TOTAL, json!("1.512"))],
            &[(INFERENCE, json!("0.01")), (TOTAL, json!("1.51"))],
            // Amounts rounded to cents and written without trailing zeros.
            &[
                (INFERENCE, json!("0.0")),
                ("/inference/tokens", json!(0)),
                (TOTAL, json!("1.5")),
                ("/inference/input_tokens", json!(0)),
                ("/inference/output_tokens", json!(0)),
                ("/total_tokens", json!(1_000_000)),
                ("/pricing/inference_input_per_mtok", json!(null)),
            ],
        ] {
            assert_eq!(report(changes), [""; 0], "{changes:?}");
        }
    }

    #[test]
    fn differences_are_reported() {
        for (path, value, expected) in [
            (
                "/total_cost_usd",
                json!("1.5225"),
                "the total: reported $1.5225, computed $1.5125 ($0.0100 more)",
            ),
            (
                "/total_cost_usd",
                json!(0),
                "the total: reported $0, computed $1.5125 ($1.5125 less)",
            ),
            (
                "/pricing/training_per_mtok",
                json!(1.6),
                "training: reported $1.50, computed $1.6 ($0.10 less)",
            ),
            (
                "/total_tokens",
                json!(1_003_001),
                "the total: reported 1003001 tokens, computed 1003000",
            ),
            (
                "/pricing/inference_input_per_mtok",
                json!(null),
                "inference: no price",
            ),
        ] {
            assert_eq!(report(&[(path, value)]), [expected]);
        }
        let huge = report(&[("/inference/output_tokens", json!(i64::MAX))]);
        assert_eq!(huge.len(), 2, "{huge:?}");
    }
}
