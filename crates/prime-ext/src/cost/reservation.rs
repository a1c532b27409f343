//! A part of a limit that is reserved before a request is sent.

use openapi_runtime::Usd;

use super::Meter;

/// A part of a limit that is reserved before a request is sent. Returned by [`Meter::reserve`].
///
/// If it is dropped, the amount stays reserved: the request may have been billed.
#[derive(Debug)]
#[must_use = "the amount stays reserved unless it is released"]
pub struct Reservation {
    meter: Meter,
    amount: Usd,
}

impl Reservation {
    pub(super) fn new(meter: Meter, amount: Usd) -> Self {
        Self { meter, amount }
    }

    /// Returns the reserved amount.
    pub fn amount(&self) -> Usd {
        self.amount
    }

    /// Releases the amount. Call this when the meter has counted the response, or if nothing was billed.
    pub fn release(self) {
        *self.meter.reserved() += -self.amount;
    }

    /// Replaces the amount by what was spent, for spending that the meter does not count.
    pub fn settle(self, spent: Usd) {
        *self.meter.reserved() += spent - self.amount;
    }
}
