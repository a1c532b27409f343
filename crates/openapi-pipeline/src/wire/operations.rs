//! Operations: which there are, where, and what each asks for.

use serde_json::Value;

use super::{Comparison, DEPRECATED, NEW, bodies, parameters, resolved, security};
use crate::Pointer;

const GONE: &str = "a program that calls it gets an error";
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Compares the operations of both documents.
pub(super) fn compare(cx: &mut Comparison<'_>) {
    let (old, new) = (cx.old, cx.new);
    let root = Pointer::root().join("paths");
    let before = operations(old, "paths");
    let after = operations(new, "paths");
    for (path, method, item, operation) in &before {
        let place = root.join(path).join(method);
        let same =
            |(other, m, ..): &&Operation<'_>| m == method && shape_of(other) == shape_of(path);
        match after.iter().find(same) {
            None => cx.breaking(&place, "the operation is gone", GONE),
            Some((now, _, new_item, new_operation)) => {
                if now != path {
                    cx.compatible(
                        &place,
                        "a path parameter has another name",
                        "names in paths are not sent",
                    );
                }
                let place = root.join(now).join(method);
                compare_operation(cx, (item, operation), (new_item, new_operation), &place);
            }
        }
    }
    for (path, method, ..) in &after {
        let same =
            |(other, m, ..): &Operation<'_>| m == method && shape_of(other) == shape_of(path);
        if !before.iter().any(same) {
            cx.compatible(&root.join(path).join(method), "the operation is new", NEW);
        }
    }
    let root = Pointer::root();
    compare_servers(cx, &[cx.old], &[cx.new], &root.join("servers"));
    compare_webhooks(cx);
    security::compare_schemes(cx, &root.join("components").join("securitySchemes"));
}

/// What the service sends by itself, a program reads as it reads answers.
fn compare_webhooks(cx: &mut Comparison<'_>) {
    let webhooks = |document| -> Vec<Operation<'_>> { operations(document, "webhooks") };
    let (old, new) = (webhooks(cx.old), webhooks(cx.new));
    let root = Pointer::root().join("webhooks");
    for (name, method, _, before) in &old {
        let place = root.join(name).join(method);
        let Some((.., now)) = new.iter().find(|(n, m, ..)| n == name && m == method) else {
            let why = "a program that waits for it waits forever";
            cx.breaking(&place, "the webhook is gone", why);
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
            cx.compatible(&root.join(name).join(method), "the webhook is new", NEW);
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
    }
    operations
}

/// A path without the names of its parameters.
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

/// The address is that of the operation, its path or the document. Where it is the document's, it is told
/// once.
fn compare_servers(cx: &mut Comparison<'_>, old: &[&Value], new: &[&Value], place: &Pointer) {
    let first = |holders: &[&Value]| {
        let found = holders
            .iter()
            .enumerate()
            .find_map(|(index, holder)| Some((index, holder.pointer("/servers/0")?)));
        found.map(|(index, server)| {
            // Names of variables are not sent; what stands for them is.
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
    let told = |server: &Option<(bool, _, _)>| server.as_ref().is_none_or(|server| server.0);
    let of_document = old.len() == 1;
    if before != now && (of_document || !(told(&before) && told(&now))) {
        cx.breaking(
            place,
            "the service has another address",
            "programs call the old one",
        );
    }
}

fn compare_operation(
    cx: &mut Comparison<'_>,
    (old_item, old): (&Value, &Value),
    (new_item, new): (&Value, &Value),
    place: &Pointer,
) {
    if old.get("operationId") != new.get("operationId") {
        let why = "generated names come from it; nothing changes on the wire";
        cx.compatible(&place.join("operationId"), "another name", why);
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
    bodies::compare_answers(cx, old, new, &place.join("responses"));
}
