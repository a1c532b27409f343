//! What 3.1 schemas say in their own way, said as 3.0 says it.

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::{faults, inexpressible};
use crate::Pointer;

/// Lowers every schema of the document, wherever it stands.
pub(super) fn lower_schemas(document: &mut Value, cx: &mut Context<'_>) -> Result<(), LowerError> {
    let root = Pointer::root();
    if let Some(schemas) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        let place = root.join("components").join("schemas");
        for (name, schema) in schemas {
            lower_schema(schema, &place.join(name), cx)?;
        }
    }
    for part in ["paths", "components"] {
        if let Some(value) = document.get_mut(part) {
            lower_schemas_within(value, &root.join(part), cx)?;
        }
    }
    Ok(())
}

/// Finds the `schema` members of parameters, headers and media types.
fn lower_schemas_within(
    value: &mut Value,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    match value {
        Value::Object(map) => {
            for (key, member) in map {
                let place = place.join(key);
                match key.as_str() {
                    "schema" => lower_schema(member, &place, cx)?,
                    "schemas" | "example" | "examples" => {}
                    key if key.starts_with("x-") => {}
                    _ => lower_schemas_within(member, &place, cx)?,
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                lower_schemas_within(item, &place.join(index), cx)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Lowers a schema and those within it.
pub(super) fn lower_schema(
    schema: &mut Value,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let map = match schema {
        // `true` allows anything, as the empty schema does.
        Value::Bool(true) => {
            *schema = json!({});
            return Ok(());
        }
        Value::Bool(false) => {
            cx.lose(
                place,
                "a schema that nothing satisfies is read as untyped JSON",
            );
            *schema = json!({});
            return Ok(());
        }
        Value::Object(map) => map,
        _ => {
            let fault = "not a schema: neither an object nor a boolean";
            cx.fault(place, fault, "read as untyped JSON")?;
            *schema = json!({});
            return Ok(());
        }
    };
    // Nullable alternatives before everything else: the one alternative that is left may be merged into
    // the schema, with all that is to be lowered in it.
    lower_null_alternative(map, "anyOf");
    lower_null_alternative(map, "oneOf");
    faults::mend(map, place, cx)?;
    inexpressible::lower(map, place, cx);
    lower_const(map);
    lower_examples(map);
    lower_exclusive_bounds(map);
    document_pattern(map);
    lower_content_encoding(map, place, cx);
    lower_type_array(map, place, cx);
    lower_null_in_enum(map);
    lower_ref_siblings(map);

    for keyword in ["anyOf", "oneOf", "allOf"] {
        if let Some(Value::Array(schemas)) = map.get_mut(keyword) {
            for (index, schema) in schemas.iter_mut().enumerate() {
                lower_schema(schema, &place.join(keyword).join(index), cx)?;
            }
        }
    }
    if let Some(schema) = map.get_mut("items") {
        lower_schema(schema, &place.join("items"), cx)?;
    }
    if let Some(schema @ Value::Object(_)) = map.get_mut("additionalProperties") {
        lower_schema(schema, &place.join("additionalProperties"), cx)?;
    }
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        for (name, schema) in properties {
            lower_schema(schema, &place.join("properties").join(name), cx)?;
        }
    }
    Ok(())
}

/// `const: x` is an enumeration of one value.
fn lower_const(map: &mut Map<String, Value>) {
    if let Some(value) = map.shift_remove("const") {
        map.insert("enum".to_owned(), Value::Array(vec![value]));
    }
}

/// 3.0 has one `example`, 3.1 a list.
fn lower_examples(map: &mut Map<String, Value>) {
    if let Some(Value::Array(examples)) = map.shift_remove("examples")
        && let Some(first) = examples.into_iter().next()
        && !map.contains_key("example")
    {
        map.insert("example".to_owned(), first);
    }
}

/// 3.1 gives the excluded number, 3.0 says that the bound is excluded.
fn lower_exclusive_bounds(map: &mut Map<String, Value>) {
    for (exclusive, inclusive) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if let Some(bound) = map
            .get(exclusive)
            .filter(|bound| bound.is_number())
            .cloned()
        {
            let tighter = match (map.get(inclusive).and_then(Value::as_f64), bound.as_f64()) {
                (Some(old), Some(new)) if inclusive == "minimum" => new >= old,
                (Some(old), Some(new)) => new <= old,
                _ => true,
            };
            if tighter {
                map.insert(inclusive.to_owned(), bound);
                map.insert(exclusive.to_owned(), Value::Bool(true));
            } else {
                map.shift_remove(exclusive);
            }
        }
    }
}

/// A generated type would refuse an answer whose text does not fit, and bring a crate of regular
/// expressions along. So a pattern is told and not enforced.
fn document_pattern(map: &mut Map<String, Value>) {
    if let Some(Value::String(pattern)) = map.shift_remove("pattern") {
        let said = map
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let text = format!("{said}\n\nPattern: `{pattern}`");
        map.insert("description".to_owned(), text.trim_start().into());
    }
}

/// `contentEncoding: base64` is `format: byte`; other encodings and media types are only noted.
fn lower_content_encoding(map: &mut Map<String, Value>, place: &Pointer, cx: &mut Context<'_>) {
    if let Some(encoding) = map.shift_remove("contentEncoding") {
        if encoding == "base64" {
            map.insert("format".to_owned(), "byte".into());
        } else {
            let what = format!("contentEncoding {encoding} has no counterpart in OpenAPI 3.0");
            cx.lose(place, what);
        }
    }
    for keyword in ["contentMediaType", "contentSchema"] {
        if map.shift_remove(keyword).is_some() {
            cx.lose(
                place,
                format!("{keyword} has no counterpart in OpenAPI 3.0"),
            );
        }
    }
}

/// `type: [T, "null"]` is a nullable `T`; several types are alternatives.
fn lower_type_array(map: &mut Map<String, Value>, place: &Pointer, cx: &mut Context<'_>) {
    let types = match map.get("type") {
        Some(Value::Array(types)) => types.clone(),
        Some(Value::String(single)) if single == "null" => vec![Value::from("null")],
        _ => return,
    };
    let nullable = types.iter().any(|t| t == "null");
    let mut others: Vec<Value> = Vec::new();
    for ty in types {
        if ty != "null" && !others.contains(&ty) {
            others.push(ty);
        }
    }
    match others.len() {
        0 => {
            map.shift_remove("type");
            if nullable {
                map.insert("enum".to_owned(), json!([null]));
            }
        }
        1 => {
            map.insert("type".to_owned(), others.remove(0));
        }
        _ if map.contains_key("anyOf") || map.contains_key("oneOf") => {
            map.shift_remove("type");
            cx.lose(
                &place.join("type"),
                "several types beside alternatives; the alternatives count",
            );
        }
        // An enumeration says itself which values there are.
        _ if map.contains_key("enum") => {
            map.shift_remove("type");
        }
        _ => {
            map.shift_remove("type");
            let alternatives = others.into_iter().map(|ty| {
                let mut alternative = Map::new();
                for keyword in keywords_of(ty.as_str().unwrap_or_default()) {
                    if let Some(value) = map.shift_remove(*keyword) {
                        alternative.insert((*keyword).to_owned(), value);
                    }
                }
                alternative.insert("type".to_owned(), ty);
                Value::Object(alternative)
            });
            let alternatives = alternatives.collect();
            map.insert("anyOf".to_owned(), Value::Array(alternatives));
        }
    }
    if nullable {
        map.insert("nullable".to_owned(), Value::Bool(true));
    }
}

/// The keywords that say something of values of a type and of no other.
fn keywords_of(ty: &str) -> &'static [&'static str] {
    match ty {
        "array" => &["items", "minItems", "maxItems", "uniqueItems"],
        "object" => &[
            "properties",
            "required",
            "additionalProperties",
            "minProperties",
            "maxProperties",
        ],
        "string" => &["pattern", "minLength", "maxLength", "format"],
        _ => &[],
    }
}

/// `anyOf: [T, {type: null}]` is a nullable `T`.
fn lower_null_alternative(map: &mut Map<String, Value>, keyword: &str) {
    let Some(Value::Array(alternatives)) = map.get_mut(keyword) else {
        return;
    };
    let before = alternatives.len();
    alternatives.retain(|alternative| !is_null(alternative));
    if alternatives.len() == before {
        return;
    }
    match alternatives.len() {
        0 => {
            map.shift_remove(keyword);
            map.insert("enum".to_owned(), json!([null]));
        }
        1 => {
            let only = alternatives.remove(0);
            map.shift_remove(keyword);
            match only {
                // What stands beside an inline alternative describes the whole and wins over its words.
                Value::Object(only) if !only.contains_key("$ref") && can_merge(map, &only) => {
                    for (key, value) in only {
                        map.entry(key).or_insert(value);
                    }
                }
                only => also(map, only),
            }
        }
        _ => {}
    }
    map.insert("nullable".to_owned(), Value::Bool(true));
}

/// A schema of `null` and nothing else, in any of its spellings.
fn is_null(schema: &Value) -> bool {
    let null_type = json!(["null"]);
    schema
        .get("type")
        .is_some_and(|ty| *ty == "null" || *ty == null_type)
        || schema.get("const").is_some_and(Value::is_null)
        || schema
            .get("enum")
            .is_some_and(|values| *values == json!([null]))
}

/// Whether two schemas say nothing but words of the same things.
fn can_merge(whole: &Map<String, Value>, part: &Map<String, Value>) -> bool {
    const WORDS: [&str; 5] = ["title", "description", "default", "example", "deprecated"];
    part.keys()
        .all(|key| !whole.contains_key(key) || WORDS.contains(&key.as_str()))
}

/// Adds a schema that has to hold as well.
fn also(map: &mut Map<String, Value>, schema: Value) {
    if let Value::Array(schemas) = map.entry("allOf").or_insert_with(|| json!([])) {
        schemas.push(schema);
    }
}

/// `null` among the listed values makes the schema nullable.
fn lower_null_in_enum(map: &mut Map<String, Value>) {
    if let Some(Value::Array(values)) = map.get_mut("enum")
        && values.len() > 1
        && values.iter().any(Value::is_null)
    {
        values.retain(|value| !value.is_null());
        map.insert("nullable".to_owned(), Value::Bool(true));
    }
}

/// 3.0 ignores what stands beside a `$ref`; under `allOf` it counts.
fn lower_ref_siblings(map: &mut Map<String, Value>) {
    if map.len() > 1
        && let Some(reference) = map.shift_remove("$ref")
    {
        also(map, json!({"$ref": reference}));
    }
}
