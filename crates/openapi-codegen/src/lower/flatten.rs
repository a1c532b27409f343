//! Flattens `allOf`: inlines referenced schemas and merges all parts.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use super::descriptions::describe_once;
use super::merge::{self, CONDITIONAL, is_annotation};
use super::names::target;
use super::shape::Shaper;
use crate::Pointer;

/// The maximum number of references from a component to the schema that declares its type.
const MAX_TYPE_DEPTH: usize = 8;

impl Shaper<'_, '_> {
    /// Merges all parts of `allOf` into the schema.
    pub(super) fn flatten(
        &mut self,
        map: Map<String, Value>,
        place: &Pointer,
    ) -> Map<String, Value> {
        let mut whole = map;
        let Some(Value::Array(parts)) = whole.shift_remove("allOf") else {
            return whole;
        };
        if merge::is_unrestricted(&whole) && self.all_are_nullable(&parts) {
            whole.insert("nullable".to_owned(), Value::Bool(true));
        }
        // The descriptions of the schema itself, not of one that it extends.
        let own = parts.iter().filter(|part| part.get("$ref").is_none());
        for text in own.filter_map(|part| part.get("description")?.as_str()) {
            describe_once(&mut whole, text);
        }
        for (index, part) in parts.into_iter().enumerate() {
            let place = place.join("allOf").join(index);
            let Value::Object(part) = part else {
                continue;
            };
            let only_part = merge::is_unrestricted(&whole);
            let Some(part) = self.inlined(part, !only_part, &place) else {
                self.cx.note_loss(&place, "a recursive part of `allOf`");
                continue;
            };
            if merge::add(&mut whole, part).is_err() {
                self.cx.note_loss(
                    &place,
                    "contradictory parts of `allOf`; treated as untyped JSON",
                );
                whole.retain(|key, _| is_annotation(key) || key == "nullable");
                return whole;
            }
        }
        whole
    }

    /// Adds the properties that are only described under a condition, as optional ones. Properties that are described
    /// unconditionally keep their types.
    pub(super) fn add_conditional(&mut self, map: &mut Map<String, Value>, place: &Pointer) {
        /// The maximum number of conditions. A condition may contain itself.
        const MAX_CONDITIONS: usize = 1000;
        let Some(Value::Array(conditions)) = map.shift_remove(CONDITIONAL) else {
            return;
        };
        if map.get("type").is_some_and(|ty| ty != "object") {
            return;
        }
        let mut open = VecDeque::from(conditions);
        let mut found: Map<String, Value> = Map::new();
        let mut add = |name: &str, schema: Value| {
            let schemas = found.entry(name).or_insert_with(|| json!([]));
            if let Value::Array(schemas) = schemas
                && !schemas.contains(&schema)
            {
                schemas.push(schema);
            }
        };
        for _ in 0..MAX_CONDITIONS {
            let Some(condition) = open.pop_front() else {
                break;
            };
            let Value::Object(condition) = condition else {
                continue;
            };
            let depth = self.through.len();
            let condition = self.inlined(condition, true, place);
            self.through.truncate(depth);
            let Some(mut condition) = condition else {
                continue;
            };
            for key in [CONDITIONAL, "oneOf", "anyOf"] {
                if let Some(Value::Array(inner)) = condition.shift_remove(key) {
                    open.extend(inner);
                }
            }
            let properties = condition.get("properties").and_then(Value::as_object);
            for (name, schema) in properties.into_iter().flatten() {
                add(name, schema.clone());
            }
            let required = condition.get("required").and_then(Value::as_array);
            for name in required.into_iter().flatten().filter_map(Value::as_str) {
                if !properties.is_some_and(|properties| properties.contains_key(name)) {
                    add(name, json!({}));
                }
            }
        }
        if found.is_empty() {
            return;
        }
        let properties = map.entry("properties").or_insert_with(|| json!({}));
        if let Value::Object(properties) = properties {
            for (name, mut schemas) in found {
                let Value::Array(list) = &mut schemas else {
                    continue;
                };
                // A condition that only requires the property does not describe it.
                if list.len() > 1 {
                    list.retain(|schema| *schema != json!({}));
                }
                let schema = match list.as_mut_slice() {
                    [only] => only.take(),
                    _ => json!({ "anyOf": schemas }),
                };
                properties.entry(name).or_insert(schema);
            }
        }
    }

