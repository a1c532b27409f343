//! Compares properties and additional properties.

use serde_json::Value;

use super::schemas::{self, IGNORED, STILL_VALID, report_change};
use super::view::View;
use super::{Comparison, NO_EFFECT, NOT_FOUND, REJECTED};
use crate::Pointer;

/// Compares the properties, listed and unlisted.
pub(super) fn compare<'a>(
    cx: &mut Comparison<'a>,
    old: &View<'a>,
    new: &View<'a>,
    request: bool,
    place: &Pointer,
) {
    for (name, before) in &old.properties {
        let at = place.join("properties").join(name);
        let was_required = old.required.contains(name);
        let Some(now) = new.properties.get(name) else {
            if request {
                cx.breaking(&at, "removed", NO_EFFECT);
            } else {
                let why = if was_required {
                    NOT_FOUND
                } else {
                    "programs that poll for it never find it"
                };
                cx.breaking(&at, "removed", why);
            }
            continue;
        };
        let is_required = new.required.contains(name);
        if was_required != is_required {
            let what = if is_required {
                "is now required"
            } else {
                "is now optional"
            };
            report_change(cx, request, is_required, &at, what.to_owned());
        }
        schemas::add(cx, before, now, request, &at);
    }
    for name in new
        .properties
        .keys()
        .filter(|name| !old.properties.contains_key(*name))
    {
        let at = place.join("properties").join(name);
        if !request {
            cx.compatible(&at, "added", IGNORED);
        } else if new
            .properties
            .get(name)
            .is_some_and(|schema| View::of(cx.new, schema).read_only)
        {
            cx.compatible(&at, "added, read-only", IGNORED);
        } else if new.required.contains(name) {
            cx.breaking(&at, "added, required", REJECTED);
        } else {
            cx.compatible(&at, "added, optional", STILL_VALID);
        }
    }
    for name in new
        .required
        .iter()
        .filter(|name| !old.required.contains(name))
    {
        if !new.properties.contains_key(name) {
            report_change(
                cx,
                request,
                true,
                &place.join("required"),
                format!("{name:?} is now required"),
            );
        }
    }
    compare_additional(cx, old, new, request, place);
}

fn compare_additional<'a>(
    cx: &mut Comparison<'a>,
    old: &View<'a>,
    new: &View<'a>,
    request: bool,
    place: &Pointer,
) {
    let place = place.join("additionalProperties");
    let closed = |others: Option<&Value>| others == Some(&Value::Bool(false));
    let schema = |others: Option<&Value>| {
        others.is_some_and(|others| others.as_object().is_some_and(|o| !o.is_empty()))
    };
    match (old.others, new.others) {
        (before, now) if closed(before) != closed(now) => {
            let what = if closed(now) {
                "additional properties no longer allowed"
            } else {
                "additional properties now allowed"
            };
            if request || !closed(now) && schema(now) {
                report_change(cx, request, closed(now), &place, what.to_owned());
            } else {
                cx.compatible(&place, what, IGNORED);
            }
        }
        (Some(before), Some(now)) if schema(Some(before)) && schema(Some(now)) => {
            schemas::add(cx, before, now, request, &place);
        }
        (before, now) if schema(before) != schema(now) => {
            report_change(
                cx,
                request,
                schema(now),
                &place,
                "the type of additional properties".to_owned(),
            );
        }
        _ => {}
    }
}
