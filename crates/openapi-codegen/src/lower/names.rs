//! Assigns schema names that are valid and unique as Rust types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::walk::Keys;
use crate::Pointer;

/// The prefix of references to component schemas.
pub(super) const SCHEMAS: &str = "#/components/schemas/";

/// Names that generated code uses itself.
const RESERVED: &[&str] = &[
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Drop",
    "Eq",
    "Err",
    "Fn",
    "From",
    "Hash",
    "Into",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Self",
    "Send",
    "Some",
    "String",
    "Sync",
    "ToString",
    "TryFrom",
    "TryInto",
    "Vec",
];

/// The assigned names, compared without regard to case and separators.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
    /// The last number used as a suffix of each name.
    numbers: BTreeMap<String, usize>,
}

impl Names {
    /// Creates the set from the names of all component schemas.
    pub(super) fn of(schemas: &Map<String, Value>) -> Self {
        Self {
            taken: schemas.keys().map(|name| key(name)).collect(),
            numbers: BTreeMap::new(),
        }
    }

    /// Returns whether a name is not taken.
    pub(super) fn is_free(&self, wanted: &str) -> bool {
        !self.taken.contains(&key(&usable(wanted)))
    }

    /// Reserves a name, with a numeric suffix if it is taken.
    pub(super) fn take(&mut self, wanted: &str) -> String {
        let wanted = usable(wanted);
        if self.taken.insert(key(&wanted)) {
            return wanted;
        }
        let number = self.numbers.entry(wanted.clone()).or_insert(1);
        loop {
            *number += 1;
            let numbered = format!("{wanted}{number}");
            if self.taken.insert(key(&numbered)) {
                return numbered;
            }
        }
    }
}

fn key(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_ascii_alphanumeric());
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Converts a name to one that is valid in references and in Rust.
fn usable(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut usable: String = if name.chars().all(is_plain) {
        name.to_owned()
    } else {
        pascal(name)
    };
    if !usable.contains(|c: char| c.is_ascii_alphanumeric()) {
        usable = "Schema".to_owned();
    }
    if !usable.starts_with(|c: char| c.is_ascii_alphabetic()) {
        usable = format!("V{}", pascal(&usable));
    }
    if RESERVED.contains(&pascal(&usable).as_str()) {
        usable.push_str("Type");
    }
    usable
}

/// Converts a name to PascalCase: `tool_calls` becomes `ToolCalls`.
pub(super) fn pascal(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars).collect::<String>()
        })
        .collect()
}

/// Renames component schemas whose names are invalid or ambiguous in Rust.
pub(super) fn rename_schemas(document: &mut Value, cx: &mut Context<'_>) -> Result<(), LowerError> {
    let place = Pointer::root().join("components").join("schemas");
    let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") else {
        return Ok(());
    };
    let mut names = Names::default();
    // Valid names take precedence, regardless of their order.
    let (good, bad): (Vec<_>, Vec<_>) = schemas.keys().cloned().partition(|n| usable(n) == *n);
    let mut renamed = BTreeMap::new();
    for name in good.into_iter().chain(bad) {
        let new = names.take(&name);
        if new != name {
            if new.trim_end_matches(|c: char| c.is_ascii_digit()) == name {
                let what =
                    format!("renamed to `{new}`, because another schema has the same Rust name");
                cx.note_loss(&place.join(&name), what);
            }
            cx.moved_schema(&new, &place.join(&name));
            renamed.insert(name, new);
        }
    }
    if renamed.is_empty() {
        return Ok(());
    }
    *schemas = std::mem::take(schemas)
        .into_iter()
        .map(|(name, schema)| (renamed.get(&name).cloned().unwrap_or(name), schema))
        .collect();
    rewrite(document, Keys::Keywords, &renamed);
    Ok(())
}

/// Rewrites the references to renamed schemas.
fn rewrite(value: &mut Value, keys: Keys, renamed: &BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            if keys == Keys::Keywords {
                rewrite_discriminator(map, renamed);
                if let Some(Value::String(reference)) = map.get_mut("$ref")
                    && let Some(new) = target(reference).and_then(|name| renamed.get(&name))
                {
                    *reference = format!("{SCHEMAS}{new}");
                }
            }
            for (key, member) in map {
                if let Some(keys) = keys.below(key) {
                    rewrite(member, keys, renamed);
                }
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| rewrite(item, Keys::Keywords, renamed)),
        _ => {}
    }
}

/// Rewrites the mapping of a discriminator. An alternative that is not mapped is selected by the name of its schema: if
/// that is renamed, the name in the document is added to the mapping.
fn rewrite_discriminator(map: &mut Map<String, Value>, renamed: &BTreeMap<String, String>) {
    let alternatives = ["oneOf", "anyOf"]
        .iter()
        .filter_map(|key| map.get(*key)?.as_array());
    let names = alternatives
        .flatten()
        .filter_map(|alternative| target(alternative.get("$ref")?.as_str()?));
    let names: Vec<String> = names.filter(|name| renamed.contains_key(name)).collect();
    let Some(Value::Object(discriminator)) = map.get_mut("discriminator") else {
        return;
    };
    let mapping = discriminator.entry("mapping").or_insert_with(|| json!({}));
    let Value::Object(mapping) = mapping else {
        return;
    };
    let mapped: Vec<String> = mapping.values().filter_map(meant).collect();
    for value in mapping.values_mut() {
        rename_meant(value, renamed);
    }
    for name in names.into_iter().filter(|name| !mapped.contains(name)) {
        let new = renamed.get(&name).unwrap_or(&name);
        let reference = format!("{SCHEMAS}{new}");
        mapping.entry(name).or_insert(reference.into());
    }
    if mapping.is_empty() {
        discriminator.shift_remove("mapping");
    }
    if let Some(default) = discriminator.get_mut("defaultMapping") {
        rename_meant(default, renamed);
    }
}

fn rename_meant(value: &mut Value, renamed: &BTreeMap<String, String>) {
    if let Some(new) = meant(value).and_then(|name| renamed.get(&name)) {
        *value = format!("{SCHEMAS}{new}").into();
    }
}

/// Returns the name of the schema that a value of a discriminator's mapping means: a reference or a name.
pub(super) fn meant(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    Some(target(text).unwrap_or_else(|| text.to_owned()))
}

/// Returns the name of the component schema that a reference points to.
pub(super) fn target(reference: &str) -> Option<String> {
    let token = reference.strip_prefix(SCHEMAS)?;
    (!token.contains('/')).then(|| unescape(token))
}

/// Decodes the percent-encoding and the JSON Pointer escapes of a token in a reference.
pub(super) fn unescape(token: &str) -> String {
    let mut bytes = Vec::with_capacity(token.len());
    let mut rest = token.as_bytes();
    while let [first, tail @ ..] = rest {
        let decoded = match tail {
            [high, low, ..] if *first == b'%' => {
                let digits = [*high, *low];
                let text = std::str::from_utf8(&digits).ok();
                text.and_then(|text| u8::from_str_radix(text, 16).ok())
            }
            _ => None,
        };
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.replace("~1", "/").replace("~0", "~")
}
