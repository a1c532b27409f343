//! Interprets the schemas of OpenAPI 3.0 and 3.1.

use serde_json::{Map, Value, json};

/// The values that a schema allows.
pub(crate) struct Shape {
    /// Whether `null` is allowed.
    pub(crate) nullable: bool,
    pub(crate) kind: Kind,
}

/// The values that a schema allows, except `null`.
pub(crate) enum Kind {
    /// Any value.
    Anything,
    /// The value of `const`.
    Exactly(Value),
    Bool,
    Integer(Bounds),
    Number(Bounds),
    /// A value with `format: usd`.
    Amount,
    /// A string with `format: date-time`.
    Time,
    /// A string. The values of `enum`, or none if all strings are allowed.
    Text(Vec<String>),
    /// A list whose items have this schema.
    List(Value),
    /// An object with any fields, whose values have this schema.
    Map(Value),
    /// An object with declared fields. If it is open, unknown fields are kept.
    Object {
        fields: Vec<Field>,
        open: bool,
    },
    /// A value of one of these schemas.
    OneOf(Vec<Value>),
}

/// The inclusive bounds of a number, if the schema has any.
pub(crate) struct Bounds {
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

/// A declared field of an object.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) schema: Value,
    pub(crate) required: bool,
}

/// Interprets a schema of the document `root`.
pub(crate) fn shape(root: &Value, schema: &Value) -> Shape {
    let mut nullable = schema["nullable"] == true || schema["x-nullable"] == true;
    let mut resolve = |inner: &Value| {
        let inner = shape(root, inner);
        nullable |= inner.nullable;
        inner.kind
    };
    let kind = if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(&reference[1..]);
        resolve(target.unwrap_or_else(|| panic!("{reference} does not exist")))
    } else if let Some(parts) = schema["allOf"].as_array() {
        match &parts[..] {
            [only] => resolve(only),
            parts => resolve(&merged(root, parts)),
        }
    } else if let Some(alternatives) = alternatives(schema) {
        let null = json!("null");
        let (nulls, others): (Vec<_>, Vec<_>) =
            alternatives.iter().partition(|one| one["type"] == null);
        let kind = match &others[..] {
            [only] => resolve(only),
            several => Kind::OneOf(several.iter().map(|&one| one.clone()).collect()),
        };
        nullable |= !nulls.is_empty();
        kind
    } else {
        let (type_, null) = type_of(schema);
        nullable |= null;
        of_type(schema, type_)
    };
    Shape { nullable, kind }
}

fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
    schema["anyOf"]
        .as_array()
        .or_else(|| schema["oneOf"].as_array())
}

/// Returns the type of a schema other than `null`, and whether `type` also lists `null`.
fn type_of(schema: &Value) -> (Option<&str>, bool) {
    match &schema["type"] {
        Value::Array(types) => {
            let mut others = types
                .iter()
                .filter_map(Value::as_str)
                .filter(|t| *t != "null");
            let type_ = others.next();
            assert_eq!(others.next(), None, "several types: {schema}");
            (type_, types.iter().any(|t| t == "null"))
        }
        other => (other.as_str(), false),
    }
}

fn of_type(schema: &Value, type_: Option<&str>) -> Kind {
    if let Some(value) = schema.get("const") {
        return Kind::Exactly(value.clone());
    }
    let bounds = Bounds {
        min: schema["minimum"].as_f64(),
        max: schema["maximum"].as_f64(),
    };
    let properties = schema["properties"].as_object();
    match (type_, schema["format"].as_str().unwrap_or_default()) {
        (Some("boolean"), _) => Kind::Bool,
        (Some("integer"), _) => Kind::Integer(bounds),
        (_, "usd") => Kind::Amount,
        (Some("number"), _) => Kind::Number(bounds),
        (Some("string"), "date-time") => Kind::Time,
        (Some("string"), _) => {
            let listed = schema["enum"].as_array().into_iter().flatten();
            Kind::Text(
                listed
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
            )
        }
        (Some("array"), _) => Kind::List(schema["items"].clone()),
        (Some("object"), _) | (None, _) if properties.is_some() => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let fields = properties
                .into_iter()
                .flatten()
                .map(|(name, schema)| Field {
                    name: name.clone(),
                    schema: schema.clone(),
                    required: required.iter().any(|r| r == name),
                });
            Kind::Object {
                fields: fields.collect(),
                open: !matches!(
                    schema.get("additionalProperties"),
                    None | Some(Value::Bool(false))
                ),
            }
        }
        (Some("object"), _) => Kind::Map(match schema.get("additionalProperties") {
            Some(values @ Value::Object(_)) => values.clone(),
            _ => json!({}),
        }),
        (None, _) => Kind::Anything,
        (Some(other), _) => panic!("unsupported type {other}"),
    }
}

/// Merges the object schemas of `allOf`.
fn merged(root: &Value, parts: &[Value]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for part in parts {
        match shape(root, part).kind {
            Kind::Object { fields, .. } => {
                for field in fields {
                    if field.required {
                        required.push(field.name.clone());
                    }
                    properties.insert(field.name, field.schema);
                }
            }
            _ => panic!("allOf with a part that is not an object: {part}"),
        }
    }
    json!({"type": "object", "properties": properties, "required": required})
}
