//! Compares `oneOf` and `anyOf`.

use serde_json::Value;

use super::schemas::{self, report_change};
use super::view::View;
use super::{Comparison, REJECTED, UNEXPECTED};
use crate::Pointer;

/// Compares the alternatives and their discriminator.
///
/// Alternatives are paired by name, title or schema; the remaining ones are paired if they are the only ones
/// of their type. A schema without `oneOf` and `anyOf` is a single alternative.
pub(super) fn compare<'a>(
    cx: &mut Comparison<'_>,
    (old_schema, old): (&'a Value, &View<'a>),
    (new_schema, new): (&'a Value, &View<'a>),
    request: bool,
    place: &Pointer,
) {
    if old.alternatives.is_empty() && new.alternatives.is_empty() {
        return;
    }
    compare_discriminators(cx, old, new, request, &place.join("discriminator"));
    let place = place.join("oneOf");
    for (anything, narrower) in [(old, true), (new, false)] {
        if anything.alternatives.is_empty() && anything.types.is_empty() {
            let what = if narrower {
                "unrestricted -> alternatives"
            } else {
                "alternatives -> unrestricted"
            };
            report_change(cx, request, narrower, &place, what.to_owned());
            return;
        }
    }
    let listed = |schema, view: &View<'a>| {
        if view.alternatives.is_empty() {
            vec![schema]
        } else {
            view.alternatives.clone()
        }
    };
    let mut removed = listed(old_schema, old);
    let mut added = listed(new_schema, new);
    let named = |before: &Value, now: &Value| key(now) == key(before) || now == before;
    let mut pairs = pair(&mut removed, &mut added, named);
    let (old_document, new_document) = (cx.old, cx.new);
    let types = |document: &Value, schema: &Value| View::of(document, schema).types;
    let (left, right) = (removed.clone(), added.clone());
    let alone = |before: &Value, now: &Value| {
        let ty = types(old_document, before);
        let same = |document: &Value, all: &[&Value]| {
            all.iter().filter(|one| types(document, one) == ty).count() == 1
        };
        !ty.is_empty()
            && types(new_document, now) == ty
            && same(old_document, &left)
            && same(new_document, &right)
    };
    pairs.extend(pair(&mut removed, &mut added, alone));
    for (before, now) in pairs {
        // A schema that is its own only alternative is already compared.
        if !(std::ptr::eq(before, old_schema) && std::ptr::eq(now, new_schema)) {
            schemas::compare(cx, before, now, request, &place.join(key(now)));
        }
    }
    for before in removed {
        let what = format!("alternative {} removed", key(before));
        report_change(cx, request, true, &place, what);
    }
    for now in added {
        let what = format!("alternative {} added", key(now));
        report_change(cx, request, false, &place, what);
    }
}

/// Removes paired alternatives from both lists and returns the pairs.
fn pair<'a>(
    old: &mut Vec<&'a Value>,
    new: &mut Vec<&'a Value>,
    fits: impl Fn(&Value, &Value) -> bool,
) -> Vec<(&'a Value, &'a Value)> {
    let mut pairs = Vec::new();
    old.retain(|before| {
        let found = new.iter().position(|now| fits(before, now));
        if let Some(index) = found {
            pairs.push((*before, new.remove(index)));
        }
        found.is_none()
    });
    pairs
}

fn compare_discriminators(
    cx: &mut Comparison<'_>,
    old: &View<'_>,
    new: &View<'_>,
    request: bool,
    place: &Pointer,
) {
    let (Some(old), Some(new)) = (old.discriminator, new.discriminator) else {
        return;
    };
    let why = if request { REJECTED } else { UNEXPECTED };
    if old.get("propertyName") != new.get("propertyName") {
        cx.breaking(
            &place.join("propertyName"),
            "discriminator property changed",
            why,
        );
    }
    let mapping = |discriminator: &Value| {
        let mapping = discriminator.get("mapping").and_then(Value::as_object);
        mapping.cloned().unwrap_or_default()
    };
    let (old, new) = (mapping(old), mapping(new));
    let place = place.join("mapping");
    for (value, before) in &old {
        match new.get(value) {
            None => report_change(
                cx,
                request,
                true,
                &place,
                format!("discriminator value {value:?} removed"),
            ),
            Some(now) if now != before => {
                cx.breaking(&place.join(value), format!("{before} -> {now}"), why);
            }
            Some(_) => {}
        }
    }
    for value in new.keys().filter(|value| !old.contains_key(*value)) {
        report_change(
            cx,
            request,
            false,
            &place,
            format!("discriminator value {value:?} added"),
        );
    }
}

fn key(schema: &Value) -> String {
    let text = |keyword: &str| schema.get(keyword).and_then(Value::as_str);
    if let Some(reference) = text("$ref") {
        return reference.rsplit('/').next().unwrap_or(reference).to_owned();
    }
    text("title")
        .or_else(|| text("type"))
        .unwrap_or("(unnamed)")
        .to_owned()
}
