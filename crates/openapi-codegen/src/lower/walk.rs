//! Walks through a document.

use serde_json::Value;

/// What the keys of an object in a document are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// Keywords of OpenAPI or JSON Schema, and extensions.
    Keywords,
    /// Names that the author of the document chose, such as those of properties. They may equal keywords, or begin
    /// with `x-`.
    Names,
    /// Paths or status codes, and extensions.
    Fields,
}

impl Keys {
    /// Returns what the keys of a member are. `None` if the member contains no schemas and references, but arbitrary
    /// data, such as an example.
    pub(super) fn below(self, key: &str) -> Option<Self> {
        match (self, key) {
            (Self::Names, _) => Some(Self::Keywords),
            (_, key) if key.starts_with("x-") => None,
            (Self::Fields, _) => Some(Self::Keywords),
            (_, "example" | "examples" | "default" | "enum" | "const") => None,
            (_, "paths" | "responses") => Some(Self::Fields),
            (
                _,
                "$defs" | "callbacks" | "content" | "definitions" | "dependentSchemas" | "encoding"
                | "headers" | "links" | "mapping" | "mediaTypes" | "parameters" | "pathItems"
                | "patternProperties" | "properties" | "requestBodies" | "schemas"
                | "securitySchemes" | "webhooks",
            ) => Some(Self::Names),
            _ => Some(Self::Keywords),
        }
    }
}

/// Returns whether an object in a value has a member with a property. Few documents have some keywords, and locating them
/// takes longer.
pub(super) fn has_member(value: &Value, is_member: &impl Fn(&str, &Value) -> bool) -> bool {
    match value {
        Value::Object(map) => map
            .iter()
            .any(|(key, member)| is_member(key, member) || has_member(member, is_member)),
        Value::Array(items) => items.iter().any(|item| has_member(item, is_member)),
        _ => false,
    }
}

/// Iterates over the members of an object; empty for other values.
pub(super) fn members(value: Option<&mut Value>) -> impl Iterator<Item = (&String, &mut Value)> {
    value.and_then(Value::as_object_mut).into_iter().flatten()
}
