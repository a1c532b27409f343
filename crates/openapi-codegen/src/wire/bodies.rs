//! Compares request and response bodies: media types, statuses and headers.

use serde_json::{Map, Value};

use super::{Comparison, NOT_FOUND, REJECTED, UNEXPECTED, UNUSED, is_required, resolved, schemas};
use crate::Pointer;

/// Compares request bodies.
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
            "request body removed",
            "the body is ignored or rejected",
        ),
        (None, Some(now)) if is_required(&now) => {
            cx.breaking(place, "required request body added", REJECTED)
        }
        (None, Some(_)) => cx.compatible(place, "optional request body added", UNUSED),
        (Some(before), Some(now)) => {
            match (is_required(&before), is_required(&now)) {
                (false, true) => cx.breaking(place, "request body is now required", REJECTED),
                (true, false) => cx.compatible(
                    place,
                    "request body is now optional",
                    "it can still be sent",
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

/// Compares the schemas of each media type.
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
            None if request => cx.breaking(&at, "no longer accepted", REJECTED),
            None => cx.breaking(
                &at,
                "no longer returned",
                "programs that read it get a different media type",
            ),
        }
    }
    for media in new.keys().filter(|media| !old.contains_key(*media)) {
        let why = if request {
            UNUSED
        } else {
            "programs select a media type with `Accept`"
        };
        if !request && old.is_empty() {
            cx.compatible(
                &place.join(media),
                "response body added",
                "programs can ignore it",
            );
        } else {
            cx.compatible(&place.join(media), "added", why);
        }
    }
}

/// Compares the responses of an operation.
pub(super) fn compare_responses(
    cx: &mut Comparison<'_>,
    old: &Value,
    new: &Value,
    place: &Pointer,
) {
    let responses = |operation: &Value| {
        operation
            .get("responses")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let (old, new) = (responses(old), responses(new));
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
                "no longer returned",
                "programs expect this success status",
            ),
            None => cx.compatible(&at, "no longer returned", "it is an error"),
        }
    }
    for status in new.keys().filter(|status| !old.contains_key(*status)) {
        let at = place.join(status);
        if status.starts_with('2') && has_success(&old) {
            cx.breaking(&at, "success status added", "programs may not recognize it");
        } else {
            cx.compatible(
                &at,
                "error status added",
                "programs must expect unlisted errors",
            );
        }
    }
}

/// Returns whether successes are listed, so that `default` only covers errors.
fn has_success(responses: &Map<String, Value>) -> bool {
    responses.keys().any(|status| status.starts_with('2'))
}

fn compare_headers(cx: &mut Comparison<'_>, old: &Value, new: &Value, place: &Pointer) {
    let (before, now) = (headers(cx.old, old), headers(cx.new, new));
    let place = place.join("headers");
    for (name, before) in &before {
        let at = place.join(name);
        let Some((_, now)) = now.iter().find(|(other, _)| other == name) else {
            cx.breaking(&at, "removed", NOT_FOUND);
            continue;
        };
        match (is_required(before), is_required(now)) {
            (true, false) => cx.breaking(&at, "is now optional", UNEXPECTED),
            (false, true) => {
                cx.compatible(&at, "is now always present", "it could be present before")
            }
            _ => {}
        }
        compare_schemas(cx, before, now, false, &at);
    }
    for (name, _) in &now {
        if !before.iter().any(|(other, _)| other == name) {
            cx.compatible(&place.join(name), "added", UNUSED);
        }
    }
}

/// Returns the headers of a response with normalized names.
fn headers<'a>(document: &'a Value, response: &'a Value) -> Vec<(String, &'a Value)> {
    let headers = response.get("headers").and_then(Value::as_object);
    let header = |(name, header): (&String, &'a Value)| {
        (name.to_ascii_lowercase(), resolved(document, header))
    };
    headers.into_iter().flatten().map(header).collect()
}

/// Compares the schemas of two objects that may each lack one.
pub(super) fn compare_schemas(
    cx: &mut Comparison<'_>,
    old: &Value,
    new: &Value,
    request: bool,
    place: &Pointer,
) {
    match (old.get("schema"), new.get("schema")) {
        (Some(old), Some(new)) => schemas::compare(cx, old, new, request, &place.join("schema")),
        (None, Some(_)) if request => cx.breaking(&place.join("schema"), "type added", REJECTED),
        (Some(_), None) if !request => {
            cx.breaking(&place.join("schema"), "type removed", UNEXPECTED);
        }
        _ => {}
    }
}
