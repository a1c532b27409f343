//! Converts TOML to JSON without loss.

use serde_json::{Map, Number, Value};
use toml::de::{DeInteger, DeTable, DeValue};

use super::path::Path;

/// The maximum depth of nested tables and arrays: the same as that of `serde_json`.
const MAX_DEPTH: usize = 128;

/// Enough to parse the deepest document that `toml` accepts: dotted keys in nested inline tables reach a depth of
/// 6,480.
const STACK_BYTES: usize = 64 << 20;

/// Converts a TOML document to JSON. The error is a message that shows no values.
pub(super) fn read(text: &str) -> Result<Map<String, Value>, String> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = thread
            .spawn_scoped(scope, || parse(text))
            .map_err(|e| format!("cannot start a thread to read TOML: {e}"))?;
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn parse(text: &str) -> Result<Map<String, Value>, String> {
    // The message has only the line number, because the line may contain a secret.
    let table = DeTable::parse(text).map_err(|e| {
        let line = e.span().map(|span| {
            text.get(..span.start)
                .map_or(0, |before| before.matches('\n').count())
                + 1
        });
        match line {
            Some(line) => format!("line {line} is not valid TOML: {}", e.message()),
            None => format!("not valid TOML: {}", e.message()),
        }
    })?;
    fields(table.get_ref(), &Path::Root, 0)
}

fn fields(
    table: &DeTable<'_>,
    parent: &Path<'_>,
    depth: usize,
) -> Result<Map<String, Value>, String> {
    table
        .iter()
        .map(|(key, value)| {
            let key = key.get_ref().as_ref();
            let value = json(value.get_ref(), &Path::Key(parent, key), depth + 1)?;
            Ok((key.to_owned(), value))
        })
        .collect()
}

fn json(value: &DeValue<'_>, path: &Path<'_>, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!(
            "a value is nested more than {MAX_DEPTH} levels deep"
        ));
    }
    Ok(match value {
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Integer(number) => Value::Number(integer(number, path)?),
        DeValue::Float(number) => Value::Number(float(number.as_str(), path)?),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| json(item.get_ref(), &Path::Index(path, index), depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Table(table) => Value::Object(fields(table, path, depth)?),
    })
}

fn integer(number: &DeInteger<'_>, path: &Path<'_>) -> Result<Number, String> {
    let (text, radix) = (number.as_str(), number.radix());
    i64::from_str_radix(text, radix)
        .map(Number::from)
        .or_else(|_| u64::from_str_radix(text, radix).map(Number::from))
        .map_err(|_| format!("{path}: the integer does not fit in 64 bits"))
}

fn float(text: &str, path: &Path<'_>) -> Result<Number, String> {
    let number: f64 = text
        .parse()
        .map_err(|_| format!("{path}: invalid number"))?;
    Number::from_f64(number).ok_or_else(|| format!("{path}: JSON cannot represent {number}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_converted() {
        let config = read(
            "a = 9223372036854775807\nb = 1.5\nc = 1979-05-27T07:32:00Z\nd = [1, 'x']\nh = 18446744073709551615\n\
             i = -9223372036854775808\nj = 0xff\nk = 1_000\nl = 1e-6\nm = 1.0\nn = 07:32:00\no = 1979-05-27\n\
             p = 0o17\nq = 0b11\nr = 0.1234567890123456789\n\"s.t\" = {u = []}\nv = +7\nw = 6.626e-34\n[e.f]\ng = true",
        )
        .unwrap();
        assert_eq!(
            Value::Object(config),
            json!({"a": i64::MAX, "b": 1.5, "c": "1979-05-27T07:32:00Z", "d": [1, "x"],
                   "e": {"f": {"g": true}}, "h": u64::MAX, "i": i64::MIN, "j": 255, "k": 1000,
                   "l": 1e-6, "m": 1.0, "n": "07:32:00", "o": "1979-05-27", "p": 15, "q": 3,
                   "r": 0.123_456_789_012_345_68, "s.t": {"u": []}, "v": 7, "w": 6.626e-34})
        );
        assert_eq!(
            serde_json::to_string(&read("a = 1.0\nb = 1").unwrap()).unwrap(),
            r#"{"a":1.0,"b":1}"#
        );
    }

    #[test]
    fn values_beyond_json_are_refused() {
        for (text, expected) in [
            ("[a]\nb = [1.0, inf]", "a.b[1]: JSON cannot represent inf"),
            (
                "[[a]]\n[[a]]\nb = -inf",
                "a[1].b: JSON cannot represent -inf",
            ),
            ("a = nan", "a: JSON cannot represent NaN"),
            ("a = 1e999", "a: JSON cannot represent inf"),
            (
                "a = 18446744073709551616",
                "a: the integer does not fit in 64 bits",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), expected, "{text}");
        }
    }

    /// `toml` limits the depth of nested tables to 80 and that of dotted keys to 80, but not their product.
    #[test]
    fn deep_documents_are_refused() {
        let keys = vec!["k"; 79].join(".");
        let deep = |tables: usize| {
            let open = format!("{{{keys} = ").repeat(tables);
            format!("a = {open}1{}", "}".repeat(tables))
        };
        assert!(read(&deep(1)).is_ok());
        for tables in [2, 30, 79] {
            assert!(read(&deep(tables)).unwrap_err().contains("128 levels"));
        }
        assert!(read(&deep(2000)).is_err());
    }

    #[test]
    fn syntax_errors_name_the_line_and_no_value() {
        let error = read("a = 1\nkey = hf_secret\n").unwrap_err();
        assert!(
            error.starts_with("line 2") && !error.contains("hf_secret"),
            "{error}"
        );
        assert!(read("a = 1\na = 2").unwrap_err().starts_with("line 2"));
    }
}
