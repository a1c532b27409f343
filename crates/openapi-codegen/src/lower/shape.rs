//! Normalizes every schema to one of a few shapes that are known to generate correct types.
//!
//! - a reference, or `allOf` with one reference next to annotations or `nullable`
//! - an unrestricted schema: `{}`
//! - a boolean, a number, a string, or an enumeration of strings
//! - a list with items
//! - an object: a component, or an inline map without properties
//! - a union: a component whose `oneOf` lists references and plain scalars; see the `unions` module
//!
//! `allOf` is merged into one object. Inline objects and unions become components.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::flatten::single_reference;
use super::merge::is_annotation;
use super::names::{Names, SCHEMAS, pascal, target};
use super::parameters::place_of;
use super::resolve::is_method;
use super::walk::members;
use super::{ambiguity, cycles, nullable, scalars, unions};
use crate::Pointer;

/// The maximum number of component schemas, including those created from inline schemas.
const MAX_COMPONENTS: usize = 100_000;

/// Normalizes the schemas of components, parameters, request bodies and responses.
pub(super) fn shape_schemas(document: &mut Value, cx: &mut Context<'_>) -> Result<(), LowerError> {
    let root = Pointer::root();
    let schemas = document.pointer_mut("/components/schemas");
    let schemas = schemas.and_then(Value::as_object_mut).map(std::mem::take);
    let mut whole = schemas.unwrap_or_default();
    cycles::break_up(&mut whole, cx)?;
    let nullable = nullable::take(&mut whole);
    let mut shaper = Shaper {
        names: Names::of(&whole),
        done: Map::new(),
        through: Vec::new(),
        nullable,
        whole,
        cx,
    };
    let place = root.join("components").join("schemas");
    let all: Vec<(String, Value)> = shaper
        .whole
        .iter()
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    for (name, schema) in all {
        shaper.done.insert(name.clone(), Value::Null);
        shaper.through.push(name.clone());
        let place = place.join(&name);
        let shaped = shaper.component(schema, &name, &place)?;
        shaper.through.pop();
        shaper.done.insert(name, shaped);
    }
    for (path, item) in members(document.get_mut("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            shaper.operation(operation, &root.join("paths").join(path).join(method))?;
        }
    }
    let mut done = shaper.done;
    cycles::break_up(&mut done, cx)?;
    cycles::join_unions(&mut done, cx);
    unions::declare_tags(&mut done, cx)?;
    ambiguity::note(&done, cx);
    if !done.is_empty()
        && let Value::Object(whole) = &mut *document
        && let Value::Object(components) = whole.entry("components").or_insert_with(|| json!({}))
    {
        components.insert("schemas".to_owned(), Value::Object(done));
    }
    nullable::move_to_references(document);
    Ok(())
}

pub(super) struct Shaper<'a, 'b> {
    /// The original component schemas.
    pub(super) whole: Map<String, Value>,
    names: Names,
    /// The normalized and the newly created component schemas.
    pub(super) done: Map<String, Value>,
    /// The components that are being inlined.
    pub(super) through: Vec<String>,
    pub(super) nullable: BTreeSet<String>,
    pub(super) cx: &'a mut Context<'b>,
}

