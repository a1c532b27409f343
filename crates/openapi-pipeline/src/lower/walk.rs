//! Helpers shared by several passes.

use serde_json::Value;

/// Iterates over the members of an object; empty for other values.
pub(super) fn members(value: Option<&mut Value>) -> impl Iterator<Item = (&String, &mut Value)> {
    value.and_then(Value::as_object_mut).into_iter().flatten()
}

/// Appends a sentence to the description of a schema or a parameter.
pub(super) fn describe(holder: &mut Value, sentence: &str) {
    let Value::Object(holder) = holder else {
        return;
    };
    let description = holder
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim_end();
    let separator = match description.chars().last() {
        None => "",
        Some('.' | '!' | '?') => " ",
        Some(_) => ". ",
    };
    let text = format!("{description}{separator}{sentence}");
    holder.insert("description".to_owned(), text.into());
}
