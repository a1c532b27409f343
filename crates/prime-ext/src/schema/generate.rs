//! The JSON Schema of a type.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

/// Returns the JSON Schema of a type, as [`ChatRequest::parse`](crate::ChatRequest::parse) sends it without strict
/// mode.
///
/// The schema is in JSON Schema 2020-12. Properties are in the order of the fields, in which a model writes them. There
/// are no titles, which would be the names of Rust types. There is no `$ref`, unless the type is recursive: some
/// servers do not resolve references, and strict mode allows no description next to one.
pub fn of<T: JsonSchema>() -> Value {
    parts_of::<T>().0
}

/// Returns the schema of a type without its title and description, and the description.
pub(crate) fn parts_of<T: JsonSchema>() -> (Value, Option<String>) {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(simplify).transform(&mut schema);
    let mut schema = match schema.to_value() {
        Value::Object(schema) => schema,
        // `true` accepts everything, and so does `{}`.
        Value::Bool(true) => Map::new(),
        schema => return (schema, None),
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
