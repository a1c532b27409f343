//! What no step could make sense of, found before any runs.

use serde_json::Value;

use super::LowerError;
use crate::Pointer;

/// Checks that every reference leads somewhere and that the values of an enumeration are of its type.
pub(super) fn check(document: &Value) -> Result<(), LowerError> {
    check_below(document, document, &Pointer::root())
}

fn check_below(document: &Value, value: &Value, place: &Pointer) -> Result<(), LowerError> {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                check_reference(document, reference, &place.join("$ref"))?;
            }
            if let (Some(Value::String(ty)), Some(Value::Array(values))) =
                (map.get("type"), map.get("enum"))
            {
                check_enum(ty, values, &place.join("enum"))?;
            }
            for (key, member) in map {
                // An example may look like anything.
                if key != "example" && key != "examples" && key != "default" {
                    check_below(document, member, &place.join(key))?;
                }
            }
            Ok(())
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check_below(document, item, &place.join(index))?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn check_reference(document: &Value, reference: &str, place: &Pointer) -> Result<(), LowerError> {
    match reference.strip_prefix('#') {
        Some(pointer) if document.pointer(pointer).is_some() => Ok(()),
        Some(_) => Err(LowerError::new(
            place,
            format!("{reference:?} leads nowhere"),
        )),
        None => {
            let reason = format!("{reference:?} leads out of the document; bundle it first");
            Err(LowerError::new(place, reason))
        }
    }
}

fn check_enum(ty: &str, values: &[Value], place: &Pointer) -> Result<(), LowerError> {
    for (index, value) in values.iter().enumerate() {
        let fits = match ty {
            "string" => value.is_string() || value.is_null(),
            "integer" | "number" => value.is_number() || value.is_null(),
            _ => true,
        };
        if !fits {
            let reason = format!("{value} is not of the type {ty:?}");
            return Err(LowerError::new(&place.join(index), reason));
        }
    }
    Ok(())
}
