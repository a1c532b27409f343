//! Applies `readOnly` and `writeOnly` to `required`.
//!
//! A required property that is read-only is required in responses only, and a write-only one in requests only. A schema
//! that is used in both has one Rust type, so such a property becomes optional.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::defaults;
use super::descriptions::describe_schema;
use super::names::target;
use super::walk::members;

/// Makes read-only properties optional in the schemas of requests, and write-only ones in those of responses.
pub(super) fn relax_required(document: &mut Value) {
    let sent = defaults::sent_schemas(document);
    let received = defaults::received_schemas(document);
    let schemas = document.pointer("/components/schemas");
    let schemas = schemas.and_then(Value::as_object);
    let marked = |marker: &str| -> BTreeSet<String> {
        let all = schemas.into_iter().flatten();
        all.filter(|(_, schema)| schema.get(marker) == Some(&Value::Bool(true)))
            .map(|(name, _)| name.clone())
            .collect()
    };
    let (read_only, write_only) = (marked("readOnly"), marked("writeOnly"));
    for (name, schema) in members(document.pointer_mut("/components/schemas")) {
        let Value::Object(schema) = schema else {
            continue;
        };
        if sent.contains(name) {
            relax(schema, "readOnly", &read_only);
        }
        if received.contains(name) {
            relax(schema, "writeOnly", &write_only);
        }
    }
}

/// Makes the properties with a marker optional. `marked` contains the components that have it.
fn relax(schema: &mut Map<String, Value>, marker: &str, marked: &BTreeSet<String>) {
    let Some(Value::Object(properties)) = schema.get("properties") else {
        return;
    };
    let is_marked = |property: &Value| {
        let only = property.get("allOf").and_then(|parts| parts.get(0));
        let reference = only.unwrap_or(property).get("$ref").and_then(Value::as_str);
        property.get(marker) == Some(&Value::Bool(true))
            || reference
                .and_then(target)
                .is_some_and(|name| marked.contains(&name))
    };
    let names = properties
        .iter()
        .filter(|(_, property)| is_marked(property));
    let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
    let Some(Value::Array(required)) = schema.get_mut("required") else {
        return;
    };
    let is_required = |name: &String| required.iter().any(|required| required == name);
    let write_only = names
        .iter()
        .filter(|name| marker == "writeOnly" && is_required(name));
    let write_only: Vec<String> = write_only.cloned().collect();
    required.retain(|name| {
        name.as_str()
            .is_none_or(|name| !names.iter().any(|n| n == name))
    });
    if required.is_empty() {
        schema.shift_remove("required");
    }
    for name in write_only {
        describe_schema(&mut schema["properties"][&name], "Required in requests.");
    }
}
