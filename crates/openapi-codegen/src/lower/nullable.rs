//! Moves `nullable` from component schemas to the schemas that reference them, because a generated type with a name
//! is never nullable itself.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::names::target;
use super::walk::Keys;

/// Removes `nullable` from all component schemas. Returns the names of the schemas that were nullable.
pub(super) fn take(schemas: &mut Map<String, Value>) -> BTreeSet<String> {
    let mut nullable = BTreeSet::new();
    for (name, schema) in schemas {
        if let Value::Object(schema) = schema
            && schema.get("nullable") == Some(&Value::Bool(true))
        {
            schema.shift_remove("nullable");
            nullable.insert(name.clone());
        }
    }
    nullable
}

/// Removes `nullable` from all component schemas, and makes the references to them nullable. A component that refers
/// to a nullable one can become nullable itself, so this repeats until no component is nullable.
pub(super) fn move_to_references(document: &mut Value) {
    loop {
        let schemas = document
            .pointer_mut("/components/schemas")
            .and_then(Value::as_object_mut);
        let nullable = schemas.map(take).unwrap_or_default();
        if nullable.is_empty() {
            return;
        }
        mark_references(document, Keys::Keywords, &nullable);
    }
}

/// Makes the references to the named components nullable, at any depth.
fn mark_references(value: &mut Value, keys: Keys, nullable: &BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            let is_nullable_reference = |schema: &Value| {
                let reference = schema.get("$ref").and_then(Value::as_str);
                reference
                    .and_then(target)
                    .is_some_and(|name| nullable.contains(&name))
            };
            let is_schema = keys == Keys::Keywords;
            if is_schema {
                let parts = ["oneOf", "allOf"]
                    .iter()
                    .filter_map(|key| map.get(*key)?.as_array());
                if parts.flatten().any(is_nullable_reference) {
                    map.insert("nullable".to_owned(), Value::Bool(true));
                }
            }
            for (key, member) in map.iter_mut() {
                let Some(keys) = keys.below(key) else {
                    continue;
                };
                if is_schema && (key == "oneOf" || key == "allOf") {
                    continue;
                }
                if is_nullable_reference(member) {
                    *member = json!({"nullable": true, "allOf": [member.take()]});
                } else {
                    mark_references(member, keys, nullable);
                }
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| mark_references(item, Keys::Keywords, nullable)),
        _ => {}
    }
}
