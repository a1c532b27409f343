//! What is sent and what comes back: media types, statuses and headers.

use serde_json::{Map, Value};

use super::{Comparison, GONE_ANSWER, NEW, REFUSED, UNKNOWN, is_required, resolved, schemas};
use crate::Pointer;

/// Compares the bodies of requests.
pub(super) fn compare_request(cx: &mut Comparison<'_>, old: &Value, new: &Value, place: &Pointer) {
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
            match (is_required(&before), is_required(&now)) {
                (false, true) => cx.breaking(place, "the body is required now", REFUSED),
                (true, false) => cx.compatible(
                    place,
                    "the body need not be sent any more",
                    "it still may be",
                ),
                _ => {}
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

/// Compares what stands for each media type.
pub(super) fn compare_content(
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

/// Compares the answers of an operation.
pub(super) fn compare_answers(cx: &mut Comparison<'_>, old: &Value, new: &Value, place: &Pointer) {
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
        let success = status.starts_with('2') || status == "default" && !has_success(&old);
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
        if status.starts_with('2') && has_success(&old) {
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

/// Whether successes are listed, so that `default` is the errors.
fn has_success(answers: &Map<String, Value>) -> bool {
    answers.keys().any(|status| status.starts_with('2'))
}

fn compare_headers(cx: &mut Comparison<'_>, old: &Value, new: &Value, place: &Pointer) {
    let (before, now) = (headers(cx.old, old), headers(cx.new, new));
    let place = place.join("headers");
    for (name, before) in &before {
        let at = place.join(name);
        let Some((_, now)) = now.iter().find(|(other, _)| other == name) else {
            cx.breaking(&at, "is gone", GONE_ANSWER);
            continue;
        };
        match (is_required(before), is_required(now)) {
            (true, false) => cx.breaking(&at, "need not be there any more", UNKNOWN),
            (false, true) => cx.compatible(&at, "is always there now", "it could be before"),
            _ => {}
        }
        compare_schemas(cx, before, now, false, &at);
    }
    for (name, _) in &now {
        if !before.iter().any(|(other, _)| other == name) {
            cx.compatible(&place.join(name), "is new", NEW);
        }
    }
}

/// The headers of an answer, by their names as everybody writes them.
fn headers<'a>(document: &'a Value, answer: &'a Value) -> Vec<(String, &'a Value)> {
    let headers = answer.get("headers").and_then(Value::as_object);
    let header = |(name, header): (&String, &'a Value)| {
        (name.to_ascii_lowercase(), resolved(document, header))
    };
    headers.into_iter().flatten().map(header).collect()
}

/// Compares the schemas of two holders, either of which may have none.
pub(super) fn compare_schemas(
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
            cx.breaking(&place.join("schema"), "has no type any more", UNKNOWN);
        }
        _ => {}
    }
}
