//! An exact sum of amounts.

use std::borrow::Cow;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use openapi_runtime::Usd;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The maximum number of decimal places of an amount.
const MAX_PLACES: u32 = 28;

/// One dollar, in units of the last decimal place.
const DOLLAR: i128 = 10_i128.pow(MAX_PLACES);

/// An exact sum of amounts in US dollars. [`Usd`] has 28 digits, and would round a large sum of small amounts. `UsdSum`
/// is exact for at least 10¹⁸ of the largest amounts.
///
/// ```
/// use prime_ext::{Usd, UsdSum};
///
/// let large: Usd = "12345678901234567890".parse()?;
/// let small: Usd = "0.0000000000000000000000000001".parse()?;
/// let sum: UsdSum = [large, small].into_iter().sum();
/// assert_eq!(sum.to_string(), "12345678901234567890.0000000000000000000000000001");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UsdSum {
    dollars: i128,
    /// Less than one dollar, in units of the last place. Its sign may differ from that of `dollars`.
    fraction: i128,
    /// The number of decimal places of the most precise amount.
    places: u32,
}

impl UsdSum {
    /// Returns the sum as an amount, rounded to 28 digits. Saturates at the limits of [`Usd`].
    pub fn usd(self) -> Usd {
        use rust_decimal::Decimal;
        let part = |value: i128, places| Decimal::try_from_i128_with_scale(value, places);
        let (dollars, fraction) = self.parts();
        let dollars = part(dollars, 0).unwrap_or(if dollars < 0 {
            Decimal::MIN
        } else {
            Decimal::MAX
        });
        // Trailing zeros are dropped first, because they would take digits from the dollars.
        let fraction = part(
            fraction / 10_i128.pow(MAX_PLACES - self.places),
            self.places,
        );
        let mut sum = dollars.saturating_add(fraction.unwrap_or_default());
        sum.rescale(self.places);
        Usd::from(sum)
    }

    /// Returns whether the sum is zero.
    pub fn is_zero(self) -> bool {
        self.parts() == (0, 0)
    }

    /// Returns dollars and fraction with the same sign.
    fn parts(self) -> (i128, i128) {
        match (self.dollars, self.fraction) {
            (dollars, fraction) if dollars > 0 && fraction < 0 => (dollars - 1, fraction + DOLLAR),
            (dollars, fraction) if dollars < 0 && fraction > 0 => (dollars + 1, fraction - DOLLAR),
            parts => parts,
        }
    }

    fn add(&mut self, dollars: i128, fraction: i128, places: u32) {
        // Cannot overflow: both are less than a dollar.
        let fraction = self.fraction + fraction;
        self.dollars = self
            .dollars
            .saturating_add(dollars)
            .saturating_add(fraction / DOLLAR);
        self.fraction = fraction % DOLLAR;
        self.places = self.places.max(places);
    }
}

impl AddAssign<Usd> for UsdSum {
    fn add_assign(&mut self, amount: Usd) {
        let amount = amount.decimal();
        let (units, places) = (amount.mantissa(), amount.scale().min(MAX_PLACES));
        let dollar = 10_i128.pow(places);
        let fraction = units % dollar * 10_i128.pow(MAX_PLACES - places);
        self.add(units / dollar, fraction, places);
    }
}

impl AddAssign for UsdSum {
    fn add_assign(&mut self, other: Self) {
        self.add(other.dollars, other.fraction, other.places);
    }
}

impl Add<Usd> for UsdSum {
    type Output = Self;

    fn add(mut self, amount: Usd) -> Self {
        self += amount;
        self
    }
}

impl From<Usd> for UsdSum {
    fn from(amount: Usd) -> Self {
        Self::default() + amount
    }
}

impl Sum<Usd> for UsdSum {
    fn sum<I: Iterator<Item = Usd>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

impl Sum for UsdSum {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), |mut total, sum| {
            total += sum;
            total
        })
    }
}

impl PartialEq<Usd> for UsdSum {
    /// Compares the amounts. Trailing zeros are ignored.
    fn eq(&self, amount: &Usd) -> bool {
        self.parts() == Self::from(*amount).parts()
    }
}

/// Parses what `Display` writes.
impl FromStr for UsdSum {
    type Err = ParseUsdSumError;

