//! Breaks cycles of components that only reference each other.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::names::target;
use crate::Pointer;

/// Replaces a component that references itself through others by an unrestricted schema.
pub(super) fn break_up(
    schemas: &mut Map<String, Value>,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let next = |schemas: &Map<String, Value>, name: &str| {
        let schema = schemas.get(name)?;
        let only = schema
            .get("allOf")
            .and_then(Value::as_array)
            .filter(|list| list.len() == 1);
        let schema = only.map_or(schema, |list| &list[0]);
        schema.get("$ref").and_then(Value::as_str).and_then(target)
    };
    for name in schemas.keys().cloned().collect::<Vec<_>>() {
        let mut seen = BTreeSet::from([name.clone()]);
        let mut at = name.clone();
        while let Some(following) = next(schemas, &at) {
            if following == name {
                let place = Pointer::root()
                    .join("components")
                    .join("schemas")
                    .join(&name);
                cx.reject_or_repair(&place, "cyclic references", "treated as untyped JSON")?;
                schemas.insert(name.clone(), json!({}));
                break;
            }
            if !seen.insert(following.clone()) {
                break;
            }
            at = following;
        }
    }
    Ok(())
}
