//! The JSON Schema of a type.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

/// Returns the schema of a type without its title and description, and the description.
pub(super) fn of<T: JsonSchema>() -> (Value, Option<String>) {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(simplify).transform(&mut schema);
    let mut schema = match schema.to_value() {
        Value::Object(schema) => schema,
        // `true` and `false`.
        _ => Map::new(),
    };
    let description = match schema.remove("description") {
        Some(Value::String(description)) => Some(description),
        _ => None,
    };
    (schema.into(), description)
}

/// Removes the title, which is the name of the Rust type.
fn simplify(schema: &mut Schema) {
    schema.remove("title");
}
