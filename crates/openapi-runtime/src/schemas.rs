//! JSON Schemas of the field types.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{Number, Secret, TextOrParts, Timestamp, Usd};

macro_rules! schema {
    ($($type:ident: $schema:tt)*) => {$(
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

schema! {
    Number: { "type": ["number", "string"] }
    Secret: { "type": "string", "format": "password" }
    TextOrParts: { "type": ["string", "array"] }
    Timestamp: { "type": "string", "format": "date-time" }
    Usd: { "type": ["number", "string"], "format": "decimal" }
}
