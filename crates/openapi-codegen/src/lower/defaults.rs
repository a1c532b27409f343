//! Moves defaults of requests into descriptions.
//!
//! A generated type would send the default of every unset field. That would override the service's own
//! defaults, and an update of one field would reset all others. Defaults of schemas that requests use, even
//! if responses use them too, are therefore only documented.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::descriptions;
use super::resolve::is_method;
use super::updates::HAS_DEFAULT;
use super::walk::members;

/// The words before the default of a property that is required or of a response.
const DEFAULT: &str = "Default:";

/// The words before the default of an optional property of a request.
const IF_OMITTED: &str = "If omitted, the service uses";

/// Returns the names of the component schemas that requests use, even if responses use them too.
pub fn sent_schemas(document: &Value) -> BTreeSet<String> {
    reachable(document, &["requestBody", "parameters"])
}

/// Returns the names of the component schemas that responses use.
pub(super) fn received_schemas(document: &Value) -> BTreeSet<String> {
    reachable(document, &["responses"])
}

/// Moves the defaults of request schemas and parameters into their descriptions.
pub(super) fn document_request_defaults(document: &mut Value) {
    let asked = sent_schemas(document);
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        for (name, schema) in schemas {
            // References to a scalar do not apply its default.
            document_scalar_default(schema);
            document_inner_defaults(schema);
            match asked.contains(name) {
                true => document_defaults(schema),
                false => document_filled(schema),
            }
        }
    }
    for operation in operations_mut(document) {
        let parameters = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            if let Some(schema) = parameter.get_mut("schema") {
                document_inner_defaults(schema);
            }
            if let Some(default) = parameter.get_mut("schema").and_then(take_default) {
                let is_required = parameter["required"] == true;
                describe_default(parameter, &default, is_required);
            }
        }
        let content = operation
            .get_mut("requestBody")
            .and_then(|body| body.get_mut("content"));
        for media in content
            .and_then(Value::as_object_mut)
            .into_iter()
            .flat_map(Map::values_mut)
        {
            if let Some(schema) = media.get_mut("schema") {
                document_scalar_default(schema);
                document_inner_defaults(schema);
                document_defaults(schema);
            }
        }
    }
}

/// Moves the default of a schema that is neither an object nor a list into its description.
fn document_scalar_default(schema: &mut Value) {
    let is_scalar = schema["type"] != "object" && schema["type"] != "array";
    if is_scalar && let Some(default) = take_default(schema) {
        describe_default(schema, &default, true);
    }
}

/// Documents the defaults of a schema's properties and subschemas.
fn document_defaults(schema: &mut Value) {
    let required = schema.get("required").cloned().unwrap_or_default();
    let required = required.as_array().map_or(&[][..], Vec::as_slice);
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (name, property) in properties {
            document_defaults(property);
            if property.get(super::SEND_DEFAULT) != Some(&Value::Bool(true))
                && !is_only_value(property)
                && let Some(default) = take_default(property)
            {
                let is_required = required.iter().any(|required| required == name);
                describe_default(property, &default, is_required);
                if property["nullable"] == true && !is_required && !default.is_null() {
                    property[HAS_DEFAULT] = true.into();
                }
            }
        }
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner @ Value::Object(_)) = schema.get_mut(keyword) {
            document_defaults(inner);
        }
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let parts = schema.get_mut(keyword).and_then(Value::as_array_mut);
        parts.into_iter().flatten().for_each(document_defaults);
    }
}

/// Documents the defaults that generated code fills into responses.
fn document_filled(schema: &mut Value) {
    for (_, property) in members(schema.get_mut("properties")) {
        if let Value::Object(property) = property
            && let Some(default) = property.get("default")
        {
            let sentence = sentence(default, true);
            descriptions::describe_once(property, &sentence);
        }
    }
}

/// Documents the defaults of items and values, which nothing fills in.
fn document_inner_defaults(schema: &mut Value) {
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner @ Value::Object(_)) = schema.get_mut(keyword) {
            if let Some(default) = take_default(inner) {
                describe_default(inner, &default, true);
            }
            document_inner_defaults(inner);
        }
    }
    for (_, property) in members(schema.get_mut("properties")) {
        document_inner_defaults(property);
    }
}

/// Removes the sentence about a default from a description.
pub(super) fn without_default(description: &str) -> &str {
    let begin = [IF_OMITTED, DEFAULT]
        .iter()
        .find_map(|words| description.rfind(words));
    match begin {
        Some(begin) if description.ends_with("`.") => description[..begin].trim_end(),
        _ => description,
    }
}

/// Returns whether the default is the only possible value, as for a discriminator property.
fn is_only_value(property: &Value) -> bool {
    let default = property.get("default");
    let only = property.get("enum").and_then(Value::as_array);
    let only = only
        .filter(|values| values.len() == 1)
        .map(|values| &values[0]);
    default.is_some() && (default == property.get("const") || default == only)
}

fn take_default(schema: &mut Value) -> Option<Value> {
    schema.as_object_mut()?.shift_remove("default")
}

/// Adds a default to the description of a property or a parameter.
pub(super) fn describe_default(described: &mut Value, default: &Value, is_required: bool) {
    descriptions::describe(described, &sentence(default, is_required));
}

/// Returns the sentence about a default. `is_always_there` is set if the value is sent, or filled into a response.
pub(super) fn sentence(default: &Value, is_always_there: bool) -> String {
    let words = match is_always_there {
        true => DEFAULT,
        false => IF_OMITTED,
    };
    format!("{words} {}.", descriptions::code(&default.to_string()))
}

/// Returns the names of the schemas that parts of operations reference.
fn reachable(document: &Value, parts: &[&str]) -> BTreeSet<String> {
    let mut open: Vec<String> = Vec::new();
    for operation in operations(document) {
        for part in parts.iter().filter_map(|part| operation.get(*part)) {
            collect_references(part, &mut open);
        }
    }
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if !seen.contains(&name) {
            let schemas = document.pointer("/components/schemas");
            if let Some(schema) = schemas.and_then(|schemas| schemas.get(&name)) {
                collect_references(schema, &mut open);
            }
            seen.insert(name);
        }
    }
    seen
}

/// Adds the names of the component schemas that a value refers to.
pub(crate) fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, member) in map {
                match member {
                    Value::String(reference) if key == "$ref" => {
                        let name = reference.strip_prefix("#/components/schemas/");
                        found.extend(name.map(str::to_owned));
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

fn operations(document: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter();
    let items = paths
        .flat_map(Map::values)
        .filter_map(Value::as_object)
        .flatten();
    items
        .filter(|(name, _)| is_method(name))
        .filter_map(|(_, operation)| operation.as_object())
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let paths = document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter();
    let items = paths
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flatten();
    items
        .filter(|(name, _)| is_method(name))
        .filter_map(|(_, operation)| operation.as_object_mut())
}
