//! A run's total against its meters and prices.

use std::fmt;

use openapi_runtime::Usd;
use prime_training_api::types::RunUsageResponse;
use rust_decimal::Decimal;

use crate::cost::per_million;

/// The fewest and the most decimal places to which amounts are compared. Nobody rounds coarser than to
/// cents, and what floats add beyond the ninth place is no money.
const PLACES: (u32, u32) = (2, 9);

/// What comes out when a run's total is added up from its meters, and the meters from tokens and
/// prices.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Audit {
    /// Where the service's numbers do not come out.
    pub differences: Vec<Difference>,
    /// Meters that were used, and whose cost could not be checked since a price is missing.
    pub unpriced: Vec<&'static str>,
}

/// Two numbers that should be the same.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Difference {
    /// Of money.
    Cost {
        /// Which amount.
        of: &'static str,
        /// What the service says.
        said: Usd,
        /// What its other numbers make.
        computed: Usd,
    },
    /// Of tokens.
    Tokens {
        /// Which count.
        of: &'static str,
        /// What the service says.
        said: i64,
        /// What its other numbers make.
        computed: i128,
    },
}

impl Audit {
    /// Whether all could be checked and came out.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.unpriced.is_empty()
    }

    fn cost(&mut self, of: &'static str, said: Usd, computed: Usd, places: u32) {
        let (said_exactly, computed_exactly) = (said.decimal(), computed.decimal());
        let unit = Decimal::new(1, places.clamp(PLACES.0, PLACES.1));
        // Rounded either way, it is less than a unit off.
        let off = said_exactly.saturating_sub(computed_exactly).abs();
        if off >= unit {
            self.differences
                .push(Difference::Cost { of, said, computed });
        }
    }

    fn tokens(&mut self, of: &'static str, said: i64, computed: i128) {
        if i128::from(said) != computed {
            self.differences
                .push(Difference::Tokens { of, said, computed });
        }
    }
}

/// Adds up what a run costs from what the service says of its meters and prices, and tells every
/// difference. Amounts may be rounded as far as they are written, and at most to cents.
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
    let sum = |a: i64, b: i64| i128::from(a) + i128::from(b);
    let tokens = sum(training.tokens, inference.tokens);
    audit.tokens("the total", usage.total_tokens, tokens);
    let tokens = sum(inference.input_tokens, inference.output_tokens);
    audit.tokens("inference", inference.tokens, tokens);

    let (total, meters) = (
        usage.total_cost_usd,
        [training.cost_usd, inference.cost_usd],
    );
    let places = |amount: Usd| amount.decimal().scale();
    let most = meters
        .iter()
        .map(|cost| places(*cost))
        .fold(places(total), u32::max);
    audit.cost("the total", total, meters.into_iter().sum(), most);

    let prices = &usage.pricing;
    let training_at = [(training.tokens, prices.training_per_mtok)];
    let inference_at = [
        (inference.input_tokens, prices.inference_input_per_mtok),
        (inference.output_tokens, prices.inference_output_per_mtok),
    ];
    for (of, said, parts) in [
        ("training", training.cost_usd, &training_at[..]),
        ("inference", inference.cost_usd, &inference_at[..]),
    ] {
        let computed: Option<Usd> = parts
            .iter()
            .filter(|(tokens, _)| *tokens != 0)
            .map(|(tokens, price)| per_million(*tokens, (*price)?))
            .sum();
        match computed {
            Some(computed) => audit.cost(of, said, computed, places(said)),
            None => audit.unpriced.push(of),
        }
    }
    audit
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cost { of, said, computed } => {
                let (off, which) = if said > computed {
                    (*said - *computed, "more")
                } else {
                    (*computed - *said, "less")
                };
                write!(
                    f,
                    "{of} is said to cost ${said}, and makes ${computed}: ${off} {which}"
                )
            }
            Self::Tokens { of, said, computed } => {
                write!(f, "{of} is said to be {said} tokens, and makes {computed}")
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What is told of a run's usage, with some numbers changed.
    fn told(changes: &[(&str, Value)]) -> Vec<String> {
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
        let mut told: Vec<String> = audit.differences.iter().map(ToString::to_string).collect();
        told.extend(audit.unpriced.iter().map(|of| format!("{of}: no price")));
        assert_eq!(audit.is_clean(), told.is_empty());
        told
    }

    #[test]
    fn what_comes_out_is_not_told() {
        const TOTAL: &str = "/total_cost_usd";
        const INFERENCE: &str = "/inference/cost_usd";
        for changes in [
            &[][..],
            // A float's residue.
            &[(TOTAL, json!("1.5125000000000002"))],
            &[("/training/cost_usd", json!("1.4999999999999998"))],
            // Rounded as they are written, up or down.
            &[(INFERENCE, json!("0.013")), (TOTAL, json!("1.513"))],
            &[(INFERENCE, json!("0.012")), (TOTAL, json!("1.512"))],
            &[(INFERENCE, json!("0.01")), (TOTAL, json!("1.51"))],
            // To cents, and the zeros left out.
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
            assert_eq!(told(changes), [""; 0], "{changes:?}");
        }
    }

    #[test]
    fn a_difference_is_told() {
        for (path, value, expected) in [
            (
                "/total_cost_usd",
                json!("1.5225"),
                "the total is said to cost $1.5225, and makes $1.5125: $0.0100 more",
            ),
            (
                "/total_cost_usd",
                json!(0),
                "the total is said to cost $0, and makes $1.5125: $1.5125 less",
            ),
            (
                "/pricing/training_per_mtok",
                json!(1.6),
                "training is said to cost $1.50, and makes $1.6: $0.10 less",
            ),
            (
                "/total_tokens",
                json!(1_003_001),
                "the total is said to be 1003001 tokens, and makes 1003000",
            ),
            (
                "/pricing/inference_input_per_mtok",
                json!(null),
                "inference: no price",
            ),
        ] {
            assert_eq!(told(&[(path, value)]), [expected]);
        }
        let huge = told(&[("/inference/output_tokens", json!(i64::MAX))]);
        assert_eq!(huge.len(), 2, "{huge:?}");
    }
}
