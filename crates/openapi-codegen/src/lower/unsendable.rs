//! Documents values that are valid in a request, but that a generated client cannot send. Adds notes, and extends the
//! description of the body.

use serde_json::{Map, Value};

use super::BRACKETS;
use super::context::Context;
use super::descriptions;
use super::media::FORM;
use super::names::target;
use super::resolve::is_method;
use super::walk::members;
use crate::Pointer;

/// Documents these values, unless the description already does: a document may be lowered twice.
pub(super) fn document_unsendable(document: &mut Value, cx: &mut Context<'_>) {
    let root = Pointer::root().join("paths");
    let mut paths = document.get_mut("paths").map(Value::take);
    for (path, item) in members(paths.as_mut()) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let Some(body) = operation.get_mut("requestBody") else {
                continue;
            };
            let place = root.join(path).join(method).join("requestBody");
            let content = |media: &str| body.get("content")?.get(media)?.get("schema");
            let sentence = content(FORM)
                .and_then(|schema| unsendable_objects(schema, body.get(BRACKETS), document));
            let description = body.get("description").and_then(Value::as_str);
            let description = description.unwrap_or_default();
            if let Some(sentence) = sentence.filter(|sentence| !description.contains(sentence)) {
                descriptions::describe(body, &sentence);
                cx.note_loss(&place, sentence.trim_end_matches('.'));
            }
        }
    }
    if let (Some(paths), Value::Object(document)) = (paths, document) {
        document.insert("paths".to_owned(), paths);
    }
}

/// Lists the object properties of a form, which can only contain scalars.
fn unsendable_objects(
    schema: &Value,
    brackets: Option<&Value>,
    document: &Value,
) -> Option<String> {
    let brackets = brackets.and_then(Value::as_array);
    let names = named(component(schema, document)?, |name, property| {
        contains_objects(property, document, 0)
            && !brackets.is_some_and(|names| names.iter().any(|n| n == name))
    })?;
    Some(format!(
        "{names} cannot be sent: a form contains only scalars and lists of scalars."
    ))
}

fn contains_objects(schema: &Value, document: &Value, level: usize) -> bool {
    let Some(schema) = component(schema, document).filter(|_| level < 4) else {
        return false;
    };
    let alternatives = schema.get("oneOf").and_then(Value::as_array);
    let mut inner = alternatives
        .into_iter()
        .flatten()
        .chain(schema.get("items"));
    schema.get("type").is_some_and(|ty| ty == "object")
        || inner.any(|inner| contains_objects(inner, document, level + 1))
}

fn named(schema: &Map<String, Value>, is_one: impl Fn(&str, &Value) -> bool) -> Option<String> {
    let properties = schema.get("properties")?.as_object()?;
    let names = properties
        .iter()
        .filter(|(name, property)| is_one(name, property));
    let names: Vec<String> = names.map(|(name, _)| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Returns a schema, or the component that it references.
fn component<'a>(schema: &'a Value, document: &'a Value) -> Option<&'a Map<String, Value>> {
    let only = schema.get("allOf").and_then(|parts| parts.get(0));
    let reference = only.unwrap_or(schema).get("$ref").and_then(Value::as_str);
    match reference.and_then(target) {
        Some(name) => document
            .pointer("/components/schemas")?
            .get(&name)?
            .as_object(),
        None => schema.as_object(),
    }
}
