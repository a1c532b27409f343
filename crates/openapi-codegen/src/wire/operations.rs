//! Compares operations: paths, methods and their parts.

use serde_json::Value;

use super::{Comparison, DEPRECATED, UNUSED, bodies, parameters, resolved, security};
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
        let same =
            |(other, m, ..): &&Operation<'_>| m == method && shape_of(other) == shape_of(path);
        match after.iter().find(same) {
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
                compare_operation(cx, (item, operation), (new_item, new_operation), &place);
            }
        }
    }
    for (path, method, ..) in &after {
        let same =
            |(other, m, ..): &Operation<'_>| m == method && shape_of(other) == shape_of(path);
        if !before.iter().any(same) {
            cx.compatible(&place_of(&root, path, method), "operation added", UNUSED);
        }
    }
    let root = Pointer::root();
    compare_servers(cx, &[cx.old], &[cx.new], &root.join("servers"));
    compare_webhooks(cx);
    security::compare_schemes(cx, &root.join("components").join("securitySchemes"));
}

/// Compares webhooks. Programs receive their request bodies, so these are compared like responses.
fn compare_webhooks(cx: &mut Comparison<'_>) {
    let webhooks = |document| -> Vec<Operation<'_>> { operations(document, "webhooks") };
    let (old, new) = (webhooks(cx.old), webhooks(cx.new));
    let root = Pointer::root().join("webhooks");
    for (name, method, _, before) in &old {
        let place = place_of(&root, name, method);
        let Some((.., now)) = new.iter().find(|(n, m, ..)| n == name && m == method) else {
            let why = "programs that rely on it no longer receive it";
            cx.breaking(&place, "webhook removed", why);
            continue;
        };
        let (old_document, new_document) = (cx.old, cx.new);
        let body = |document, operation: &'_ Value| {
            let body = operation.get("requestBody");
            body.map(|body| resolved(document, body).clone())
                .unwrap_or_default()
        };
        let (before, now) = (body(old_document, before), body(new_document, now));
        bodies::compare_content(cx, &before, &now, false, &place.join("requestBody"));
    }
    for (name, method, ..) in &new {
        if !old.iter().any(|(n, m, ..)| n == name && m == method) {
            cx.compatible(&place_of(&root, name, method), "webhook added", UNUSED);
        }
    }
}

type Operation<'a> = (String, String, &'a Value, &'a Value);

fn operations<'a>(document: &'a Value, holder: &str) -> Vec<Operation<'a>> {
    let paths = document
        .get(holder)
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let mut operations = Vec::new();
    for (path, item) in paths {
        let item = resolved(document, item);
        for (method, operation) in item.as_object().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                operations.push((path.clone(), method.clone(), item, operation));
            }
        }
        let others = item.get(OTHER_METHODS).and_then(Value::as_object);
        for (method, operation) in others.into_iter().flatten() {
            operations.push((path.clone(), method.clone(), item, operation));
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

fn compare_operation(
    cx: &mut Comparison<'_>,
    (old_item, old): (&Value, &Value),
    (new_item, new): (&Value, &Value),
    place: &Pointer,
) {
    if old.get("operationId") != new.get("operationId") {
        let why = "only generated names change";
        cx.compatible(&place.join("operationId"), "operation id changed", why);
    }
    if old.get("deprecated") != new.get("deprecated") {
        cx.compatible(&place.join("deprecated"), DEPRECATED.0, DEPRECATED.1);
    }
    security::compare(cx, old, new, &place.join("security"));
    compare_servers(
        cx,
        &[old, old_item, cx.old],
        &[new, new_item, cx.new],
        &place.join("servers"),
    );
    parameters::compare(cx, (old_item, old), (new_item, new), place);
    bodies::compare_request(cx, old, new, &place.join("requestBody"));
    bodies::compare_responses(cx, old, new, &place.join("responses"));
}
