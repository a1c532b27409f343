//! Compares security schemes and requirements.

use serde_json::{Map, Value};

use super::{Comparison, REJECTED, resolved};
use crate::Pointer;

/// Compares the security schemes.
pub(super) fn compare_schemes(cx: &mut Comparison<'_>, place: &Pointer) {
    let (old, new) = (cx.old, cx.new);
    let schemes = old.pointer("/components/securitySchemes");
    for name in schemes.and_then(Value::as_object).into_iter().flatten() {
        let (name, _) = name;
        let (before, now) = (definition(old, name), definition(new, name));
        if now.is_some() && before != now {
            cx.breaking(&place.join(name), "security scheme changed", REJECTED);
        }
    }
}

/// Compares the security requirements of an operation.
pub(super) fn compare(cx: &mut Comparison<'_>, old: &Value, new: &Value, place: &Pointer) {
    let (before, now) = (alternatives(cx.old, old), alternatives(cx.new, new));
    if before == now {
        return;
    }
    let (old, new) = (cx.old, cx.new);
    // Existing credentials suffice if one alternative requires no more of them.
    let is_enough = |sent: &Map<String, Value>| {
        now.iter().any(|asked| {
            asked.iter().all(|(name, scopes)| {
                sent.iter().any(|(other, had)| {
                    let same = definition(new, name);
                    let same = name == other || same.is_some() && same == definition(old, other);
                    let had = had.as_array().map_or(&[][..], Vec::as_slice);
                    let scopes = scopes.as_array().map_or(&[][..], Vec::as_slice);
                    same && scopes.iter().all(|scope| had.contains(scope))
                })
            })
        })
    };
    if !before.iter().all(is_enough) {
        cx.breaking(place, "other credentials required", REJECTED);
    } else if now.iter().any(Map::is_empty) {
        cx.compatible(
            place,
            "credentials no longer required",
            "they can still be sent",
        );
    } else {
        cx.compatible(
            place,
            "other credentials accepted",
            "the previous ones are still accepted",
        );
    }
}

/// Returns the alternative sets of required credentials. An empty set means that none are required.
fn alternatives(document: &Value, operation: &Value) -> Vec<Map<String, Value>> {
    let security = operation.get("security").or(document.get("security"));
    let listed = security.and_then(Value::as_array).into_iter().flatten();
    let mut alternatives: Vec<_> = listed.filter_map(Value::as_object).cloned().collect();
    if alternatives.is_empty() {
        alternatives.push(Map::new());
    }
    alternatives
}

/// Returns a security scheme without descriptive fields.
fn definition(document: &Value, name: &str) -> Option<Value> {
    let schemes = document.pointer("/components/securitySchemes")?;
    let mut definition = resolved(document, schemes.get(name)?).clone();
    let map = definition.as_object_mut()?;
    for annotation in ["description", "bearerFormat", "deprecated"] {
        map.remove(annotation);
    }
    let flows = map.get_mut("flows").and_then(Value::as_object_mut);
    for (_, flow) in flows.into_iter().flatten() {
        if let Some(flow) = flow.as_object_mut() {
            flow.remove("scopes");
        }
    }
    Some(definition)
}
