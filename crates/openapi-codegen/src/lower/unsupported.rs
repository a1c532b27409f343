//! Replaces keywords of JSON Schema 2020-12 that OpenAPI 3.0 lacks with the closest equivalent.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::walk::members;
use crate::Pointer;

/// Keywords that do not restrict the value.
const NON_RESTRICTING: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$id",
    "$recursiveAnchor",
    "$schema",
    "$vocabulary",
    "definitions",
    "xml",
];

/// Keywords that restrict the value further than a Rust type can express.
const RESTRICTING: &[&str] = &[
    "$dynamicRef",
    "$recursiveRef",
    "contains",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "minContains",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords of 3.0, or ones that other passes convert. All others must be extensions in 3.0.
const KNOWN: &[&str] = &[
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "deprecated",
    "description",
    "discriminator",
    "enum",
    "example",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "externalDocs",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "nullable",
    "oneOf",
    "pattern",
    "properties",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];

/// Takes the subschemas that apply under a condition, with their locations.
pub(super) fn take_conditional(
    map: &mut Map<String, Value>,
    place: &Pointer,
) -> Vec<(Pointer, Value)> {
    let mut taken = Vec::new();
    for keyword in ["then", "else"] {
        let schema = map.get_mut(keyword).filter(|schema| schema.is_object());
        taken.extend(schema.map(|schema| (place.join(keyword), schema.take())));
    }
    for keyword in ["dependentSchemas", "dependencies"] {
        let place = place.join(keyword);
        for (name, schema) in members(map.get_mut(keyword)) {
            if schema.is_object() {
                taken.push((place.join(name), schema.take()));
            }
        }
    }
    taken
}

/// Removes unsupported keywords and notes the loss.
pub(super) fn lower(map: &mut Map<String, Value>, place: &Pointer, cx: &mut Context<'_>) {
    for keyword in NON_RESTRICTING {
        map.shift_remove(*keyword);
    }
    lower_unevaluated(map, place, cx);
    for keyword in RESTRICTING {
        if map.shift_remove(*keyword).is_some() {
            let what = format!("`{keyword}` is not supported; values that it forbids are accepted");
            cx.note_loss(&place.join(keyword), what);
        }
    }
    lower_prefix_items(map, place, cx);
    lower_pattern_properties(map, place, cx);
    let unknown = |key: &String| !KNOWN.contains(&key.as_str()) && !key.starts_with("x-");
    for keyword in map.keys().filter(|key| unknown(key)) {
        cx.note_loss(
            &place.join(keyword),
            "not a keyword of OpenAPI 3.0; removed",
        );
    }
    map.retain(|key, _| !unknown(key));
}

/// Converts the schema of values that no other keyword describes. Later passes merge the schemas that describe the same
/// value.
fn lower_unevaluated(map: &mut Map<String, Value>, place: &Pointer, cx: &mut Context<'_>) {
    for (unevaluated, keyword) in [
        ("unevaluatedItems", "items"),
        ("unevaluatedProperties", "additionalProperties"),
    ] {
        if map.get(unevaluated).is_some_and(Value::is_object)
            && !map.contains_key(keyword)
            && let Some(schema) = map.shift_remove(unevaluated)
        {
            cx.moved(place.join(keyword), place.join(unevaluated));
            map.insert(keyword.to_owned(), schema);
        }
    }
}

/// Converts tuple items to alternatives of the item type.
fn lower_prefix_items(map: &mut Map<String, Value>, place: &Pointer, cx: &mut Context<'_>) {
    let Some(prefix) = map.shift_remove("prefixItems") else {
        if map.get("items").is_some_and(Value::is_boolean) {
            map.insert("items".to_owned(), json!({}));
        }
        return;
    };
    let mut alternatives: Vec<Value> = Vec::new();
    let length = prefix.as_array().map_or(0, Vec::len) as u64;
    let is_closed = |max: &Value| max.as_u64().is_some_and(|max| max <= length);
    let rest = match map.shift_remove("items") {
        Some(Value::Bool(false)) => {
            map.entry("maxItems").or_insert(length.into());
            None
        }
        Some(rest @ Value::Object(_)) => Some(rest),
        // Further items can be anything.
        _ if map.get("maxItems").is_some_and(is_closed) => None,
        _ => Some(json!({})),
    };
    for schema in prefix.as_array().into_iter().flatten().chain(&rest) {
        if !alternatives.contains(schema) {
            alternatives.push(schema.clone());
        }
    }
    let items = match alternatives.len() {
        0 => json!({}),
        1 => alternatives.remove(0),
        _ if alternatives.contains(&json!({})) => json!({}),
        _ => json!({ "anyOf": alternatives }),
    };
    map.insert("items".to_owned(), items);
    map.entry("type").or_insert("array".into());
    cx.note_loss(&place.join("prefixItems"), "the type of each tuple index");
}

/// Converts `patternProperties` to `additionalProperties`.
fn lower_pattern_properties(map: &mut Map<String, Value>, place: &Pointer, cx: &mut Context<'_>) {
    let Some(Value::Object(patterns)) = map.shift_remove("patternProperties") else {
        return;
    };
    let mut schemas: Vec<Value> = Vec::new();
    let others = map
        .get("additionalProperties")
        .filter(|others| others.is_object())
        .cloned();
    for schema in patterns.into_iter().map(|(_, schema)| schema).chain(others) {
        if !schemas.contains(&schema) {
            schemas.push(schema);
        }
    }
    // A property that a later version of the service adds matches no pattern.
    let is_open = map.get("properties").is_some()
        && map
            .get("additionalProperties")
            .is_none_or(|others| *others == true);
    let schema = match schemas.len() {
        0 => return,
        _ if is_open => json!({}),
        1 => schemas.remove(0),
        _ => json!({ "anyOf": schemas }),
    };
    map.entry("type").or_insert("object".into());
    map.insert("additionalProperties".to_owned(), schema);
    cx.note_loss(
        &place.join("patternProperties"),
        "the type of each name pattern",
    );
}
