//! Compares path, query, header and cookie parameters.

use serde_json::Value;

use super::operations::Side;
use super::{
    Comparison, DEPRECATED, NO_EFFECT, REJECTED, UNUSED, bodies, is_deprecated, is_required,
    resolved,
};
use crate::Pointer;

fn parameters<'a>(document: &'a Value, item: &'a Value, operation: &'a Value) -> Vec<&'a Value> {
    let list = |holder: &'a Value| {
        holder
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let mut all: Vec<&Value> = Vec::new();
    for parameter in list(operation).chain(list(item)) {
        let parameter = resolved(document, parameter);
        if !all.iter().any(|other| id(other) == id(parameter)) {
            all.push(parameter);
        }
    }
    all
}

fn id(parameter: &Value) -> (String, String) {
    let text = |key: &str| {
        parameter
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let place = text("in").to_owned();
    let name = if place == "header" {
        text("name").to_ascii_lowercase()
    } else {
        text("name").to_owned()
    };
    (place, name)
}

/// Compares the parameters of an operation, including those of its path.
pub(super) fn compare<'a>(
    cx: &mut Comparison<'a>,
    old_side: Side<'a>,
    new_side: Side<'a>,
    place: &Pointer,
) {
    let old = parameters(cx.old, old_side.item, old_side.operation);
    let new = parameters(cx.new, new_side.item, new_side.operation);
    let place = place.join("parameters");
    // Path parameter names are not sent, so these are paired by their position in the path.
    let (old_path, old): (Vec<&Value>, Vec<&Value>) =
        old.into_iter().partition(|p| id(p).0 == "path");
    let (new_path, new): (Vec<&Value>, Vec<&Value>) =
        new.into_iter().partition(|p| id(p).0 == "path");
    let names = names_in(old_side.path).zip(names_in(new_side.path));
    for (old_name, new_name) in names {
        let named = |parameters: &[&'a Value], name| {
            let mut all = parameters.iter();
            all.find(|parameter| id(parameter).1 == name).copied()
        };
        if let (Some(before), Some(now)) = (named(&old_path, old_name), named(&new_path, new_name))
        {
            compare_one(cx, before, now, &place.join(new_name));
        }
    }
    for before in &old {
        let at = place.join(id(before).1);
        match new.iter().find(|now| id(now) == id(before)) {
            None => cx.breaking(&at, "removed", NO_EFFECT),
            Some(now) => {
                match (is_required(before), is_required(now)) {
                    (false, true) => cx.breaking(&at, "is now required", REJECTED),
                    (true, false) => cx.compatible(&at, "is now optional", "it can still be sent"),
                    _ => {}
                }
                compare_one(cx, before, now, &at);
            }
        }
    }
    for now in new
        .iter()
        .filter(|now| !old.iter().any(|before| id(before) == id(now)))
    {
        let at = place.join(id(now).1);
        if is_required(now) {
            cx.breaking(&at, "added, required", REJECTED);
        } else {
            cx.compatible(&at, "added, optional", UNUSED);
        }
    }
}

/// Returns the names of the parameters in a path.
fn names_in(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('{').skip(1);
    parts.filter_map(|part| Some(part.split_once('}')?.0))
}

fn compare_one<'a>(cx: &mut Comparison<'a>, old: &'a Value, new: &'a Value, at: &Pointer) {
    let (before, now) = (serialization(old), serialization(new));
    if before.0 != now.0 {
        cx.breaking(&at.join("style"), "serialization changed", REJECTED);
    }
    if before.1 != now.1 {
        cx.breaking(&at.join("explode"), "serialization changed", REJECTED);
    }
    if is_deprecated(old) != is_deprecated(new) {
        cx.compatible(&at.join("deprecated"), DEPRECATED.0, DEPRECATED.1);
    }
    bodies::compare_schemas(cx, old, new, true, at);
    if old.get("content").or(new.get("content")).is_some() {
        bodies::compare_content(cx, old, new, true, at);
    }
}

/// Returns the serialization of a parameter, with the defaults of the standard.
fn serialization(parameter: &Value) -> (&str, bool) {
    let style = parameter.get("style").and_then(Value::as_str);
    let style = style.unwrap_or(match id(parameter).0.as_str() {
        "query" | "cookie" => "form",
        _ => "simple",
    });
    let explode = parameter.get("explode").and_then(Value::as_bool);
    (style, explode.unwrap_or(style == "form"))
}
