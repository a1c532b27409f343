//! Converts 3.1 schemas to 3.0.

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::merge::CONDITIONAL;
use super::parameters::place_of;
use super::{constants, descriptions, repair, unsupported};
use crate::Pointer;

/// Lowers every schema of the document.
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
                let place = place_of(item, &place.join(index));
                lower_schemas_within(item, &place, cx)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Lowers a schema and its subschemas.
pub(super) fn lower_schema(
    schema: &mut Value,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let map = match schema {
        // `true` is equivalent to the empty schema.
        Value::Bool(true) => {
            *schema = json!({});
            return Ok(());
        }
        Value::Bool(false) => {
            cx.note_loss(place, "unsatisfiable schema; treated as untyped JSON");
            *schema = json!({});
            return Ok(());
        }
        Value::Object(map) => map,
        _ => {
            let fault = "not a schema: expected an object or a boolean";
            cx.reject_or_repair(place, fault, "treated as untyped JSON")?;
            *schema = json!({});
            return Ok(());
        }
    };
    // Nullable alternatives first: a single remaining alternative may be merged into the schema, and must
    // then be lowered with it.
    let nulls_of_any = lower_null_alternative(map, "anyOf");
    let nulls_of_one = lower_null_alternative(map, "oneOf");
    constants::lower(map);
    repair::repair(map, place, cx)?;
    let conditional = unsupported::take_conditional(map, place);
    if !conditional.is_empty() {
        let mut lowered = Vec::new();
        for (place, mut schema) in conditional {
            lower_schema(&mut schema, &place, cx)?;
            lowered.push(schema);
        }
        map.insert(CONDITIONAL.to_owned(), lowered.into());
    }
    unsupported::lower(map, place, cx);
    lower_const(map);
    let values = map.get("enum").and_then(Value::as_array);
    if values.is_some_and(|values| {
        [true, false]
            .iter()
            .all(|value| values.contains(&Value::Bool(*value)))
    }) && map.get("type").is_some_and(|ty| ty == "boolean")
    {
        map.shift_remove("enum");
    }
    note_unchecked(map, place, cx);
    lower_examples(map);
    lower_exclusive_bounds(map);
    document_pattern(map);
    lower_content_encoding(map, place, cx);
    lower_type_array(map, place, cx);
    lower_null_in_enum(map);
    lower_ref_siblings(map, cx);
    if map.get("type").is_some_and(|ty| ty == "boolean") {
        // There is no format of booleans.
        map.shift_remove("format");
    }

    let removed = [
        ("anyOf", nulls_of_any),
        ("oneOf", nulls_of_one),
        ("allOf", Vec::new()),
    ];
    for (keyword, removed) in removed {
        if let Some(Value::Array(schemas)) = map.get_mut(keyword) {
            let mut original = (0..).filter(|index| !removed.contains(index));
            for schema in schemas {
                let index = original.next().unwrap_or_default();
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

/// Constraints, and the type that each applies to.
pub(super) const CONSTRAINTS: [(&str, &str); 13] = [
    ("pattern", "string"),
    ("minLength", "string"),
    ("maxLength", "string"),
    ("minItems", "array"),
    ("maxItems", "array"),
    ("uniqueItems", "array"),
    ("minProperties", "object"),
    ("maxProperties", "object"),
    ("multipleOf", "number"),
    ("minimum", "number"),
    ("maximum", "number"),
    ("exclusiveMinimum", "number"),
    ("exclusiveMaximum", "number"),
];

/// Notes the constraints that are only documented, and those that do not apply.
pub(super) fn note_unchecked(map: &Map<String, Value>, place: &Pointer, cx: &mut Context<'_>) {
    let ty = map.get("type").and_then(Value::as_str);
    for (keyword, of) in CONSTRAINTS {
        let value = map
            .get(keyword)
            .filter(|value| **value != Value::Bool(false));
        let Some(value) = value else {
            continue;
        };
        let place = place.join(keyword);
        match ty {
            Some(ty) if ty != of && !(ty == "integer" && of == "number") => {
                let what = format!("`{keyword}`, which does not apply to the type `{ty}`");
                cx.note_loss(&place, what);
            }
            // Limits of numbers are noted where they are not checked.
            _ if keyword.ends_with("imum") || *value == json!(0) => {}
            _ => cx.note_unchecked(&place, format!("`{keyword}: {value}`")),
        }
    }
    // A list of strings becomes an enumeration.
    let values = map.get("enum").and_then(Value::as_array);
    let others = values.into_iter().flatten();
    if others
        .clone()
        .any(|value| !value.is_string() && !value.is_null())
    {
        let values: Vec<String> = others.map(Value::to_string).collect();
        cx.note_unchecked(
            &place.join("enum"),
            format!("the values {}", values.join(", ")),
        );
    }
}

/// Converts `const: x` to an enumeration of one value.
fn lower_const(map: &mut Map<String, Value>) {
    if let Some(value) = map.shift_remove("const") {
        map.insert("enum".to_owned(), Value::Array(vec![value]));
    }
}

/// Keeps the first of several examples.
fn lower_examples(map: &mut Map<String, Value>) {
    if let Some(Value::Array(examples)) = map.shift_remove("examples")
        && let Some(first) = examples.into_iter().next()
        && !map.contains_key("example")
    {
        map.insert("example".to_owned(), first);
    }
}

/// Converts exclusive bounds: a number in 3.1, a flag in 3.0.
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

/// Moves `pattern` into the description. Enforcing it would make non-matching responses unreadable and
/// require a regex dependency.
fn document_pattern(map: &mut Map<String, Value>) {
    if let Some(Value::String(pattern)) = map.shift_remove("pattern") {
        let description = map
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let text = format!("{description}\n\nPattern: {}", descriptions::code(&pattern));
        map.insert("description".to_owned(), text.trim_start().into());
    }
}

/// Converts `contentEncoding: base64` to `format: byte`, and notes other encodings and media types.
fn lower_content_encoding(map: &mut Map<String, Value>, place: &Pointer, cx: &mut Context<'_>) {
    if let Some(encoding) = map.shift_remove("contentEncoding") {
        if encoding == "base64" {
            map.insert("format".to_owned(), "byte".into());
        } else {
            let what = format!("contentEncoding {encoding} is not supported in OpenAPI 3.0");
            cx.note_loss(place, what);
        }
    }
    for keyword in ["contentMediaType", "contentSchema"] {
        if map.shift_remove(keyword).is_some() {
            cx.note_loss(place, format!("{keyword} is not supported in OpenAPI 3.0"));
        }
    }
}

/// Converts `type: [T, "null"]` to a nullable `T`, and several types to alternatives.
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
            cx.note_loss(
                &place.join("type"),
                "several types next to `oneOf` or `anyOf`; the types are ignored",
            );
        }
        // An enumeration determines the types of its values.
        _ if map.contains_key("enum") => {
            map.shift_remove("type");
        }
        _ => {
            map.shift_remove("type");
            let alternatives = others.into_iter().map(|ty| {
                let mut alternative = Map::new();
                let name = ty.as_str().unwrap_or_default();
                for keyword in keywords_of(name) {
                    if *keyword == "format" && is_numeric(map.get("format")) != (name != "string") {
                        continue;
                    }
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

/// Returns the keywords that apply only to values of one type.
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
        "integer" | "number" => &[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "format",
        ],
        _ => &[],
    }
}

/// Returns whether a format is one of numbers.
fn is_numeric(format: Option<&Value>) -> bool {
    let format = format.and_then(Value::as_str).unwrap_or_default();
    format.starts_with("int") || format.starts_with("uint") || ["double", "float"].contains(&format)
}

/// Converts `anyOf: [T, {type: null}]` to a nullable `T`. Returns the indices of the removed alternatives.
fn lower_null_alternative(map: &mut Map<String, Value>, keyword: &str) -> Vec<usize> {
    let Some(Value::Array(alternatives)) = map.get_mut(keyword) else {
        return Vec::new();
    };
    let all = alternatives.iter().enumerate();
    let nulls: Vec<usize> = all
        .filter(|(_, alternative)| is_null(alternative))
        .map(|(index, _)| index)
        .collect();
    if nulls.is_empty() {
        return nulls;
    }
    alternatives.retain(|alternative| !is_null(alternative));
    match alternatives.len() {
        0 => {
            map.shift_remove(keyword);
            map.insert("enum".to_owned(), json!([null]));
        }
        1 => {
            let only = alternatives.remove(0);
            map.shift_remove(keyword);
            match only {
                // Annotations next to an inline alternative describe the whole schema and take precedence.
                Value::Object(only) if !only.contains_key("$ref") && can_merge(map, &only) => {
                    for (key, value) in only {
                        map.entry(key).or_insert(value);
                    }
                }
                only => add_all_of(map, only),
            }
        }
        _ => {}
    }
    map.insert("nullable".to_owned(), Value::Bool(true));
    nulls
}

/// Returns whether a schema only allows `null`.
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

/// Returns whether two schemas share no keywords other than annotations.
fn can_merge(whole: &Map<String, Value>, part: &Map<String, Value>) -> bool {
    const ANNOTATIONS: [&str; 5] = ["title", "description", "default", "example", "deprecated"];
    part.keys()
        .all(|key| !whole.contains_key(key) || ANNOTATIONS.contains(&key.as_str()))
}

/// Adds a schema to `allOf`.
fn add_all_of(map: &mut Map<String, Value>, schema: Value) {
    if let Value::Array(schemas) = map.entry("allOf").or_insert_with(|| json!([])) {
        schemas.push(schema);
    }
}

/// Converts `null` in an enumeration to `nullable`.
fn lower_null_in_enum(map: &mut Map<String, Value>) {
    if let Some(Value::Array(values)) = map.get_mut("enum")
        && values.len() > 1
        && values.iter().any(Value::is_null)
    {
        values.retain(|value| !value.is_null());
        map.insert("nullable".to_owned(), Value::Bool(true));
    }
}

/// Moves a `$ref` with siblings into `allOf`: 3.0 ignores siblings of `$ref`. A document of 3.0 nevertheless means most
/// of them, but its `type` may contradict that of the target, and a service may omit what is `required`.
fn lower_ref_siblings(map: &mut Map<String, Value>, cx: &Context<'_>) {
    if cx.ignores_siblings && map.contains_key("$ref") {
        map.shift_remove("type");
        map.shift_remove("required");
    }
    if map.len() > 1
        && let Some(reference) = map.shift_remove("$ref")
    {
        add_all_of(map, json!({"$ref": reference}));
    }
}