    fn from_str(text: &str) -> Result<Self, ParseUsdSumError> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (dollars, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_valid = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        let places = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
        let ends_in_point = digits.ends_with('.');
        if !is_valid(dollars) || !is_valid(fraction) || places > MAX_PLACES || ends_in_point {
            return Err(ParseUsdSumError(()));
        }
        let number = |digits: &str| digits.parse::<i128>().map_err(|_| ParseUsdSumError(()));
        let mut sum = Self {
            dollars: number(dollars)?,
            fraction: 0,
            places,
        };
        if places > 0 {
            sum.fraction = number(fraction)? * 10_i128.pow(MAX_PLACES - places);
        }
        if is_negative {
            (sum.dollars, sum.fraction) = (-sum.dollars, -sum.fraction);
        }
        Ok(sum)
    }
}

/// The error of a text that is not a sum of amounts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a decimal number with at most {MAX_PLACES} decimal places")]
pub struct ParseUsdSumError(());

/// Writes a string, so that nothing is lost to a binary float.
impl Serialize for UsdSum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UsdSum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'_, str>>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for UsdSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, fraction) = self.parts();
        let sign = if dollars < 0 || fraction < 0 { "-" } else { "" };
        let dollars = dollars.unsigned_abs();
        let text = if self.places == 0 {
            dollars.to_string()
        } else {
            let fraction = fraction.unsigned_abs() / 10_u128.pow(MAX_PLACES - self.places);
            let places = self.places as usize;
            format!("{dollars}.{fraction:0places$}")
        };
        f.pad(&format!("{sign}{text}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn sum(amounts: &[&str]) -> UsdSum {
        amounts
            .iter()
            .map(|amount| amount.parse::<Usd>().unwrap())
            .sum()
    }

    #[test]
    fn sums_are_exact() {
        for (amounts, expected) in [
            (&[][..], "0"),
            (&["0.10", "0.20"], "0.30"),
            (&["0.1", "-0.3"], "-0.2"),
            (&["1", "-0.25"], "0.75"),
            (&["-1", "0.25"], "-0.75"),
            (&["0.999", "0.001"], "1.000"),
            (&["-5", "5"], "0"),
            (
                &["99999999999999999999", "0.0000000000000000000000000001"],
                "99999999999999999999.0000000000000000000000000001",
            ),
        ] {
            let sum = sum(amounts);
            assert_eq!(sum.to_string(), expected);
            let json = serde_json::to_string(&sum).unwrap();
            assert_eq!(json, format!("{expected:?}"));
            let parsed: UsdSum = serde_json::from_str(&json).unwrap();
            assert_eq!((parsed.parts(), parsed.places), (sum.parts(), sum.places));
            let amount: Usd = expected.parse().unwrap_or_default();
            if expected.len() < 28 {
                assert_eq!(sum, amount);
                assert_eq!(sum.usd().to_string(), expected);
            }
        }
        assert!(sum(&["1.5", "-1.50"]).is_zero());
        assert_eq!(
            sum(&["99999999999999999999", "0.5"]).usd().to_string(),
            "99999999999999999999.5"
        );
    }

    #[test]
    fn other_texts_are_not_sums() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "+1",
            "1e3",
            "1,5",
            "--1",
            "0.00000000000000000000000000001",
        ] {
            assert!(text.parse::<UsdSum>().is_err(), "{text}");
        }
    }

    /// Compares with a sum of integers, which is exact.
    #[test]
    fn sums_of_many_amounts_are_exact() {
        let mut seed = 7_u64;
        let (mut sum, mut units) = (UsdSum::default(), 0_i128);
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // 0 to 28 places, and at most 2³¹ dollars so that the integer sum does not overflow.
            let places = (seed >> 59).min(28) as u32;
            let mantissa = i128::from((seed >> 20) as i32);
            let amount = rust_decimal::Decimal::from_i128_with_scale(mantissa, places);
            sum += Usd::from(amount);
            if places >= 9 {
                units += mantissa * 10_i128.pow(28 - places);
            } else {
                sum += Usd::from(-amount);
            }
        }
        let expected = (units / DOLLAR, units % DOLLAR);
        assert_eq!(sum.parts(), expected);
    }
}
