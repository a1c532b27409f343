//! A sum that loses no digit.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use openapi_runtime::Usd;

/// The most decimal places of an amount.
const PLACES: u32 = 28;

/// Units of the last place in a dollar.
const DOLLAR: i128 = 10_i128.pow(PLACES);

/// A sum of amounts, to the digit. A decimal number of 28 digits, as [`Usd`] is, rounds a large sum of
/// small amounts; this does not before 10¹⁸ of the largest amounts are added.
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
    /// Less than a dollar, of the same sign as what it belongs to or not.
    rest: i128,
    /// Decimal places of the amount that had most.
    places: u32,
}

impl UsdSum {
    /// The sum as an amount, rounded to 28 digits if it has more.
    pub fn usd(self) -> Usd {
        use rust_decimal::Decimal;
        // What cannot be said is said as the most that can: see `Usd`.
        let part = |value: i128, places| Decimal::try_from_i128_with_scale(value, places);
        let (dollars, rest) = self.parts();
        let dollars = part(dollars, 0).unwrap_or(if dollars < 0 {
            Decimal::MIN
        } else {
            Decimal::MAX
        });
        // Without the zeros behind the places that are said, which would take digits from the dollars.
        let rest = part(rest / 10_i128.pow(PLACES - self.places), self.places);
        let mut sum = dollars.saturating_add(rest.unwrap_or_default());
        sum.rescale(self.places);
        Usd::from(sum)
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.parts() == (0, 0)
    }

    /// Dollars and rest of the same sign.
    fn parts(self) -> (i128, i128) {
        match (self.dollars, self.rest) {
            (dollars, rest) if dollars > 0 && rest < 0 => (dollars - 1, rest + DOLLAR),
            (dollars, rest) if dollars < 0 && rest > 0 => (dollars + 1, rest - DOLLAR),
            parts => parts,
        }
    }

    fn add(&mut self, dollars: i128, rest: i128, places: u32) {
        // Both are less than a dollar.
        let rest = self.rest + rest;
        self.dollars = self
            .dollars
            .saturating_add(dollars)
            .saturating_add(rest / DOLLAR);
        self.rest = rest % DOLLAR;
        self.places = self.places.max(places);
    }
}

impl AddAssign<Usd> for UsdSum {
    fn add_assign(&mut self, amount: Usd) {
        let amount = amount.decimal();
        let (units, places) = (amount.mantissa(), amount.scale().min(PLACES));
        let dollar = 10_i128.pow(places);
        let rest = units % dollar * 10_i128.pow(PLACES - places);
        self.add(units / dollar, rest, places);
    }
}

impl AddAssign for UsdSum {
    fn add_assign(&mut self, other: Self) {
        self.add(other.dollars, other.rest, other.places);
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
        sums.fold(Self::default(), |mut all, sum| {
            all += sum;
            all
        })
    }
}

impl PartialEq<Usd> for UsdSum {
    /// Whether it is the same amount, however many zeros stand behind it.
    fn eq(&self, amount: &Usd) -> bool {
        self.parts() == Self::from(*amount).parts()
    }
}

impl fmt::Display for UsdSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, rest) = self.parts();
        let sign = if dollars < 0 || rest < 0 { "-" } else { "" };
        let dollars = dollars.unsigned_abs();
        let text = if self.places == 0 {
            dollars.to_string()
        } else {
            let rest = rest.unsigned_abs() / 10_u128.pow(PLACES - self.places);
            let places = self.places as usize;
            format!("{dollars}.{rest:0places$}")
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
    fn digits_are_kept() {
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
            let back: Usd = expected.parse().unwrap_or_default();
            if expected.len() < 28 {
                assert_eq!(sum, back);
                assert_eq!(sum.usd().to_string(), expected);
            }
        }
        assert!(sum(&["1.5", "-1.50"]).is_zero());
        assert_eq!(
            sum(&["99999999999999999999", "0.5"]).usd().to_string(),
            "99999999999999999999.5"
        );
    }

    /// Against whole numbers of the last place, which cannot round.
    #[test]
    fn many_amounts_of_all_sizes() {
        let mut seed = 7_u64;
        let (mut sum, mut units) = (UsdSum::default(), 0_i128);
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // 0 to 28 places; at most 2³¹ dollars, so that the check can count them.
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
