//! Compares schemas of requests and responses.

use serde_json::{Map, Value};

use super::view::View;
use super::{Comparison, DEPRECATED, NO_EFFECT, NOT_FOUND, REJECTED, UNEXPECTED, UNUSED, resolved};
use super::{alternatives, objects, rules};
use crate::Pointer;

pub(super) const STILL_VALID: &str = "existing requests are still valid";
const STILL_POSSIBLE: &str = "the values were possible before";
pub(super) const IGNORED: &str = "programs ignore unknown values in responses";

/// Schemas to compare.
pub(super) struct Pair<'a> {
    old: &'a Value,
    new: &'a Value,
    request: bool,
    place: Pointer,
}

/// Compares a schema of both documents as part of a request or a response, with all schemas in it.
pub(super) fn compare<'a>(
    cx: &mut Comparison<'a>,
    old: &'a Value,
    new: &'a Value,
    request: bool,
    place: &Pointer,
) {
    add(cx, old, new, request, place);
    while let Some(pair) = cx.pending.pop_front() {
        compare_pair(cx, &pair);
    }
}

/// Adds schemas to those to compare.
pub(super) fn add<'a>(
    cx: &mut Comparison<'a>,
    old: &'a Value,
    new: &'a Value,
    request: bool,
    place: &Pointer,
) {
    let (old, new) = (target(cx.old, old), target(cx.new, new));
    let addresses = (std::ptr::from_ref(old), std::ptr::from_ref(new), request);
    if cx.compared.insert(addresses) {
        cx.pending.push_back(Pair {
            old,
            new,
            request,
            place: place.clone(),
        });
    }
}

/// Follows a reference that has no other keywords next to it.
fn target<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let is_plain = |map: &Map<String, Value>| {
        map.keys().all(|key| {
            matches!(key.as_str(), "$ref" | "summary" | "description") || key.starts_with("x-")
        })
    };
    match schema.as_object() {
        Some(map) if is_plain(map) => resolved(document, schema),
        _ => schema,
    }
}

fn compare_pair<'a>(cx: &mut Comparison<'a>, pair: &Pair<'a>) {
    let Pair { request, place, .. } = pair;
    let request = *request;
    let old = View::of(cx.old, pair.old);
    let new = View::of(cx.new, pair.new);
    compare_types(cx, &old, &new, request, place);
    compare_use(cx, &old, &new, request, place);
    // If only one side consists of alternatives, the contents of the other side are compared with one of them.
    let is_split = if new.alternatives.is_empty() {
        old.is_only_alternatives()
    } else {
        old.alternatives.is_empty() && new.is_only_alternatives()
    };
    if !is_split {
        compare_contents(cx, &old, &new, request, place);
    }
    let sides = ((pair.old, &old), (pair.new, &new));
    alternatives::compare(cx, sides.0, sides.1, request, place);
    if old.default != new.default && request {
        let place = place.join("default");
        cx.breaking(
            &place,
            "default changed",
            "requests that omit it have a different meaning",
        );
    }
}

/// Compares the values, properties and items that a schema allows.
fn compare_contents<'a>(
    cx: &mut Comparison<'a>,
    old: &View<'a>,
    new: &View<'a>,
    request: bool,
    place: &Pointer,
) {
    compare_values(cx, old, new, request, place);
    rules::compare(cx, old, new, request, place);
    objects::compare(cx, old, new, request, place);
    let items = place.join("items");
    match (old.items, new.items) {
        (Some(old), Some(new)) => add(cx, old, new, request, &items),
        (None, Some(_)) => report_change(cx, request, true, &items, "item type added".to_owned()),
        (Some(_), None) => {
            report_change(cx, request, false, &items, "item type removed".to_owned());
        }
        (None, None) => {}
    }
    compare_first_items(cx, old, new, request, place);
}

/// Compares `readOnly` and `writeOnly`.
fn compare_use(
    cx: &mut Comparison<'_>,
    old: &View<'_>,
    new: &View<'_>,
    request: bool,
    place: &Pointer,
) {
    if old.deprecated != new.deprecated {
        cx.compatible(&place.join("deprecated"), DEPRECATED.0, DEPRECATED.1);
    }
    let (keyword, before, now) = if request {
        ("readOnly", old.read_only, new.read_only)
    } else {
        ("writeOnly", old.write_only, new.write_only)
    };
    let at = place.join(keyword);
    match (before, now, request) {
        (false, true, true) => cx.breaking(&at, "is now read-only", NO_EFFECT),
        (false, true, false) => cx.breaking(&at, "is now write-only", NOT_FOUND),
        (true, false, true) => cx.compatible(&at, "can now be written", UNUSED),
        (true, false, false) => cx.compatible(&at, "can now be read", IGNORED),
        _ => {}
    }
}

