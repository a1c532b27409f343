//! Moves `nullable` from component schemas to where they are used, because a named type is never nullable
//! itself.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::names::target;

/// Removes `nullable` from the component schemas. Returns the names of these schemas.
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

/// Marks the uses of nullable components.
pub(super) fn spread(document: &mut Value) {
    loop {
        let schemas = document
            .pointer_mut("/components/schemas")
            .and_then(Value::as_object_mut);
        let nullable = schemas.map(take).unwrap_or_default();
        if nullable.is_empty() {
            return;
        }
        mark(document, &nullable);
    }
}

fn mark(value: &mut Value, nullable: &BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            let leads = |schema: &Value| {
                let reference = schema.get("$ref").and_then(Value::as_str);
                reference
                    .and_then(target)
                    .is_some_and(|name| nullable.contains(&name))
            };
            let parts = ["oneOf", "allOf"]
                .iter()
                .filter_map(|key| map.get(*key)?.as_array());
            if parts.flatten().any(leads) {
                map.insert("nullable".to_owned(), Value::Bool(true));
            }
            for (key, member) in map.iter_mut() {
                if key == "oneOf" || key == "allOf" || key.starts_with("x-") {
                    continue;
                }
                if leads(member) {
                    *member = json!({"nullable": true, "allOf": [member.take()]});
                } else {
                    mark(member, nullable);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mark(item, nullable)),
        _ => {}
    }
}
