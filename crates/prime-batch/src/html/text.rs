//! Texts, numbers, times and amounts on the page.

use std::fmt::{self, Write as _};

use chrono::{DateTime, Utc};
use prime_ext::UsdSum;

/// Writes a text as HTML. Control characters, and characters that change the direction of the text around them, are
/// written as escape sequences.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => {
                write!(f, "{}", char.escape_unicode())
            }
            '\u{2066}'..='\u{2069}' => write!(f, "{}", char.escape_unicode()),
            char if char.is_control() => write!(f, "{}", char.escape_default()),
            char => f.write_char(char),
        })
    }
}

/// Returns the beginning of a text, with at most this number of characters.
pub(super) fn clip(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// Writes a number with commas: `1,234,567`.
pub(super) fn count(number: u64) -> String {
    group(&number.to_string())
}

fn group(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a number and a noun, with an `s` unless the number is 1.
pub(super) fn plural(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

/// Writes a share. A part that is neither nothing nor all is neither `0 %` nor `100 %`.
pub(super) fn percent(part: u64, all: u64) -> String {
    let share = 100.0 * part as f64 / all.max(1) as f64;
    match share {
        _ if part == 0 => "0 %".to_owned(),
        _ if part == all => "100 %".to_owned(),
        share if share < 0.1 => "< 0.1 %".to_owned(),
        share if share > 99.9 => "> 99.9 %".to_owned(),
        share => format!("{share:.1} %"),
    }
}

/// Writes an amount as a decimal with at least this many decimal places: `$1,234.50`.
pub(super) fn usd(amount: UsdSum, min_places: usize) -> String {
    let text = amount.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("−", digits),
        None => ("", text.as_str()),
    };
    let (dollars, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    format!("{sign}${}.{fraction:0<min_places$}", group(dollars))
}

/// Returns the number of decimal places that show all these amounts exactly, at least 2.
pub(super) fn places(amounts: impl IntoIterator<Item = UsdSum>) -> usize {
    let places = amounts.into_iter().map(|amount| {
        let text = amount.to_string();
        let (_, fraction) = text.split_once('.').unwrap_or_default();
        fraction.trim_end_matches('0').len()
    });
    places.max().unwrap_or(0).max(2)
}

/// Returns an amount as a number, for a chart.
pub(super) fn dollars(amount: UsdSum) -> f64 {
    amount.to_string().parse().unwrap_or(0.0)
}

/// Writes a number of milliseconds with its unit: `850 ms`, `1.25 s`, `2 min 5 s`, `3 d 2 h`.
pub(super) fn duration(millis: u64) -> String {
    let seconds = millis / 1_000;
    let two = |large: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{} {unit}", count(large)),
        small => format!("{} {unit} {small} {small_unit}", count(large)),
    };
    match seconds {
        0 => format!("{millis} ms"),
        1..10 if millis.is_multiple_of(1_000) => format!("{seconds} s"),
        1..10 => format!("{:.2} s", millis as f64 / 1e3),
        10..60 => format!("{:.1} s", millis as f64 / 1e3),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
    }
}

/// Writes a time in UTC.
pub(super) fn time(millis: i64, format: &str) -> String {
    match DateTime::<Utc>::from_timestamp_millis(millis) {
        Some(time) => time.format(format).to_string(),
        None => "unknown".to_owned(),
    }
}

/// The format of a date with a time.
pub(super) const DATE_TIME: &str = "%Y-%m-%d %H:%M:%S";

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use prime_ext::Usd;

    use super::*;

    #[test]
    fn hostile_texts_are_escaped() {
        let text = "<script>alert('1')</script>&amp;\"\n\0\u{7f}\u{85}\u{202e}é漢";
        assert_eq!(
            Escaped(text).to_string(),
            r"&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;&quot;\n\u{0}\u{7f}\u{85}\u{202e}é漢"
        );
    }

    #[test]
    fn long_texts_are_clipped_between_characters() {
        assert_eq!(clip("漢字漢字", 4), "漢字漢字");
        assert_eq!(clip("漢字漢字", 3), "漢字漢…");
    }

    #[test]
    fn amounts_are_decimals() {
        let amount = |text: &str| UsdSum::from(text.parse::<Usd>().unwrap());
        for (text, places, expected) in [
            ("0", 2, "$0.00"),
            ("1234567.5", 2, "$1,234,567.50"),
            ("0.000123000", 2, "$0.000123"),
            ("0.1", 6, "$0.100000"),
            ("-0.5", 2, "−$0.50"),
            ("0.00000000000000000001", 2, "$0.00000000000000000001"),
        ] {
            assert_eq!(usd(amount(text), places), expected);
        }
        assert_eq!(places([amount("1.10"), amount("0.12345")]), 5);
        assert_eq!(places([]), 2);
    }

    #[test]
    fn numbers_and_durations_are_short() {
        assert_eq!((count(0), count(999)), ("0".into(), "999".into()));
        assert_eq!(count(1_234_567), "1,234,567");
        for (part, all, expected) in [
            (0, 0, "0 %"),
            (1, 3, "33.3 %"),
            (1, 1_000_000, "< 0.1 %"),
            (999_999, 1_000_000, "> 99.9 %"),
            (5, 5, "100 %"),
        ] {
            assert_eq!(percent(part, all), expected);
        }
        for (millis, expected) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_250, "1.25 s"),
            (8_000, "8 s"),
            (12_340, "12.3 s"),
            (125_000, "2 min 5 s"),
            (7_200_000, "2 h"),
            (266_400_000, "3 d 2 h"),
        ] {
            assert_eq!(duration(millis), expected);
        }
    }
}
