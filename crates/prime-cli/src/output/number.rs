//! Amounts and counts as the official client shows them.

use prime_ext::Usd;
use serde_json::Value;

/// Formats an amount with cents, or with four decimals if it is less than a cent. An amount is never shown as zero if it
/// is not.
pub(crate) fn usd(amount: Usd) -> String {
    let amount = amount.decimal();
    let size = amount.abs();
    let is_small = !size.is_zero() && size.round_dp(4).to_string().starts_with("0.00");
    let shown = size.round_dp(if is_small { 4 } else { 2 });
    let sign = if amount.is_sign_negative() && !size.is_zero() {
        "-"
    } else {
        ""
    };
    match (size.is_zero(), shown.is_zero()) {
        (false, true) => format!("{sign}<$0.0001"),
        _ if is_small => format!("{sign}${shown:.4}"),
        _ => format!("{sign}${shown:.2}"),
    }
}

/// Formats a price per million tokens, without trailing zeros.
pub(crate) fn per_mtok(price: Usd) -> String {
    format!("${}", price.decimal().round_dp(6).normalize())
}

/// Formats a price from JSON, which may be a number or a text.
pub(crate) fn price(value: &Value) -> Option<Usd> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Formats a number of tokens: `1.23K`, `1.50M`.
pub(crate) fn tokens(count: i64) -> String {
    let thousands = |unit: f64| format!("{:.2}", count as f64 / unit);
    match count {
        ..=0 => "0".to_owned(),
        1..1_000 => count.to_string(),
        1_000..994_995 => format!("{}K", thousands(1e3)),
        _ => format!("{}M", thousands(1e6)),
    }
}

/// Formats the limits of a model: `200k`, `1.05M`.
pub(crate) fn context(count: i64) -> String {
    let short = |value: f64, places: usize| {
        let text = format!("{value:.places$}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match count {
        ..=0 => "—".to_owned(),
        1..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{}k", short(count as f64 / 1e3, 1)),
        _ => format!("{}M", short(count as f64 / 1e6, 2)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_formatted_like_those_of_the_official_client() {
        for (amount, expected) in [
            ("0", "$0.00"),
            ("0.000", "$0.00"),
            ("12.345", "$12.34"),
            ("12.3", "$12.30"),
            ("0.01", "$0.01"),
            ("0.0099", "$0.0099"),
            ("0.00004", "<$0.0001"),
            ("0.00006", "$0.0001"),
            ("-0.5", "-$0.50"),
        ] {
            assert_eq!(usd(amount.parse().unwrap()), expected, "{amount}");
        }
        assert_eq!(per_mtok("0.300000".parse().unwrap()), "$0.3");
        assert_eq!(tokens(999), "999");
        assert_eq!(tokens(1_234), "1.23K");
        assert_eq!(tokens(999_995), "1.00M");
        assert_eq!(tokens(-5), "0");
        assert_eq!(context(200_000), "200k");
        assert_eq!(context(1_048_576), "1.05M");
    }
}
