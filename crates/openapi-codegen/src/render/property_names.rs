//! Gives properties of one schema distinct names in Rust, such as `a_b` and `a_b_2` for `a-b` and `aB`.
//!
//! progenitor derives the name of a field from its property. Before progenitor runs, a property whose field has a name
//! that is taken gets a suffix; afterwards, the suffix is removed from the strings of the generated code.

use std::collections::BTreeSet;

use heck::ToSnakeCase as _;
use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use serde_json::{Map, Value};

/// Separates a property from the suffix. It separates words in a name, and is not expected in a property.
const SEPARATOR: char = '\u{1f}';

/// Renames properties of the component schemas. Objects within others are components of their own after lowering.
pub(super) fn make_unique(schemas: &mut Map<String, Value>) {
    let schemas = schemas.values_mut().filter_map(Value::as_object_mut);
    schemas.for_each(rename);
}

/// Returns whether a document has properties that were renamed.
pub(super) fn has_renamed(document: &Value) -> bool {
    let schemas = document["components"]["schemas"].as_object();
    let properties = schemas.into_iter().flat_map(Map::values);
    let mut properties = properties.filter_map(|schema| schema.get("properties")?.as_object());
    properties.any(|properties| properties.keys().any(|name| name.contains(SEPARATOR)))
}

fn rename(schema: &mut Map<String, Value>) {
    let keeps_others = schema
        .get("additionalProperties")
        .is_some_and(Value::is_object);
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    let all: BTreeSet<String> = properties.keys().map(|name| field_name(name)).collect();
    // The field for unlisted properties is named `extra`.
    let has_extra = keeps_others && all.contains("extra");
    if all.len() == properties.len() && !has_extra {
        return;
    }
    let mut taken = BTreeSet::new();
    taken.extend(keeps_others.then(|| "extra".to_owned()));
    // A property that is named like its field keeps the name, regardless of the order.
    let plain = properties.keys().filter(|name| field_name(name) == **name);
    let plain: BTreeSet<String> = plain.cloned().collect();
    let mut renamed = Vec::new();
    for (property, value) in std::mem::take(properties) {
        let mut name = property.clone();
        let field = field_name(&name);
        let is_reserved = field != property && plain.contains(&field);
        if is_reserved || !taken.insert(field) {
            let candidates = (2..).map(|number| format!("{property}{SEPARATOR}{number}"));
            let is_free =
                |name: &String| !all.contains(&field_name(name)) && taken.insert(field_name(name));
            name = { candidates }.find(is_free).unwrap_or(name);
            renamed.push((property, name.clone()));
        }
        properties.insert(name, value);
    }
    let required = schema.get_mut("required").and_then(Value::as_array_mut);
    for entry in required.into_iter().flatten() {
        if let Some((_, new)) = renamed.iter().find(|(old, _)| entry == old) {
            *entry = new.as_str().into();
        }
    }
}

/// Returns a property as it is on the wire.
pub(super) fn on_wire(property: &str) -> &str {
    property
        .split_once(SEPARATOR)
        .map_or(property, |(name, _)| name)
}

/// Returns the name that progenitor gives the field of a property, except that it adds an underscore to a keyword.
fn field_name(property: &str) -> String {
    match property {
        "+1" => return "plus1".to_owned(),
        "-1" => return "minus1".to_owned(),
        _ => {}
    }
    let words = property.replace('\'', "");
    let words = words.replace(|c: char| !(c.is_alphanumeric() || c == '_'), "-");
    let name = words.to_snake_case();
    match name.starts_with(char::is_alphabetic) {
        true => name,
        false => format!("x{name}"),
    }
}

/// Restores the names of properties in the strings of generated code.
pub(super) fn restore(tokens: TokenStream) -> TokenStream {
    let restored = tokens.into_iter().map(|tree| match tree {
        TokenTree::Group(group) => {
            TokenTree::Group(Group::new(group.delimiter(), restore(group.stream())))
        }
        TokenTree::Literal(literal) => TokenTree::Literal(restore_literal(literal)),
        other => other,
    });
    restored.collect()
}

fn restore_literal(literal: Literal) -> Literal {
    let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) else {
        return literal;
    };
    match text.value().split_once(SEPARATOR) {
        None => literal,
        Some((before, after)) => {
            let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
            Literal::string(&format!("{before}{after}"))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_get_distinct_fields() {
        let properties = |names: &[&str]| -> Map<String, Value> {
            names
                .iter()
                .map(|name| ((*name).to_owned(), json!({})))
                .collect()
        };
        for (names, others, expected) in [
            (&["a", "b"][..], false, &["a", "b"][..]),
            // A property that is named like a field keeps the name.
            (&["a-b", "a_b", "aB"], false, &["a_b_2", "a_b", "a_b_3"]),
            (&["a-b", "aB"], false, &["a_b", "a_b_2"]),
            (&["a-b", "a_b", "a_b_2"], false, &["a_b_3", "a_b", "a_b_2"]),
            (
                &["it's", "its", "1", "x1"],
                false,
                &["its_2", "its", "x1_2", "x1"],
            ),
            (&["extra", "a"], false, &["extra", "a"]),
            (&["extra", "a"], true, &["extra_2", "a"]),
        ] {
            let mut schema = json!({"properties": properties(names), "required": names});
            if others {
                schema["additionalProperties"] = json!({});
            }
            rename(schema.as_object_mut().unwrap());
            let after: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
            let fields: Vec<String> = after.iter().map(|name| field_name(name)).collect();
            assert_eq!(fields, expected);
            assert_eq!(schema["required"], json!(after));
        }
    }

    #[test]
    fn names_are_restored() {
        let code = "#[serde(rename = \"a-b\\u{1f}2\", other = \"\\u{1f}\")] error(\"no value for a\\u{1f}12: {e}\", 1)";
        let restored = restore(code.parse().unwrap()).to_string();
        let expected = "#[serde(rename = \"a-b\", other = \"\")] error(\"no value for a: {e}\", 1)";
        assert_eq!(
            restored,
            expected.parse::<TokenStream>().unwrap().to_string()
        );
    }
}
