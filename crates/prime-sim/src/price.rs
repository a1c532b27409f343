//! Token prices.

use openapi_runtime::Usd;
use rust_decimal::Decimal;

/// 10^-6.
const MILLIONTH: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

/// Returns the exact cost of `tokens` at a price per million tokens.
pub(crate) fn per_million(tokens: i64, price: Usd) -> Usd {
    // The products cannot overflow: the token counts and the prices are small.
    Decimal::from(tokens)
        .checked_mul(MILLIONTH)
        .and_then(|millions| millions.checked_mul(price.decimal()))
        .map(|cost| Usd::from(cost.normalize()))
        .unwrap_or_default()
}

/// Returns `units` × 10^-`decimals` US dollars.
pub(crate) fn usd(units: i64, decimals: u32) -> Usd {
    Usd::from(Decimal::new(units, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_exact() {
        let third = usd(333, 3);
        assert_eq!(per_million(7, third), usd(2_331, 9));
        assert_eq!(per_million(1_000_000, third), third);
        assert_eq!(
            (0..3).map(|_| per_million(1, usd(10, 2))).sum::<Usd>(),
            usd(3, 7)
        );
        assert_eq!(
            per_million(i64::MAX, usd(60, 2)).to_string(),
            "5534023222112.8654842"
        );
    }
}
