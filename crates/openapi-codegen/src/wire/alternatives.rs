//! Compares `oneOf` and `anyOf`.

use serde_json::Value;

use super::schemas::{self, report_change};
use super::view::View;
use super::{Comparison, REJECTED, UNEXPECTED};
use crate::Pointer;

/// Compares the alternatives and their discriminator.
///
/// Equal alternatives are paired first, then those with the same name, those that are alike, and the only ones of
/// their type. A schema without `oneOf` and `anyOf` is a single alternative.
pub(super) fn compare<'a>(
    cx: &mut Comparison<'a>,
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
    let (old_document, new_document) = (cx.old, cx.new);
    let mut pairs = pair(&mut removed, &mut added, |before, now| before == now);
    pairs.extend(pair(&mut removed, &mut added, |before, now| {
        let name = name(before);
        name.is_some() && name == self::name(now)
    }));
    pairs.extend(pair(&mut removed, &mut added, |before, now| {
        are_alike(cx, before, now, 0)
    }));
    let (left, right) = (removed.clone(), added.clone());
    pairs.extend(pair(&mut removed, &mut added, |before, now| {
        let types = View::of(old_document, before).types;
        let is_only = |document: &Value, all: &[&Value]| {
            let fits = |one: &&&Value| View::of(document, one).types == types;
            all.iter().filter(fits).count() == 1
        };
        !types.is_empty()
            && View::of(new_document, now).types == types
            && is_only(old_document, &left)
            && is_only(new_document, &right)
    }));
    for (before, now) in pairs {
        // A schema that is its own only alternative is already compared.
        if !(std::ptr::eq(before, old_schema) && std::ptr::eq(now, new_schema)) {
            let place = place.join(label(new_document, now));
            schemas::add(cx, before, now, request, &place);
        }
    }
    for before in removed {
        let what = format!("alternative {} removed", label(old_document, before));
        report_change(cx, request, true, &place, what);
    }
    for now in added {
        let what = format!("alternative {} added", label(new_document, now));
        report_change(cx, request, false, &place, what);
    }
}

/// Returns whether two schemas describe the same kind of value. Objects do if they have a property in common, and no
/// property with different single values, which tell alternatives apart.
fn are_alike(cx: &Comparison<'_>, old: &Value, new: &Value, depth: usize) -> bool {
    const MAX_DEPTH: usize = 8;
    let (old, new) = (View::of(cx.old, old), View::of(cx.new, new));
    if old.types != new.types || old.types.is_empty() {
        return false;
    }
    if let (Some(old), Some(new)) = (old.items, new.items) {
        return depth < MAX_DEPTH && are_alike(cx, old, new, depth + 1);
    }
    if let (Some(old), Some(new)) = (&old.values, &new.values) {
        return old.iter().any(|value| new.contains(value));
    }
    let common = |(name, before): (&String, _)| Some((before, *new.properties.get(name)?));
    let mut common = old.properties.iter().filter_map(common).peekable();
    if common.peek().is_none() {
        return old.properties.is_empty() && new.properties.is_empty();
    }
    common.all(|(before, now)| {
        let (before, now) = (View::of(cx.old, before), View::of(cx.new, now));
        match (before.values.as_deref(), now.values.as_deref()) {
            (Some([before]), Some([now])) => before == now,
            _ => true,
        }
    })
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

/// Returns the name of an alternative: that of the schema that it refers to, its title, or the name of the only schema
/// that it extends.
fn name(schema: &Value) -> Option<&str> {
    let title = || schema.get("title").and_then(Value::as_str);
    let base = || {
        let parts = schema.get("allOf").and_then(Value::as_array);
        let mut bases = parts.into_iter().flatten().filter_map(target);
        bases.next().filter(|_| bases.next().is_none())
    };
    target(schema).or_else(title).or_else(base)
}

/// Returns the name of the schema that a schema refers to.
fn target(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.rsplit('/').next()
}

/// Describes an alternative: its name, its only value or its type.
fn label(document: &Value, schema: &Value) -> String {
    if let Some(name) = name(schema) {
        return name.to_owned();
    }
    let view = View::of(document, schema);
    match view.values.as_deref() {
        Some([value]) => value.to_string(),
        _ if view.types.is_empty() => "(unnamed)".to_owned(),
        _ => view.types.join(" or "),
    }
}
