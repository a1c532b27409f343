//! Amounts of US dollars.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

use crate::number::number_text;

/// An amount of US dollars: a decimal number that keeps the digits of its JSON.
///
/// Deserializes from a JSON number, or from a string that contains one. Amounts are rounded to 28 decimal places,
/// because some amounts have a floating-point error. Amounts of 10²⁰ or more, texts of more than 64 bytes, and
/// digits that are grouped with `_` are errors.
///
/// Arithmetic saturates instead of overflowing. Saturation takes more than 10⁸ additions of the largest amount.
///
/// JSON text keeps all digits. A `serde_json::Value` stores a float and loses digits, unless the feature
/// `arbitrary_precision` of serde_json is enabled.
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
    /// Zero dollars.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Returns the amount as a `rust_decimal::Decimal`.
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl From<Decimal> for Usd {
    fn from(amount: Decimal) -> Self {
        Self(amount)
    }
}

/// The error of a text that is not a decimal number, or is out of the range of [`Usd`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid amount of money")]
pub struct ParseUsdError(());

impl FromStr for Usd {
    type Err = ParseUsdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `Decimal` recurses for each digit, and accepts `1_000`.
        if text.len() > MAX_LEN || text.contains('_') {
            return Err(ParseUsdError(()));
        }
        parse(text)
            .filter(|amount| amount.abs() < UPPER_BOUND)
            .map(Self)
            .ok_or(ParseUsdError(()))
    }
}

/// The maximum length of an amount in bytes. A float in decimal notation has at most 25.
const MAX_LEN: usize = 64;

/// The exclusive upper bound of amounts: 10²⁰.
const UPPER_BOUND: Decimal = Decimal::from_parts(1_661_992_960, 1_808_227_885, 5, false, 0);

/// Parses decimal or scientific notation, and rounds to 28 decimal places.
fn parse(text: &str) -> Option<Decimal> {
    let Some((digits, exponent)) = text.split_once(['e', 'E']) else {
        return text.parse().ok();
    };
    let mut amount: Decimal = digits.parse().ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    let places = i64::from(amount.scale()) - i64::from(exponent);
    let max_places = i64::from(Decimal::MAX_SCALE);
    if places > max_places {
        // `Decimal` cannot represent that many decimal places.
        let excess = u32::try_from(places - max_places).ok()?;
        amount.set_scale(0).ok()?;
        let unit = 10_i128.checked_pow(excess);
        let mantissa = unit.map_or(0, |unit| rounded_quotient(amount.mantissa(), unit));
        return Decimal::try_from_i128_with_scale(mantissa, Decimal::MAX_SCALE).ok();
    }
    if let Ok(places) = u32::try_from(places) {
        amount.set_scale(places).ok()?;
        return Some(amount);
    }
    amount.set_scale(0).ok()?;
    if amount.is_zero() {
        return Some(amount);
    }
    let factor = 10_i128.checked_pow(u32::try_from(-places).ok()?)?;
    amount.checked_mul(Decimal::try_from_i128_with_scale(factor, 0).ok()?)
}

/// Divides, and rounds half away from zero, like the parser of `Decimal`.
fn rounded_quotient(dividend: i128, divisor: i128) -> i128 {
    let quotient = dividend / divisor;
    let remainder = (dividend % divisor).abs();
    if remainder >= divisor - remainder {
        quotient + dividend.signum()
    } else {
        quotient
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A float would lose digits.
        RawValue::from_string(self.0.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = number_text(deserializer)?;
        text.parse().map_err(de::Error::custom)
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
    fn all_digits_are_kept() {
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
    fn scientific_notation_is_parsed_and_rounded() {
        for (text, expected) in [
            ("1e-30", "0.0000000000000000000000000000"),
            ("-6e-29", "-0.0000000000000000000000000001"),
            ("4e-29", "0.0000000000000000000000000000"),
            ("5e-29", "0.0000000000000000000000000001"),
            ("1e-2147483648", "0.0000000000000000000000000000"),
            ("2.5e-28", "0.0000000000000000000000000003"),
            ("1.5E3", "1500"),
            ("1.25e1", "12.5"),
            ("0.00000000000000000000000001e30", "10000"),
            ("0e999", "0"),
            ("9.9e19", "99000000000000000000"),
        ] {
            let amount: Usd = text.parse().unwrap();
            assert_eq!(amount.to_string(), expected, "{text}");
        }
        for text in ["1e20", "1e2147483647", "1e99999999999", "1e", "e1", "1e1e1"] {
            assert!(text.parse::<Usd>().is_err(), "{text}");
        }
    }

    /// `Decimal` would overflow the stack on these.
    #[test]
    fn long_texts_are_rejected() {
        for piece in ["_", "0", "1", "0.", "-", "e"] {
            for length in [65, 100_000, 10_000_000] {
                let text = format!("1{}", piece.repeat(length / piece.len()));
                assert!(text.parse::<Usd>().is_err());
                let json = serde_json::to_string(&text).unwrap();
                assert!(serde_json::from_str::<Usd>(&json).is_err());
            }
        }
        let longest = format!("0.{}", "1".repeat(MAX_LEN - 2));
        let amount: Usd = longest.parse().unwrap();
        assert_eq!(amount.to_string(), "0.1111111111111111111111111111");
    }

    #[test]
    fn floating_point_error_is_rounded_and_sums_do_not_overflow() {
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
    fn deserializes_from_values() {
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
    fn invalid_amounts_are_rejected() {
        let large = ["100000000000000000000", "1e20", "-1e30", "1e999"];
        let odd = ["\"free\"", "\"1_000\"", "true", "{}", "[]"];
        for text in odd.into_iter().chain(large) {
            assert!(serde_json::from_str::<Usd>(text).is_err(), "{text}");
        }
    }
}
