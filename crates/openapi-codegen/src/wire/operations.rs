//! Compares operations: paths, methods and their parts.

use indexmap::IndexMap;
use serde_json::Value;

use super::{
    Comparison, DEPRECATED, UNUSED, bodies, is_deprecated, parameters, resolved, security,
};
use crate::Pointer;

const CALLS_FAIL: &str = "calls fail";
const METHODS: [&str; 9] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
];
const OTHER_METHODS: &str = "additionalOperations";

/// Compares the operations of both documents.
pub(super) fn compare(cx: &mut Comparison<'_>) {
    let (old, new) = (cx.old, cx.new);
    let root = Pointer::root().join("paths");
    let before = operations(old, "paths");
    let after = operations(new, "paths");
    for (path, method, item, operation) in &before {
        let place = place_of(&root, path, method);
        match counterpart(path, method, &after, &before) {
            None => cx.breaking(&place, "operation removed", CALLS_FAIL),
            Some((now, _, new_item, new_operation)) => {
                if now != path {
                    cx.compatible(
                        &place,
                        "path parameter renamed",
                        "path parameter names are not sent",
                    );
                }
                let place = place_of(&root, now, method);
                let old = Side {
                    path,
                    item,
                    operation,
                };
                let new = Side {
                    path: now,
                    item: new_item,
                    operation: new_operation,
                };
                compare_operation(cx, old, new, &place);
            }
        }
    }
    for (path, method, ..) in &after {
        if counterpart(path, method, &before, &after).is_none() {
            cx.compatible(&place_of(&root, path, method), "operation added", UNUSED);
        }
    }
    let root = Pointer::root();
    compare_servers(cx, &[cx.old], &[cx.new], &root.join("servers"));
    compare_webhooks(cx);
    security::compare_schemes(cx, &root.join("components").join("securitySchemes"));
}

/// Returns the operation of the other document with the same method and path. A path whose parameters have other names
/// is the same if it is in one document only.
fn counterpart<'d, 'a>(
    path: &str,
    method: &str,
    others: &'d [Operation<'a>],
    own: &[Operation<'a>],
) -> Option<&'d Operation<'a>> {
    let is = |(other, m, ..): &Operation<'_>| *m == method && *other == path;
    let shape = shape_of(path);
    let exact = others.iter().find(|other| is(other));
    exact.or_else(|| {
        others.iter().find(|(other, m, ..)| {
            let is_own = |(own, ..): &Operation<'_>| own == other;
            *m == method && shape_of(other) == shape && !own.iter().any(is_own)
        })
    })
}

/// Compares webhooks. Programs receive their request bodies, so these are compared like responses.
fn compare_webhooks(cx: &mut Comparison<'_>) {
    let webhooks = |document| -> Vec<Operation<'_>> { operations(document, "webhooks") };
    let (old, new) = (webhooks(cx.old), webhooks(cx.new));
    compare_received(cx, &old, &new, "webhook", &Pointer::root().join("webhooks"));
}

/// Compares the callbacks of an operation, like webhooks.
fn compare_callbacks<'a>(cx: &mut Comparison<'a>, old: &'a Value, new: &'a Value, place: &Pointer) {
    let callbacks = |document, operation: &'a Value| {
        let callbacks = operation.get("callbacks").and_then(Value::as_object);
        callbacks
            .into_iter()
            .flatten()
            .map(move |(name, callback)| {
                (
                    name.as_str(),
                    operations_of(document, resolved(document, callback)),
                )
            })
    };
    let mut added: IndexMap<_, _> = callbacks(cx.new, new).collect();
    for (name, before) in callbacks(cx.old, old) {
        let now = added.shift_remove(name).unwrap_or_default();
        compare_received(cx, &before, &now, "callback", &place.join(name));
    }
    for (name, now) in added {
        compare_received(cx, &[], &now, "callback", &place.join(name));
    }
}

/// Compares requests that programs receive.
fn compare_received<'a>(
    cx: &mut Comparison<'a>,
    old: &[Operation<'a>],
    new: &[Operation<'a>],
    kind: &str,
    root: &Pointer,
) {
    for (name, method, _, before) in old {
        let place = place_of(root, name, method);
        let Some((.., now)) = new.iter().find(|(n, m, ..)| n == name && m == method) else {
            let why = "programs that rely on it no longer receive it";
            cx.breaking(&place, format!("{kind} removed"), why);
            continue;
        };
        let body = |document, operation: &'a Value| {
            let body = operation.get("requestBody").unwrap_or(&Value::Null);
            resolved(document, body)
        };
        let bodies = (body(cx.old, before), body(cx.new, now));
        bodies::compare_content(cx, bodies.0, bodies.1, false, &place.join("requestBody"));
        bodies::compare_answers(cx, before, now, &place.join("responses"));
    }
    for (name, method, ..) in new {
        if !old.iter().any(|(n, m, ..)| n == name && m == method) {
            cx.compatible(
                &place_of(root, name, method),
                format!("{kind} added"),
                UNUSED,
            );
        }
    }
}

