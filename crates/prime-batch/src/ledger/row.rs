//! The requests of a ledger, and their counts and sums.

use std::time::Duration;

use bytes::Bytes;
use prime_ext::{Usd, UsdSum};

use super::State;
use crate::key::Key;

/// A request of a ledger.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Row {
    /// The number of the request in this ledger.
    pub number: i64,
    /// The key.
    pub key: Key,
    /// The line of the input.
    pub line: u64,
    /// The model.
    pub model: String,
    /// The state.
    pub state: State,
    /// Whether the request is in the input that was read last.
    pub is_current: bool,
    /// How often the request was sent.
    pub attempts: u32,
    /// How many attempts may have been carried out although no answer arrived.
    pub unknown_attempts: u32,
    /// When the request was sent last, in milliseconds since 1970.
    pub sent_at: i64,
    /// When the request was done, in milliseconds since 1970.
    pub done_at: Option<i64>,
    /// The time from sending the request to the end of its response.
    pub latency: Option<Duration>,
    /// The order in which the requests were done.
    pub position: Option<i64>,
    /// The status of the response.
    pub status: Option<u16>,
    /// The id that the service gave the request.
    pub request_id: Option<String>,
    /// The body of the response, as one line of JSON.
    pub answer: Option<Bytes>,
    /// A short name of the error.
    pub error_code: Option<String>,
    /// The message of the error.
    pub error: Option<String>,
    /// The cost that the service stated.
    pub known_cost: Option<Usd>,
    /// The cost that was calculated from tokens and prices.
    pub estimated_cost: Option<Usd>,
    /// The upper bound of costs that are unknown.
    pub held: Option<Usd>,
    /// The upper bound of the cost of one attempt.
    pub bound: Option<Usd>,
    /// The prompt tokens.
    pub prompt_tokens: Option<u64>,
    /// The completion tokens.
    pub completion_tokens: Option<u64>,
}

/// Counts and sums of a number of requests.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Totals {
    /// Requests that were sent, and refused by the service, so that they can be sent again.
    pub unsent: u64,
    /// Requests in flight.
    pub sent: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Requests that may have been carried out, but have no answer.
    pub ambiguous: u64,
    /// The attempts of all requests.
    pub attempts: u64,
    /// Attempts that may have been carried out although no answer arrived.
    pub unknown_attempts: u64,
    /// The prompt tokens of all responses.
    pub prompt_tokens: u64,
    /// The completion tokens of all responses.
    pub completion_tokens: u64,
    /// The cost that the service stated.
    pub known_cost: UsdSum,
    /// The cost that was calculated from tokens and prices.
    pub estimated_cost: UsdSum,
    /// Upper bounds of costs that are unknown.
    pub held: UsdSum,
    /// Requests whose cost, or a part of it, is unknown.
    pub with_unknown_cost: u64,
}

impl Totals {
    pub(crate) fn add(&mut self, row: &Row) {
        *match row.state {
            State::Unsent => &mut self.unsent,
            State::Sent => &mut self.sent,
            State::Answered => &mut self.answered,
            State::Failed => &mut self.failed,
            State::Ambiguous => &mut self.ambiguous,
        } += 1;
        self.attempts += u64::from(row.attempts);
        self.unknown_attempts += u64::from(row.unknown_attempts);
        self.prompt_tokens += row.prompt_tokens.unwrap_or(0);
        self.completion_tokens += row.completion_tokens.unwrap_or(0);
        self.known_cost += row.known_cost.unwrap_or_default();
        self.estimated_cost += row.estimated_cost.unwrap_or_default();
        self.held += row.held.unwrap_or_default();
        self.with_unknown_cost += u64::from(row.held.is_some());
    }

    /// Adds the counts and sums of other requests.
    pub fn merge(&mut self, other: &Self) {
        for (sum, count) in [
            (&mut self.unsent, other.unsent),
            (&mut self.sent, other.sent),
            (&mut self.answered, other.answered),
            (&mut self.failed, other.failed),
            (&mut self.ambiguous, other.ambiguous),
            (&mut self.attempts, other.attempts),
            (&mut self.unknown_attempts, other.unknown_attempts),
            (&mut self.prompt_tokens, other.prompt_tokens),
            (&mut self.completion_tokens, other.completion_tokens),
            (&mut self.with_unknown_cost, other.with_unknown_cost),
        ] {
            *sum += count;
        }
        self.known_cost += other.known_cost;
        self.estimated_cost += other.estimated_cost;
        self.held += other.held;
    }
}
