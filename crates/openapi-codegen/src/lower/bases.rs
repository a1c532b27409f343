//! Makes a union of a base schema whose children refer to it.
//!
//! .NET and Java write inheritance like this: the base has a discriminator, and each child refers to the base in
//! `allOf`. A value of the base is then a value of one of its children, whose properties would be lost. The base becomes
//! a union of its children and of a new component with its own properties, to which the children refer. The same
//! resolves the cycle of a base that lists the children in `oneOf`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::context::Context;
use super::merge::{is_annotation, is_unrestricted};
use super::names::{Names, SCHEMAS, meant, pascal, target};
use super::references::escape;
use crate::Pointer;

/// Splits every component that is the base of others into a union and the base itself.
pub(super) fn split_bases(document: &mut Value, cx: &mut Context<'_>) {
    let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") else {
        return;
    };
    let mut children: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, schema) in schemas.iter() {
        for parent in parents(schema) {
            children.entry(parent).or_default().push(name.clone());
        }
    }
    let mut names = Names::of(schemas);
    let bases: Vec<(String, Vec<String>)> = schemas
        .keys()
        .filter_map(|name| {
            let descendants = descendants(name, &children);
            Some((name.clone(), alternatives(name, schemas, &descendants, cx)?))
        })
        .collect();
    let tags = mapped_tags(schemas);
    let place = Pointer::root().join("components").join("schemas");
    let mut renamed = BTreeMap::new();
    for (name, alternatives) in bases {
        let Some(Value::Object(schema)) = schemas.get_mut(&name) else {
            continue;
        };
        let own = own_part(schema);
        // A base without properties of its own adds nothing to its children.
        let base = (!is_unrestricted(&own)).then(|| names.take(&format!("{}Base", pascal(&name))));
        make_union(schema, &name, base.as_deref(), &alternatives, &tags);
        if let Some(base) = &base {
            cx.moved_schema(base, &place.join(&name));
            schemas.insert(base.clone(), Value::Object(own));
        }
        renamed.insert(name, base);
    }
    if renamed.is_empty() {
        return;
    }
    for schema in schemas.values_mut() {
        extend(schema, &renamed);
    }
}

/// Returns the component that a reference leads to.
fn referenced(schema: &Value) -> Option<String> {
    schema.get("$ref").and_then(Value::as_str).and_then(target)
}

/// Returns whether a schema with a reference also extends what it refers to.
fn is_extended(map: &Map<String, Value>) -> bool {
    map.keys()
        .any(|key| key != "$ref" && key != "nullable" && !is_annotation(key))
}

/// Returns whether a schema is another name for a value that may be `null`.
fn is_nullable_name(map: &Map<String, Value>) -> bool {
    let parts = map.get("allOf").and_then(Value::as_array);
    map.get("nullable").is_some()
        && parts.is_none_or(|parts| parts.len() == 1)
        && map
            .keys()
            .all(|key| key == "allOf" || key == "nullable" || is_annotation(key))
}

/// Returns the components that a component extends.
pub(super) fn parents(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Value::Object(map) = schema {
        if is_nullable_name(map) {
            return found;
        }
        found.extend(referenced(schema).filter(|_| is_extended(map)));
        for part in map
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            found.extend(referenced(part));
            found.extend(parents(part));
        }
    }
    found
}

/// Returns all components that extend a component, directly or indirectly, in the order of the document.
fn descendants(name: &str, children: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut seen = BTreeSet::from([name.to_owned()]);
    let mut found = Vec::new();
    let mut open = vec![name.to_owned()];
    while let Some(parent) = open.pop() {
        for child in children.get(&parent).into_iter().flatten() {
            if seen.insert(child.clone()) {
                found.push(child.clone());
                open.push(child.clone());
            }
        }
    }
    found
}

/// Returns the alternatives of a base. `None` if the component is no base.
fn alternatives(
    name: &str,
    schemas: &Map<String, Value>,
    descendants: &[String],
    cx: &mut Context<'_>,
) -> Option<Vec<String>> {
    let schema = schemas.get(name)?;
    let listed = ["oneOf", "anyOf"]
        .iter()
        .filter_map(|key| schema.get(*key)?.as_array());
    let listed: Vec<String> = listed.flatten().filter_map(referenced).collect();
    if schema.get("oneOf").is_some() || schema.get("anyOf").is_some() {
        let is_cyclic = listed.iter().any(|listed| descendants.contains(listed));
        return is_cyclic.then_some(listed);
    }
    let discriminator = schema.get("discriminator")?;
    discriminator.get("propertyName")?.as_str()?;
    let place = Pointer::root()
        .join("components")
        .join("schemas")
        .join(name);
    let mut alternatives: Vec<String> = Vec::new();
    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    for (tag, value) in mapping.into_iter().flatten() {
        match meant(value).filter(|meant| schemas.contains_key(meant)) {
            Some(meant) if meant != name && !alternatives.contains(&meant) => {
                alternatives.push(meant)
            }
            Some(_) => {}
            None => cx.note_loss(
                &place.join("discriminator").join("mapping").join(tag),
                "a value of a discriminator that means no schema of the document",
            ),
        }
    }
    for child in descendants {
        if !alternatives.contains(child) {
            alternatives.push(child.clone());
        }
    }
    (!alternatives.is_empty()).then_some(alternatives)
}