    /// Returns whether all parts that restrict the value are references to nullable schemas.
    fn all_are_nullable(&self, parts: &[Value]) -> bool {
        let maps = parts.iter().filter_map(Value::as_object);
        let mut restricting = maps.filter(|part| !merge::is_unrestricted(part)).peekable();
        let is_nullable = |part: &Map<String, Value>| {
            let reference = part.get("$ref").and_then(Value::as_str);
            let name = reference.and_then(target);
            name.is_some_and(|name| self.nullable.contains(&name))
        };
        restricting.peek().is_some() && restricting.all(is_nullable)
    }

    /// Returns a schema that only refers to another one as `allOf` with one reference, beside annotations. The reference
    /// may be one part of several if the others have only annotations, or the type of the target. Other schemas are
    /// returned unchanged.
    pub(super) fn as_reference(&self, schema: Value) -> Value {
        let mut annotations = Map::new();
        let mut references = Vec::new();
        if !is_only_reference(&schema, &mut annotations, &mut references) {
            return schema;
        }
        let [reference] = references.as_slice() else {
            return schema;
        };
        let ty = annotations.shift_remove("type");
        if ty.is_some() {
            let name = target(reference);
            let target_type = name.and_then(|name| self.type_of(&name, MAX_TYPE_DEPTH));
            if ty.as_ref().and_then(Value::as_str) != target_type {
                return schema;
            }
        }
        annotations.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
        Value::Object(annotations)
    }

    /// Returns the type of a component, if it is declared or follows from its properties.
    fn type_of(&self, name: &str, depth: usize) -> Option<&str> {
        let schema = self.whole.get(name)?;
        let declared = schema.get("type").and_then(Value::as_str);
        let properties = schema.get("properties").map(|_| "object");
        declared.or(properties).or_else(|| {
            let parts = schema.get("allOf").and_then(Value::as_array);
            let parts = parts.into_iter().flatten().chain([schema]);
            let targets = parts.filter_map(|part| target(part.get("$ref")?.as_str()?));
            let depth = depth.checked_sub(1)?;
            targets.filter_map(|name| self.type_of(&name, depth)).next()
        })
    }

    /// Returns a part with its reference inlined. Returns `None` if the referenced schema is already being inlined.
    fn inlined(
        &mut self,
        part: Map<String, Value>,
        beside_others: bool,
        place: &Pointer,
    ) -> Option<Map<String, Value>> {
        let Some(reference) = part.get("$ref").and_then(Value::as_str).map(str::to_owned) else {
            return Some(self.flatten(part, place));
        };
        let name = target(&reference)?;
        let written = self
            .through
            .iter()
            .filter(|through| **through == name)
            .count();
        if written > 1 {
            return None;
        }
        let Some(Value::Object(found)) = self.whole.get(&name) else {
            return Some(Map::new());
        };
        let mut found = found.clone();
        self.through.push(name);
        if beside_others {
            found.shift_remove("title");
        }
        if let Some(reference) = single_reference(&found) {
            let inner = Map::from_iter([("$ref".to_owned(), Value::from(reference))]);
            return self.inlined(inner, beside_others, place);
        }
        Some(self.flatten(found, place))
    }
}

/// Collects the references, annotations and type of a schema and the parts of its `allOf`. Annotations of the schema
/// take precedence. Returns whether the schema contains nothing else.
fn is_only_reference(
    schema: &Value,
    annotations: &mut Map<String, Value>,
    references: &mut Vec<String>,
) -> bool {
    let own = schema.as_object().into_iter().flatten();
    let mut parts = Vec::new();
    for (key, value) in own {
        match (key.as_str(), value) {
            ("$ref", Value::String(reference)) => references.push(reference.clone()),
            ("allOf", Value::Array(list)) => parts.extend(list),
            ("nullable", Value::Bool(false)) => {}
            ("type", ty) if annotations.get("type").is_some_and(|other| other != ty) => {
                return false;
            }
            (key, value) if key == "type" || key == "nullable" || is_annotation(key) => {
                annotations.entry(key).or_insert_with(|| value.clone());
            }
            _ => return false,
        }
    }
    parts
        .into_iter()
        .all(|part| is_only_reference(part, annotations, references))
}

/// Returns the reference of a schema that consists only of a reference and annotations.
pub(super) fn single_reference(map: &Map<String, Value>) -> Option<String> {
    if let Some(reference) = map.get("$ref") {
        return reference.as_str().map(str::to_owned);
    }
    let parts = map.get("allOf")?.as_array()?;
    let [Value::Object(only)] = parts.as_slice() else {
        return None;
    };
    let reference = only.get("$ref")?.as_str()?;
    let others = map.keys().filter(|key| *key != "allOf");
    let plain = only.len() == 1
        && others
            .clone()
            .all(|key| is_annotation(key) || key == "nullable");
    plain.then(|| reference.to_owned())
}
