//! Money.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

/// US dollars, decimal: digit for digit what the wire said, number or string.
///
/// Up to 28 digits are kept; what a float's residue adds beyond the 28th decimal place is rounded off,
/// since an answer must not be lost for it. Amounts of 10²⁰ and more are refused. So sums come out to
/// the digit, and arithmetic cannot overflow before a thousand million of the largest amounts are
/// added; there it stops at the largest that can be said, and does not panic.
///
/// The digits are kept from JSON text to JSON text. A `serde_json::Value` in between holds a float and
/// loses some, unless serde_json's feature `arbitrary_precision` is on.
///
/// ```
/// use openapi_runtime::Usd;
///
/// let cost: Usd = serde_json::from_str("0.10")?;
/// let more: Usd = serde_json::from_str("\"0.20\"")?;
/// assert_eq!((cost + more).to_string(), "0.30");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(Decimal);

impl Usd {
    /// No money.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The amount, of the `rust_decimal` crate.
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl From<Decimal> for Usd {
    fn from(amount: Decimal) -> Self {
        Self(amount)
    }
}

/// A text that is no amount, or one of 10²⁰ or more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an amount of money")]
pub struct ParseUsdError(());

impl FromStr for Usd {
    type Err = ParseUsdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseUsdError(());
        let amount = if text.contains(['e', 'E']) {
            Decimal::from_scientific(text).or_else(|_| Decimal::from_scientific_lossy(text))
        } else {
            Decimal::from_str(text)
        };
        let amount = amount.map_err(|_| error())?;
        // `Decimal` takes `1_000` for a thousand, as Rust does; JSON and people do not.
        if amount.abs() >= LIMIT || text.contains('_') {
            Err(error())
        } else {
            Ok(Self(amount))
        }
    }
}

/// Amounts from here on are refused: 10²⁰.
const LIMIT: Decimal = Decimal::from_parts(1_661_992_960, 1_808_227_885, 5, false, 0);

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A float would not keep the digits.
        RawValue::from_string(self.0.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        if text.starts_with('"') {
            let text: String = serde_json::from_str(text).map_err(de::Error::custom)?;
            text.trim().parse().map_err(de::Error::custom)
        } else {
            text.parse().map_err(de::Error::custom)
        }
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl SubAssign for Usd {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Neg for Usd {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_survives() {
        for digits in [
            "0.1",
            "1.50",
            "0.0",
            "-3",
            "0.000000012345678901234",
            "12345678901234567.89",
        ] {
            let number: Usd = serde_json::from_str(digits).unwrap();
            let string: Usd = serde_json::from_str(&format!("\"{digits}\"")).unwrap();
            assert_eq!(number, string);
            assert_eq!(number.to_string(), digits);
            assert_eq!(serde_json::to_string(&number).unwrap(), digits);
        }
        let tiny: Usd = serde_json::from_str("1.5e-7").unwrap();
        assert_eq!(tiny.to_string(), "0.00000015");
    }

    #[test]
    fn residue_of_floats_is_rounded_off_and_nothing_overflows() {
        let residue: Usd = serde_json::from_str("1.1102230246251565e-16").unwrap();
        assert_eq!(residue.to_string(), "0.0000000000000001110223024625");
        let long: Usd = serde_json::from_str("0.12345678901234567890123456789012345").unwrap();
        assert_eq!(long.to_string(), "0.1234567890123456789012345679");
        let large: Usd = "99999999999999999999".parse().unwrap();
        let sum: Usd = std::iter::repeat_n(large, 1000).sum();
        assert_eq!(sum.to_string(), "99999999999999999999000");
        let mut most = large;
        for _ in 0..100 {
            most += most;
        }
        assert!(most > large);
    }

    #[test]
    fn reads_from_values_too() {
        let value = serde_json::json!({"a": 0.25, "b": "0.25", "c": null});
        #[derive(Deserialize)]
        struct Three {
            a: Usd,
            b: Usd,
            c: Option<Usd>,
        }
        let three: Three = serde_json::from_value(value).unwrap();
        assert_eq!((three.a, three.c), (three.b, None));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        let large = ["100000000000000000000", "1e20", "-1e30", "1e999"];
        let odd = ["\"free\"", "\"1_000\"", "true", "{}", "[]"];
        for text in odd.into_iter().chain(large) {
            assert!(serde_json::from_str::<Usd>(text).is_err(), "{text}");
        }
    }
}
