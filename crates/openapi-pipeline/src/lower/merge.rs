//! Schemas that hold together, as one.

use serde_json::{Map, Value, json};

/// Words that say nothing of which values fit.
const WORDS: &[&str] = &[
    "title",
    "description",
    "default",
    "example",
    "deprecated",
    "readOnly",
    "writeOnly",
    "externalDocs",
];

/// Whether a keyword describes and does not restrict.
pub(super) fn is_word(key: &str) -> bool {
    WORDS.contains(&key) || key.starts_with("x-")
}

/// Whether a schema says nothing of its values.
pub(super) fn says_nothing(schema: &Map<String, Value>) -> bool {
    schema.keys().all(|key| is_word(key) || key == "nullable")
}

/// Two schemas that contradict each other, or that no single schema can stand for.
#[derive(Debug)]
pub(super) struct Conflict;

/// Adds to `whole` what `part` says. What `whole` says of the same is narrowed; its words stay.
pub(super) fn add(
    whole: &mut Map<String, Value>,
    part: Map<String, Value>,
) -> Result<(), Conflict> {
    let part_has_values = !says_nothing(&part);
    for (key, new) in part {
        let Some(old) = whole.get_mut(&key) else {
            // A discriminator is that of the part alone.
            if key != "discriminator" {
                whole.insert(key, new);
            }
            continue;
        };
        if *old == new || is_word(&key) || !part_has_values {
            continue;
        }
        match key.as_str() {
            "properties" => add_properties(old, new),
            "required" => add_names(old, new),
            "type" => match (old.as_str(), new.as_str()) {
                (Some("number"), Some("integer")) => *old = new,
                (Some("integer"), Some("number")) => {}
                _ => return Err(Conflict),
            },
            "enum" => {
                if let (Value::Array(old), Value::Array(new)) = (old, new) {
                    let both: Vec<Value> =
                        old.iter().filter(|v| new.contains(v)).cloned().collect();
                    if both.is_empty() {
                        return Err(Conflict);
                    }
                    *old = both;
                }
            }
            "items" => *old = json!({ "allOf": [old.take(), new] }),
            "additionalProperties" => {
                *old = match (old.take(), new) {
                    (Value::Bool(_), other) | (other, Value::Bool(_)) => other,
                    (old, new) => json!({ "allOf": [old, new] }),
                };
            }
            "oneOf" | "anyOf" => return Err(Conflict),
            // Authors who write it anywhere mean it.
            "nullable" => *old = Value::Bool(true),
            _ => {}
        }
    }
    Ok(())
}

fn add_properties(old: &mut Value, new: Value) {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return;
    };
    for (name, new) in new {
        match old.get_mut(&name) {
            None => {
                old.insert(name, new);
            }
            Some(schema) if *schema == new => {}
            Some(schema) if schema.as_object().is_some_and(says_nothing) => {
                let words = schema.take();
                *schema = new;
                if let (Value::Object(schema), Value::Object(words)) = (schema, words)
                    && !schema.contains_key("$ref")
                {
                    schema.extend(words);
                }
            }
            Some(_) if new.as_object().is_some_and(says_nothing) => {}
            Some(schema) => *schema = json!({ "allOf": [schema.take(), new] }),
        }
    }
}

fn add_names(old: &mut Value, new: Value) {
    if let (Value::Array(old), Value::Array(new)) = (old, new) {
        for name in new {
            if !old.contains(&name) {
                old.push(name);
            }
        }
    }
}
