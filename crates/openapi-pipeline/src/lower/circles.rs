//! Components that are nothing but references to each other.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::names::target;
use crate::Pointer;

/// A component that is another, which is the first again, says nothing.
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
                cx.fault(
                    &place,
                    "references that lead in a circle",
                    "read as untyped JSON",
                )?;
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
