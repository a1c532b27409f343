//! Compares the JSON before and after a round trip.

use serde_json::Value;

use super::documents::Document;
use super::json::Json;
use super::shape::Kind;

/// Returns an error with the path and the difference.
pub(crate) fn same(
    document: &Document,
    schema: &Value,
    read: &Json,
    written: &Json,
) -> Result<(), String> {
    let differs = || {
        Err(format!(
            ": {} became {}",
            read.write(false),
            written.write(false)
        ))
    };
    let equal = match (document.shape(schema).kind, read, written) {
        (Kind::Amount, Json::Number(a) | Json::Text(a), Json::Number(b)) => same_amount(a, b),
        (Kind::Number(_), Json::Number(a), Json::Number(b)) => same_float(a, b),
        (Kind::Time, Json::Text(a), Json::Text(b)) => instant(a) == instant(b),
        (Kind::List(items), Json::List(a), Json::List(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                same(document, &items, a, b)
                    .map_err(|difference| format!("[{index}]{difference}"))?;
            }
            true
        }
        (Kind::Object { fields, open }, Json::Object(_), Json::Object(_)) => {
            for field in &fields {
                let (a, b) = (present(read, &field.name), present(written, &field.name));
                let default = document.default_of(&field.schema);
                match (a, b) {
                    (None, None) => Ok(()),
                    (None, Some(b)) if default.as_ref() == Some(b) => Ok(()),
                    (Some(Json::List(a)), None) if a.is_empty() && !field.required => Ok(()),
                    (Some(Json::Object(a)), None) if a.is_empty() && !field.required => Ok(()),
                    (Some(a), Some(b)) => same(document, &field.schema, a, b),
                    (Some(_), None) => Err(" is missing".to_owned()),
                    (None, Some(b)) => Err(format!(" was added: {}", b.write(false))),
                }
                .map_err(|difference| format!(".{}{difference}", field.name))?;
            }
            let unknown_fields = |json: &Json| -> Vec<(String, Json)> {
                let fields = json
                    .fields()
                    .iter()
                    .filter(|(k, _)| fields.iter().all(|f| f.name != *k));
                let mut fields: Vec<_> = fields.cloned().collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                fields
            };
            let kept = if open {
                unknown_fields(read)
            } else {
                Vec::new()
            };
            same_json(&Json::Object(kept), &Json::Object(unknown_fields(written)))
        }
        (_, a, b) => same_json(a, b),
    };
    if equal { Ok(()) } else { differs() }
}

/// Returns a field unless it is missing or `null`, which are equivalent.
fn present<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    json.get(name).filter(|value| **value != Json::Null)
}

/// Compares JSON: integers digit by digit, fractions as floating-point numbers.
fn same_json(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => same_number(a, b),
        (Json::List(a), Json::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b))
        }
        (Json::Object(a), Json::Object(fields)) => {
            let other = |name: &str| b.get(name);
            a.len() == fields.len()
                && a.iter()
                    .all(|(name, a)| other(name).is_some_and(|b| same_json(a, b)))
        }
        _ => a == b,
    }
}

/// Compares integers digit by digit. The sign of zero is ignored.
fn same_number(a: &str, b: &str) -> bool {
    a == b || (a == "-0" || a.contains(['.', 'e'])) && same_float(a, b)
}

fn same_float(a: &str, b: &str) -> bool {
    a.parse::<f64>() == b.parse::<f64>()
}

/// Compares amounts digit by digit, or by value if there is an exponent. The sign of zero is
/// ignored.
fn same_amount(read: &str, written: &str) -> bool {
    let read = match read.strip_prefix('-') {
        Some(digits) if !digits.contains(|c| ('1'..='9').contains(&c)) => digits,
        _ => read,
    };
    if !read.contains(['e', 'E']) {
        return read == written;
    }
    plain(read) == plain(written)
}

/// Formats an amount without an exponent and without leading and trailing zeros.
fn plain(amount: &str) -> String {
    let (sign, amount) = match amount.strip_prefix('-') {
        Some(amount) => ("-", amount),
        None => ("", amount),
    };
    let (digits, exponent) = amount.split_once(['e', 'E']).unwrap_or((amount, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let point = i64::try_from(whole.len()).unwrap() + exponent.parse::<i64>().unwrap() + 40;
    let digits = format!("{0}{whole}{fraction}{0}", "0".repeat(40));
    let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap());
    let (whole, fraction) = (
        whole.trim_start_matches('0'),
        fraction.trim_end_matches('0'),
    );
    if whole.is_empty() && fraction.is_empty() {
        return "0".to_owned();
    }
    format!("{sign}{whole}.{fraction}")
}

/// Returns the nanoseconds since 1970. A time without an offset is UTC.
fn instant(text: &str) -> i128 {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i128>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    // Days of the civil calendar with years that start in March.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let days =
        year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719_469;
    let seconds = days * 86_400 + number(11..13) * 3600 + number(14..16) * 60 + number(17..19);
    let rest = &text[19..];
    let end = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (fraction, zone) = rest.split_at(end);
    let nanos = format!("{:0<9}", fraction.trim_start_matches('.'))
        .parse::<i128>()
        .unwrap();
    let offset = match zone {
        "" | "Z" => 0,
        zone => {
            let minutes =
                zone[1..3].parse::<i128>().unwrap() * 60 + zone[4..6].parse::<i128>().unwrap();
            if zone.starts_with('-') {
                -minutes
            } else {
                minutes
            }
        }
    };
    (seconds - offset * 60) * 1_000_000_000 + nanos
}

#[test]
fn instants_are_compared() {
    assert_eq!(instant("1970-01-01T00:00:00Z"), 0);
    assert_eq!(
        instant("2000-03-01T00:00:01.5+00:00"),
        951_868_801_500_000_000
    );
    assert_eq!(
        instant("2026-01-31T14:00:00+02:00"),
        instant("2026-01-31 12:00:00")
    );
}

#[test]
fn amounts_are_compared() {
    assert!(same_amount("1.50e-2", "0.0150"));
    assert!(same_amount("-2E+3", "-2000"));
    assert!(!same_amount("2e3", "200"));
    assert!(!same_amount("1.50", "1.5"));
}
