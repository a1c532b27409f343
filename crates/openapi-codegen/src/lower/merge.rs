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
    mut part: Map<String, Value>,
) -> Result<(), Conflict> {
    let part_has_values = !is_unrestricted(&part);
    add_limits(whole, &mut part);
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
            "items" => *old = both(old.take(), new),
            "additionalProperties" => {
                *old = match (old.take(), new) {
                    (Value::Bool(_), other) | (other, Value::Bool(_)) => other,
                    (old, new) => both(old, new),
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

/// Returns a schema that both schemas restrict.
fn both(old: Value, new: Value) -> Value {
    let is_anything = |schema: &Value| schema.as_object().is_some_and(is_unrestricted);
    match (is_anything(&old), is_anything(&new)) {
        (true, _) => new,
        (_, true) => old,
        _ => json!({ "allOf": [old, new] }),
    }
}

/// Keeps the tighter one of two limits, with the flag that says whether it is exclusive.
fn add_limits(whole: &mut Map<String, Value>, part: &mut Map<String, Value>) {
    const LIMITS: [(&str, bool); 8] = [
        ("minimum", true),
        ("minLength", true),
        ("minItems", true),
        ("minProperties", true),
        ("maximum", false),
        ("maxLength", false),
        ("maxItems", false),
        ("maxProperties", false),
    ];
    for (limit, is_lower) in LIMITS {
        let flag = match limit {
            "minimum" => "exclusiveMinimum",
            "maximum" => "exclusiveMaximum",
            _ => limit,
        };
        let is_open = |map: &Map<String, Value>| map.get(flag) == Some(&Value::Bool(true));
        let value = |map: &Map<String, Value>| map.get(limit).and_then(Value::as_f64);
        let (Some(before), Some(after)) = (value(whole), value(part)) else {
            continue;
        };
        let is_tighter = match is_lower {
            true => after > before,
            false => after < before,
        };
        let (new, new_flag) = (part.shift_remove(limit), part.shift_remove(flag));
        if is_tighter || after == before && new_flag == Some(Value::Bool(true)) && !is_open(whole) {
            whole.shift_remove(flag);
            whole.extend(new.map(|new| (limit.to_owned(), new)));
            whole.extend(new_flag.map(|new| (flag.to_owned(), new)));
        }
    }
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
            Some(schema) => {
                let mut parts = [schema.take(), new];
                // A part that excludes `null` decides.
                if parts.iter().any(|part| part["nullable"] == false) {
                    let parts = parts.iter_mut().filter_map(Value::as_object_mut);
                    parts.for_each(|part| drop(part.shift_remove("nullable")));
                }
                *schema = json!({ "allOf": parts });
            }
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
