//! What an outcome adds to the cost of its request.

use std::time::Duration;

use prime_ext::{Cost, Usd};

use super::{Done, State};

/// What an outcome adds to the amounts of its request. `None` adds nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Paid {
    /// A cost that the service stated.
    pub(crate) known: Option<Usd>,
    /// A cost that was calculated from tokens and prices.
    pub(crate) estimated: Option<Usd>,
    /// The upper bound of a cost that is unknown.
    pub(crate) held: Option<Usd>,
}

impl Paid {
    /// Returns what a cost adds, for a request with this upper bound. An unknown cost without a bound adds zero, so that
    /// the request counts as one with an unknown cost.
    pub(crate) fn of(cost: Option<Cost>, bound: Option<Usd>) -> Self {
        let mut paid = Self::default();
        match cost {
            Some(Cost::Known(amount)) => paid.known = Some(amount),
            Some(Cost::Estimated(amount)) => paid.estimated = Some(amount),
            // Another variant is not known either.
            Some(_) => paid.held = Some(bound.unwrap_or_default()),
            None => {}
        }
        paid
    }

    /// Returns the amount that the budget loses.
    pub(crate) fn total(self) -> Usd {
        [self.known, self.estimated, self.held]
            .into_iter()
            .flatten()
            .sum()
    }
}

impl Done {
    /// The short name of the error of an [`interrupted`](Self::interrupted) request.
    pub(crate) const INTERRUPTED: &str = "interrupted";

    /// The message of the error of an [`interrupted`](Self::interrupted) request.
    pub(crate) const INTERRUPTED_MESSAGE: &str = "the process ended before the answer arrived";

    /// The outcome of a request that a process sent, and whose outcome it did not record.
    pub(crate) fn interrupted(number: i64) -> Self {
        Self {
            number,
            state: State::Ambiguous,
            status: None,
            request_id: None,
            answer: None,
            error_code: Some(Self::INTERRUPTED.to_owned()),
            error: Some(Self::INTERRUPTED_MESSAGE.to_owned()),
            cost: Some(Cost::Unknown),
            unknown_attempts: 1,
            prompt_tokens: None,
            completion_tokens: None,
            latency: Duration::ZERO,
        }
    }
}
