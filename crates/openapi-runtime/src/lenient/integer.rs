//! Parses integers exactly.

/// The maximum length of a number in bytes. Longer numbers are not 64-bit integers in any notation that servers use.
const MAX_LEN: usize = 64;

/// Parses a decimal number that is an integer: `5`, `5.0`, `1.75e9`. Returns `None` for numbers with a
/// fractional part, and for numbers of more than 128 bits.
pub(super) fn parse(text: &str) -> Option<i128> {
    if text.len() > MAX_LEN {
        return None;
    }
    if let Ok(integer) = text.parse() {
        return Some(integer);
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    let integer: i128 = digits.parse().ok()?;
    if integer == 0 {
        return Some(0);
    }
    let power = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let factor = 10_i128.checked_pow(power.unsigned_abs())?;
    if power >= 0 {
        integer.checked_mul(factor)
    } else {
        (integer % factor == 0).then_some(integer / factor)
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn integers_are_exact() {
        for (text, expected) in [
            ("5", Some(5)),
            ("-5", Some(-5)),
            ("5.0", Some(5)),
            ("-5.000", Some(-5)),
            ("1.75e9", Some(1_750_000_000)),
            ("500e-2", Some(5)),
            ("0e99999", Some(0)),
            ("0.0", Some(0)),
            ("9007199254740993.0", Some(9_007_199_254_740_993)),
            ("17.9", None),
            ("5.0000000000000000000000000000001", None),
            ("1e-1", None),
            ("1e99999", None),
            ("1e", None),
            ("", None),
            (".", None),
            ("1.-5", None),
            ("soon", None),
            ("NaN", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!(parse(&"1".repeat(100_000)), None);
    }
}
