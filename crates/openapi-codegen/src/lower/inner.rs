//! Copies descriptions to where they are rendered.
//!
//! The descriptions of the schema of a parameter or a body, and of the items of a list or the values of a map, have no
//! place in Rust: the parameter, the body, the list and the map have one.

use serde_json::Value;

use super::descriptions::describe_once;
use super::media::JSON;
use super::walk::Keys;

/// Adds the descriptions of inner schemas to those of parameters, bodies, lists and maps.
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
    let Value::Object(map) = value else {
        return;
    };
    if keys != Keys::Keywords {
        return;
    }
    let of_schema = map.get("in").and(map.get("schema"));
    let content = map.get("content").and_then(|content| content.get(JSON));
    let of_body = content.and_then(|content| content.get("schema"));
    // The description of a schema that repeats that of its holder and continues.
    let own = map.get("description").and_then(Value::as_str);
    let own = own.map_or("", |own| own.trim().trim_end_matches('.'));
    let others = map.get("additionalProperties");
    let of_values = others.filter(|_| !map.contains_key("properties"));
    let inner = [
        ("", of_schema.or(of_body)),
        ("Items: ", map.get("items")),
        ("Values: ", of_values),
    ];
    let sentences = inner.map(|(what, inner)| {
        let description = inner?.get("description")?.as_str()?.trim();
        let description = match description.strip_prefix(own) {
            // "The id" does not begin "The identifier".
            Some(rest) if what.is_empty() && (rest.is_empty() || rest.starts_with('.')) => {
                rest.trim_start_matches('.').trim_start()
            }
            _ => description,
        };
        (!description.is_empty()).then(|| format!("{what}{description}"))
    });
    for sentence in sentences.into_iter().flatten() {
        describe_once(map, &sentence);
    }
}
