//! Paths, parameters, bodies and answers.

use serde_json::{Map, Value};

use super::{Comparison, resolved, schemas};
use crate::Pointer;

const GONE: &str = "a program that calls it gets an error";
const REFUSED: &str = "a request that was right can be refused";
const NEW: &str = "nobody uses it yet";
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Compares the operations of both documents.
pub(super) fn compare(cx: &mut Comparison<'_>) {
    let (old, new) = (cx.old, cx.new);
    let root = Pointer::root().join("paths");
    let before = operations(old);
    let after = operations(new);
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
    compare_servers(cx);
}

type Operation<'a> = (String, String, &'a Value, &'a Value);

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document
        .get("paths")
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

fn compare_servers(cx: &mut Comparison<'_>) {
    let first = |document: &Value| document.pointer("/servers/0/url").cloned();
    let (old, new) = (first(cx.old), first(cx.new));
    if old != new {
        let place = Pointer::root().join("servers");
        cx.breaking(
            &place,
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
        cx.compatible(
            &place.join("deprecated"),
            "deprecated, or not any more",
            "it still works",
        );
    }
    let security = |document: &Value, operation: &Value| {
        operation
            .get("security")
            .or_else(|| document.get("security"))
            .cloned()
    };
    let (before, now) = (security(cx.old, old), security(cx.new, new));
    if before != now {
        let open = |security: &Option<Value>| {
            security
                .as_ref()
                .is_none_or(|s| *s == Value::Array(Vec::new()))
        };
        let place = place.join("security");
        if open(&now) {
            cx.compatible(&place, "needs no key any more", "a key does no harm");
        } else {
            cx.breaking(&place, "other keys are asked for", REFUSED);
        }
    }
    compare_parameters(
        cx,
        &parameters(cx.old, old_item, old),
        &parameters(cx.new, new_item, new),
        place,
    );
    compare_body(cx, old, new, &place.join("requestBody"));
    compare_answers(cx, old, new, &place.join("responses"));
}

fn parameters<'a>(document: &'a Value, item: &'a Value, operation: &'a Value) -> Vec<&'a Value> {
    let list = |holder: &'a Value| {
        holder
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let mut all: Vec<&Value> = Vec::new();
    for parameter in list(operation).chain(list(item)) {
        let parameter = resolved(document, parameter);
        if !all.iter().any(|other| id(other) == id(parameter)) {
            all.push(parameter);
        }
    }
    all
}

fn id(parameter: &Value) -> (String, String) {
    let text = |key: &str| {
        parameter
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let place = text("in").to_owned();
    let name = if place == "header" {
        text("name").to_ascii_lowercase()
    } else {
        text("name").to_owned()
    };
    (place, name)
}

fn is_required(value: &Value) -> bool {
    value.get("required") == Some(&Value::Bool(true))
}

fn compare_parameters(cx: &mut Comparison<'_>, old: &[&Value], new: &[&Value], place: &Pointer) {
    let place = place.join("parameters");
    // Names in paths are not sent: those are paired by their place.
    let (old_path, old): (Vec<&Value>, Vec<&Value>) = old.iter().partition(|p| id(p).0 == "path");
    let (new_path, new): (Vec<&Value>, Vec<&Value>) = new.iter().partition(|p| id(p).0 == "path");
    let by_name = |name: &Value| new_path.iter().find(|other| id(other) == id(name)).copied();
    for (index, before) in old_path.iter().enumerate() {
        if let Some(now) = by_name(before).or_else(|| new_path.get(index).copied()) {
            compare_schemas(cx, before, now, true, &place.join(id(now).1));
        }
    }
    for before in &old {
        let at = place.join(id(before).1);
        match new.iter().find(|now| id(now) == id(before)) {
            None => cx.breaking(&at, "is gone", "it has no effect any more, or is refused"),
            Some(now) => {
                match (is_required(before), is_required(now)) {
                    (false, true) => cx.breaking(&at, "is required now", REFUSED),
                    (true, false) => {
                        cx.compatible(&at, "need not be sent any more", "it still may be")
                    }
                    _ => {}
                }
                for how in ["style", "explode"] {
                    if before.get(how) != now.get(how) {
                        cx.breaking(&at.join(how), "is written in another way", REFUSED);
                    }
                }
                compare_schemas(cx, before, now, true, &at);
            }
        }
    }
    for now in new
        .iter()
        .filter(|now| !old.iter().any(|before| id(before) == id(now)))
    {
        let at = place.join(id(now).1);
        if is_required(now) {
            cx.breaking(&at, "is new and required", REFUSED);
        } else {
            cx.compatible(&at, "is new and need not be sent", NEW);
        }
    }
}

fn compare_schemas(
    cx: &mut Comparison<'_>,
    old: &Value,
    new: &Value,
    request: bool,
    place: &Pointer,
) {
    match (old.get("schema"), new.get("schema")) {
        (Some(old), Some(new)) => schemas::compare(cx, old, new, request, &place.join("schema")),
        (None, Some(_)) if request => cx.breaking(&place.join("schema"), "has a type now", REFUSED),
        (Some(_), None) if !request => {
            let why = "an answer can be what no program was written for";
            cx.breaking(&place.join("schema"), "has no type any more", why);
        }
        _ => {}
    }
}

fn compare_body(cx: &mut Comparison<'_>, old: &Value, new: &Value, place: &Pointer) {
    let (old_document, new_document) = (cx.old, cx.new);
    let body = |document, operation: &'_ Value| -> Option<Value> {
        operation
            .get("requestBody")
            .map(|body| resolved(document, body).clone())
    };
    match (body(old_document, old), body(new_document, new)) {
        (Some(_), None) => cx.breaking(
            place,
            "there is no body any more",
            "what was sent in it has no effect",
        ),
        (None, Some(now)) if is_required(&now) => {
            cx.breaking(place, "a body is required now", REFUSED)
        }
        (None, Some(_)) => cx.compatible(place, "there may be a body now", NEW),
        (Some(before), Some(now)) => {
            if is_required(&now) && !is_required(&before) {
                cx.breaking(place, "the body is required now", REFUSED);
            }
            compare_content(cx, &before, &now, true, place);
        }
        (None, None) => {}
    }
}

