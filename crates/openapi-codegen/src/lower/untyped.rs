//! Describes schemas that have no type in the crate: those of text, bytes and parts of forms, and inline schemas.

use serde_json::{Map, Value};

use super::descriptions::{self, code, code_of};
use super::schema::CONSTRAINTS;

/// Returns the description of a schema, and a sentence about its values and constraints.
pub(super) fn texts(schema: &Value) -> Vec<String> {
    let description = schema.get("description").and_then(Value::as_str);
    let description = description.map(str::trim).filter(|text| !text.is_empty());
    let mut details = details(schema).join("; ");
    if let Some(first) = details.get_mut(..1) {
        first.make_ascii_uppercase();
        details.push('.');
    }
    let details = Some(details).filter(|details| !details.is_empty());
    description
        .map(str::to_owned)
        .into_iter()
        .chain(details)
        .collect()
}

/// Like [`texts`], for one of several media types.
pub(super) fn text_of(media: &str, schema: &Value) -> Option<String> {
    let mut described = Map::new();
    describe(&mut described, &texts(schema));
    let text = described.get("description")?.as_str()?;
    Some(format!("{}: {text}", code(media)))
}

/// Appends texts to a description that does not contain them.
pub(super) fn describe(holder: &mut Map<String, Value>, texts: &[String]) {
    for text in texts {
        let known = holder.get("description").and_then(Value::as_str);
        if !known.is_some_and(|known| has_sentence(known, text.trim_end_matches('.'))) {
            descriptions::describe_map(holder, text);
        }
    }
}

fn has_sentence(description: &str, sentence: &str) -> bool {
    description.match_indices(sentence).any(|(start, _)| {
        let (before, rest) = description.split_at(start);
        let after = rest[sentence.len()..].trim_start_matches('.');
        let is_boundary = |c: Option<char>| c.is_none_or(char::is_whitespace);
        is_boundary(before.chars().next_back()) && is_boundary(after.chars().next())
    })
}

/// Describes the type of a part of a form, with its values, default and constraints.
pub(super) fn type_words(part: &Value) -> Vec<String> {
    let mut words = Vec::new();
    let ty = part.get("type").and_then(Value::as_str);
    words.extend(ty.filter(|ty| *ty != "string").map(str::to_owned));
    words.extend(details(part));
    let items = part.get("items").map(type_words).unwrap_or_default();
    words.extend((!items.is_empty()).then(|| format!("items: {}", items.join(", "))));
    words
}

/// Describes the format, the values, the default and the constraints of a schema.
fn details(schema: &Value) -> Vec<String> {
    let mut words = Vec::new();
    let format = schema.get("format").filter(|format| *format != "binary");
    words.extend(format.map(|format| format!("format {}", code_of(format))));
    let values = schema.get("enum").and_then(Value::as_array);
    let null = schema.get("type").filter(|ty| *ty == "null");
    let only = schema.get("const").or(null.map(|_| &Value::Null));
    let values = values.filter(|_| only.is_none());
    let values = values.into_iter().flatten().chain(only);
    let values: Vec<String> = values.map(code_of).collect();
    match values.as_slice() {
        [] => {}
        [only] => words.push(format!("always {only}")),
        values => words.push(format!("one of {}", values.join(", "))),
    }
    words.extend(
        schema
            .get("default")
            .map(|value| format!("default {}", code_of(value))),
    );
    for (keyword, _) in CONSTRAINTS {
        let value = schema
            .get(keyword)
            .filter(|value| **value != Value::Bool(false));
        words.extend(value.map(|value| {
            let value = match value.as_str() {
                Some(text) => text.to_owned(),
                None => value.to_string(),
            };
            code(&format!("{keyword}: {value}"))
        }));
    }
    let is_deprecated = schema.get("deprecated") == Some(&Value::Bool(true));
    words.extend(is_deprecated.then(|| "deprecated".to_owned()));
    words
}
