//! Normalizes unions (`oneOf`, `anyOf`) into named components.
//!
//! A derived union type would select the first alternative that deserializes and lose unlisted properties.
//! This pass reduces unions to references and plain scalars, adds a discriminator where a property
//! distinguishes the alternatives, and leaves the selection to the generated code.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::descriptions::{describe_once, line};
use super::merge::is_annotation;
use super::names::{self, SCHEMAS, pascal, target};
use super::scalars::VALUES;
use super::shape::Shaper;
use crate::Pointer;

/// On a discriminator: some of its values are numbers or booleans, and the mapping contains their texts.
pub(super) const SCALARS: &str = "x-scalars";

/// On a discriminator: the reference to the alternative of unlisted values.
pub(super) const DEFAULT: &str = "x-default";

/// Normalizes a schema with `oneOf` or `anyOf`.
pub(super) fn shape(
    shaper: &mut Shaper<'_, '_>,
    mut map: Map<String, Value>,
    name: &str,
    place: &Pointer,
) -> Result<Value, LowerError> {
    let keyword = if map.contains_key("oneOf") {
        "oneOf"
    } else {
        "anyOf"
    };
    let Some(Value::Array(alternatives)) = map.shift_remove(keyword) else {
        return shaper.inline(Value::Object(map), name, place);
    };
    if map.shift_remove("anyOf").is_some() {
        shaper
            .cx
            .note_loss(&place.join("anyOf"), "`anyOf` next to `oneOf`; ignored");
    }
    let holder = place.clone();
    let place = place.join(keyword);
    let base = base_of(&map, &alternatives);
    if !base.is_empty() && alternatives.iter().all(only_restricts) {
        let what = match map.contains_key("properties") {
            true => "which properties can be combined",
            false => "which constraints can be combined",
        };
        shaper.cx.note_loss(&place, what);
        return shaper.component(Value::Object(map), name, &place);
    }
    let mut shaped: Vec<Value> = Vec::new();
    // The description of each inline alternative, with its index in `shaped`.
    let mut described: Vec<(usize, Option<String>)> = Vec::new();
    for (index, alternative) in alternatives.into_iter().enumerate() {
        let place = place.join(index);
        let inner = name_of(shaper, &alternative, name, index);
        let alternative = if base.is_empty() {
            alternative
        } else {
            let mut whole = base.clone();
            whole.insert("allOf".to_owned(), json!([alternative]));
            Value::Object(whole)
        };
        let alternative = shaper.inline(alternative, &inner, &place)?;
        if alternative.get("nullable") == Some(&Value::Bool(true)) {
            map.insert("nullable".to_owned(), Value::Bool(true));
        }
        let found = shaped.iter().position(|other| same(other, &alternative));
        if alternative.get("$ref").is_none() {
            described.push((found.unwrap_or(shaped.len()), line(&alternative)));
        }
        if found.is_none() {
            shaped.push(alternative);
        }
    }
    // A union with an unrestricted alternative is unrestricted.
    if shaped.iter().any(is_anything) {
        if shaped.len() > 1 || map.contains_key("type") {
            let what = "an alternative allows any value; treated as untyped JSON";
            shaper.cx.note_loss(&place, what);
        }
        map.retain(|key, _| is_annotation(key) || key == "nullable");
        return Ok(Value::Object(map));
    }
    let one = as_one(&shaped);
    if one.is_none() {
        let all = described.clone();
        described.retain(|(index, _)| all.iter().filter(|(other, _)| other == index).count() > 1);
    }
    describe_alternatives(&mut map, described);
    if let Some(one) = one {
        note_lost_limits(&shaped, &place, shaper);
        for key in base.keys() {
            map.shift_remove(key);
        }
        map.shift_remove("discriminator");
        for (key, value) in one {
            map.entry(key).or_insert(value);
        }
        return shaper.component(Value::Object(map), name, &place);
    }
    map.retain(|key, _| is_annotation(key) || key == "nullable" || key == "discriminator");
    take_formats_of_texts(&mut shaped, &mut map);
    let discriminator = map.shift_remove("discriminator");
    if !is_plain(&shaped) {
        let mut references = Vec::new();
        for (index, alternative) in shaped.into_iter().enumerate() {
            references.push(as_reference(shaper, alternative, name, index, &place)?);
        }
        shaped = references;
        let discriminator = discriminate(shaper, &shaped, discriminator.as_ref(), &holder);
        let is_object = |one: &&Value| {
            let name = one.get("$ref").and_then(Value::as_str).and_then(target);
            name.is_some_and(|name| !shaper.properties(&name).is_empty())
        };
        if let Some(discriminator) = discriminator {
            map.insert("discriminator".to_owned(), discriminator);
        } else if keyword == "anyOf" && shaped.iter().filter(is_object).count() > 1 {
            let what = "a value of several alternatives keeps the properties of one of them";
            shaper.cx.note_loss(&place, what);
        }
    }
    map.insert("oneOf".to_owned(), Value::Array(shaped));
    Ok(Value::Object(map))
}

