//! Moves limits of numbers out of schemas.
//!
//! A generated type would reject responses outside of a minimum (`minimum: 0` becomes an unsigned integer)
//! and ignore a maximum. Limits are therefore moved into descriptions and into [`LIMITS`], from which the
//! generator renders checks of requests.

use serde_json::{Map, Value};

use super::LIMITS;
use super::resolve::is_method;
use super::walk::{self, members};

/// Moves the limits of all numbers.
pub(super) fn document_limits(document: &mut Value) {
    for (_, schema) in members(document.pointer_mut("/components/schemas")) {
        in_schema(schema);
    }
    for (_, item) in members(document.get_mut("paths")) {
        for (_, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let parameters = operation
                .get_mut("parameters")
                .and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                let Some(schema) = parameter.get_mut("schema") else {
                    continue;
                };
                if let Some(limits) = take_limits(schema) {
                    describe(parameter, &limits);
                    keep(parameter, limits);
                }
            }
            in_contents(operation.get_mut("requestBody"));
            for (_, response) in members(operation.get_mut("responses")) {
                in_contents(Some(response));
            }
        }
    }
}

fn in_contents(holder: Option<&mut Value>) {
    for (_, media) in members(holder.and_then(|holder| holder.get_mut("content"))) {
        if let Some(schema) = media.get_mut("schema") {
            in_schema(schema);
        }
    }
}

fn in_schema(schema: &mut Value) {
    if let Some(limits) = take_limits(schema) {
        describe(schema, &limits);
        keep(schema, limits);
    }
    for (_, property) in members(schema.get_mut("properties")) {
        in_schema(property);
    }
    for keyword in ["items", "additionalProperties", "not"] {
        if let Some(inner @ Value::Object(_)) = schema.get_mut(keyword) {
            in_schema(inner);
        }
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let parts = schema.get_mut(keyword).and_then(Value::as_array_mut);
        parts.into_iter().flatten().for_each(in_schema);
    }
}

fn take_limits(schema: &mut Value) -> Option<Map<String, Value>> {
    let map = schema.as_object_mut()?;
    if !matches!(
        map.get("type").and_then(Value::as_str),
        Some("integer" | "number")
    ) {
        return None;
    }
    let mut limits = Map::new();
    for keyword in ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"] {
        if let Some(value) = map.shift_remove(keyword) {
            limits.insert(keyword.to_owned(), value);
        }
    }
    (!limits.is_empty()).then_some(limits)
}

fn keep(holder: &mut Value, limits: Map<String, Value>) {
    if let Value::Object(holder) = holder {
        holder.insert(LIMITS.to_owned(), Value::Object(limits));
    }
}

fn describe(holder: &mut Value, limits: &Map<String, Value>) {
    let bound = |keyword: &str, exclusive: &str, open: &str, closed: &str| {
        let value = limits.get(keyword)?;
        let is_open = limits.get(exclusive) == Some(&Value::Bool(true));
        Some(format!("{} {value}", if is_open { open } else { closed }))
    };
    let bounds = [
        bound("minimum", "exclusiveMinimum", "more than", "at least"),
        bound("maximum", "exclusiveMaximum", "less than", "at most"),
    ];
    let bounds = bounds.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let mut letters = bounds.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let sentence: String = first.chain(letters).chain(['.']).collect();
    walk::describe(holder, &sentence);
}
