//! Compares formats, patterns and limits.

use serde_json::Value;

use super::schemas::report_change;
use super::view::View;
use super::{Comparison, REJECTED, UNEXPECTED};
use crate::Pointer;

/// Compares formats, patterns and limits.
pub(super) fn compare(
    cx: &mut Comparison<'_>,
    old: &View<'_>,
    new: &View<'_>,
    request: bool,
    place: &Pointer,
) {
    let mut rules: Vec<&String> = old.rules.keys().chain(new.rules.keys()).collect();
    rules.sort();
    rules.dedup();
    rules.retain(|rule| !BOUNDS.iter().flatten().any(|bound| bound == rule));
    for rule in rules {
        let place = place.join(rule);
        match (old.rules.get(rule), new.rules.get(rule)) {
            (Some(before), Some(now)) if before != now => {
                let what = format!("{before} -> {now}");
                let grows = match (before.as_f64(), now.as_f64()) {
                    (Some(before), Some(now)) => Some(now > before),
                    _ => None,
                };
                if let (Some(before), Some(now)) = (size_of(before), size_of(now)) {
                    report_change(cx, request, now < before, &place, what);
                    continue;
                }
                let lower = rule.starts_with("min");
                let upper = rule.starts_with("max");
                match grows {
                    Some(grows) if lower => report_change(cx, request, grows, &place, what),
                    Some(grows) if upper => report_change(cx, request, !grows, &place, what),
                    _ => cx.breaking(&place, what, if request { REJECTED } else { UNEXPECTED }),
                }
            }
            (None, Some(now)) => report_change(cx, request, true, &place, format!("added: {now}")),
            (Some(before), None) => {
                report_change(cx, request, false, &place, format!("removed: {before}"))
            }
            _ => {}
        }
    }
    for bound in BOUNDS {
        compare_bound(cx, old, new, request, place, bound);
    }
}

/// Returns the size of a numeric format; every value of a smaller size is valid in a larger one.
fn size_of(format: &Value) -> Option<u8> {
    match format.as_str()? {
        "int32" | "float" => Some(32),
        "int64" | "double" => Some(64),
        _ => None,
    }
}

/// The lower and the upper bound, inclusive and exclusive.
const BOUNDS: [[&str; 2]; 2] = [
    ["minimum", "exclusiveMinimum"],
    ["maximum", "exclusiveMaximum"],
];

fn compare_bound(
    cx: &mut Comparison<'_>,
    old: &View<'_>,
    new: &View<'_>,
    request: bool,
    place: &Pointer,
    [inclusive, exclusive]: [&'static str; 2],
) {
    // The bound, and whether it is exclusive.
    let tightness = |view: &View<'_>| {
        let inwards = if inclusive == "minimum" { 1.0 } else { -1.0 };
        let number = |keyword: &str| Some(view.rules.get(keyword)?.as_f64()? * inwards);
        let whole = view.types == ["integer"];
        let excluded = match number(exclusive) {
            Some(bound) if whole => Some((bound.floor() + 1.0, false)),
            bound => bound.map(|bound| (bound, true)),
        };
        let included = number(inclusive).map(|bound| (bound, false));
        match (excluded, included) {
            (Some(one), Some(other)) => Some(if one >= other { one } else { other }),
            (one, other) => one.or(other),
        }
    };
    let bound = |view: &View<'_>| {
        let rule = |keyword: &'static str| Some((keyword, view.rules.get(keyword)?.clone()));
        rule(exclusive).or_else(|| rule(inclusive))
    };
    let (before, now) = (tightness(old), tightness(new));
    if before == now {
        return;
    }
    let (what, keyword) = match (bound(old), bound(new)) {
        (Some((_, before)), Some((keyword, now))) => (format!("{before} -> {now}"), keyword),
        (None, Some((keyword, now))) => (format!("added: {now}"), keyword),
        (Some((keyword, before)), None) => (format!("removed: {before}"), keyword),
        (None, None) => return,
    };
    report_change(cx, request, now > before, &place.join(keyword), what);
}