/// Returns the part of a base that its children share.
fn own_part(schema: &Map<String, Value>) -> Map<String, Value> {
    let mut own = schema.clone();
    for keyword in ["discriminator", "oneOf", "anyOf"] {
        own.shift_remove(keyword);
    }
    if own.get("type").is_some_and(|ty| ty == "object") && own.len() == 1 {
        own.shift_remove("type");
    }
    own
}

/// Makes a union of a base. `base` is the component with its own properties, if it has any.
fn make_union(
    schema: &mut Map<String, Value>,
    name: &str,
    base: Option<&str>,
    alternatives: &[String],
    tags: &Tags,
) {
    let types = schema.get("type").and_then(Value::as_array);
    let may_be_null = types.is_some_and(|types| types.contains(&"null".into()));
    let is_kept = |key: &str| matches!(key, "discriminator" | "oneOf" | "anyOf" | "nullable");
    schema.retain(|key, _| is_kept(key) || is_annotation(key));
    if may_be_null {
        schema.insert("nullable".to_owned(), true.into());
    }
    if schema.contains_key("oneOf") || schema.contains_key("anyOf") {
        return;
    }
    let reference = |name: &str| Value::from(format!("{SCHEMAS}{}", escape(name)));
    let names = alternatives.iter().map(String::as_str).chain(base);
    let listed: Vec<Value> = names
        .map(|name| json!({ "$ref": reference(name) }))
        .collect();
    schema.insert("oneOf".to_owned(), listed.into());
    if let Some(Value::Object(discriminator)) = schema.get_mut("discriminator")
        && let Some(base) = base
    {
        select_base(discriminator, name, reference(base), tags);
    }
}

/// Makes values of a discriminator that mean a base select the component with its own properties: those that the mapping
/// of any schema gives for it, or its name.
fn select_base(discriminator: &mut Map<String, Value>, name: &str, base: Value, tags: &Tags) {
    let means_base = |value: &&mut Value| meant(value).as_deref() == Some(name);
    if let Some(default) = discriminator.get_mut("defaultMapping").filter(means_base) {
        *default = base.clone();
    }
    let property = discriminator.get("propertyName").and_then(Value::as_str);
    let key = (property.unwrap_or_default().to_owned(), name.to_owned());
    let mapping = discriminator.entry("mapping").or_insert_with(|| json!({}));
    let Value::Object(mapping) = mapping else {
        return;
    };
    for value in mapping.values_mut().filter(means_base) {
        *value = base.clone();
    }
    for tag in tags.get(&key).into_iter().flatten() {
        mapping.entry(tag).or_insert_with(|| base.clone());
    }
    if mapping.values().all(|value| *value != base) {
        mapping.entry(name).or_insert(base);
    }
}

/// The values of discriminators, by the property of the discriminator and the schema that the values mean.
type Tags = BTreeMap<(String, String), Vec<String>>;

/// Returns the values in the mappings of all component schemas.
fn mapped_tags(schemas: &Map<String, Value>) -> Tags {
    let mut tags = Tags::new();
    for discriminator in schemas
        .values()
        .filter_map(|schema| schema.get("discriminator"))
    {
        let property = discriminator["propertyName"].as_str().unwrap_or_default();
        let mapping = discriminator.get("mapping").and_then(Value::as_object);
        for (tag, value) in mapping.into_iter().flatten() {
            if let Some(name) = meant(value) {
                tags.entry((property.to_owned(), name))
                    .or_default()
                    .push(tag.clone());
            }
        }
    }
    tags
}

/// Makes a component refer to the bases themselves where it extends them.
fn extend(schema: &mut Value, renamed: &BTreeMap<String, Option<String>>) {
    let Value::Object(map) = schema else {
        return;
    };
    if is_nullable_name(map) {
        return;
    }
    if is_extended(map) {
        redirect(map, renamed);
    }
    let Some(Value::Array(parts)) = map.get_mut("allOf") else {
        return;
    };
    for part in &mut *parts {
        if let Value::Object(part) = part {
            redirect(part, renamed);
        }
        extend(part, renamed);
    }
    if parts.len() > 1 {
        parts.retain(|part| *part != json!({}));
    }
}

/// Redirects a reference to a base. Removes it if the base has no part of its own.
fn redirect(map: &mut Map<String, Value>, renamed: &BTreeMap<String, Option<String>>) {
    let reference = map.get("$ref").and_then(Value::as_str);
    match reference
        .and_then(target)
        .and_then(|name| renamed.get(&name))
    {
        Some(Some(base)) => {
            map.insert("$ref".to_owned(), format!("{SCHEMAS}{base}").into());
        }
        Some(None) => {
            map.shift_remove("$ref");
        }
        None => {}
    }
}
