//! Makes every schema reference point to a component schema.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::LowerError;
use super::context::Context;
use super::names::{Names, SCHEMAS, pascal, target, unescape};
use super::resolve::find;
use crate::Pointer;

/// Creates a component for every schema that is referenced elsewhere in the document, and repairs unresolved
/// references.
pub(super) fn lower_references(
    document: &mut Value,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let whole = document.clone();
    let schemas = whole
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    let mut hoist = Hoist {
        whole: &whole,
        names: schemas.map(Names::of).unwrap_or_default(),
        made: BTreeMap::new(),
        open: Vec::new(),
        cx,
    };
    hoist.below(document, &Pointer::root())?;
    // New components may contain further references of this kind.
    let mut finished = Vec::new();
    while let Some((name, mut schema, place)) = hoist.open.pop() {
        hoist.below(&mut schema, &place)?;
        finished.push((name, schema));
    }
    if !finished.is_empty() {
        finished.sort_by(|a, b| a.0.cmp(&b.0));
        let schemas = document
            .as_object_mut()
            .map(|map| map.entry("components").or_insert_with(|| json!({})))
            .and_then(Value::as_object_mut)
            .map(|map| map.entry("schemas").or_insert_with(|| json!({})))
            .and_then(Value::as_object_mut);
        if let Some(schemas) = schemas {
            schemas.extend(finished);
        }
    }
    Ok(())
}

struct Hoist<'a, 'b> {
    whole: &'a Value,
    names: Names,
    /// The created components, by the references that point to them.
    made: BTreeMap<String, String>,
    open: Vec<(String, Value, Pointer)>,
    cx: &'a mut Context<'b>,
}

impl Hoist<'_, '_> {
    fn below(&mut self, value: &mut Value, place: &Pointer) -> Result<(), LowerError> {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    let place = place.join("$ref");
                    match self.resolve_target(reference, &place)? {
                        Some(new) => {
                            map.insert("$ref".to_owned(), new.into());
                        }
                        None => {
                            map.shift_remove("$ref");
                        }
                    }
                }
                for (key, member) in map {
                    // Examples are arbitrary data.
                    if !matches!(
                        key.as_str(),
                        "example" | "examples" | "default" | "enum" | "const"
                    ) && !key.starts_with("x-")
                    {
                        self.below(member, &place.join(key))?;
                    }
                }
                Ok(())
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.below(item, &place.join(index))?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Returns the new target of a reference. `None` if it cannot be resolved.
    fn resolve_target(
        &mut self,
        reference: &str,
        place: &Pointer,
    ) -> Result<Option<String>, LowerError> {
        let Some(pointer) = reference.strip_prefix('#') else {
            // Some documents reference a schema by its bare name.
            let bare = format!("/components/schemas/{reference}");
            if !reference.contains(['/', '.']) && self.whole.pointer(&bare).is_some() {
                return Ok(Some(format!("{SCHEMAS}{reference}")));
            }
            let fault =
                format!("{reference:?} points outside the document; bundle the document first");
            self.cx
                .reject_or_repair(place, fault, "treated as untyped JSON")?;
            return Ok(None);
        };
        let tokens: Vec<String> = pointer.split('/').skip(1).map(unescape).collect();
        let found = find(self.whole, reference);
        let Some(found) = found.filter(|_| pointer.starts_with('/')) else {
            let fault = format!("{reference:?} cannot be resolved");
            self.cx
                .reject_or_repair(place, fault, "treated as untyped JSON")?;
            return Ok(None);
        };
        let is_component = tokens.first().is_some_and(|token| token == "components");
        if is_component && tokens.len() == 3 {
            // Other components were copied by an earlier pass; schemas remain.
            return Ok(match target(reference) {
                Some(name) => Some(format!("{SCHEMAS}{}", escape(&name))),
                None => Some(reference.to_owned()),
            });
        }
        if let Some(name) = self.made.get(reference) {
            return Ok(Some(format!("{SCHEMAS}{name}")));
        }
        let words = [
            "components",
            "schemas",
            "properties",
            "$defs",
            "definitions",
            "schema",
        ];
        let words: Vec<&str> = tokens
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .into_iter()
            .filter(|token| !words.contains(token))
            .collect();
        let name = self.names.take(&pascal(&words.join("-")));
        self.made.insert(reference.to_owned(), name.clone());
        self.open.push((name.clone(), found.clone(), place.clone()));
        Ok(Some(format!("{SCHEMAS}{name}")))
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