/// Compares the item schemas of tuples.
fn compare_first_items<'a>(
    cx: &mut Comparison<'a>,
    old: &View<'a>,
    new: &View<'a>,
    request: bool,
    place: &Pointer,
) {
    let place = place.join("prefixItems");
    for (index, (before, now)) in old.first_items.iter().zip(&new.first_items).enumerate() {
        add(cx, before, now, request, &place.join(index.to_string()));
    }
    let (before, now) = (old.first_items.len(), new.first_items.len());
    if before != now {
        let what = format!("{before} -> {now} tuple items");
        report_change(cx, request, now > before, &place, what);
    }
}

/// Reports a restricted or an extended set of values: a restriction breaks requests, an extension breaks
/// responses.
pub(super) fn report_change(
    cx: &mut Comparison<'_>,
    request: bool,
    narrower: bool,
    place: &Pointer,
    what: String,
) {
    match (request, narrower) {
        (true, true) => cx.breaking(place, what, REJECTED),
        (true, false) => cx.compatible(place, what, STILL_VALID),
        (false, true) => cx.compatible(place, what, STILL_POSSIBLE),
        (false, false) => cx.breaking(place, what, UNEXPECTED),
    }
}

fn compare_types(
    cx: &mut Comparison<'_>,
    old: &View<'_>,
    new: &View<'_>,
    request: bool,
    place: &Pointer,
) {
    let at = place.join("type");
    let format_types = |types: &[String]| {
        if types.is_empty() {
            "anything".to_owned()
        } else {
            types.join(" or ")
        }
    };
    let covers = |wide: &[String], narrow: &[String]| {
        wide.is_empty()
            || !narrow.is_empty()
                && narrow.iter().all(|ty| {
                    wide.contains(ty) || ty == "integer" && wide.contains(&"number".to_owned())
                })
    };
    let same = covers(&old.types, &new.types) && covers(&new.types, &old.types);
    if !same {
        let what = format!(
            "{} -> {}",
            format_types(&old.types),
            format_types(&new.types)
        );
        if covers(&old.types, &new.types) {
            report_change(cx, request, true, &at, what);
        } else if covers(&new.types, &old.types) {
            report_change(cx, request, false, &at, what);
        } else {
            cx.breaking(&at, what, if request { REJECTED } else { UNEXPECTED });
        }
    } else if old.types != new.types && old.types.len() == new.types.len() {
        // integer and number
        let narrower = new.types.iter().any(|ty| ty == "integer")
            && !old.types.contains(&"integer".to_owned());
        report_change(
            cx,
            request,
            narrower,
            &at,
            format!(
                "{} -> {}",
                format_types(&old.types),
                format_types(&new.types)
            ),
        );
    }
    if old.nullable != new.nullable {
        let what = if new.nullable {
            "is now nullable"
        } else {
            "is no longer nullable"
        };
        report_change(cx, request, !new.nullable, place, what.to_owned());
    }
}

fn compare_values(
    cx: &mut Comparison<'_>,
    old: &View<'_>,
    new: &View<'_>,
    request: bool,
    place: &Pointer,
) {
    let place = place.join("enum");
    match (&old.values, &new.values) {
        (Some(old), Some(new)) => {
            for value in old.iter().filter(|value| !new.contains(value)) {
                report_change(cx, request, true, &place, format!("value {value} removed"));
            }
            for value in new.iter().filter(|value| !old.contains(value)) {
                report_change(cx, request, false, &place, format!("value {value} added"));
            }
        }
        (None, Some(_)) => report_change(
            cx,
            request,
            true,
            &place,
            "values are now restricted to a list".to_owned(),
        ),
        (Some(_), None) => report_change(
            cx,
            request,
            false,
            &place,
            "values are no longer restricted to a list".to_owned(),
        ),
        (None, None) => {}
    }
}
