//! Merges the schemas of an `allOf`.

use serde_json::{Map, Value, json};

/// On a schema, while schemas are shaped: the list of schemas that apply under a condition, as in `then`.
pub(super) const CONDITIONAL: &str = "x-conditional-schemas";

/// Keywords that do not restrict the value.
const ANNOTATIONS: &[&str] = &[
    "title",
    "description",
    "default",
    "example",
    "deprecated",
    "readOnly",
    "writeOnly",
    "externalDocs",
];

/// Returns whether a keyword is an annotation that does not restrict the value.
pub(super) fn is_annotation(key: &str) -> bool {
    ANNOTATIONS.contains(&key) || key.starts_with("x-") && key != CONDITIONAL
}

/// Returns whether a schema does not restrict the value.
pub(super) fn is_unrestricted(schema: &Map<String, Value>) -> bool {
    schema
        .keys()
        .all(|key| is_annotation(key) || key == "nullable")
}

/// The error of two schemas that contradict each other or cannot be merged.
#[derive(Debug)]
pub(super) struct Conflict;

/// Merges `part` into `whole`. Restrictions are combined; annotations of `whole` take precedence.
pub(super) fn add(
    whole: &mut Map<String, Value>,
    part: Map<String, Value>,
) -> Result<(), Conflict> {
    let part_has_values = !is_unrestricted(&part);
    for (key, new) in part {
        let Some(old) = whole.get_mut(&key) else {
            // A discriminator applies only to its own schema.
            if key != "discriminator" {
                whole.insert(key, new);
            }
            continue;
        };
        if *old == new || is_annotation(&key) || !part_has_values {
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
            CONDITIONAL => {
                if let (Value::Array(old), Value::Array(mut new)) = (old, new) {
                    old.append(&mut new);
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
            // The merged schema is nullable if any part is.
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
            Some(schema) if schema.as_object().is_some_and(is_unrestricted) => {
                let annotations = schema.take();
                *schema = new;
                if let (Value::Object(schema), Value::Object(annotations)) = (schema, annotations)
                    && !schema.contains_key("$ref")
                {
                    schema.extend(annotations);
                }
            }
            Some(_) if new.as_object().is_some_and(is_unrestricted) => {}
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
