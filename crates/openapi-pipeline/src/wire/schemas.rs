//! What may be sent, and what may come.

use serde_json::Value;

use super::Comparison;
use super::view::View;
use crate::Pointer;

const REFUSED: &str = "a request that was right can be refused";
const UNKNOWN: &str = "an answer can be what no program was written for";
const STILL_SENT: &str = "what was sent before is still right";
const STILL_READ: &str = "what can come could come before";
const NEW_ANSWER: &str = "programs that read answers leave what they do not know";

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
    let (old_document, new_document) = (cx.old, cx.new);
    let old = View::of(old_document, old);
    let new = View::of(new_document, new);
    compare_types(cx, &old, &new, request, place);
    compare_values(cx, &old, &new, request, place);
    compare_rules(cx, &old, &new, request, place);
    compare_properties(cx, &old, &new, request, place);
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
    compare_others(cx, &old, &new, request, place);
    compare_alternatives(cx, &old, &new, request, place);
    if old.default != new.default && request {
        let place = place.join("default");
        cx.breaking(
            &place,
            "the default has changed",
            "a request that leaves it out means something else",
        );
    }
}

/// What is narrower now breaks requests; what is wider breaks who reads answers.
fn turn(cx: &mut Comparison<'_>, request: bool, narrower: bool, place: &Pointer, what: String) {
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

fn compare_rules(
    cx: &mut Comparison<'_>,
    old: &View<'_>,
    new: &View<'_>,
    request: bool,
    place: &Pointer,
) {
    let mut rules: Vec<&String> = old.rules.keys().chain(new.rules.keys()).collect();
    rules.sort();
    rules.dedup();
    for rule in rules {
        let place = place.join(rule);
        match (old.rules.get(rule), new.rules.get(rule)) {
            (Some(before), Some(now)) if before != now => {
                let what = format!("{before} -> {now}");
                let grows = match (before.as_f64(), now.as_f64()) {
                    (Some(before), Some(now)) => Some(now > before),
                    _ => None,
                };
                let lower = rule.starts_with("min") || rule == "exclusiveMinimum";
                let upper = rule.starts_with("max") || rule == "exclusiveMaximum";
                match grows {
                    Some(grows) if lower => turn(cx, request, grows, &place, what),
                    Some(grows) if upper => turn(cx, request, !grows, &place, what),
                    _ => cx.breaking(&place, what, if request { REFUSED } else { UNKNOWN }),
                }
            }
            (None, Some(now)) => turn(cx, request, true, &place, format!("is {now} now")),
            (Some(before), None) => turn(cx, request, false, &place, format!("was {before}")),
            _ => {}
        }
    }
}

fn compare_properties(
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
                cx.breaking(&at, "is gone", "it has no effect any more, or is refused");
            } else {
                let why = if was_required {
                    "a program that reads it finds nothing"
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
        compare(cx, before, now, request, &at);
    }
    for name in new
        .properties
        .keys()
        .filter(|name| !old.properties.contains_key(*name))
    {
        let at = place.join("properties").join(name);
        if !request {
            cx.compatible(&at, "is new", NEW_ANSWER);
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
            compare(cx, before, now, request, &place);
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

/// Alternatives are paired by their names, titles or what they are; the rest by place.
fn compare_alternatives(
    cx: &mut Comparison<'_>,
    old: &View<'_>,
    new: &View<'_>,
    request: bool,
    place: &Pointer,
) {
    if old.alternatives.is_empty() && new.alternatives.is_empty() {
        return;
    }
    let place = place.join("oneOf");
    let mut left: Vec<&Value> = new.alternatives.clone();
    let mut unpaired = Vec::new();
    for before in &old.alternatives {
        let paired = left
            .iter()
            .position(|now| key(now) == key(before) || now == before);
        match paired {
            Some(index) => {
                let now = left.remove(index);
                compare(cx, before, now, request, &place.join(key(now)));
            }
            None => unpaired.push(*before),
        }
    }
    for before in unpaired {
        turn(
            cx,
            request,
            true,
            &place,
            format!("{} is no alternative any more", key(before)),
        );
    }
    for now in left {
        turn(
            cx,
            request,
            false,
            &place,
            format!("{} is a new alternative", key(now)),
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
        .unwrap_or("one without a name")
        .to_owned()
}
