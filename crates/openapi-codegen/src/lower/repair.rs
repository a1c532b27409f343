//! Repairs common violations of the standard in schemas.

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use crate::Pointer;

/// Ensures that the value of every keyword has the right type.
pub(super) fn repair(
    map: &mut Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    repair_types(map, place, cx)?;
    repair_keywords(map, place, cx)?;
    repair_required(map, place, cx)?;
    repair_enum(map, place, cx)
}

fn repair_types(
    map: &mut Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let known = [
        "string", "number", "integer", "boolean", "array", "object", "null",
    ];
    let is_known = |ty: &Value| ty.as_str().is_some_and(|ty| known.contains(&ty));
    match map.get_mut("type") {
        None => Ok(()),
        Some(ty) if is_known(ty) => Ok(()),
        Some(Value::Array(types)) if types.iter().all(is_known) => Ok(()),
        Some(ty) => {
            let found = ty.clone();
            let meant = found.as_str().map(str::to_ascii_lowercase);
            let meant = match meant.as_deref() {
                Some(meant) if known.contains(&meant) => Some(meant),
                Some("int" | "long") => Some("integer"),
                Some("float" | "double" | "decimal") => Some("number"),
                Some("bool") => Some("boolean"),
                Some("file" | "date" | "datetime" | "date-time" | "uuid" | "text") => {
                    Some("string")
                }
                _ => None,
            };
            match meant {
                Some(meant) => {
                    *ty = meant.into();
                    cx.reject_or_repair(
                        &place.join("type"),
                        format!("unknown type {found}"),
                        &format!("treated as {meant}"),
                    )
                }
                None => {
                    map.shift_remove("type");
                    cx.reject_or_repair(
                        &place.join("type"),
                        format!("unknown type {found}"),
                        "ignored",
                    )
                }
            }
        }
    }
}

/// Repairs or removes keywords whose values have the wrong type.
fn repair_keywords(
    map: &mut Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let mut wrong = Vec::new();
    for (key, value) in map.iter() {
        let fits = match key.as_str() {
            "allOf" | "anyOf" | "oneOf" => value.as_array().is_some_and(|list| !list.is_empty()),
            "enum" => value.as_array().is_some_and(|list| !list.is_empty()),
            "properties" | "discriminator" | "patternProperties" => value.is_object(),
            "additionalProperties" => value.is_object() || value.is_boolean(),
            "minimum" | "maximum" | "multipleOf" => value.is_number(),
            "exclusiveMinimum" | "exclusiveMaximum" => value.is_number() || value.is_boolean(),
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
            | "maxProperties" => value.as_f64().is_some_and(|n| n >= 0.0),
            "description" | "title" | "format" | "pattern" | "$ref" => value.is_string(),
            "nullable" | "readOnly" | "writeOnly" | "deprecated" | "uniqueItems" => {
                value.is_boolean()
            }
            _ => true,
        };
        if !fits {
            wrong.push(key.clone());
        }
    }
    for key in wrong {
        let place = place.join(&key);
        let value = map.shift_remove(&key).unwrap_or_default();
        match value {
            // Convert numbers and booleans written as strings, and vice versa.
            Value::Number(number) if matches!(key.as_str(), "description" | "title") => {
                map.insert(key, number.to_string().into());
            }
            Value::String(text) if text == "true" || text == "false" => {
                map.insert(key, Value::Bool(text == "true"));
            }
            Value::String(text) if key.starts_with("m") && text.parse::<f64>().is_ok() => {
                let number: Option<Value> = serde_json::from_str(&text).ok();
                map.extend(number.map(|number| (key, number)));
            }
            Value::Null => continue,
            Value::Array(list) if list.is_empty() => continue,
            _ => {}
        }
        cx.reject_or_repair(&place, "value of the wrong type", "ignored")?;
    }
    if let Some(Value::Array(items)) = map.get_mut("items") {
        let items = std::mem::take(items);
        map.shift_remove("items");
        map.entry("prefixItems").or_insert(Value::Array(items));
    }
    Ok(())
}

/// Repairs `required`: some documents write `required: true` at each property.
fn repair_required(
    map: &mut Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    match map.get_mut("required") {
        Some(Value::Array(names)) => {
            let before = names.len();
            let mut seen = Vec::new();
            for name in std::mem::take(names) {
                if name.is_string() && !seen.contains(&name) {
                    seen.push(name);
                }
            }
            *names = seen;
            if names.len() != before {
                cx.reject_or_repair(
                    &place.join("required"),
                    "duplicate or invalid names",
                    "ignored",
                )?;
            }
        }
        Some(_) => {
            map.shift_remove("required");
            // Handled with the enclosing object.
        }
        None => {}
    }
    let Some(Value::Object(properties)) = map.get_mut("properties") else {
        return Ok(());
    };
    // A property with schema `false` must not occur.
    properties.retain(|_, schema| *schema != Value::Bool(false));
    let mut marked = Vec::new();
    for (name, schema) in properties {
        if schema.get("required") == Some(&Value::Bool(true)) {
            marked.push(name.clone());
        }
    }
    for name in marked {
        let place = place.join("properties").join(&name).join("required");
        cx.reject_or_repair(
            &place,
            "`required` belongs to the enclosing object",
            "moved there",
        )?;
        if let Value::Array(names) = map.entry("required").or_insert_with(|| json!([])) {
            names.push(name.into());
        }
    }
    Ok(())
}

/// Repairs enumeration values that do not have the declared type.
fn repair_enum(
    map: &mut Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let Some(ty) = map.get("type").and_then(Value::as_str).map(str::to_owned) else {
        return Ok(());
    };
    let Some(Value::Array(values)) = map.get_mut("enum") else {
        return Ok(());
    };
    let fits = |value: &Value| match ty.as_str() {
        "string" => value.is_string() || value.is_null(),
        "integer" | "number" => value.is_number() || value.is_null(),
        _ => true,
    };
    for (index, value) in values
        .iter_mut()
        .enumerate()
        .filter(|(_, value)| !fits(value))
    {
        let place = place.join("enum").join(index);
        let fault = format!("{value} does not have type {ty:?}");
        let text = match &*value {
            Value::Bool(truth) => truth.to_string(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            _ => continue,
        };
        if ty == "string" {
            cx.reject_or_repair(&place, fault, "treated as a string")?;
            *value = text.into();
        } else {
            cx.reject_or_repair(&place, fault, "treated as a number")?;
            *value = serde_json::from_str(&text).unwrap_or(Value::Null);
        }
    }
    Ok(())
}
