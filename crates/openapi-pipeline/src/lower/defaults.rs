//! Defaults that a request states.
//!
//! A generated type sends the default of a field that its caller left alone. Then the service's own
//! default no longer rules, and a request says what nobody asked for. So a default in a schema that
//! only requests use moves into the description.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Moves the defaults of request schemas and parameters into their descriptions.
pub(super) fn document_request_defaults(document: &mut Value) {
    let asked = reachable(document, |operation| {
        let body = operation.get("requestBody").into_iter();
        body.chain(operation.get("parameters")).cloned().collect()
    });
    if let Some(schemas) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        for (name, schema) in schemas {
            if asked.contains(name) {
                document_defaults_of_properties(schema);
            }
        }
    }
    for operation in operations_mut(document) {
        if let Some(Value::Array(parameters)) = operation.get_mut("parameters") {
            for parameter in parameters {
                let Some(default) = parameter.pointer_mut("/schema").and_then(take_default) else {
                    continue;
                };
                describe_default(parameter, &default);
            }
        }
    }
}

fn document_defaults_of_properties(schema: &mut Value) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for property in properties.values_mut() {
        document_defaults_of_properties(property);
        if let Some(default) = take_default(property) {
            describe_default(property, &default);
        }
    }
}

fn take_default(schema: &mut Value) -> Option<Value> {
    schema.as_object_mut()?.shift_remove("default")
}

fn describe_default(described: &mut Value, default: &Value) {
    let Value::Object(map) = described else {
        return;
    };
    let said = map
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim_end();
    let separator = match said.chars().last() {
        None => "",
        Some('.' | '!' | '?') => " ",
        Some(_) => ". ",
    };
    let text = format!("{said}{separator}If it is left out, the service takes `{default}`.");
    map.insert("description".to_owned(), text.into());
}

/// The names of the schemas that the picked parts of operations lead to, and nothing else does.
fn reachable(document: &Value, pick: fn(&Map<String, Value>) -> Vec<Value>) -> BTreeSet<String> {
    let mut open: Vec<String> = Vec::new();
    for operation in operations(document) {
        for part in pick(operation) {
            collect_references(&part, &mut open);
        }
    }
    let mut answered_open: Vec<String> = Vec::new();
    for operation in operations(document) {
        if let Some(responses) = operation.get("responses") {
            collect_references(responses, &mut answered_open);
        }
    }
    let picked = close(document, open);
    let answered = close(document, answered_open);
    picked.difference(&answered).cloned().collect()
}

fn close(document: &Value, mut open: Vec<String>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if seen.insert(name.clone())
            && let Some(schema) = document
                .pointer("/components/schemas")
                .and_then(|schemas| schemas.get(&name))
        {
            collect_references(schema, &mut open);
        }
    }
    seen
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, member) in map {
                match member {
                    Value::String(reference) if key == "$ref" => {
                        if let Some(name) = reference.strip_prefix("#/components/schemas/") {
                            found.push(name.to_owned());
                        }
                    }
                    member => collect_references(member, found),
                }
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

fn operations(document: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let paths = document.get("paths").and_then(Value::as_object);
    paths
        .into_iter()
        .flat_map(Map::values)
        .filter_map(Value::as_object)
        .flat_map(|item| {
            item.iter()
                .filter(|(method, _)| METHODS.contains(&method.as_str()))
                .filter_map(|(_, operation)| operation.as_object())
        })
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    paths
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flat_map(|item| {
            item.iter_mut()
                .filter(|(method, _)| METHODS.contains(&method.as_str()))
                .filter_map(|(_, operation)| operation.as_object_mut())
        })
}
