//! Divides a document for several runs of progenitor.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::lower::{RUNTIME_TYPE, collect_references};

/// The maximum number of operations that are rendered at once. It bounds memory, and lets threads share the work.
const MAX_OPERATIONS: usize = 150;

/// The documents for the runs of progenitor.
pub(super) struct Parts {
    /// All schemas, without operations.
    pub(super) types: Value,
    /// Groups of operations, at least one, with the schemas that they refer to. Objects have no properties, but for those
    /// that the operations refer to by property.
    pub(super) groups: Vec<Value>,
}

/// Divides a document. `kept` are the schemas whose properties the operations refer to.
pub(super) fn divide(mut document: Value, kept: &BTreeSet<&str>) -> Parts {
    let paths = document["paths"].take();
    let schemas = document["components"]["schemas"].take();
    let group = |paths: Map<String, Value>| {
        let paths = Value::Object(paths);
        let mut used = BTreeMap::new();
        let mut open = Vec::new();
        collect_references(&paths, &mut open);
        while let Some(name) = open.pop() {
            let schema = schemas.get(&name).filter(|_| !used.contains_key(&name));
            let Some(schema) = schema else {
                continue;
            };
            let is_empty = is_struct(schema) && !kept.contains(name.as_str());
            let schema = match is_empty {
                true => json!({"type": "object", "additionalProperties": false}),
                false => schema.clone(),
            };
            collect_references(&schema, &mut open);
            used.insert(name, schema);
        }
        let mut group = document.clone();
        group["paths"] = paths;
        group["components"]["schemas"] = used.into_iter().collect();
        group
    };
    let groups = groups(paths).into_iter().map(group).collect();
    let mut types = document;
    types["paths"] = json!({});
    types["components"]["schemas"] = schemas;
    Parts { types, groups }
}

/// Divides paths into groups of similar numbers of operations.
fn groups(paths: Value) -> Vec<Map<String, Value>> {
    let Value::Object(paths) = paths else {
        return vec![Map::new()];
    };
    let count = |item: &Value| item.as_object().map_or(0, Map::len);
    let total: usize = paths.values().map(count).sum();
    let number = total.div_ceil(MAX_OPERATIONS).max(1);
    let size = total.div_ceil(number);
    let mut groups = vec![Map::new()];
    let mut in_group = 0;
    for (path, item) in paths {
        if in_group >= size {
            groups.push(Map::new());
            in_group = 0;
        }
        in_group += count(&item);
        if let Some(group) = groups.last_mut() {
            group.insert(path, item);
        }
    }
    groups
}

/// Returns whether progenitor generates a struct with a field for each property.
fn is_struct(schema: &Value) -> bool {
    const KEYS: [&str; 9] = [
        "additionalProperties",
        "deprecated",
        "description",
        "example",
        "externalDocs",
        "properties",
        "required",
        "title",
        "type",
    ];
    let has_properties = schema.get("properties").and_then(Value::as_object);
    let is_known = |key: &String| KEYS.contains(&key.as_str()) || key.starts_with("x-");
    schema["type"] == "object"
        && has_properties.is_some_and(|properties| !properties.is_empty())
        && schema.get(RUNTIME_TYPE).is_none()
        && schema
            .as_object()
            .is_some_and(|map| map.keys().all(is_known))
}
