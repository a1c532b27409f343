//! Properties, listed and others.

use serde_json::Value;

use super::schemas::{self, NEW_ANSWER, STILL_SENT, turn};
use super::view::View;
use super::{Comparison, GONE_ANSWER, NO_EFFECT, REFUSED};
use crate::Pointer;

/// Compares the properties, listed or not.
pub(super) fn compare(
    cx: &mut Comparison<'_>,
    old: &View<'_>,
    new: &View<'_>,
    request: bool,
    place: &Pointer,
) {
    for (name, before) in &old.properties {
        let at = place.join("properties").join(name);
        let was_required = old.required.contains(name);
        let Some(now) = new.properties.get(name) else {
            if request {
                cx.breaking(&at, "is gone", NO_EFFECT);
            } else {
                let why = if was_required {
                    GONE_ANSWER
                } else {
                    "a program that waits for it waits forever"
                };
                cx.breaking(&at, "is gone", why);
            }
            continue;
        };
        let is_required = new.required.contains(name);
        if was_required != is_required {
            let what = if is_required {
                "is required now"
            } else {
                "need not be there any more"
            };
            turn(cx, request, is_required, &at, what.to_owned());
        }
        schemas::compare(cx, before, now, request, &at);
    }
    for name in new
        .properties
        .keys()
        .filter(|name| !old.properties.contains_key(*name))
    {
        let at = place.join("properties").join(name);
        if !request {
            cx.compatible(&at, "is new", NEW_ANSWER);
        } else if new
            .properties
            .get(name)
            .is_some_and(|schema| View::of(cx.new, schema).read_only)
        {
            cx.compatible(&at, "is new and only read", NEW_ANSWER);
        } else if new.required.contains(name) {
            cx.breaking(&at, "is new and required", REFUSED);
        } else {
            cx.compatible(&at, "is new and need not be sent", STILL_SENT);
        }
    }
    for name in new
        .required
        .iter()
        .filter(|name| !old.required.contains(name))
    {
        if !new.properties.contains_key(name) {
            turn(
                cx,
                request,
                true,
                &place.join("required"),
                format!("{name:?} is required now"),
            );
        }
    }
    compare_others(cx, old, new, request, place);
}

fn compare_others(
    cx: &mut Comparison<'_>,
    old: &View<'_>,
    new: &View<'_>,
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
                "no other properties any more"
            } else {
                "other properties now"
            };
            if request || !closed(now) && schema(now) {
                turn(cx, request, closed(now), &place, what.to_owned());
            } else {
                cx.compatible(&place, what, NEW_ANSWER);
            }
        }
        (Some(before), Some(now)) if schema(Some(before)) && schema(Some(now)) => {
            schemas::compare(cx, before, now, request, &place);
        }
        (before, now) if schema(before) != schema(now) => {
            turn(
                cx,
                request,
                schema(now),
                &place,
                "the type of other properties".to_owned(),
            );
        }
        _ => {}
    }
}
