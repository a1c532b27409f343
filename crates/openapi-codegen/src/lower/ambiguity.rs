//! Notes alternatives of unions that no value tells apart.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::context::Context;
use super::names::{SCHEMAS, target};
use crate::Pointer;

/// Notes alternatives that have the same form: a response is always read as the first of them.
pub(super) fn note(schemas: &Map<String, Value>, cx: &mut Context<'_>) {
    let root = Pointer::root().join("components").join("schemas");
    for (name, schema) in schemas {
        let alternatives = schema.get("oneOf").and_then(Value::as_array);
        let Some(alternatives) = alternatives.filter(|_| schema.get("discriminator").is_none())
        else {
            continue;
        };
        let mut forms: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for alternative in alternatives {
            if let Some(form) = form(alternative, schemas, 0) {
                forms.entry(form).or_default().push(name_of(alternative));
            }
        }
        for names in forms.values().filter(|names| names.len() > 1) {
            let (first, all) = (&names[0], names.join(", "));
            let what = format!("alternatives of one form: {all}; all are read as {first}");
            cx.note_loss(&root.join(name).join("oneOf"), what);
        }
    }
}

fn name_of(alternative: &Value) -> String {
    let reference = alternative.get("$ref").and_then(Value::as_str);
    let name = reference.and_then(target);
    let name = name.or_else(|| Some(alternative.get("type")?.as_str()?.to_owned()));
    format!("`{}`", name.unwrap_or_default())
}

/// Returns a text that is equal for schemas of the same form: it has types, names and listed values, and no annotations.
/// `None` if the form is not known.
fn form(schema: &Value, schemas: &Map<String, Value>, depth: usize) -> Option<String> {
    /// Below, a reference is compared by its name. A schema can contain itself.
    const MAX_DEPTH: usize = 3;
    let only = schema.pointer("/allOf/0").unwrap_or(schema);
    if let Some(reference) = only.get("$ref").and_then(Value::as_str) {
        return match schemas.get(reference.strip_prefix(SCHEMAS)?) {
            Some(target) if depth < MAX_DEPTH => form(target, schemas, depth + 1),
            _ => Some(reference.to_owned()),
        };
    }
    let ty = schema.get("type")?.as_str()?;
    let own = ["format", "enum", "nullable"].map(|key| schema.get(key).map(Value::to_string));
    let mut text = format!("{ty} {own:?}");
    if let Some(items) = schema.get("items") {
        text.push_str(&format!(" of {}", form(items, schemas, depth)?));
    }
    let mut properties: Vec<(&String, &Value)> = Vec::new();
    properties.extend(
        schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten(),
    );
    properties.sort_by_key(|(name, _)| *name);
    for (name, property) in properties {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required =
            required.is_some_and(|required| required.contains(&Value::from(name.clone())));
        text.push_str(&format!(
            " {name:?} {is_required} {}",
            form(property, schemas, depth)?
        ));
    }
    let others = schema.get("additionalProperties");
    match others.filter(|others| others.is_object()) {
        Some(others) => Some(format!("{text} others {}", form(others, schemas, depth)?)),
        None => Some(text),
    }
}
