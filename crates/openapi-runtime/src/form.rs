//! Encodes form bodies.

use serde::Serialize;
use serde_json::Value;

/// Encodes a value as a form. The fields named in `brackets` may contain objects and nested lists.
pub(crate) fn encode<T: Serialize + ?Sized>(body: &T, brackets: &[&str]) -> Result<String, String> {
    let Value::Object(fields) = serde_json::to_value(body).map_err(|e| e.to_string())? else {
        return Err("not an object".to_owned());
    };
    let mut pairs = Vec::new();
    for (name, value) in fields {
        let has_brackets = brackets.contains(&name.as_str());
        match value {
            Value::Array(items) if !has_brackets => {
                for item in items.into_iter().filter(|item| !item.is_null()) {
                    pairs.push((name.clone(), scalar(&name, item)?));
                }
            }
            value if has_brackets => write_with_brackets(name, value, &mut pairs),
            Value::Null => {}
            value => {
                let text = scalar(&name, value)?;
                pairs.push((name, text));
            }
        }
    }
    serde_urlencoded::to_string(pairs).map_err(|e| e.to_string())
}

fn write_with_brackets(name: String, value: Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (field, value) in fields {
                write_with_brackets(format!("{name}[{field}]"), value, pairs);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.into_iter().enumerate() {
                let is_scalar = !item.is_object() && !item.is_array();
                let key = if is_scalar {
                    format!("{name}[]")
                } else {
                    format!("{name}[{index}]")
                };
                write_with_brackets(key, item, pairs);
            }
        }
        value => pairs.push((name, text(value))),
    }
}

fn scalar(name: &str, value: Value) -> Result<String, String> {
    if value.is_object() || value.is_array() {
        return Err(format!(
            "the field {name:?} contains an object or a nested list"
        ));
    }
    Ok(text(value))
}

fn text(scalar: Value) -> String {
    match scalar {
        Value::String(text) => text,
        other => other.to_string(),
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
    fn unsupported_values_are_rejected() {
        let error = encode(&json!({"owner": {"name": "c"}}), &[]).unwrap_err();
        assert_eq!(
            error,
            "the field \"owner\" contains an object or a nested list"
        );
        assert!(encode(&json!([1]), &[]).is_err());
    }
}
