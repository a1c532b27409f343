//! What may be sent, and what may come.

use serde_json::Value;

use super::view::View;
use super::{Comparison, DEPRECATED, GONE_ANSWER, NEW, NO_EFFECT, REFUSED, UNKNOWN};
use super::{alternatives, objects, rules};
use crate::Pointer;

pub(super) const STILL_SENT: &str = "what was sent before is still right";
const STILL_READ: &str = "what can come could come before";
pub(super) const NEW_ANSWER: &str = "programs that read answers leave what they do not know";

/// Compares a schema of both documents, as part of a request or of an answer.
pub(super) fn compare(
    cx: &mut Comparison<'_>,
    old: &Value,
    new: &Value,
    request: bool,
    place: &Pointer,
) {
    let reference = |schema: &Value| {
        schema
            .get("$ref")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    if let (Some(old), Some(new)) = (reference(old), reference(new)) {
        let pair = (old, new, request);
        if cx.open.contains(&pair) {
            return;
        }
        cx.open.push(pair);
    }
    const DEEPEST: usize = 64;
    if place.tokens().len() > DEEPEST {
        return;
    }
    let (old_schema, new_schema) = (old, new);
    let old = View::of(cx.old, old);
    let new = View::of(cx.new, new);
    compare_types(cx, &old, &new, request, place);
    compare_values(cx, &old, &new, request, place);
    rules::compare(cx, &old, &new, request, place);
    compare_use(cx, &old, &new, request, place);
    objects::compare(cx, &old, &new, request, place);
    match (old.items, new.items) {
        (Some(old), Some(new)) => compare(cx, old, new, request, &place.join("items")),
        (None, Some(_)) if request => {
            cx.breaking(&place.join("items"), "items have a type now", REFUSED)
        }
        (Some(_), None) if !request => {
            cx.breaking(&place.join("items"), "items have no type any more", UNKNOWN)
        }
        _ => {}
    }
    compare_first_items(cx, &old, &new, request, place);
    let sides = ((old_schema, &old), (new_schema, &new));
    alternatives::compare(cx, sides.0, sides.1, request, place);
    if old.default != new.default && request {
        let place = place.join("default");
        cx.breaking(
            &place,
            "the default has changed",
            "a request that leaves it out means something else",
        );
    }
}

/// Who may use it: what is only read is not sent, what is only written does not come.
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
        (false, true, true) => cx.breaking(&at, "is only read now", NO_EFFECT),
        (false, true, false) => cx.breaking(&at, "is only written now", GONE_ANSWER),
        (true, false, true) => cx.compatible(&at, "may be written now", NEW),
        (true, false, false) => cx.compatible(&at, "may be read now", NEW_ANSWER),
        _ => {}
    }
}

/// The items of a tuple, which have a schema each.
fn compare_first_items(
    cx: &mut Comparison<'_>,
    old: &View<'_>,
    new: &View<'_>,
    request: bool,
    place: &Pointer,
) {
    let place = place.join("prefixItems");
    for (index, (before, now)) in old.first_items.iter().zip(&new.first_items).enumerate() {
        compare(cx, before, now, request, &place.join(index.to_string()));
    }
    let (before, now) = (old.first_items.len(), new.first_items.len());
    if before != now {
        let what = format!("{before} -> {now} items with a schema of their own");
        turn(cx, request, now > before, &place, what);
    }
}

/// What is narrower now breaks requests; what is wider breaks who reads answers.
pub(super) fn turn(
    cx: &mut Comparison<'_>,
    request: bool,
    narrower: bool,
    place: &Pointer,
    what: String,
) {
    match (request, narrower) {
        (true, true) => cx.breaking(place, what, REFUSED),
        (true, false) => cx.compatible(place, what, STILL_SENT),
        (false, true) => cx.compatible(place, what, STILL_READ),
        (false, false) => cx.breaking(place, what, UNKNOWN),
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
    let says = |types: &[String]| {
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
        let what = format!("{} -> {}", says(&old.types), says(&new.types));
        if covers(&old.types, &new.types) {
            turn(cx, request, true, &at, what);
        } else if covers(&new.types, &old.types) {
            turn(cx, request, false, &at, what);
        } else {
            cx.breaking(&at, what, if request { REFUSED } else { UNKNOWN });
        }
    } else if old.types != new.types && old.types.len() == new.types.len() {
        // integer and number
        let narrower = new.types.iter().any(|ty| ty == "integer")
            && !old.types.contains(&"integer".to_owned());
        turn(
            cx,
            request,
            narrower,
            &at,
            format!("{} -> {}", says(&old.types), says(&new.types)),
        );
    }
    if old.nullable != new.nullable {
        let what = if new.nullable {
            "may be null now"
        } else {
            "is never null any more"
        };
        turn(cx, request, !new.nullable, place, what.to_owned());
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
                turn(
                    cx,
                    request,
                    true,
                    &place,
                    format!("{value} is no value any more"),
                );
            }
            for value in new.iter().filter(|value| !old.contains(value)) {
                turn(
                    cx,
                    request,
                    false,
                    &place,
                    format!("{value} is a new value"),
                );
            }
        }
        (None, Some(_)) => turn(
            cx,
            request,
            true,
            &place,
            "the values are listed now".to_owned(),
        ),
        (Some(_), None) => turn(
            cx,
            request,
            false,
            &place,
            "the values are not listed any more".to_owned(),
        ),
        (None, None) => {}
    }
}
