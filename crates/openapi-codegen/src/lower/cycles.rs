//! Breaks cycles of components that only reference each other, or that are alternatives of each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::names::target;
use crate::Pointer;

/// Replaces a component that references itself through others by an unrestricted schema.
pub(super) fn break_up(
    schemas: &mut Map<String, Value>,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let next = |schemas: &Map<String, Value>, name: &str| {
        let schema = schemas.get(name)?;
        let only = schema
            .get("allOf")
            .and_then(Value::as_array)
            .filter(|list| list.len() == 1);
        let schema = only.map_or(schema, |list| &list[0]);
        schema.get("$ref").and_then(Value::as_str).and_then(target)
    };
    for name in schemas.keys().cloned().collect::<Vec<_>>() {
        let mut seen = BTreeSet::from([name.clone()]);
        let mut at = name.clone();
        while let Some(following) = next(schemas, &at) {
            if following == name {
                let place = Pointer::root()
                    .join("components")
                    .join("schemas")
                    .join(&name);
                cx.reject_or_repair(&place, "cyclic references", "treated as untyped JSON")?;
                schemas.insert(name.clone(), json!({}));
                break;
            }
            if !seen.insert(following.clone()) {
                break;
            }
            at = following;
        }
    }
    Ok(())
}

/// Replaces the alternatives of unions that are alternatives of each other. A value of one of them is a value of any of
/// them, so each gets the alternatives of all of them that are not themselves in the cycle. Deserialization would
/// otherwise not end.
pub(super) fn join_unions(schemas: &mut Map<String, Value>, cx: &mut Context<'_>) {
    // The components that a value is read as, without reading a part of it first.
    let next: BTreeMap<String, Vec<String>> = schemas
        .iter()
        .map(|(name, schema)| {
            let lists = ["oneOf", "allOf"]
                .iter()
                .filter_map(|key| schema.get(*key)?.as_array());
            let parts = lists.flatten().chain([schema]);
            let references = parts.filter_map(|part| target(part.get("$ref")?.as_str()?));
            (name.clone(), references.collect())
        })
        .collect();
    let reachable = |from: &str| -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(name) = open.pop() {
            for following in next.get(name).into_iter().flatten() {
                if seen.insert(following.clone()) {
                    open.push(following);
                }
            }
        }
        seen
    };
    let is_union = |name: &str| {
        schemas
            .get(name)
            .is_some_and(|schema| schema.get("oneOf").is_some())
    };
    let unions: Vec<&String> = schemas.keys().filter(|name| is_union(name)).collect();
    let reached: BTreeMap<&str, BTreeSet<String>> = unions
        .iter()
        .map(|name| (name.as_str(), reachable(name)))
        .filter(|(name, reached)| reached.contains(*name))
        .collect();
    let mut joined = Vec::new();
    for (name, others) in &reached {
        // The components that this union reaches and that reach it.
        let in_cycle = |other: &str| {
            others.contains(other) && (other == *name || reachable(other).contains(*name))
        };
        let members = schemas.keys().filter(|member| in_cycle(member));
        let lists = members.filter_map(|member| schemas.get(member)?.get("oneOf")?.as_array());
        let mut alternatives: Vec<Value> = Vec::new();
        for alternative in lists.flatten() {
            let reference = alternative.get("$ref").and_then(Value::as_str);
            let is_outside = !reference
                .and_then(target)
                .is_some_and(|other| in_cycle(&other));
            if is_outside && !alternatives.contains(alternative) {
                alternatives.push(alternative.clone());
            }
        }
        joined.push(((*name).to_owned(), alternatives));
    }
    for (name, alternatives) in joined {
        let Some(Value::Object(schema)) = schemas.get_mut(&name) else {
            continue;
        };
        schema.shift_remove("discriminator");
        schema.shift_remove("oneOf");
        match alternatives.as_slice() {
            [] => {
                let place = Pointer::root().join("components").join("schemas");
                let what = "a union that only contains itself; treated as untyped JSON";
                cx.note_loss(&place.join(name), what);
            }
            [Value::Object(only)] if !only.contains_key("$ref") => {
                for (key, value) in only {
                    schema.entry(key).or_insert_with(|| value.clone());
                }
            }
            [only] if schema.is_empty() => {
                schema.extend(only.as_object().cloned().unwrap_or_default());
            }
            [only] => {
                schema.insert("allOf".to_owned(), json!([only]));
            }
            _ => {
                schema.insert("oneOf".to_owned(), Value::Array(alternatives));
            }
        }
    }
}
