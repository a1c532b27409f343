//! Inlines shared parts into operations.
//!
//! A document may keep parameters, request bodies and responses in `components`, and parameters of a whole
//! path next to its operations. Later passes only look at operations, so shared parts are copied to where
//! they are used.

use serde_json::{Map, Value};

use super::LowerError;
use super::context::Context;
use super::names::unescape;
use crate::Pointer;

/// The keys of a path item that are operations.
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The maximum length of a chain of references.
const MAX_REFERENCES: usize = 16;

/// Returns whether a key of a path item is an operation.
pub(super) fn is_method(name: &str) -> bool {
    METHODS.contains(&name)
}

/// Copies shared parts into the operations that use them.
pub(super) fn resolve_operations(
    document: &mut Value,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let whole = document.clone();
    let place = Pointer::root().join("paths");
    let Some(Value::Object(paths)) = document.get_mut("paths") else {
        return Err(LowerError::new(&Pointer::root(), "missing `paths`"));
    };
    let mut removed = Vec::new();
    for (path, item) in paths.iter_mut().filter(|(path, _)| !path.starts_with("x-")) {
        let place = place.join(path);
        resolve(&whole, item, &place, cx)?;
        let Value::Object(members) = item else {
            if !item.is_null() {
                return Err(LowerError::new(&place, "not a path item"));
            }
            removed.push(path.clone());
            continue;
        };
        let shared = members.shift_remove("parameters");
        members.shift_remove("servers");
        for (name, operation) in members.iter_mut().filter(|(name, _)| is_method(name)) {
            let place = place.join(name);
            let Value::Object(operation) = operation else {
                return Err(LowerError::new(&place, "not an operation"));
            };
            share_parameters(&whole, operation, shared.as_ref(), &place, cx)?;
            if let Some(callbacks) = operation.shift_remove("callbacks")
                && callbacks
                    .as_object()
                    .is_some_and(|callbacks| !callbacks.is_empty())
            {
                cx.note_dropped(
                    &place.join("callbacks"),
                    "callbacks are requests from the service; nothing is generated",
                );
            }
            if let Some(body) = operation.get_mut("requestBody") {
                resolve(&whole, body, &place.join("requestBody"), cx)?;
            }
            if let Some(Value::Object(responses)) = operation.get_mut("responses") {
                for (status, response) in responses {
                    resolve(&whole, response, &place.join("responses").join(status), cx)?;
                    if let Value::Object(response) = response {
                        // Nothing is generated from these, and their contents were copied.
                        response.shift_remove("links");
                        response.shift_remove("headers");
                    }
                }
            }
        }
    }
    for path in removed {
        paths.shift_remove(&path);
    }
    if let Some(Value::Object(components)) = document.get_mut("components") {
        for copied in [
            "parameters",
            "requestBodies",
            "responses",
            "pathItems",
            "headers",
            "links",
            "callbacks",
        ] {
            components.shift_remove(copied);
        }
    }
    Ok(())
}

/// Adds the parameters of the path to an operation, unless it overrides them.
fn share_parameters(
    whole: &Value,
    operation: &mut Map<String, Value>,
    shared: Option<&Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let place = place.join("parameters");
    let mut parameters = match operation.shift_remove("parameters") {
        Some(Value::Array(parameters)) => parameters,
        Some(Value::Null) | None => Vec::new(),
        Some(_) => {
            cx.reject_or_repair(&place, "not a list of parameters", "ignored")?;
            Vec::new()
        }
    };
    for (index, parameter) in parameters.iter_mut().enumerate() {
        resolve(whole, parameter, &place.join(index), cx)?;
    }
    for parameter in shared.and_then(Value::as_array).into_iter().flatten() {
        let mut parameter = parameter.clone();
        resolve(whole, &mut parameter, &place, cx)?;
        let same = |own: &Value| {
            own.get("name") == parameter.get("name") && own.get("in") == parameter.get("in")
        };
        if !parameters.iter().any(same) {
            parameters.push(parameter);
        }
    }
    parameters.retain(|parameter| !parameter.is_null());
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), Value::Array(parameters));
    }
    Ok(())
}

/// Replaces a reference by its target. As in 3.1, summary and description next to the reference take
/// precedence.
fn resolve(
    whole: &Value,
    value: &mut Value,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    for _ in 0..MAX_REFERENCES {
        let Some(Value::String(reference)) = value.get("$ref") else {
            return Ok(());
        };
        let Some(target) = find(whole, reference) else {
            let fault = format!("{reference:?} cannot be resolved");
            cx.reject_or_repair(place, fault, "ignored")?;
            *value = Value::Null;
            return Ok(());
        };
        let mut target = target.clone();
        if let (Value::Object(target), Value::Object(own)) = (&mut target, &*value) {
            for key in ["summary", "description"] {
                target.extend(own.get(key).map(|value| (key.to_owned(), value.clone())));
            }
        }
        *value = target;
    }
    Err(LowerError::new(place, "cyclic references"))
}

/// Returns the target of a reference within the document.
pub(super) fn find<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    let tokens = reference.strip_prefix('#')?.split('/').skip(1);
    tokens
        .map(unescape)
        .try_fold(document, |value, token| match value {
            Value::Array(items) => items.get(token.parse::<usize>().ok()?),
            value => value.get(&token),
        })
}
