//! Constructs response formats.

use serde_json::Value;

use crate::types::{ResponseFormat, ResponseSchema};

impl ResponseFormat {
    /// Text. This is the default.
    pub fn text() -> Self {
        Self::new("text")
    }

    /// Any JSON object. A message must also tell the model to answer in JSON.
    pub fn json_object() -> Self {
        Self::new("json_object")
    }

    /// JSON that matches a JSON Schema. The name has at most 64 letters, digits, underscores and dashes.
    ///
    /// `strict` is not set: set it in the field `json_schema`.
    pub fn json_schema(name: impl Into<String>, schema: impl Into<Value>) -> Self {
        Self {
            json_schema: Some(ResponseSchema {
                schema: Some(schema.into()),
                ..ResponseSchema::new(name)
            }),
            ..Self::new("json_schema")
        }
    }
}
