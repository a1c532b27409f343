//! Notes alternatives of unions that no response can distinguish, because their forms are equal.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};

use super::context::Context;
use super::names::{SCHEMAS, target};
use crate::Pointer;

/// Notes alternatives that have the same form: a response is always read as the first of them.
pub(super) fn note(schemas: &Map<String, Value>, cx: &mut Context<'_>) {
    let root = Pointer::root().join("components").join("schemas");
    let mut forms = Forms {
        schemas,
        known: BTreeMap::new(),
    };
    for (name, schema) in schemas {
        let alternatives = schema.get("oneOf").and_then(Value::as_array);
        let Some(alternatives) = alternatives.filter(|_| schema.get("discriminator").is_none())
        else {
            continue;
        };
        let mut names: Vec<(u64, Vec<String>)> = Vec::new();
        for alternative in alternatives {
            let form = forms.of(alternative, 0);
            let name = name_of(alternative);
            match names.iter_mut().find(|(other, _)| *other == form) {
                Some((_, names)) => names.push(name),
                None => names.push((form, vec![name])),
            }
        }
        for (_, names) in names.iter().filter(|(_, names)| names.len() > 1) {
            let (first, all) = (&names[0], names.join(", "));
            let what = format!(
                "a response cannot distinguish {all}, which have the same form; it is read as {first}"
            );
            cx.note_loss(&root.join(name), what);
        }
    }
}

fn name_of(alternative: &Value) -> String {
    let reference = alternative.get("$ref").and_then(Value::as_str);
    let name = reference.and_then(target);
    let name = name.or_else(|| Some(alternative.get("type")?.as_str()?.to_owned()));
    format!("`{}`", name.unwrap_or_default())
}

/// Hashes of the forms of schemas: types, names and listed values, but no annotations.
struct Forms<'a> {
    schemas: &'a Map<String, Value>,
    /// The forms of components, by their name and depth.
    known: BTreeMap<(&'a str, usize), u64>,
}

impl<'a> Forms<'a> {
    fn of(&mut self, schema: &'a Value, depth: usize) -> u64 {
        let is_nullable = schema.get("nullable") == Some(&Value::Bool(true));
        let only = schema.pointer("/allOf/0").unwrap_or(schema);
        if let Some(reference) = only.get("$ref").and_then(Value::as_str) {
            return hash((self.component(reference, depth), is_nullable));
        }
        let keys = ["type", "format"].map(|key| schema.get(key).and_then(Value::as_str));
        let values = ["enum", "oneOf"].map(|key| {
            let values = schema.get(key).and_then(Value::as_array);
            let values = values.into_iter().flatten().map(Value::to_string);
            let mut values: Vec<String> = values.collect();
            values.sort();
            values
        });
        let inner = ["items", "additionalProperties"]
            .map(|key| schema.get(key).map(|inner| self.of(inner, depth)));
        let properties = schema.get("properties").and_then(Value::as_object);
        let required = schema.get("required").and_then(Value::as_array);
        let properties = properties.into_iter().flatten().map(|(name, property)| {
            let mut required = required.into_iter().flatten();
            let is_required = required.any(|one| one == name);
            (name, (is_required, self.of(property, depth)))
        });
        let properties: BTreeMap<_, _> = properties.collect();
        hash((keys, is_nullable, values, inner, properties))
    }

    fn component(&mut self, reference: &'a str, depth: usize) -> u64 {
        /// Deeper references are compared by name: a schema can contain itself.
        const MAX_DEPTH: usize = 3;
        let name = reference.strip_prefix(SCHEMAS).unwrap_or(reference);
        let Some(target) = self.schemas.get(name).filter(|_| depth < MAX_DEPTH) else {
            return hash(name);
        };
        if let Some(known) = self.known.get(&(name, depth)) {
            return *known;
        }
        let form = self.of(target, depth + 1);
        self.known.insert((name, depth), form);
        form
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