/// The path or name, the method, the path item and the operation.
type Operation<'a> = (&'a str, &'a str, &'a Value, &'a Value);

fn operations<'a>(document: &'a Value, holder: &str) -> Vec<Operation<'a>> {
    let items = document.get(holder);
    items.map_or_else(Vec::new, |items| operations_of(document, items))
}

/// Returns the operations of path items.
fn operations_of<'a>(document: &'a Value, items: &'a Value) -> Vec<Operation<'a>> {
    let mut operations = Vec::new();
    for (path, item) in items.as_object().into_iter().flatten() {
        let item = resolved(document, item);
        for (method, operation) in item.as_object().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                operations.push((path.as_str(), method.as_str(), item, operation));
            }
        }
        let others = item.get(OTHER_METHODS).and_then(Value::as_object);
        for (method, operation) in others.into_iter().flatten() {
            operations.push((path.as_str(), method.as_str(), item, operation));
        }
    }
    operations
}

/// Returns the location of an operation.
fn place_of(root: &Pointer, path: &str, method: &str) -> Pointer {
    let item = root.join(path);
    match METHODS.contains(&method) {
        true => item.join(method),
        false => item.join(OTHER_METHODS).join(method),
    }
}

/// Returns a path with the parameter names removed.
fn shape_of(path: &str) -> String {
    let mut shape = String::new();
    let mut inside = false;
    for c in path.chars() {
        match c {
            '{' => {
                inside = true;
                shape.push_str("{}");
            }
            '}' => inside = false,
            c if !inside => shape.push(c),
            _ => {}
        }
    }
    shape
}

/// Compares the servers of the operation, its path or the document. A change at the document level is
/// reported once.
fn compare_servers(cx: &mut Comparison<'_>, old: &[&Value], new: &[&Value], place: &Pointer) {
    let first = |holders: &[&Value]| {
        let found = holders
            .iter()
            .enumerate()
            .find_map(|(index, holder)| Some((index, holder.pointer("/servers/0")?)));
        found.map(|(index, server)| {
            // Only the name and the default of a server variable matter.
            let url = server.get("url").cloned();
            let variables = server.get("variables").and_then(Value::as_object);
            let defaults = variables.map(|variables| {
                let default = |(name, variable): (&String, &Value)| {
                    (name.clone(), variable.get("default").cloned())
                };
                variables.iter().map(default).collect::<Vec<_>>()
            });
            (index + 1 == holders.len(), url, defaults)
        })
    };
    let (before, now) = (first(old), first(new));
    let is_document_level =
        |server: &Option<(bool, _, _)>| server.as_ref().is_none_or(|server| server.0);
    let of_document = old.len() == 1;
    if before != now && (of_document || !(is_document_level(&before) && is_document_level(&now))) {
        cx.breaking(place, "server URL changed", "programs call the old URL");
    }
}

/// An operation of one of the documents.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) path: &'a str,
    pub(super) item: &'a Value,
    pub(super) operation: &'a Value,
}

fn compare_operation<'a>(
    cx: &mut Comparison<'a>,
    old_side: Side<'a>,
    new_side: Side<'a>,
    place: &Pointer,
) {
    let (old, new) = (old_side.operation, new_side.operation);
    if old.get("operationId") != new.get("operationId") {
        let why = "only generated names change";
        cx.compatible(&place.join("operationId"), "operation id changed", why);
    }
    if is_deprecated(old) != is_deprecated(new) {
        cx.compatible(&place.join("deprecated"), DEPRECATED.0, DEPRECATED.1);
    }
    security::compare(cx, old, new, &place.join("security"));
    compare_servers(
        cx,
        &[old, old_side.item, cx.old],
        &[new, new_side.item, cx.new],
        &place.join("servers"),
    );
    parameters::compare(cx, old_side, new_side, place);
    bodies::compare_request(cx, old, new, &place.join("requestBody"));
    bodies::compare_responses(cx, old, new, &place.join("responses"));
    compare_callbacks(cx, old, new, &place.join("callbacks"));
}
