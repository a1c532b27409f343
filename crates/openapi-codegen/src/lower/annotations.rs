//! Documents annotations that Rust types do not express: `deprecated`, `readOnly` and `writeOnly`.

use serde_json::Value;

use super::defaults;
use super::resolve::is_method;
use super::walk::{self, members};

/// Documents the annotations of operations, parameters, component schemas and their properties.
pub(super) fn document_annotations(document: &mut Value) {
    let (sent, received) = (
        defaults::sent_schemas(document),
        defaults::received_schemas(document),
    );
    for (name, schema) in members(document.pointer_mut("/components/schemas")) {
        document_deprecated(schema);
        for (_, property) in members(schema.get_mut("properties")) {
            document_deprecated(property);
            // A type of responses only says by itself that its properties are read.
            for (annotation, sentence, users) in [
                ("readOnly", "Read-only: set in responses.", &sent),
                ("writeOnly", "Write-only: set in requests.", &received),
            ] {
                if users.contains(name) && property.get(annotation) == Some(&Value::Bool(true)) {
                    describe(property, sentence);
                }
            }
        }
    }
    for (_, item) in members(document.get_mut("paths")) {
        for (_, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            document_deprecated(operation);
            let parameters = operation
                .get_mut("parameters")
                .and_then(Value::as_array_mut);
            parameters
                .into_iter()
                .flatten()
                .for_each(document_deprecated);
        }
    }
}

/// Documents that a part is deprecated, unless its description begins with that.
fn document_deprecated(holder: &mut Value) {
    let description = holder.get("description").and_then(Value::as_str);
    let beginning = description.and_then(|text| text.trim_start().get(.."deprecated".len()));
    let is_documented = beginning.is_some_and(|word| word.eq_ignore_ascii_case("deprecated"));
    if holder.get("deprecated") == Some(&Value::Bool(true)) && !is_documented {
        describe(holder, "Deprecated.");
    }
}

/// Adds a sentence, unless the description has it: a document may be lowered twice.
fn describe(holder: &mut Value, sentence: &str) {
    let description = holder.get("description").and_then(Value::as_str);
    if !description.is_some_and(|description| description.contains(sentence)) {
        walk::describe(holder, sentence);
    }
}