/// Declares the property of a discriminator in the alternatives that do not: it would otherwise be lost.
pub(super) fn declare_tags(
    schemas: &mut Map<String, Value>,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let mut undeclared: BTreeSet<(String, String)> = BTreeSet::new();
    for (name, schema) in schemas.iter() {
        let tag = schema
            .get("discriminator")
            .and_then(|tag| tag["propertyName"].as_str());
        let Some(tag) = tag else { continue };
        let mut seen = BTreeSet::new();
        let mut open = vec![name.clone()];
        while let Some(name) = open.pop() {
            let Some(schema) = schemas.get(&name).filter(|_| seen.insert(name.clone())) else {
                continue;
            };
            let alternatives = schema.get("oneOf").and_then(Value::as_array);
            let references = alternatives.into_iter().flatten();
            open.extend(references.filter_map(|one| target(one.get("$ref")?.as_str()?)));
            let properties = schema.get("properties").and_then(Value::as_object);
            if properties.is_some_and(|properties| !properties.contains_key(tag))
                && !schema
                    .get("additionalProperties")
                    .is_some_and(Value::is_object)
            {
                undeclared.insert((name, tag.to_owned()));
            }
        }
    }
    for (name, tag) in undeclared {
        let place = Pointer::root()
            .join("components")
            .join("schemas")
            .join(&name);
        let fault = format!("the property `{tag}` of a discriminator is not declared");
        cx.reject_or_repair(&place, fault, "added as an optional string")?;
        let properties = schemas
            .get_mut(&name)
            .and_then(|schema| schema.get_mut("properties"));
        if let Some(Value::Object(properties)) = properties {
            properties.insert(tag, json!({"type": "string"}));
        }
    }
    Ok(())
}

