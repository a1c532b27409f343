//! Moves limits of numbers out of schemas.
//!
//! A generated type would reject responses outside of a minimum (`minimum: 0` becomes an unsigned integer)
//! and ignore a maximum. Limits are therefore moved into descriptions and into [`LIMITS`], from which the
//! generator renders checks of requests.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::context::Context;
use super::descriptions;
use super::names::target;
use super::parameters::place_of;
use super::resolve::is_method;
use super::walk::members;
use super::{LIMITS, defaults};
use crate::Pointer;

/// Moves the limits of all numbers, and notes the ones that are not checked: only parameters, the properties of the body
/// itself and those of responses can be.
pub(super) fn document_limits(document: &mut Value, cx: &mut Context<'_>) {
    let sent = defaults::sent_schemas(document);
    let bodies = bodies(document);
    let place = Pointer::root().join("components").join("schemas");
    for (name, schema) in members(document.pointer_mut("/components/schemas")) {
        let place = place.join(name);
        // A caller can check the properties of a response.
        let checks = match sent.contains(name) && !bodies.contains(name) {
            true => Checks::Nothing,
            false => Checks::Properties,
        };
        in_schema(schema, &place, checks, cx);
    }
    let root = Pointer::root().join("paths");
    for (path, item) in members(document.get_mut("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let place = root.join(path).join(method);
            let parameters = operation
                .get_mut("parameters")
                .and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                let place = place_of(parameter, &place.join("parameters")).join("schema");
                let Some(schema) = parameter.get_mut("schema") else {
                    continue;
                };
                let limits = take_limits(schema);
                in_schema(schema, &place, Checks::Nothing, cx);
                if let Some(limits) = limits {
                    describe(parameter, &limits);
                    keep(parameter, limits);
                }
            }
            let body = operation.get_mut("requestBody");
            in_contents(body, &place.join("requestBody"), cx);
            for (status, response) in members(operation.get_mut("responses")) {
                let place = place.join("responses").join(status);
                in_contents(Some(response), &place, cx);
            }
        }
    }
}

/// Returns the components that are the bodies of requests.
fn bodies(document: &mut Value) -> BTreeSet<String> {
    let mut bodies = BTreeSet::new();
    for (_, item) in members(document.get_mut("paths")) {
        for (_, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let body = operation.get_mut("requestBody");
            for (_, media) in members(body.and_then(|body| body.get_mut("content"))) {
                let reference = media.get("schema").and_then(|schema| schema.get("$ref"));
                bodies.extend(reference.and_then(Value::as_str).and_then(target));
            }
        }
    }
    bodies
}

/// Which limits of a schema generated code checks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Checks {
    /// The properties, but nothing below them.
    Properties,
    Nothing,
}

fn in_contents(holder: Option<&mut Value>, place: &Pointer, cx: &mut Context<'_>) {
    for (media, content) in members(holder.and_then(|holder| holder.get_mut("content"))) {
        if let Some(schema) = content.get_mut("schema") {
            let place = place.join("content").join(media).join("schema");
            in_schema(schema, &place, Checks::Nothing, cx);
        }
    }
}

fn in_schema(schema: &mut Value, place: &Pointer, checks: Checks, cx: &mut Context<'_>) {
    if let Some(limits) = take_limits(schema) {
        describe(schema, &limits);
        for (keyword, value) in &limits {
            cx.note_unchecked(&place.join(keyword), format!("`{keyword}: {value}`"));
        }
        keep(schema, limits);
    }
    for (name, property) in members(schema.get_mut("properties")) {
        let place = place.join("properties").join(name);
        if checks == Checks::Properties
            && let Some(limits) = take_limits(property)
        {
            describe(property, &limits);
            keep(property, limits);
        }
        in_schema(property, &place, Checks::Nothing, cx);
    }
    for keyword in ["items", "additionalProperties", "not"] {
        if let Some(inner @ Value::Object(_)) = schema.get_mut(keyword) {
            in_schema(inner, &place.join(keyword), Checks::Nothing, cx);
        }
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let parts = schema.get_mut(keyword).and_then(Value::as_array_mut);
        for (index, part) in parts.into_iter().flatten().enumerate() {
            in_schema(part, &place.join(keyword).join(index), Checks::Nothing, cx);
        }
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

/// Appends the limits to a description.
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
    descriptions::describe(holder, &sentence);
}
