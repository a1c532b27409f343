//! Encodes form bodies.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::scalar::{Kind, kind, text};

/// The properties of an object. A `Value` would lose digits of numbers.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// Encodes a value as a form. The fields named in `brackets` may contain objects and nested lists.
pub(crate) fn encode<T: Serialize + ?Sized>(body: &T, brackets: &[&str]) -> Result<String, String> {
    let json = to_raw_value(body).map_err(|e| e.to_string())?;
    let fields: Fields<'_> = serde_json::from_str(json.get()).map_err(|_| "not an object")?;
    let mut pairs = Vec::new();
    for (name, json) in fields {
        match kind(json) {
            _ if brackets.contains(&name.as_str()) => write_with_brackets(name, json, &mut pairs)?,
            Kind::Null => {}
            Kind::List => {
                for item in read::<Vec<&RawValue>>(json)? {
                    pairs.extend(scalar(&name, item)?.map(|text| (name.clone(), text)));
                }
            }
            Kind::Object | Kind::Scalar => {
                pairs.extend(scalar(&name, json)?.map(|text| (name, text)));
            }
        }
    }
    serde_urlencoded::to_string(pairs).map_err(|e| e.to_string())
}

fn write_with_brackets(
    name: String,
    json: &RawValue,
    pairs: &mut Vec<(String, String)>,
) -> Result<(), String> {
    match kind(json) {
        Kind::Null => {}
        Kind::Object => {
            for (field, json) in read::<Fields<'_>>(json)? {
                write_with_brackets(format!("{name}[{field}]"), json, pairs)?;
            }
        }
        Kind::List => {
            for (index, item) in read::<Vec<&RawValue>>(json)?.into_iter().enumerate() {
                let key = match kind(item) {
                    Kind::Object | Kind::List => format!("{name}[{index}]"),
                    Kind::Null | Kind::Scalar => format!("{name}[]"),
                };
                write_with_brackets(key, item, pairs)?;
            }
        }
        Kind::Scalar => pairs.extend(scalar(&name, json)?.map(|text| (name.clone(), text))),
    }
    Ok(())
}

fn read<'a, T: serde::Deserialize<'a>>(json: &'a RawValue) -> Result<T, String> {
    serde_json::from_str(json.get()).map_err(|e| e.to_string())
}

/// Returns the text of a scalar. `None` for `null`.
fn scalar(name: &str, json: &RawValue) -> Result<Option<String>, String> {
    match kind(json) {
        Kind::Object | Kind::List => Err(format!(
            "the field {name:?} contains an object or a nested list"
        )),
        Kind::Null | Kind::Scalar => Ok(text(json)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_lists_and_brackets() {
        let body = json!({"a": "x y", "b": [1, null, true], "none": null, "empty": []});
        assert_eq!(encode(&body, &[]).unwrap(), "a=x+y&b=1&b=true");
        let body =
            json!({"tags": ["a", "b"], "owner": {"name": "c", "no": null}, "items": [{"n": 1}]});
        let decoded = "tags[]=a&tags[]=b&owner[name]=c&items[0][n]=1";
        let encoded = decoded.replace('[', "%5B").replace(']', "%5D");
        let mut pairs: Vec<String> = encoded.split('&').map(str::to_owned).collect();
        let text = encode(&body, &["tags", "owner", "items"]).unwrap();
        let mut got: Vec<String> = text.split('&').map(str::to_owned).collect();
        pairs.sort();
        got.sort();
        assert_eq!(got, pairs);
    }

    #[test]
    fn numbers_keep_their_digits() {
        let price: crate::Number = "12345678901234567890.10".parse().unwrap();
        let body = BTreeMap::from([("a", vec![price.clone()]), ("b", vec![price])]);
        let encoded = "a=12345678901234567890.10&b%5B%5D=12345678901234567890.10";
        assert_eq!(encode(&body, &["b"]).unwrap(), encoded);
    }

    #[test]
    fn unsupported_values_are_rejected() {
        let error = encode(&json!({"owner": {"name": "c"}}), &[]).unwrap_err();
        assert_eq!(
            error,
            "the field \"owner\" contains an object or a nested list"
        );
        assert!(encode(&json!([1]), &[]).is_err());
    }
}
