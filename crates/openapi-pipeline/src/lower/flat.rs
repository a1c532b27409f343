//! Schemas without `allOf`: what they refer to written out, and all that holds in one.

use serde_json::{Map, Value};

use super::merge::{self, is_word};
use super::names::target;
use super::shape::Shaper;
use crate::Pointer;

impl Shaper<'_, '_> {
    /// A schema without `allOf`: all that holds, in one.
    pub(super) fn flat(&mut self, map: Map<String, Value>, place: &Pointer) -> Map<String, Value> {
        let mut whole = map;
        let Some(Value::Array(parts)) = whole.shift_remove("allOf") else {
            return whole;
        };
        if merge::says_nothing(&whole) && self.all_are_nullable(&parts) {
            whole.insert("nullable".to_owned(), Value::Bool(true));
        }
        for (index, part) in parts.into_iter().enumerate() {
            let place = place.join("allOf").join(index);
            let Value::Object(part) = part else {
                continue;
            };
            let only_part = merge::says_nothing(&whole);
            let Some(part) = self.written_out(part, !only_part, &place) else {
                self.cx.lose(&place, "a part that holds the whole again");
                continue;
            };
            if merge::add(&mut whole, part).is_err() {
                self.cx.lose(
                    &place,
                    "parts that no one type can be; read as untyped JSON",
                );
                whole.retain(|key, _| is_word(key) || key == "nullable");
                return whole;
            }
        }
        whole
    }

    /// Whether the parts that say something are references to what may be null.
    fn all_are_nullable(&self, parts: &[Value]) -> bool {
        let maps = parts.iter().filter_map(Value::as_object);
        let mut said = maps.filter(|part| !merge::says_nothing(part)).peekable();
        let is_nullable = |part: &Map<String, Value>| {
            let reference = part.get("$ref").and_then(Value::as_str);
            let name = reference.and_then(target);
            name.is_some_and(|name| self.nullable.contains(&name))
        };
        said.peek().is_some() && said.all(is_nullable)
    }

    /// A part with what it refers to written out; nothing if that is being written out already.
    fn written_out(
        &mut self,
        part: Map<String, Value>,
        beside_others: bool,
        place: &Pointer,
    ) -> Option<Map<String, Value>> {
        let Some(reference) = part.get("$ref").and_then(Value::as_str).map(str::to_owned) else {
            return Some(self.flat(part, place));
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
            return self.written_out(inner, beside_others, place);
        }
        Some(self.flat(found, place))
    }
}

/// Where a schema leads that is a reference and words beside it.
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
    let plain = only.len() == 1 && others.clone().all(|key| is_word(key) || key == "nullable");
    plain.then(|| reference.to_owned())
}
