//! JSON Schemas that strict hosts accept.

use schemars::JsonSchema;
use serde_json::{Map, Value};

/// Returns the schema of the arguments of a tool.
///
/// Some hosts reject types that are lists, such as `["string", "null"]`, and combinations of schemas at the top. An
/// optional property is therefore one that is not required, and not one that may be null.
pub(crate) fn of<A: JsonSchema>() -> Map<String, Value> {
    let mut schema = schemars::schema_for!(A).to_value();
    simplify(&mut schema);
    let Value::Object(mut schema) = schema else {
        return Map::new();
    };
    schema.remove("$schema");
    schema.remove("title");
    schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    schema
        .entry("properties")
        .or_insert_with(|| Value::Object(Map::new()));
    schema
}

fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            if let Some(Value::Array(types)) = keywords.get_mut("type") {
                types.retain(|name| name != "null");
                if let [name] = types.as_slice() {
                    let name = name.clone();
                    keywords.insert("type".to_owned(), name);
                }
            }
            // Formats such as `uint32` are not defined by JSON Schema.
            keywords.remove("format");
            if keywords.get("default") == Some(&Value::Null) {
                keywords.remove("default");
            }
            keywords.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
    }
}
