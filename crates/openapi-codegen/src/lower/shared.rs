//! Names the schemas of shared parameters, request bodies and responses.
//!
//! They are copied to the operations that use them. Without a name of its own, the schema would become a type for each of
//! these operations.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::context::Context;
use super::media::{FORM, essence, is_json};
use super::names::{Names, SCHEMAS, pascal};
use super::walk::members;
use crate::Pointer;

/// The shared parts of a document that contain schemas, and the ends of names that distinguish these.
const SHARED: [(&str, &str); 3] = [
    ("parameters", "Parameter"),
    ("requestBodies", "Body"),
    ("responses", "Response"),
];

/// Moves these schemas to components.
pub(super) fn name_schemas<'a>(document: &'a Value, cx: &mut Context<'_>) -> Cow<'a, Value> {
    let components = document.get("components");
    let is_shared = |(kind, _): &(&str, &str)| {
        let parts = components.and_then(|components| components.get(*kind)?.as_object());
        parts.is_some_and(|parts| !parts.is_empty())
    };
    if !SHARED.iter().any(is_shared) {
        return Cow::Borrowed(document);
    }
    let mut document = document.clone();
    let schemas = document.pointer("/components/schemas");
    let mut names = match schemas.and_then(Value::as_object) {
        Some(schemas) => Names::of(schemas),
        None => Names::default(),
    };
    let mut moved: Vec<(String, Value)> = Vec::new();
    let root = Pointer::root().join("components");
    for (kind, end) in SHARED {
        let shared = document.pointer_mut(&format!("/components/{kind}"));
        for (part, value) in members(shared) {
            let place = root.join(kind).join(part);
            let mut of_part: Vec<(Value, String)> = Vec::new();
            for (schema, place) in schemas_of(value, &place) {
                // The properties of an object can become parameters.
                if !is_enum(schema) && (kind == "parameters" || !is_struct(schema)) {
                    continue;
                }
                // One type for all media types with the same schema.
                let same = of_part.iter().find(|(other, _)| other == schema);
                let name = same.map_or_else(
                    || {
                        let wanted = pascal(part);
                        match names.is_free(&wanted) {
                            true => names.take(&wanted),
                            false => names.take(&format!("{wanted}{end}")),
                        }
                    },
                    |(_, name)| name.clone(),
                );
                let reference = json!({ "$ref": format!("{SCHEMAS}{name}") });
                let schema = std::mem::replace(schema, reference);
                if !of_part.iter().any(|(_, other)| *other == name) {
                    cx.moved_schema(&name, &place);
                    moved.push((name.clone(), schema.clone()));
                    of_part.push((schema, name));
                }
            }
        }
    }
    if let Value::Object(document) = &mut document
        && let Value::Object(components) = document.entry("components").or_insert_with(|| json!({}))
        && let Value::Object(schemas) = components.entry("schemas").or_insert_with(|| json!({}))
    {
        schemas.extend(moved);
    }
    Cow::Owned(document)
}

/// Returns the schemas of a shared part, with their locations.
fn schemas_of<'v>(part: &'v mut Value, place: &Pointer) -> Vec<(&'v mut Value, Pointer)> {
    let Value::Object(part) = part else {
        return Vec::new();
    };
    let mut schemas = Vec::new();
    for (key, value) in part {
        match key.as_str() {
            "schema" => schemas.push((value, place.join("schema"))),
            "content" => {
                let place = place.join("content");
                // Other bodies are not typed.
                let is_typed = |media: &str| is_json(media) || essence(media) == FORM;
                for (media, content) in members(Some(value)).filter(|(media, _)| is_typed(media)) {
                    let place = place.join(media).join("schema");
                    schemas.extend(content.get_mut("schema").map(|schema| (schema, place)));
                }
            }
            _ => {}
        }
    }
    schemas
}

/// Returns whether a schema becomes an enumeration.
fn is_enum(schema: &Value) -> bool {
    let values = schema.get("enum").and_then(Value::as_array);
    values.is_some_and(|values| !values.is_empty())
        && schema.get("type").is_some_and(|ty| ty == "string")
}

/// Returns whether a schema becomes a type with fields.
fn is_struct(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.is_some_and(|properties| !properties.is_empty()) && schema.get("$ref").is_none()
}
