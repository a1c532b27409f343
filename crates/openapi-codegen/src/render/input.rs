//! Prepares the lowered document for progenitor: removes everything that progenitor does not read, and makes
//! parameter names unique in Rust.

use std::collections::BTreeSet;

use crate::lower::{
    AUTHORIZATION, Lowered, METHOD, RUNTIME_TYPE, descriptions, runtime_type, sent_schemas,
};
use serde_json::{Map, Value, json};

use super::names::parameter_name;
use super::property_names;

/// Extension that keeps the wire name of a renamed parameter.
pub(super) const WIRE_NAME: &str = "x-wire-name";

/// Names that a builder uses itself.
const RESERVED: &[&str] = &[
    "body",
    "body_map",
    "client",
    "new",
    "send",
    "send_with",
    "open_with",
    "into_request",
    "self",
    "super",
    "crate",
    "header_map",
];

/// Returns the prepared copy of the document.
pub(super) fn prepare(lowered: &Lowered) -> Value {
    let document = &lowered.document;
    let mut schemas = document
        .pointer("/components/schemas")
        .cloned()
        .unwrap_or_else(|| json!({}));
    if let Value::Object(schemas) = &mut schemas {
        property_names::make_unique(schemas);
        for schema in schemas.values_mut().filter(|schema| schema.is_object()) {
            if let Some(name) = runtime_type(schema).map(str::to_owned) {
                schema[RUNTIME_TYPE] = name.into();
            }
        }
        let sent = sent_schemas(document);
        for (name, schema) in schemas.iter_mut() {
            distinguish_empty_from_absent(schema, sent.contains(name));
        }
        for union in &lowered.unions {
            schemas.insert(union.name.clone(), json!({"type": "string"}));
        }
    }
    let mut paths = Map::new();
    for (path, item) in members(document.get("paths")).filter(|(path, _)| path.starts_with('/')) {
        // Renaming parameters changes the path template, so that operations of one path may end up in
        // several.
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let (path, operation) = with_unique_names(path, operation);
            let item = paths.entry(path).or_insert_with(|| json!({}));
            item[method] = operation;
        }
    }
    let info = &document["info"];
    let servers = document
        .get("servers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let servers: Vec<Value> = servers
        .filter_map(|server| {
            let mut copied = json!({"url": server.get("url")?});
            if let Some(description) = server.get("description").filter(|text| text.is_string()) {
                copied["description"] = description.clone();
            }
            Some(copied)
        })
        .collect();
    let mut copied = json!({
        "openapi": document["openapi"],
        "info": {"title": info["title"], "version": info["version"]},
        "servers": servers,
    });
    // `json!` would copy them.
    copied["paths"] = Value::Object(paths);
    copied["components"] = Value::Object(Map::from_iter([("schemas".to_owned(), schemas)]));
    if let Some(description) = info.get("description").filter(|text| text.is_string()) {
        copied["info"]["description"] = description.clone();
    }
    if let Some(text) = document.get(AUTHORIZATION) {
        copied[AUTHORIZATION] = text.clone();
    }
    copied
}

/// Makes optional objects nullable, and optional arrays if they are sent. Generated types otherwise omit an empty one,
/// but an empty object can be the whole answer, and "no tags" and "tags unchanged" are different requests.
fn distinguish_empty_from_absent(schema: &mut Value, is_sent: bool) {
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required = |name: &String| {
        let mut names = required.as_array().into_iter().flatten();
        names.any(|required| required == name)
    };
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        let is_collection = property["type"] == "object" || is_sent && property["type"] == "array";
        if is_collection && !is_required(name) && property.get("default").is_none() {
            property["nullable"] = true.into();
        }
    }
}

/// Writes the description of a parameter as an item of a list. It says whether the parameter is required, which parameters
/// in a path always are.
fn describe_argument(parameter: &mut Value) {
    let description = parameter.get("description").and_then(Value::as_str);
    let description = description.unwrap_or_default().trim();
    let is_required = parameter["required"] == true && parameter["in"] != "path";
    let text = match is_required {
        true if description.is_empty() => "Required.".to_owned(),
        true => format!("Required. {description}"),
        false => description.to_owned(),
    };
    if !text.is_empty() {
        parameter["description"] = descriptions::in_list(&text).into();
    }
}

/// Returns an operation without unused keys, whose parameter names are unique in Rust.
fn with_unique_names(path: &str, operation: &Value) -> (String, Value) {
    const KEPT_KEYS: [&str; 7] = [
        METHOD,
        "operationId",
        "summary",
        "description",
        "parameters",
        "requestBody",
        "responses",
    ];
    let mut path = path.to_owned();
    let read = members(Some(operation)).filter(|(key, _)| KEPT_KEYS.contains(&key.as_str()));
    let mut copied: Map<String, Value> = read
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Some(docs) = operation
        .get("externalDocs")
        .filter(|docs| docs["url"].is_string())
    {
        copied.insert("externalDocs".to_owned(), docs.clone());
    }
    for text in ["summary", "description"] {
        if copied.get(text).is_some_and(|value| !value.is_string()) {
            copied.shift_remove(text);
        }
    }
    let parameters = copied.get_mut("parameters").and_then(Value::as_array_mut);
    let mut taken: BTreeSet<String> = RESERVED.iter().map(|name| (*name).to_owned()).collect();
    for parameter in parameters.into_iter().flatten() {
        describe_argument(parameter);
        let wire = parameter["name"].as_str().unwrap_or_default().to_owned();
        let rust = parameter_name(&wire);
        let is_plain = wire
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.[]$".contains(c))
            && wire.starts_with(|c: char| c.is_ascii_alphabetic());
        let is_regular = wire
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        let is_renamed = !(is_plain && taken.insert(rust.clone()));
        if is_renamed || !is_regular {
            let description = parameter["description"].as_str().unwrap_or_default();
            let description = format!("Sent as {}. {description}", descriptions::code(&wire));
            parameter["description"] = description.trim_end().into();
        }
        if !is_renamed {
            continue;
        }
        let base = rust.trim_matches('_');
        let base = if base.starts_with(|c: char| c.is_ascii_alphabetic()) {
            base.to_owned()
        } else {
            format!("p_{base}").trim_end_matches('_').to_owned()
        };
        let location = parameter["in"].as_str().unwrap_or_default().to_owned();
        let mut name = if RESERVED.contains(&base.as_str()) {
            format!("{base}_{location}")
        } else {
            base.clone()
        };
        let mut number = 1;
        while !taken.insert(name.clone()) {
            let suffix = if number == 1 {
                String::new()
            } else {
                number.to_string()
            };
            name = format!("{base}_{location}{suffix}");
            number += 1;
        }
        if location == "path" {
            path = path.replace(&format!("{{{wire}}}"), &format!("{{{name}}}"));
        }
        parameter["name"] = name.into();
        parameter[WIRE_NAME] = wire.into();
    }
    (path, Value::Object(copied))
}

fn is_method(name: &str) -> bool {
    [
        "get", "put", "post", "delete", "options", "head", "patch", "trace",
    ]
    .contains(&name)
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}