impl Shaper<'_, '_> {
    fn operation(&mut self, operation: &mut Value, place: &Pointer) -> Result<(), LowerError> {
        let id = operation.get("operationId").and_then(Value::as_str);
        let owner = pascal(id.unwrap_or_default());
        let parameters = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            let list = place.join("parameters");
            let place = place_of(parameter, &list).join("schema");
            let name = parameter
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let name = format!("{owner}{}", pascal(name));
            if let Some(schema) = parameter.get_mut("schema") {
                *schema = self.inline(schema.take(), &name, &place)?;
            }
        }
        if let Some(body) = operation.get_mut("requestBody") {
            self.content(body, &owner, "Body", &place.join("requestBody"))?;
        }
        // Identical responses share one type.
        let mut seen: Vec<(Value, Value)> = Vec::new();
        for (status, response) in members(operation.get_mut("responses")) {
            let place = place.join("responses").join(status);
            let before = response.get("content").cloned().unwrap_or_default();
            if let Some((_, shaped)) = seen
                .iter()
                .find(|(raw, _)| *raw == before && !raw.is_null())
            {
                response["content"] = shaped.clone();
                continue;
            }
            let role = if status.starts_with('2') {
                "Response"
            } else {
                "Error"
            };
            self.content(response, &owner, role, &place)?;
            seen.push((before, response.get("content").cloned().unwrap_or_default()));
        }
        Ok(())
    }

    fn content(
        &mut self,
        holder: &mut Value,
        owner: &str,
        role: &str,
        place: &Pointer,
    ) -> Result<(), LowerError> {
        let name = &format!("{owner}{role}");
        for (media, content) in members(holder.get_mut("content")) {
            if let Some(schema) = content.get_mut("schema") {
                let place = place.join("content").join(media).join("schema");
                *schema = self.inline(schema.take(), name, &place)?;
                // Identical lists or maps of error responses share one type.
                let is_container = schema
                    .get("type")
                    .is_some_and(|ty| ty == "object" || ty == "array");
                if role == "Error"
                    && is_container
                    && let Value::Object(container) = schema.take()
                {
                    *schema = match self.same(&container, name) {
                        Some(name) => json!({ "$ref": format!("{SCHEMAS}{name}") }),
                        None => self.hoist(container, name, &place)?,
                    };
                }
            }
        }
        Ok(())
    }

    /// Normalizes a schema where it is used. Objects and unions become components. References stay.
    pub(super) fn inline(
        &mut self,
        schema: Value,
        name: &str,
        place: &Pointer,
    ) -> Result<Value, LowerError> {
        let shaped = self.component(self.as_reference(schema), name, place)?;
        let Value::Object(mut map) = shaped else {
            return Ok(shaped);
        };
        let is_object = map
            .get("properties")
            .and_then(Value::as_object)
            .is_some_and(|p| !p.is_empty());
        if !is_object && !map.contains_key("oneOf") {
            return Ok(Value::Object(map));
        }
        let nullable = map.shift_remove("nullable");
        let default = map.shift_remove("default");
        let mut used: Map<String, Value> = Map::new();
        for key in map.keys().cloned().collect::<Vec<_>>() {
            // These apply to the property where it is used.
            let of_use = ["deprecated", "readOnly", "writeOnly"].contains(&key.as_str());
            if key.starts_with("x-") || of_use {
                used.extend(map.shift_remove(&key).map(|value| (key, value)));
            }
        }
        used.extend(nullable.map(|value| ("nullable".to_owned(), value)));
        used.extend(default.map(|value| ("default".to_owned(), value)));
        let name = match self.same(&map, name) {
            Some(name) => name,
            None => self.make(map, name, place)?,
        };
        let reference = json!({ "$ref": format!("{SCHEMAS}{name}") });
        if used.is_empty() {
            return Ok(reference);
        }
        used.insert("allOf".to_owned(), json!([reference]));
        Ok(Value::Object(used))
    }

    /// Returns a reference to a component created from a normalized schema.
    pub(super) fn hoist(
        &mut self,
        schema: Map<String, Value>,
        name: &str,
        place: &Pointer,
    ) -> Result<Value, LowerError> {
        let name = self.make(schema, name, place)?;
        Ok(json!({ "$ref": format!("{SCHEMAS}{name}") }))
    }

    /// Returns the component of that name if it has the same schema.
    fn same(&self, schema: &Map<String, Value>, name: &str) -> Option<String> {
        let made = self.done.get(name)?;
        (made.as_object() == Some(schema)).then(|| name.to_owned())
    }

    fn make(
        &mut self,
        schema: Map<String, Value>,
        name: &str,
        place: &Pointer,
    ) -> Result<String, LowerError> {
        if self.done.len() >= MAX_COMPONENTS {
            let reason = format!("more than {MAX_COMPONENTS} schemas");
            return Err(LowerError::new(place, reason));
        }
        let name = self.names.take(name);
        self.cx.moved_schema(&name, place);
        self.done.insert(name.clone(), Value::Object(schema));
        Ok(name)
    }

    /// Normalizes a schema as a component, where objects and unions may stay inline.
    pub(super) fn component(
        &mut self,
        schema: Value,
        name: &str,
        place: &Pointer,
    ) -> Result<Value, LowerError> {
        let Value::Object(map) = schema else {
            return Ok(json!({}));
        };
        if let Some(reference) = single_reference(&map) {
            return Ok(self.reference(map, &reference));
        }
        let depth = self.through.len();
        let mut map = self.flatten(map, place);
        self.add_conditional(&mut map, place);
        let shaped = self.flat_component(map, name, place);
        self.through.truncate(depth);
        shaped
    }

    fn flat_component(
        &mut self,
        mut map: Map<String, Value>,
        name: &str,
        place: &Pointer,
    ) -> Result<Value, LowerError> {
        if let Some(reference) = single_reference(&map) {
            return Ok(self.reference(map, &reference));
        }
        if map.contains_key("oneOf") || map.contains_key("anyOf") {
            return unions::shape(self, map, name, place);
        }
        scalars::infer_type(&mut map, place, self.cx);
        match map.get("type").and_then(Value::as_str) {
            Some("object") => self.object(map, name, place),
            Some("array") => {
                scalars::document_list_limits(&mut map, place, self.cx);
                let items = map.shift_remove("items").unwrap_or_else(|| json!({}));
                let items = self.inline(items, &format!("{name}Item"), &place.join("items"))?;
                map.insert("items".to_owned(), items);
                scalars::document_mismatched_default(&mut map);
                Ok(Value::Object(map))
            }
            _ => Ok(scalars::shape(map, place, self.cx)),
        }
    }

    fn object(
        &mut self,
        mut map: Map<String, Value>,
        name: &str,
        place: &Pointer,
    ) -> Result<Value, LowerError> {
        scalars::document_object_limits(&mut map, place, self.cx);
        let owner = pascal(name);
        scalars::declare_required_properties(&mut map, place, self.cx);
        if let Some(Value::Object(properties)) = map.get_mut("properties") {
            let mut shaped = Map::new();
            let place = place.join("properties");
            for (property, schema) in std::mem::take(properties) {
                let name = format!("{owner}{}", pascal(&property));
                let schema = self.inline(schema, &name, &place.join(&property))?;
                shaped.insert(property, schema);
            }
            if map.get("required").is_some_and(|names| *names == json!([])) {
                map.shift_remove("required");
            }
            if shaped.is_empty() {
                map.shift_remove("properties");
            } else {
                map.insert("properties".to_owned(), Value::Object(shaped));
            }
        }
        if !map.contains_key("properties") {
            map.shift_remove("required");
        }
        if let Some(others) = map.get_mut("additionalProperties")
            && others.is_object()
        {
            let others = others.take();
            let place = place.join("additionalProperties");
            let others = self.inline(others, &format!("{owner}Value"), &place)?;
            map.insert("additionalProperties".to_owned(), others);
        }
        scalars::document_mismatched_default(&mut map);
        Ok(Value::Object(map))
    }

    /// Returns a reference, which is nullable if its target is nullable.
    fn reference(&self, mut map: Map<String, Value>, reference: &str) -> Value {
        let name = target(reference).unwrap_or_default();
        if self.nullable.contains(&name) {
            map.insert("nullable".to_owned(), Value::Bool(true));
        }
        if let Some(reference) = map.shift_remove("$ref") {
            if map.is_empty() {
                return json!({ "$ref": reference });
            }
            map.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
        }
        for key in map.keys().cloned().collect::<Vec<_>>() {
            if !is_annotation(&key) && key != "nullable" && key != "allOf" {
                map.shift_remove(&key);
            }
        }
        map.shift_remove("title");
        // Keep the default only if the target is an enumeration that lists it; document any other default.
        let listed = self
            .whole
            .get(&name)
            .and_then(|schema| schema.get("enum")?.as_array());
        if !listed.is_some_and(|listed| map.get("default").is_some_and(|d| listed.contains(d))) {
            scalars::document_mismatched_default(&mut map);
        }
        if map.len() == 1
            && let Some(Value::Array(only)) = map.get_mut("allOf")
        {
            return only.first_mut().map(Value::take).unwrap_or_default();
        }
        Value::Object(map)
    }
}
