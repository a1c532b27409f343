//! What an answer cost.

use std::fmt;

use prime_runtime::Usd;

/// What an answer cost, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// The service said so.
    Known(Usd),
    /// The service did not say. This is not zero.
    Unknown,
}

impl Cost {
    pub(crate) fn of(usage: Option<&pinference_api::types::Usage>) -> Self {
        usage
            .and_then(|usage| usage.cost)
            .map_or(Self::Unknown, Self::Known)
    }

    /// The amount, if the service said it.
    pub fn known(self) -> Option<Usd> {
        match self {
            Self::Known(amount) => Some(amount),
            Self::Unknown => None,
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(amount) => write!(f, "${amount}"),
            Self::Unknown => f.write_str("an unknown cost"),
        }
    }
}
