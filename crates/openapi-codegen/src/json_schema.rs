//! Converts the schemas of a lowered document to JSON Schema.

use serde_json::{Map, Value, json};

use crate::lower::{LIMITS, Lowered};

/// Returns the component schemas of a lowered document as one JSON Schema (2020-12) with `$defs`.
///
/// Enumerations are open, as in the generated code: their listed values are examples.
pub fn of(lowered: &Lowered) -> Value {
    let mut definitions = Map::new();
    let schemas = lowered
        .document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    for (name, schema) in schemas.into_iter().flatten() {
        let mut schema = convert(schema);
        if let Some(open) = lowered.enums.iter().find(|open| open.name == *name)
            && let Value::Object(schema) = &mut schema
        {
            schema.insert("examples".to_owned(), json!(open.values));
        }
        definitions.insert(name.clone(), schema);
    }
    let title = lowered
        .document
        .pointer("/info/title")
        .cloned()
        .unwrap_or_default();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$defs": definitions,
    })
}

fn convert(schema: &Value) -> Value {
    let Value::Object(map) = schema else {
        return schema.clone();
    };
    let mut converted = Map::new();
    for (key, value) in map {
        match (key.as_str(), value) {
            ("$ref", Value::String(reference)) => {
                let reference = reference.replace("#/components/schemas/", "#/$defs/");
                converted.insert(key.clone(), reference.into());
            }
            ("nullable", _) => {}
            (LIMITS, Value::Object(limits)) => converted.extend(bounds(limits)),
            ("example", example) => {
                converted.insert("examples".to_owned(), json!([example]));
            }
            ("properties", Value::Object(properties)) => {
                let properties = properties
                    .iter()
                    .map(|(name, s)| (name.clone(), convert(s)));
                converted.insert(key.clone(), Value::Object(properties.collect()));
            }
            ("items" | "additionalProperties" | "not", schema) => {
                converted.insert(key.clone(), convert(schema));
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
                converted.insert(key.clone(), schemas.iter().map(convert).collect());
            }
            _ => {
                converted.insert(key.clone(), value.clone());
            }
        }
    }
    if map.get("nullable") == Some(&Value::Bool(true)) {
        return nullable(converted);
    }
    Value::Object(converted)
}

/// Converts exclusive bounds: a flag in 3.0, a number in JSON Schema.
fn bounds(limits: &Map<String, Value>) -> Map<String, Value> {
    let mut bounds = Map::new();
    for (closed, open) in [
        ("minimum", "exclusiveMinimum"),
        ("maximum", "exclusiveMaximum"),
    ] {
        if let Some(bound) = limits.get(closed) {
            let excluded = limits.get(open) == Some(&Value::Bool(true));
            let keyword = if excluded { open } else { closed };
            bounds.insert(keyword.to_owned(), bound.clone());
        }
    }
    bounds
}

fn nullable(mut schema: Map<String, Value>) -> Value {
    match schema.get_mut("type") {
        Some(ty @ Value::String(_)) => {
            *ty = json!([ty, "null"]);
            Value::Object(schema)
        }
        _ => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{document, lower};

    #[test]
    fn converts_nulls_limits_enumerations_and_references() {
        let text = "
openapi: 3.1.0
info: { title: T, version: '1' }
paths: {}
components:
  schemas:
    A:
      type: object
      properties:
        n: { type: [integer, 'null'], exclusiveMinimum: 0, maximum: 9 }
        s: { type: string, title: S, enum: [x, y] }
        a: { anyOf: [{ $ref: '#/components/schemas/A' }, { type: 'null' }] }
";
        let lowered = lower::lower(&document::parse("t.yml", text).unwrap()).unwrap();
        let schema = of(&lowered);
        let n = &schema["$defs"]["A"]["properties"]["n"];
        assert_eq!(
            (&n["type"], &n["exclusiveMinimum"], &n["maximum"]),
            (&json!(["integer", "null"]), &json!(0), &json!(9))
        );
        assert_eq!(
            schema["$defs"]["A"]["properties"]["s"],
            json!({"$ref": "#/$defs/S"})
        );
        assert_eq!(
            schema["$defs"]["S"],
            json!({"type": "string", "examples": ["x", "y"]})
        );
        let a = &schema["$defs"]["A"]["properties"]["a"]["anyOf"];
        assert_eq!(
            *a,
            json!([{"allOf": [{"$ref": "#/$defs/A"}]}, {"type": "null"}])
        );
    }
}