/// Returns the keywords that apply next to the alternatives. A type alone applies if no alternative has one.
fn base_of(map: &Map<String, Value>, alternatives: &[Value]) -> Map<String, Value> {
    let is_base = |key: &str| {
        matches!(
            key,
            "properties" | "required" | "additionalProperties" | "items" | "enum" | "format"
        )
    };
    let mut base: Map<String, Value> = map
        .iter()
        .filter(|(key, _)| is_base(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if base.get("additionalProperties") == Some(&Value::Bool(false)) {
        base.shift_remove("additionalProperties");
    }
    let may_have_type = |schema: &Value| {
        let keywords = ["$ref", "allOf", "anyOf", "oneOf", "type"];
        keywords
            .iter()
            .any(|keyword| schema.get(*keyword).is_some())
    };
    if let Some(ty) = map.get("type")
        && (!base.is_empty() || !alternatives.iter().any(may_have_type))
    {
        base.insert("type".to_owned(), ty.clone());
    }
    base
}

/// Returns whether an alternative only restricts the base schema and adds nothing.
fn only_restricts(alternative: &Value) -> bool {
    alternative.as_object().is_some_and(|map| {
        map.keys().all(|key| {
            is_annotation(key)
                || key == "required"
                || key == "type" && map.get("type") == Some(&json!("object"))
        })
    })
}

fn is_anything(schema: &Value) -> bool {
    schema.as_object().is_none_or(|map| {
        map.keys()
            .all(|key| is_annotation(key) || key == "nullable")
    })
}

/// Returns whether two alternatives differ only in annotations.
fn same(one: &Value, other: &Value) -> bool {
    let strip = |value: &Value| -> Map<String, Value> {
        let map = value.as_object().into_iter().flatten();
        map.filter(|(key, _)| !is_annotation(key))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    strip(one) == strip(other)
}

/// Removes alternatives that are text of a format if another alternative is any text, and documents the formats.
fn take_formats_of_texts(shaped: &mut Vec<Value>, map: &mut Map<String, Value>) {
    let is_text = |schema: &Value| {
        schema.get("type").is_some_and(|ty| ty == "string") && schema.get("enum").is_none()
    };
    let is_any_text = |schema: &Value| is_text(schema) && schema.get("format").is_none();
    if !shaped.iter().any(is_any_text) {
        return;
    }
    shaped.retain(|schema| {
        let format = schema.get("format").and_then(Value::as_str);
        let format = format.filter(|_| is_text(schema));
        if let Some(format) = format {
            describe_once(map, &format!("A text can have the format `{format}`."));
        }
        format.is_none()
    });
}

/// Describes alternatives that have one type.
fn describe_alternatives(map: &mut Map<String, Value>, described: Vec<(usize, Option<String>)>) {
    let is_common = described.iter().all(|(_, text)| *text == described[0].1);
    let texts = described.into_iter().filter_map(|(_, text)| text);
    let mut texts: Vec<String> = texts.collect();
    if is_common {
        texts.truncate(1);
        texts.iter().for_each(|text| describe_once(map, text));
        return;
    }
    let mut list = "Alternatives:".to_owned();
    let mut seen = BTreeSet::new();
    for text in texts.iter().filter(|text| seen.insert(text.as_str())) {
        list.push_str(&format!("\n- {text}"));
    }
    describe_once(map, &list);
}

/// Notes the limits of alternatives that are merged.
fn note_lost_limits(shaped: &[Value], place: &Pointer, shaper: &mut Shaper<'_, '_>) {
    if shaped.len() < 2 {
        return;
    }
    let limits = ["minimum", "maximum"].iter();
    if limits
        .clone()
        .any(|limit| shaped.iter().any(|schema| schema.get(*limit).is_some()))
    {
        let what = "the limits of the alternatives, which have one type";
        shaper.cx.note_loss(place, what);
    }
}

/// Returns the common type of all alternatives, if they are scalars of one type.
fn as_one(shaped: &[Value]) -> Option<Map<String, Value>> {
    let types: Option<Vec<&str>> = shaped
        .iter()
        .map(|schema| schema.get("type").and_then(Value::as_str))
        .collect();
    if let [Value::Object(only)] = shaped {
        return Some(only.clone());
    }
    let types = types?;
    let all = |wanted: &[&str]| types.iter().all(|ty| wanted.contains(ty));
    if all(&["string"]) {
        let mut values: Vec<Value> = Vec::new();
        for schema in shaped {
            for value in schema
                .get("enum")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                if !values.contains(value) {
                    values.push(value.clone());
                }
            }
        }
        let mut one = Map::from_iter([("type".to_owned(), Value::from("string"))]);
        if !values.is_empty() {
            one.insert("enum".to_owned(), Value::Array(values));
        } else if let Some(format) = shaped.first().and_then(|schema| schema.get("format"))
            && shaped
                .iter()
                .all(|schema| schema.get("format") == Some(format))
        {
            one.insert("format".to_owned(), format.clone());
        }
        return Some(one);
    }
    let numbers = all(&["number", "integer"]);
    let ty = match types.first() {
        Some(_) if all(&["integer"]) => "integer",
        Some(_) if numbers => "number",
        Some(_) if all(&["boolean"]) => "boolean",
        _ => return None,
    };
    let mut one = Map::from_iter([("type".to_owned(), Value::from(ty))]);
    let format = shaped.first().and_then(|schema| schema.get("format"));
    if let Some(format) = format
        && ty == "integer"
        && shaped
            .iter()
            .all(|schema| schema.get("format") == Some(format))
    {
        one.insert("format".to_owned(), format.clone());
    }
    Some(one)
}

/// Returns whether the alternatives are scalars and lists of different kinds, which progenitor distinguishes itself.
pub(super) fn is_plain(shaped: &[Value]) -> bool {
    let mut kinds = Vec::new();
    for schema in shaped {
        let kind = match schema.get("type").and_then(Value::as_str) {
            Some("integer" | "number") => "number",
            Some(kind @ ("string" | "boolean" | "array")) => kind,
            _ => return false,
        };
        if kinds.contains(&kind) || schema.get("enum").is_some() || schema.get("format").is_some() {
            return false;
        }
        if schema.get("nullable").is_some() {
            return false;
        }
        kinds.push(kind);
    }
    true
}

/// Returns a reference to the component of an alternative. Plain scalars stay inline.
fn as_reference(
    shaper: &mut Shaper<'_, '_>,
    alternative: Value,
    name: &str,
    index: usize,
    place: &Pointer,
) -> Result<Value, LowerError> {
    let Value::Object(mut map) = alternative else {
        return Ok(alternative);
    };
    map.shift_remove("nullable");
    map.shift_remove("default");
    if map.contains_key("$ref") {
        return Ok(Value::Object(map));
    }
    if let Some(Value::Array(parts)) = map.get("allOf") {
        return Ok(parts.first().cloned().unwrap_or_default());
    }
    let is_scalar = matches!(
        map.get("type").and_then(Value::as_str),
        Some("string" | "integer" | "number" | "boolean")
    );
    if is_scalar && !map.contains_key("enum") && !map.contains_key("format") {
        return Ok(Value::Object(map));
    }
    let inner = name_of(shaper, &Value::Object(map.clone()), name, index);
    shaper.hoist(map, &inner, place)
}

/// Returns the name of an alternative: its title, its discriminator value or its index.
fn name_of(shaper: &Shaper<'_, '_>, alternative: &Value, name: &str, index: usize) -> String {
    let owner = pascal(name);
    if let Some(title) = alternative.get("title").and_then(Value::as_str) {
        let title = pascal(title);
        let short = title.chars().count() <= 40 && !title.is_empty();
        if short {
            return if title.starts_with(&owner) {
                title
            } else {
                format!("{owner}{title}")
            };
        }
    }
    let properties = alternative.get("properties").and_then(Value::as_object);
    for (_, property) in properties.into_iter().flatten() {
        if let [Value::String(value)] = tags_of(shaper, property).as_slice() {
            return format!("{owner}{}", pascal(value));
        }
    }
    match alternative.get("type").and_then(Value::as_str) {
        Some("array") => format!("{owner}List"),
        Some("string") => format!("{owner}Text"),
        Some("object") if properties.is_none() => format!("{owner}Map"),
        _ => format!("{owner}{}", index + 1),
    }
}

/// Returns the listed values of a property.
fn tags_of(shaper: &Shaper<'_, '_>, property: &Value) -> Vec<Value> {
    let mut property = property;
    for _ in 0..8 {
        // The values beside a reference are fewer than those of its target.
        if property
            .get("enum")
            .or_else(|| property.get(VALUES))
            .is_some()
        {
            break;
        }
        let only = property
            .get("allOf")
            .and_then(Value::as_array)
            .and_then(|list| list.first());
        let reference = only.unwrap_or(property).get("$ref").and_then(Value::as_str);
        let Some(name) = reference.and_then(target) else {
            break;
        };
        let Some(found) = shaper.whole.get(&name) else {
            break;
        };
        property = found;
    }
    let values = property.get("enum").or_else(|| property.get(VALUES));
    let values = values.and_then(Value::as_array).into_iter().flatten();
    values
        .filter(|value| value.is_string() || value.is_number() || value.is_boolean())
        .cloned()
        .collect()
}

/// Returns the text of a value of a discriminator, as generated code compares it.
fn tag_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64().filter(|n| n.fract() == 0.0) {
            Some(whole) => whole.to_string(),
            None => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// Returns the discriminator of alternatives, with all values that select one of them.
fn discriminate(
    shaper: &mut Shaper<'_, '_>,
    shaped: &[Value],
    discriminator: Option<&Value>,
    place: &Pointer,
) -> Option<Value> {
    let alternatives: Vec<Option<String>> = shaped
        .iter()
        .map(|schema| schema.get("$ref").and_then(Value::as_str).and_then(target))
        .collect();
    if let Some(discriminator) = discriminator
        && let Some(property) = discriminator.get("propertyName").and_then(Value::as_str)
    {
        let mut mapping = Map::new();
        for (value, meant) in discriminator
            .get("mapping")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let meant = names::meant(meant).unwrap_or_default();
            if alternatives.iter().flatten().any(|name| *name == meant) {
                mapping.insert(value.clone(), format!("{SCHEMAS}{meant}").into());
            } else {
                shaper.cx.note_loss(
                    &place.join("discriminator").join("mapping").join(value),
                    "a value of a discriminator that selects no alternative",
                );
            }
        }
        let default = discriminator.get("defaultMapping");
        let default = default.or_else(|| discriminator.get(DEFAULT));
        let default = default.map(|default| names::meant(default).unwrap_or_default());
        let is_alternative = |name: &String| alternatives.iter().flatten().any(|one| one == name);
        if default.as_ref().is_some_and(|name| !is_alternative(name)) {
            let place = place.join("discriminator").join("defaultMapping");
            let what = "the default of a discriminator is no alternative";
            shaper.cx.note_loss(&place, what);
        }
        let mut has_scalars = false;
        let all: Vec<(&String, Vec<String>)> = alternatives
            .iter()
            .flatten()
            .map(|name| {
                let values = shaper.tags(name, property);
                has_scalars |= values.iter().any(|value| !value.is_string());
                (name, values.iter().map(tag_text).collect())
            })
            .collect();
        for (name, tags) in &all {
            // A value that several alternatives list, as they do if a common base lists it, selects none of them.
            let is_own = |tag: &&String| {
                let listed = all.iter().filter(|(_, tags)| tags.contains(tag));
                listed.count() == 1
            };
            let own: Vec<&String> = tags.iter().filter(is_own).collect();
            let is_new = mapping
                .values()
                .all(|meant| *meant != format!("{SCHEMAS}{name}"));
            let implicit = Some(*name).filter(|_| own.is_empty() && is_new);
            for tag in own.into_iter().chain(implicit) {
                mapping
                    .entry(tag)
                    .or_insert_with(|| format!("{SCHEMAS}{name}").into());
            }
        }
        let mut discriminator = discriminator_of(property, mapping, has_scalars);
        if let Some(default) = default.filter(is_alternative) {
            discriminator[DEFAULT] = format!("{SCHEMAS}{default}").into();
        }
        return Some(discriminator);
    }
    // Use a property with disjoint listed values in all alternatives.
    let first = alternatives.iter().flatten().next()?;
    let candidates: Vec<String> = shaper.properties(first);
    candidates.into_iter().find_map(|property| {
        let mut mapping = Map::new();
        let mut has_scalars = false;
        for name in alternatives.iter().flatten() {
            let tags = shaper.tags(name, &property);
            if tags.is_empty() {
                return None;
            }
            for tag in tags {
                has_scalars |= !tag.is_string();
                if mapping
                    .insert(tag_text(&tag), format!("{SCHEMAS}{name}").into())
                    .is_some()
                {
                    return None;
                }
            }
        }
        Some(discriminator_of(&property, mapping, has_scalars))
    })
}

fn discriminator_of(property: &str, mapping: Map<String, Value>, has_scalars: bool) -> Value {
    let mut discriminator = json!({ "propertyName": property, "mapping": mapping });
    if has_scalars {
        discriminator[SCALARS] = true.into();
    }
    discriminator
}

impl Shaper<'_, '_> {
    /// Returns the properties of a component, including those of schemas that it combines: a component that is not
    /// normalized yet can have an `allOf`.
    fn declared(&self, name: &str) -> Vec<(&String, &Value)> {
        /// A schema can contain itself.
        const MAX_SCHEMAS: usize = 100;
        let find = |name: &str| {
            let done = self.done.get(name).filter(|schema| !schema.is_null());
            done.or_else(|| self.whole.get(name))
        };
        let mut declared = Vec::new();
        let mut open: VecDeque<&Value> = find(name).into_iter().collect();
        for _ in 0..MAX_SCHEMAS {
            let Some(schema) = open.pop_front() else {
                break;
            };
            let reference = schema.get("$ref").and_then(Value::as_str);
            open.extend(reference.and_then(target).as_deref().and_then(find));
            let combined = schema.get("allOf").and_then(Value::as_array);
            open.extend(combined.into_iter().flatten());
            let properties = schema.get("properties").and_then(Value::as_object);
            declared.extend(properties.into_iter().flatten());
        }
        declared
    }

    fn properties(&self, name: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in self.declared(name) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// Returns the listed values of a component's property. If several schemas list some, all of them apply.
    fn tags(&self, name: &str, property: &str) -> Vec<Value> {
        let declared = self.declared(name).into_iter();
        let lists = declared
            .filter(|(name, _)| *name == property)
            .map(|(_, schema)| tags_of(self, schema))
            .filter(|values| !values.is_empty());
        let common = lists.reduce(|mut common, values| {
            common.retain(|value| values.contains(value));
            common
        });
        common.unwrap_or_default()
    }
}
