//! Copies descriptions to where they are rendered.
//!
//! The descriptions of a parameter's schema, and of the items of a list or the values of a map, have no place in Rust: the
//! parameter, the list and the map have one.

use serde_json::Value;

use super::walk::{Keys, describe_once};

/// Adds the descriptions of inner schemas to those of parameters, lists and maps.
pub(super) fn document_inner(document: &mut Value) {
    in_value(document, Keys::Keywords);
}

fn in_value(value: &mut Value, keys: Keys) {
    match value {
        Value::Object(map) => {
            for (key, member) in map {
                if let Some(keys) = keys.below(key) {
                    in_value(member, keys);
                }
            }
        }
        // A list, such as that of parameters, has no names.
        Value::Array(items) => {
            let items = items.iter_mut();
            items.for_each(|item| in_value(item, Keys::Keywords));
        }
        _ => {}
    }
    if keys != Keys::Keywords || !value.is_object() {
        return;
    }
    let description = |inner: &Value| Some(inner.get("description")?.as_str()?.trim().to_owned());
    let of_schema = value.get("in").and(value.get("schema"));
    let of_items = value.get("items");
    let others = value.get("additionalProperties");
    let of_values = others.filter(|_| value.get("properties").is_none());
    let sentences = [
        ("", of_schema),
        ("Items: ", of_items),
        ("Values: ", of_values),
    ];
    let sentences = sentences.map(|(what, inner)| Some(format!("{what}{}", description(inner?)?)));
    for sentence in sentences.into_iter().flatten() {
        describe_once(value, &sentence);
    }
}
