//! Reads and extends descriptions, which are Markdown.

use serde_json::{Map, Value, json};

/// Returns the description of an object in one line. `None` if there is none.
pub(super) fn line(holder: &Value) -> Option<String> {
    let words = holder.get("description")?.as_str()?.split_whitespace();
    let line = words.collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

/// Writes a text as code in Markdown.
pub(crate) fn code(text: &str) -> String {
    match text.contains('`') {
        true => format!("`` {text} ``"),
        false => format!("`{text}`"),
    }
}

/// Writes a value as code in Markdown, a string without quotation marks.
pub(super) fn code_of(value: &Value) -> String {
    match value {
        Value::String(text) => code(text),
        value => code(&value.to_string()),
    }
}

/// Indents the lines of a text after the first, so that all are part of one item of a list.
pub(crate) fn in_list(text: &str) -> String {
    let mut lines = text.trim().lines();
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |text, line| match line.trim_end() {
        "" => text + "\n",
        line => text + "\n  " + line,
    })
}

/// Appends a sentence to the description of a schema or a parameter.
pub(super) fn describe(holder: &mut Value, sentence: &str) {
    if let Value::Object(holder) = holder {
        describe_map(holder, sentence);
    }
}

/// Appends a sentence to the description of an object.
pub(super) fn describe_map(holder: &mut Map<String, Value>, sentence: &str) {
    let description = holder
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim_end();
    let last = description.lines().last().unwrap_or_default();
    let begins = |starts: &[&str]| {
        starts
            .iter()
            .any(|start| last.trim_start().starts_with(start))
    };
    let is_block =
        last.starts_with("    ") || begins(&["```", "~~~", "|", "- ", "* ", "+ ", "#", ">"]);
    let is_numbered = last.trim_start().split_once(['.', ')']);
    let is_numbered = is_numbered.is_some_and(|(number, _)| number.parse::<u32>().is_ok());
    let separator = match description.chars().last() {
        None => "",
        // The sentence would become part of the list, the table or the code.
        Some(_) if is_block || is_numbered => "\n\n",
        Some('.' | '!' | '?') => " ",
        // A tag of HTML, such as `<br />`, and not a link, such as `<https://…>`.
        Some('>') if !last.rsplit('<').next().is_some_and(|tag| tag.contains(':')) => " ",
        Some(_) => ". ",
    };
    let text = format!("{description}{separator}{sentence}");
    holder.insert("description".to_owned(), text.into());
}

/// Appends a sentence to the description, unless it contains the sentence: a lowered document may be lowered again.
pub(super) fn describe_once(holder: &mut Map<String, Value>, sentence: &str) {
    let description = holder.get("description").and_then(Value::as_str);
    if !description.is_some_and(|description| description.contains(sentence)) {
        describe_map(holder, sentence);
    }
}

/// Like [`describe_once`], for a schema that may be a reference.
pub(super) fn describe_schema(holder: &mut Value, sentence: &str) {
    // Nothing can stand beside a reference.
    if holder.get("$ref").is_some() {
        *holder = json!({ "allOf": [holder.take()] });
    }
    if let Value::Object(holder) = holder {
        describe_once(holder, sentence);
    }
}