fn content(holder: &Value) -> Map<String, Value> {
    holder
        .get("content")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn compare_content(
    cx: &mut Comparison<'_>,
    old: &Value,
    new: &Value,
    request: bool,
    place: &Pointer,
) {
    let (old, new) = (content(old), content(new));
    let place = place.join("content");
    for (media, before) in &old {
        let at = place.join(media);
        match new.get(media) {
            Some(now) => compare_schemas(cx, before, now, request, &at),
            None if request => cx.breaking(&at, "is not taken any more", REFUSED),
            None => cx.breaking(
                &at,
                "does not come any more",
                "a program that reads it finds something else",
            ),
        }
    }
    for media in new.keys().filter(|media| !old.contains_key(*media)) {
        let why = if request {
            NEW
        } else {
            "a program says what it takes"
        };
        if !request && old.is_empty() {
            cx.compatible(
                &place.join(media),
                "an answer has a body now",
                "a program may leave it unread",
            );
        } else {
            cx.compatible(&place.join(media), "is new", why);
        }
    }
}

fn compare_answers(cx: &mut Comparison<'_>, old: &Value, new: &Value, place: &Pointer) {
    let answers = |operation: &Value| {
        operation
            .get("responses")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let (old, new) = (answers(old), answers(new));
    let (old_document, new_document) = (cx.old, cx.new);
    for (status, before) in &old {
        let at = place.join(status);
        let success = status.starts_with('2') || status == "default";
        match new.get(status) {
            Some(now) => {
                let (before, now) = (resolved(old_document, before), resolved(new_document, now));
                compare_content(cx, before, now, false, &at);
                compare_headers(cx, before, now, &at);
            }
            None if success => cx.breaking(
                &at,
                "does not come any more",
                "a program waits for this success",
            ),
            None => cx.compatible(&at, "does not come any more", "an error less"),
        }
    }
    for status in new.keys().filter(|status| !old.contains_key(*status)) {
        let at = place.join(status);
        if status.starts_with('2') {
            cx.breaking(
                &at,
                "is a new success",
                "a program may take it for something else",
            );
        } else {
            cx.compatible(
                &at,
                "is a new answer",
                "programs expect errors that nobody listed",
            );
        }
    }
}

fn compare_headers(cx: &mut Comparison<'_>, old: &Value, new: &Value, place: &Pointer) {
    let names = |answer: &Value| -> Vec<String> {
        let headers = answer
            .get("headers")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        headers.map(|(name, _)| name.to_ascii_lowercase()).collect()
    };
    let now = names(new);
    for gone in names(old).iter().filter(|name| !now.contains(name)) {
        let at = place.join("headers").join(gone);
        cx.breaking(&at, "is gone", "a program that reads it finds nothing");
    }
}
