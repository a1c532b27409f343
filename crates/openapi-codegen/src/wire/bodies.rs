//! Compares request and response bodies: media types, statuses and headers.

use indexmap::IndexMap;
use serde_json::Value;

use super::schemas::report_change;
use super::{Comparison, NOT_FOUND, REJECTED, UNEXPECTED, UNUSED, is_required, resolved, schemas};
use crate::Pointer;

/// The members of an object, with references resolved.
type Members<'a> = IndexMap<&'a str, &'a Value>;

/// Compares request bodies.
pub(super) fn compare_request<'a>(
    cx: &mut Comparison<'a>,
    old: &'a Value,
    new: &'a Value,
    place: &Pointer,
) {
    let (old_document, new_document) = (cx.old, cx.new);
    let body = |document, operation: &'a Value| -> Option<&'a Value> {
        Some(resolved(document, operation.get("requestBody")?))
    };
    match (body(old_document, old), body(new_document, new)) {
        (Some(_), None) => cx.breaking(
            place,
            "request body removed",
            "the body is ignored or rejected",
        ),
        (None, Some(now)) if is_required(now) => {
            cx.breaking(place, "required request body added", REJECTED)
        }
        (None, Some(_)) => cx.compatible(place, "optional request body added", UNUSED),
        (Some(before), Some(now)) => {
            match (is_required(before), is_required(now)) {
                (false, true) => cx.breaking(place, "request body is now required", REJECTED),
                (true, false) => cx.compatible(
                    place,
                    "request body is now optional",
                    "it can still be sent",
                ),
                _ => {}
            }
            compare_content(cx, before, now, true, place);
        }
        (None, None) => {}
    }
}

/// Returns the members of an object in `holder`, with references resolved.
fn members<'a>(document: &'a Value, holder: &'a Value, key: &str) -> Members<'a> {
    let members = holder.get(key).and_then(Value::as_object);
    let resolve =
        |(name, value): (&'a String, &'a Value)| (name.as_str(), resolved(document, value));
    members.into_iter().flatten().map(resolve).collect()
}

/// Compares the schemas of each media type.
pub(super) fn compare_content<'a>(
    cx: &mut Comparison<'a>,
    old: &'a Value,
    new: &'a Value,
    request: bool,
    place: &Pointer,
) {
    let old = members(cx.old, old, "content");
    let new = members(cx.new, new, "content");
    let place = place.join("content");
    for (media, before) in &old {
        let at = place.join(media);
        match new.get(media) {
            Some(now) => {
                compare_schemas(cx, before, now, request, &at);
                compare_encodings(cx, before, now, request, &at.join("encoding"));
            }
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

/// Compares the responses that programs send, to a webhook or a callback.
pub(super) fn compare_answers<'a>(
    cx: &mut Comparison<'a>,
    old: &'a Value,
    new: &'a Value,
    place: &Pointer,
) {
    let old = members(cx.old, old, "responses");
    let new = members(cx.new, new, "responses");
    for (status, before) in &old {
        let at = place.join(status);
        match new.get(status) {
            Some(now) => compare_content(cx, before, now, true, &at),
            None => cx.breaking(&at, "no longer accepted", REJECTED),
        }
    }
    for status in new.keys().filter(|status| !old.contains_key(*status)) {
        cx.compatible(&place.join(status), "added", UNUSED);
    }
}

/// Compares the responses of an operation.
pub(super) fn compare_responses<'a>(
    cx: &mut Comparison<'a>,
    old: &'a Value,
    new: &'a Value,
    place: &Pointer,
) {
    let old = members(cx.old, old, "responses");
    let new = members(cx.new, new, "responses");
    for (status, before) in &old {
        let at = place.join(status);
        let success = status.starts_with('2') || *status == "default" && !has_success(&old);
        match new.get(status) {
            Some(now) => {
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
fn has_success(responses: &Members<'_>) -> bool {
    responses.keys().any(|status| status.starts_with('2'))
}

fn compare_headers<'a>(cx: &mut Comparison<'a>, old: &'a Value, new: &'a Value, place: &Pointer) {
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
pub(super) fn compare_schemas<'a>(
    cx: &mut Comparison<'a>,
    old: &'a Value,
    new: &'a Value,
    request: bool,
    place: &Pointer,
) {
    for keyword in ["schema", "itemSchema"] {
        let place = place.join(keyword);
        match (old.get(keyword), new.get(keyword)) {
            (Some(old), Some(new)) => schemas::compare(cx, old, new, request, &place),
            (None, Some(_)) => {
                report_change(cx, request, true, &place, "type added".to_owned());
            }
            (Some(_), None) => {
                report_change(cx, request, false, &place, "type removed".to_owned());
            }
            (None, None) => {}
        }
    }
}

/// Compares how the properties of a form are sent.
fn compare_encodings<'a>(
    cx: &mut Comparison<'a>,
    old: &'a Value,
    new: &'a Value,
    request: bool,
    place: &Pointer,
) {
    let old = members(cx.old, old, "encoding");
    let new = members(cx.new, new, "encoding");
    let why = if request { REJECTED } else { UNEXPECTED };
    for name in old.keys().chain(new.keys()) {
        // With the defaults of the standard.
        let encoding = |side: &Members<'a>| {
            let keyword = |keyword| side.get(name)?.get(keyword);
            let style = keyword("style").and_then(Value::as_str).unwrap_or("form");
            let explode = keyword("explode").and_then(Value::as_bool);
            let explode = explode.unwrap_or(style == "form");
            (keyword("contentType"), style, explode)
        };
        if encoding(&old) != encoding(&new) {
            cx.breaking(&place.join(name), "encoding changed", why);
        }
    }
}
