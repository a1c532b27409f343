//! Finds the operation or schema that progenitor cannot generate.
//!
//! progenitor reports the reason but not the location, so the document is bisected.

use std::collections::BTreeSet;

use crate::Pointer;
use crate::lower::{Lowered, collect_references};
use progenitor::InterfaceStyle;
use serde_json::{Value, json};

use super::{Failure, client, input};

/// The item that progenitor cannot generate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Culprit {
    /// An operation: its pointer and id.
    Operation(Pointer, String),
    /// A component schema: its pointer and name.
    Schema(Pointer, String),
}

impl Culprit {
    /// Returns the location in the lowered document.
    pub(crate) fn pointer(&self) -> &Pointer {
        match self {
            Self::Operation(pointer, _) | Self::Schema(pointer, _) => pointer,
        }
    }
}

/// Finds the single item that makes generation fail. `None` if there is not exactly one.
pub(super) fn find(lowered: &Lowered) -> Option<Culprit> {
    let document = input::prepare(lowered);
    let names: Vec<String> = members(document.pointer("/components/schemas"))
        .map(|(name, _)| name.clone())
        .collect();
    let schemas = |names: &[String]| part(&document, &[], names);
    let root = Pointer::root();
    if fails(schemas(&names), lowered) {
        let name = narrow(names, |names| fails(schemas(names), lowered))?;
        return Some(Culprit::Schema(
            root.join("components").join("schemas").join(&name),
            name,
        ));
    }
    let operations: Vec<(String, String)> = members(document.get("paths"))
        .flat_map(|(path, item)| {
            members(Some(item)).map(move |(method, _)| (path.clone(), method.clone()))
        })
        .collect();
    let (path, method) = narrow(operations, |operations| {
        fails(part(&document, operations, &[]), lowered)
    })?;
    let id = document["paths"][&path][&method]["operationId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    Some(Culprit::Operation(
        root.join("paths").join(path).join(method),
        id,
    ))
}

/// Returns the single element for which `holds`, given that it holds for the whole list.
fn narrow<T: Clone>(all: Vec<T>, holds: impl Fn(&[T]) -> bool) -> Option<T> {
    let mut remaining = all;
    while remaining.len() > 1 {
        let half = remaining.split_off(remaining.len() / 2);
        if holds(&half) {
            remaining = half;
        } else if !holds(&remaining) {
            return None;
        }
    }
    remaining
        .pop()
        .filter(|item| holds(std::slice::from_ref(item)))
}

fn fails(document: Value, lowered: &Lowered) -> bool {
    let generated = client::generate(document, lowered, InterfaceStyle::Builder);
    matches!(generated, Err(Failure::Progenitor(_)))
}

/// Returns a document reduced to some operations and schemas, and the schemas that they reference.
fn part(document: &Value, operations: &[(String, String)], schemas: &[String]) -> Value {
    let mut reduced = document.clone();
    let mut paths = json!({});
    let mut pending: Vec<String> = schemas.to_vec();
    for (path, method) in operations {
        let operation = &document["paths"][path][method];
        paths[path][method] = operation.clone();
        collect_references(operation, &mut pending);
    }
    let mut kept = BTreeSet::new();
    while let Some(name) = pending.pop() {
        if let Some(schema) = document["components"]["schemas"].get(&name)
            && kept.insert(name)
        {
            collect_references(schema, &mut pending);
        }
    }
    reduced["paths"] = paths;
    if let Some(Value::Object(schemas)) = reduced.pointer_mut("/components/schemas") {
        schemas.retain(|name, _| kept.contains(name));
    }
    reduced
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}
