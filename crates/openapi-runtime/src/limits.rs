//! Checks numbers against the limits in a specification, before a request is sent.

/// The error of a number that exceeds a limit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{name} is {value}, and the specification allows {allowed}")]
pub struct OutOfLimits {
    name: &'static str,
    value: f64,
    allowed: &'static str,
}

/// An optional number.
pub trait Limited {
    /// Returns the number.
    fn number(&self) -> Option<f64>;
}

macro_rules! limited {
    ($($number:ty),*) => {$(
        impl Limited for $number {
            #[allow(clippy::cast_precision_loss, clippy::cast_lossless, reason = "limits are small")]
            fn number(&self) -> Option<f64> {
                Some(*self as f64)
            }
        }
    )*};
}

limited!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

impl Limited for crate::Usd {
    fn number(&self) -> Option<f64> {
        self.to_string().parse().ok()
    }
}

impl Limited for crate::Number {
    fn number(&self) -> Option<f64> {
        Some(self.to_f64())
    }
}

impl<T: Limited> Limited for Option<T> {
    fn number(&self) -> Option<f64> {
        self.as_ref().and_then(Limited::number)
    }
}

/// Checks a number against limits. `allowed` describes the limits in the error. `within` checks them. `None` is valid.
///
/// # Errors
/// If `within` returns `false`, as comparisons with NaN do.
pub fn check_limits(
    name: &'static str,
    value: &impl Limited,
    allowed: &'static str,
    within: impl Fn(f64) -> bool,
) -> Result<(), OutOfLimits> {
    match value.number() {
        Some(value) if !within(value) => Err(OutOfLimits {
            name,
            value,
            allowed,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_limits() {
        let check = |limit: Option<i64>| {
            check_limits("limit", &limit, "at least 1, at most 100", |n| {
                (1.0..=100.0).contains(&n)
            })
        };
        assert_eq!(
            (check(None), check(Some(1)), check(Some(100))),
            (Ok(()), Ok(()), Ok(()))
        );
        assert_eq!(
            check(Some(101)).unwrap_err().to_string(),
            "limit is 101, and the specification allows at least 1, at most 100"
        );
        let amount: crate::Usd = "0.5".parse().unwrap();
        assert!(check_limits("amount", &amount, "at least 1", |n| n >= 1.0).is_err());
        assert!(check_limits("amount", &amount, "at most 1", |n| n <= 1.0).is_ok());
        assert!(check_limits("t", &f64::NAN, "at least 0", |n| n >= 0.0).is_err());
    }
}
