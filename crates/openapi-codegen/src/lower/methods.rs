//! Moves operations whose methods OpenAPI 3.0 lacks.
//!
//! OpenAPI 3.2 adds the field `query` and, for all other methods, `additionalOperations`. The operation becomes a POST
//! of the same path with a fragment, which is never sent. The extension [`METHOD`] holds the method.

use serde_json::{Map, Value};

use super::context::Context;
use super::resolve::is_method;
use super::{LowerError, METHOD};
use crate::Pointer;

/// The fields of a path item that are not operations.
const FIELDS: [&str; 5] = ["$ref", "summary", "description", "servers", "parameters"];

/// Moves the operations with other methods, and removes unknown fields.
pub(super) fn split(
    paths: &mut Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    for (path, mut item) in std::mem::take(paths) {
        let mut moved = Vec::new();
        if let Value::Object(item) = &mut item
            && !path.starts_with("x-")
        {
            let place = place.join(&path);
            let others = take_others(item, &place, cx)?;
            let shared = ["servers", "parameters"].iter().filter_map(|field| {
                let value = item.get(*field)?.clone();
                Some(((*field).to_owned(), value))
            });
            let shared: Map<String, Value> = shared.collect();
            for (method, place, mut operation) in others {
                operation[METHOD] = method.clone().into();
                let mut item = shared.clone();
                item.insert("post".to_owned(), operation);
                moved.push((format!("{path}#{method}"), item, place));
            }
        }
        paths.insert(path, item);
        for (path, item, from) in moved {
            cx.moved(place.join(&path).join("post"), from);
            paths.insert(path, Value::Object(item));
        }
    }
    Ok(())
}

/// Removes all fields that OpenAPI 3.0 lacks. Returns the operations, with their methods and locations.
fn take_others(
    item: &mut Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<Vec<(String, Pointer, Value)>, LowerError> {
    let mut others = Vec::new();
    let is_known = |key: &str| is_method(key) || FIELDS.contains(&key) || key.starts_with("x-");
    let unknown: Vec<String> = item.keys().filter(|key| !is_known(key)).cloned().collect();
    for key in unknown {
        let place = place.join(&key);
        let value = item.shift_remove(&key).unwrap_or_default();
        match (key.as_str(), value) {
            ("query", operation @ Value::Object(_)) => {
                others.push(("QUERY".to_owned(), place, operation));
            }
            ("additionalOperations", Value::Object(operations)) => {
                for (method, operation) in operations {
                    let place = place.join(&method);
                    if method.starts_with("x-") {
                        continue;
                    }
                    if is_method(&method.to_ascii_lowercase()) {
                        let fault = "a method that has a field of its own";
                        cx.reject_or_repair(&place, fault, "ignored")?;
                    } else if is_sendable(&method) && operation.is_object() {
                        others.push((method, place, operation));
                    } else {
                        cx.note_dropped(&place, "a method that cannot be sent");
                    }
                }
            }
            _ => cx.note_dropped(&place, "not a field of a path item; nothing is generated"),
        }
    }
    Ok(others)
}

/// Returns whether a client can send a request with the method. CONNECT opens a tunnel instead.
fn is_sendable(method: &str) -> bool {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!$%&'*+-.^_`|~".contains(c);
    !method.is_empty() && method.chars().all(is_token) && method != "CONNECT"
}

/// Returns the name of an operation's method in ids.
pub(super) fn word(method: &str, operation: &Value) -> String {
    let other = operation.get(METHOD).and_then(Value::as_str);
    other.unwrap_or(method).to_ascii_lowercase()
}

/// Removes the operation at a location in a path item. Returns its location there, or `None` if there is none.
pub(super) fn remove(item: &mut Value, tokens: &[&str]) -> Option<Vec<String>> {
    let item = item.as_object_mut()?;
    match tokens {
        ["additionalOperations", method, ..] => {
            let others = item.get_mut("additionalOperations")?.as_object_mut()?;
            others.shift_remove(*method)?;
            Some(vec![
                "additionalOperations".to_owned(),
                (*method).to_owned(),
            ])
        }
        [method, ..] if is_method(method) || *method == "query" => {
            item.shift_remove(*method)?;
            Some(vec![(*method).to_owned()])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_sendable;

    #[test]
    fn methods_are_tokens() {
        for (method, sendable) in [
            ("COPY", true),
            ("copy", true),
            ("M-SEARCH", true),
            ("CONNECT", false),
            ("", false),
            ("A B", false),
            ("A#B", false),
        ] {
            assert_eq!(is_sendable(method), sendable, "{method}");
        }
    }
}
