//! Flattens `allOf`: inlines referenced schemas and merges all parts.

use serde_json::{Map, Value};

use super::merge::{self, is_annotation};
use super::names::target;
use super::shape::Shaper;
use crate::Pointer;

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
