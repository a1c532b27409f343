//! The cost of one response.

use std::fmt;

use openapi_runtime::{Usd, Warning};
use pinference_api::types::{ModelPricing, Usage};

use super::estimate::estimate;

/// The cost of a response in US dollars, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// The service stated the cost.
    Known(Usd),
    /// The service did not state the cost. It is estimated from the tokens and the model's list prices.
    Estimated(Usd),
    /// The service did not state the cost, or stated a negative cost. Do not treat this as zero.
    Unknown,
}

impl Cost {
    /// Returns the cost that a usage states. A negative cost cannot be right, so it is unknown.
    pub(crate) fn of(usage: Option<&Usage>) -> Self {
        usage
            .and_then(|usage| usage.cost)
            .filter(|cost| *cost >= Usd::ZERO)
            .map_or(Self::Unknown, Self::Known)
    }

    /// Returns a warning if a usage states a negative cost.
    pub(crate) fn warning(usage: Option<&Usage>) -> Option<Warning> {
        let cost = usage?.cost?;
        let reason = "negative; the cost is unknown";
        (cost < Usd::ZERO).then(|| Warning::new("usage.cost", reason))
    }

    /// If the cost is unknown, estimates it from the tokens and a model's prices. It stays [`Unknown`](Self::Unknown)
    /// if a token count or a required price is missing.
    ///
    /// Cached tokens are charged at the cache price, or at the input price if there is none.
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

    /// Returns the amount if the service stated it.
    pub fn known(self) -> Option<Usd> {
        match self {
            Self::Known(amount) => Some(amount),
            Self::Estimated(_) | Self::Unknown => None,
        }
    }

    /// Returns the amount if it is known or estimated.
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
