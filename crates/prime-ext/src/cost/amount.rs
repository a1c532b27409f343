//! The cost of one answer.

use std::fmt;

use openapi_runtime::Usd;
use pinference_api::types::{ModelPricing, Usage};

use super::estimate::estimate;

/// What an answer cost, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// The service stated it.
    Known(Usd),
    /// The service did not state it; this is what the tokens cost at the model's list prices.
    Estimated(Usd),
    /// The service did not state it, or stated a negative amount. This is not zero.
    Unknown,
}

impl Cost {
    /// The cost that a usage states. A negative one is unknown: no answer pays its reader.
    pub(crate) fn of(usage: Option<&Usage>) -> Self {
        usage
            .and_then(|usage| usage.cost)
            .filter(|cost| *cost >= Usd::ZERO)
            .map_or(Self::Unknown, Self::Known)
    }

    /// The same cost if it is known, and otherwise what the tokens cost at a model's prices. Still
    /// unknown if tokens or a price that is needed are.
    ///
    /// Cached tokens cost what the price list says of them, and as much as others if it says nothing.
    ///
    /// ```
    /// use prime_ext::Cost;
    /// use prime_ext::pinference_api::types::{ModelPricing, Usage};
    ///
    /// let mut usage = Usage::default();
    /// (usage.prompt_tokens, usage.completion_tokens) = (Some(1_000), Some(50));
    /// let mut prices = ModelPricing::default();
    /// prices.input_usd_per_mtok = "0.30".parse().ok();
    /// prices.output_usd_per_mtok = "0.40".parse().ok();
    /// let cost = Cost::Unknown.or_estimate(Some(&usage), Some(&prices));
    /// assert_eq!(cost.to_string(), "about $0.00032");
    /// ```
    #[must_use]
    pub fn or_estimate(self, usage: Option<&Usage>, prices: Option<&ModelPricing>) -> Self {
        match (self, usage, prices) {
            (Self::Unknown, Some(usage), Some(prices)) => {
                estimate(usage, prices).map_or(Self::Unknown, Self::Estimated)
            }
            _ => self,
        }
    }

    /// The amount, if the service said it.
    pub fn known(self) -> Option<Usd> {
        match self {
            Self::Known(amount) => Some(amount),
            Self::Estimated(_) | Self::Unknown => None,
        }
    }

    /// The amount, if it is known or estimated.
    pub fn amount(self) -> Option<Usd> {
        match self {
            Self::Known(amount) | Self::Estimated(amount) => Some(amount),
            Self::Unknown => None,
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(amount) => write!(f, "${amount}"),
            Self::Estimated(amount) => write!(f, "about ${amount}"),
            Self::Unknown => f.write_str("an unknown cost"),
        }
    }
}
