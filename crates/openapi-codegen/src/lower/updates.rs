//! Marks the properties that can be sent as `null`: `null` differs from an omitted property in the body of an update, and
//! if the property has a default.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::descriptions;
use super::media::JSON;
use super::names::target;
use super::resolve::is_method;
use super::walk::members;
use super::{CONTENT_TYPE, SEND_NULL};

/// On a nullable property of a request: the service has a default for it.
pub(super) const HAS_DEFAULT: &str = "x-has-default";

/// Marks these properties in the bodies of all operations. A document may be lowered twice.
pub(super) fn mark_nulls(document: &mut Value) {
    let (mut updates, mut bodies) = (Vec::new(), Vec::new());
    for (_, item) in members(document.get_mut("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let body = operation.get("requestBody");
            let schema = body.and_then(|body| body.get("content")?.get(JSON)?.get("schema"));
            let names = schema.map(component_names).unwrap_or_default();
            if body.is_some_and(|body| is_update(method, body)) {
                updates.extend(names.clone());
            }
            bodies.extend(names);
        }
    }
    mark(updates, document, |_| true);
    mark(bodies, document, |property| {
        property.contains_key(HAS_DEFAULT)
    });
}

/// Returns whether an operation may update the properties that its body contains, and leave others unchanged.
fn is_update(method: &str, body: &Value) -> bool {
    let media = body.get(CONTENT_TYPE).and_then(Value::as_str);
    // Services read PUT either way.
    method == "patch" || method == "put" || media.is_some_and(|media| media.contains("merge-patch"))
}

/// Marks the optional nullable properties of components, of their alternatives, and of the objects in their properties, if
/// `null` differs from omitting them. The items of a list are replaced as a whole.
fn mark(
    mut open: Vec<String>,
    document: &mut Value,
    differs: impl Fn(&Map<String, Value>) -> bool,
) {
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let schemas = document.pointer_mut("/components/schemas");
        let Some(Value::Object(schema)) = schemas.and_then(|schemas| schemas.get_mut(&name)) else {
            continue;
        };
        let alternatives = schema.get("oneOf").and_then(Value::as_array);
        open.extend(alternatives.into_iter().flatten().flat_map(component_names));
        let required = schema.get("required").cloned().unwrap_or_default();
        let is_required = |name: &str| {
            let mut names = required.as_array().into_iter().flatten();
            names.any(|required| required == name)
        };
        for (name, property) in members(schema.get_mut("properties")) {
            open.extend(component_names(property));
            if let Value::Object(property) = property
                && property.get("nullable") == Some(&Value::Bool(true))
                && !is_required(name)
                && !property.contains_key("default")
                && has_type(property)
                && !property.contains_key(SEND_NULL)
                && differs(property)
            {
                property.insert(SEND_NULL.to_owned(), Value::Bool(true));
                descriptions::describe_map(
                    property,
                    "`null` differs from an omitted property: `Some(Nullable::Null)` sends it.",
                );
            }
        }
    }
}

/// Returns whether a schema has a type. Untyped JSON can be `null` itself.
fn has_type(schema: &Map<String, Value>) -> bool {
    ["type", "allOf", "oneOf", "anyOf", "$ref"]
        .iter()
        .any(|keyword| schema.contains_key(*keyword))
}

/// Returns the names of the components that a schema refers to by itself or by its parts.
fn component_names(schema: &Value) -> Vec<String> {
    let parts = ["allOf", "oneOf", "anyOf"]
        .iter()
        .filter_map(|keyword| schema.get(*keyword)?.as_array());
    let schemas = parts.flatten().chain([schema]);
    let references = schemas.filter_map(|schema| schema.get("$ref")?.as_str());
    references.filter_map(target).collect()
}
