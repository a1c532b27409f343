//! The tokens and cost of many responses.

use std::fmt;

use pinference_api::types::Usage;

use super::{Cost, UsdSum};

/// The tokens and the cost of a number of responses. Also counts the responses that did not state them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Spent {
    /// The number of responses. Responses that were cut off, dropped or lost are included, because they may be billed.
    pub responses: u64,
    /// The number of prompt tokens that responses stated.
    pub prompt_tokens: u64,
    /// The number of prompt tokens that were read from a cache.
    pub cached_tokens: u64,
    /// The number of completion tokens that responses stated.
    pub completion_tokens: u64,
    /// The number of completion tokens that were used for reasoning.
    pub reasoning_tokens: u64,
    /// The number of responses that did not state both their prompt tokens and their completion tokens.
    pub without_tokens: u64,
    /// The total cost that the service stated.
    pub known: UsdSum,
    /// The number of responses in `known`.
    pub with_known_cost: u64,
    /// The total cost that was estimated at list prices.
    pub estimated: UsdSum,
    /// The number of responses in `estimated`.
    pub with_estimated_cost: u64,
    /// The number of responses whose cost is unknown. Their cost is not zero.
    pub with_unknown_cost: u64,
}

impl Spent {
    pub(super) fn add(&mut self, usage: Option<&Usage>, cost: Cost) {
        self.responses += 1;
        let count = |tokens: Option<i64>| tokens.and_then(|tokens| u64::try_from(tokens).ok());
        let prompt = count(usage.and_then(|usage| usage.prompt_tokens));
        let completion = count(usage.and_then(|usage| usage.completion_tokens));
        if prompt.is_none() || completion.is_none() {
            self.without_tokens += 1;
        }
        let cached = usage.and_then(|usage| usage.prompt_tokens_details.as_ref()?.cached_tokens);
        let reasoning =
            usage.and_then(|usage| usage.completion_tokens_details.as_ref()?.reasoning_tokens);
        for (sum, tokens) in [
            (&mut self.prompt_tokens, prompt),
            (&mut self.completion_tokens, completion),
            (&mut self.cached_tokens, count(cached)),
            (&mut self.reasoning_tokens, count(reasoning)),
        ] {
            *sum = sum.saturating_add(tokens.unwrap_or(0));
        }
        match cost {
            Cost::Known(amount) => {
                self.known += amount;
                self.with_known_cost += 1;
            }
            Cost::Estimated(amount) => {
                self.estimated += amount;
                self.with_estimated_cost += 1;
            }
            Cost::Unknown => self.with_unknown_cost += 1,
        }
    }

    /// Adds the responses of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.responses += other.responses;
        for (sum, tokens) in [
            (&mut self.prompt_tokens, other.prompt_tokens),
            (&mut self.cached_tokens, other.cached_tokens),
            (&mut self.completion_tokens, other.completion_tokens),
            (&mut self.reasoning_tokens, other.reasoning_tokens),
        ] {
            *sum = sum.saturating_add(tokens);
        }
        self.without_tokens += other.without_tokens;
        self.known += other.known;
        self.with_known_cost += other.with_known_cost;
        self.estimated += other.estimated;
        self.with_estimated_cost += other.with_estimated_cost;
        self.with_unknown_cost += other.with_unknown_cost;
    }
}

/// Writes the number of responses and their cost: `2 responses: $0.12, and about $0.10 for 1 of them`.
impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} responses: ${}", self.responses, self.known)?;
        if self.with_estimated_cost > 0 {
            let (amount, count) = (self.estimated, self.with_estimated_cost);
            write!(f, ", and about ${amount} for {count} of them")?;
        }
        if self.with_unknown_cost > 0 {
            write!(
                f,
                ", and an unknown cost for {} of them",
                self.with_unknown_cost
            )?;
        }
        Ok(())
    }
}
