//! Which operation or schema it is that progenitor cannot take.
//!
//! progenitor says what it stumbled over and not where. So halves of the document are tried, and halves
//! of these.

use std::collections::BTreeSet;

use openapi_pipeline::Pointer;
use openapi_pipeline::lower::Lowered;
use serde_json::{Value, json};

use super::{client, read, reading};

/// What progenitor cannot take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Provoker {
    /// An operation, by its place and its id.
    Operation(Pointer, String),
    /// A component schema, by its place and its name.
    Schema(Pointer, String),
}

impl Provoker {
    /// Where in the lowered document.
    pub(crate) fn place(&self) -> &Pointer {
        match self {
            Self::Operation(place, _) | Self::Schema(place, _) => place,
        }
    }
}

/// Finds what a document cannot be generated for; nothing if it is not one thing alone.
pub(super) fn find(lowered: &Lowered) -> Option<Provoker> {
    let copy = reading::copy(lowered);
    let names: Vec<String> = members(copy.pointer("/components/schemas"))
        .map(|(name, _)| name.clone())
        .collect();
    let schemas = |names: &[String]| part(&copy, &[], names);
    let root = Pointer::root();
    if fails(schemas(&names), lowered) {
        let name = narrow(names, |names| fails(schemas(names), lowered))?;
        return Some(Provoker::Schema(
            root.join("components").join("schemas").join(&name),
            name,
        ));
    }
    let operations: Vec<(String, String)> = members(copy.get("paths"))
        .flat_map(|(path, item)| {
            members(Some(item)).map(move |(method, _)| (path.clone(), method.clone()))
        })
        .collect();
    let (path, method) = narrow(operations, |operations| {
        fails(part(&copy, operations, &[]), lowered)
    })?;
    let id = copy["paths"][&path][&method]["operationId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    Some(Provoker::Operation(
        root.join("paths").join(path).join(method),
        id,
    ))
}

/// The one of several for which something holds that holds for all of them.
fn narrow<T: Clone>(all: Vec<T>, holds: impl Fn(&[T]) -> bool) -> Option<T> {
    let mut left = all;
    while left.len() > 1 {
        let half = left.split_off(left.len() / 2);
        if holds(&half) {
            left = half;
        } else if !holds(&left) {
            return None;
        }
    }
    left.pop().filter(|one| holds(std::slice::from_ref(one)))
}

fn fails(document: Value, lowered: &Lowered) -> bool {
    read::read(&document).is_ok() && client::generate(document, lowered).is_err()
}

/// A document with some operations and schemas, and what these lead to.
fn part(copy: &Value, operations: &[(String, String)], schemas: &[String]) -> Value {
    let mut document = copy.clone();
    let mut paths = json!({});
    let mut open: Vec<String> = schemas.to_vec();
    for (path, method) in operations {
        let operation = &copy["paths"][path][method];
        paths[path][method] = operation.clone();
        references(operation, &mut open);
    }
    let mut kept = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some(schema) = copy["components"]["schemas"].get(&name)
            && kept.insert(name)
        {
            references(schema, &mut open);
        }
    }
    document["paths"] = paths;
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.retain(|name, _| kept.contains(name));
    }
    document
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, member) in map {
                match member {
                    Value::String(reference) if key == "$ref" => {
                        found.extend(reference.rsplit('/').next().map(str::to_owned));
                    }
                    member => references(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}
