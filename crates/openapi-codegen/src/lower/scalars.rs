//! Normalizes schemas of a single type.

use serde_json::{Map, Value};

use super::RUNTIME_TYPE;
use super::context::Context;
use super::defaults;
use super::descriptions::{self, describe_map as describe};
use super::merge::is_annotation;
use crate::Pointer;

/// On a number, a boolean or an untyped value: the listed values. They are only documented, and select alternatives.
pub(super) const VALUES: &str = "x-values";

/// Infers a missing type from other keywords.
pub(super) fn infer_type(map: &mut Map<String, Value>, place: &Pointer, cx: &mut Context<'_>) {
    let declared = map.get("type").and_then(Value::as_str);
    let has = |keys: &[&str]| keys.iter().any(|key| map.contains_key(*key));
    // `true` and `required` allow values of other types, too.
    let values = map.get("additionalProperties").and_then(Value::as_object);
    let is_map = values.is_some_and(|schema| !schema.is_empty());
    let inferred = match declared {
        None if is_map || has(&["properties"]) => "object",
        None if has(&["items"]) => "array",
        Some("string" | "number" | "integer" | "boolean") if has(&["properties"]) => {
            cx.note_loss(place, "scalar type with properties; treated as an object");
            "object"
        }
        _ => return,
    };
    map.insert("type".to_owned(), inferred.into());
}

/// Moves limits of lists into the description. Enforcing them could make a response unreadable.
pub(super) fn document_list_limits(
    map: &mut Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) {
    let limits = take(map, &["minItems", "maxItems"]);
    describe_limits(map, &limits, ("item", "items"));
    if map.shift_remove("uniqueItems") == Some(Value::Bool(true)) {
        describe(map, "Items are unique.");
    }
    document_format(map, &[]);
    for keyword in ["enum", "required", "additionalProperties"] {
        map.shift_remove(keyword);
    }
    remove_with_note(map, "properties", place, cx);
}

/// Removes a keyword of schemas of another type.
fn remove_with_note(
    map: &mut Map<String, Value>,
    keyword: &str,
    place: &Pointer,
    cx: &mut Context<'_>,
) {
    if map.shift_remove(keyword).is_some() {
        let ty = map.get("type").and_then(Value::as_str).unwrap_or_default();
        let what = format!("`{keyword}`, which does not apply to the type `{ty}`");
        cx.note_loss(&place.join(keyword), what);
    }
}

/// Returns the runtime type of a component schema, if it has one.
pub(crate) fn runtime_type(schema: &Value) -> Option<&str> {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    text(RUNTIME_TYPE).or_else(|| match (text("type"), text("format")) {
        (Some("string"), Some("date-time")) => Some("Timestamp"),
        (Some("string"), Some("password")) => Some("Secret"),
        (Some("number"), Some("decimal" | "decimal128")) => Some("Number"),
        (Some("number"), Some("usd")) => Some("Usd"),
        _ => None,
    })
}

/// Moves limits of objects into the description, and makes additional properties explicit.
pub(super) fn document_object_limits(
    map: &mut Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) {
    let limits = take(map, &["minProperties", "maxProperties"]);
    describe_limits(map, &limits, ("property", "properties"));
    if map.get("additionalProperties") == Some(&Value::Bool(false)) {
        map.shift_remove("additionalProperties");
        if !map.contains_key("properties") {
            describe(map, "Always empty.");
        }
    }
    if map.get("additionalProperties") == Some(&Value::Bool(true)) {
        // With listed properties, the generator treats `true` as the default and drops unlisted ones.
        if map.contains_key("properties") {
            map.insert("additionalProperties".to_owned(), serde_json::json!({}));
        } else {
            map.shift_remove("additionalProperties");
        }
    }
    document_format(map, &[]);
    map.shift_remove("enum");
    remove_with_note(map, "items", place, cx);
}

/// Adds required but undeclared properties as optional ones. A map has no properties, and the names are only noted.
pub(super) fn declare_required_properties(
    map: &mut Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) {
    let properties = map.get("properties").and_then(Value::as_object);
    let names = map.get("required").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    let unlisted: Vec<String> = names
        .filter(|name| !properties.is_some_and(|properties| properties.contains_key(*name)))
        .map(str::to_owned)
        .collect();
    for name in &unlisted {
        let what = format!("the undeclared property {name:?} is required");
        cx.note_loss(&place.join("required"), what);
    }
    if let Some(Value::Object(properties)) = map.get_mut("properties")
        && !properties.is_empty()
    {
        let new = unlisted
            .iter()
            .map(|name| (name.clone(), Value::Object(Map::new())));
        properties.extend(new);
    }
    if let Some(Value::Array(required)) = map.get_mut("required") {
        required.retain(|name| !unlisted.iter().any(|unlisted| name == unlisted));
    }
}

/// Normalizes a boolean, a number, a string or an untyped value.
pub(super) fn shape(mut map: Map<String, Value>, place: &Pointer, cx: &mut Context<'_>) -> Value {
    map.shift_remove("discriminator");
    if !map.contains_key("type") && !map.contains_key("enum") {
        infer_from_format(&mut map);
    }
    let ty = map.get("type").and_then(Value::as_str).map(str::to_owned);
    let values = map.get("enum").and_then(Value::as_array).cloned();
    let all_strings = |values: &[Value]| {
        values
            .iter()
            .all(|value| value.is_string() || value.is_null())
    };
    if let Some(values) = values {
        let strings = all_strings(&values) && values.iter().any(Value::is_string);
        match ty.as_deref() {
            Some("string") | None if strings => {}
            _ => {
                map.shift_remove("enum");
                map.insert(VALUES.to_owned(), values.clone().into());
                document_values(&mut map, &values);
                infer_from_values(&mut map, &values, place, cx);
                if map.get("type").is_some_and(|ty| ty == "integer") {
                    widen_integer(&mut map);
                }
            }
        }
    }
    match ty.as_deref() {
        Some("string") => {
            for keyword in ["multipleOf", "minimum", "maximum"] {
                map.shift_remove(keyword);
            }
            let limits = take(&mut map, &["minLength", "maxLength"]);
            describe_limits(&mut map, &limits, ("character", "characters"));
            // The formats that have a type. The form of others is not checked.
            document_format(&mut map, &["binary", "date-time", "password"]);
        }
        Some(number @ ("number" | "integer")) => {
            let format = map.get("format").and_then(Value::as_str);
            let is_integer = format.is_some_and(|format| INTEGERS.contains(&format));
            if is_integer {
                map.insert("type".to_owned(), "integer".into());
            }
            if number == "integer" || is_integer {
                widen_integer(&mut map);
            }
            take(&mut map, &["minLength", "maxLength"]);
            if let Some(step) = map.shift_remove("multipleOf") {
                describe(&mut map, &format!("A multiple of {step}."));
            }
            if !map
                .get("format")
                .is_some_and(|format| INTEGERS.iter().any(|name| format == name))
            {
                document_format(
                    &mut map,
                    &["float", "double", "decimal", "decimal128", "usd"],
                );
            }
            // Use double precision for `float`, to preserve all digits.
            if map.get("format").and_then(Value::as_str) == Some("float") {
                map.insert("format".to_owned(), "double".into());
                descriptions::describe_once(&mut map, "Format: `float`.");
            }
        }
        _ => {}
    }
    for keyword in ["items", "properties", "required", "additionalProperties"] {
        map.shift_remove(keyword);
    }
    if !map.contains_key("type") && !map.contains_key("enum") {
        map.retain(|key, _| is_annotation(key) || key == "nullable");
    }
    document_mismatched_default(&mut map);
    Value::Object(map)
}

/// The formats of integers that have a type.
const INTEGERS: [&str; 8] = [
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
];

/// Moves a format into the description, unless it has a type.
fn document_format(map: &mut Map<String, Value>, with_type: &[&str]) {
    let format = map.get("format").and_then(Value::as_str);
    if format.is_some_and(|format| !with_type.contains(&format))
        && let Some(Value::String(format)) = map.shift_remove("format")
    {
        describe(map, &format!("Format: `{format}`."));
    }
}

/// Chooses a type for the limits and values of an integer: a format that excludes one of them is ignored, and an exact
/// number is used if they need more than 64 bits.
fn widen_integer(map: &mut Map<String, Value>) {
    /// 2⁶³ and 2⁶⁴.
    const LIMITS: (f64, f64) = (9_223_372_036_854_775_808.0, 18_446_744_073_709_551_616.0);
    // Rust's `usize`, as schemars writes it.
    if map.get("format").is_some_and(|format| format == "uint") {
        map.insert("format".to_owned(), "uint64".into());
    }
    let values = map.get(VALUES).and_then(Value::as_array);
    let values: Vec<&Value> = values.into_iter().flatten().collect();
    let bounds = |keyword: &str| {
        let limit = map.get(keyword).into_iter();
        limit.chain(values.iter().copied()).collect::<Vec<_>>()
    };
    let (lower, upper) = (bounds("minimum"), bounds("maximum"));
    let numbers = |bounds: &[&Value]| bounds.iter().filter_map(|v| v.as_f64()).collect::<Vec<_>>();
    let least = numbers(&lower).into_iter().reduce(f64::min);
    let greatest = numbers(&upper).into_iter().reduce(f64::max).or(least);
    // As a float, the largest `i64` is rounded to 2⁶³, and some documents write it like that.
    let is_wider =
        greatest.is_some_and(|n| n > LIMITS.0) || values.iter().copied().any(is_large_unsigned);
    let needs_unsigned = is_wider || lower.iter().chain(&upper).copied().any(is_large_unsigned);
    let format = map.get("format").and_then(Value::as_str);
    let is_signed = least.map_or(format != Some("uint64"), |n| n < 0.0);
    let is_large = matches!(
        format,
        Some("int128" | "uint128" | "int256" | "uint256" | "bigint" | "big-integer")
    );
    let exceeds = greatest.is_some_and(|n| n > LIMITS.1) || least.is_some_and(|n| n < -LIMITS.0);
    let narrow = format
        .and_then(range_of)
        .filter(|(min, max)| least.is_some_and(|n| n < *min) || greatest.is_some_and(|n| n > *max));
    if is_large || exceeds || is_wider && is_signed {
        make_exact(map);
    } else if needs_unsigned && !is_signed {
        map.insert("format".to_owned(), "uint64".into());
    } else if narrow.is_some() {
        map.shift_remove("format");
    }
}

/// Returns the least and the greatest value of an integer format.
fn range_of(format: &str) -> Option<(f64, f64)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "uint8" => (0.0, u8::MAX.into()),
        "uint16" => (0.0, u16::MAX.into()),
        "uint32" => (0.0, u32::MAX.into()),
        "uint64" => (0.0, f64::INFINITY),
        _ => return None,
    })
}

fn make_exact(map: &mut Map<String, Value>) {
    map.insert("type".to_owned(), "number".into());
    map.insert("format".to_owned(), "decimal".into());
}

/// Returns whether a value is an integer above the largest `i64`.
fn is_large_unsigned(value: &Value) -> bool {
    value.is_u64() && !value.is_i64()
}

/// Infers a missing type from the format.
fn infer_from_format(map: &mut Map<String, Value>) {
    let ty = match map.get("format").and_then(Value::as_str) {
        Some("int32" | "int64" | "uint32" | "uint64") => "integer",
        Some("float" | "double") => "number",
        Some(
            "binary" | "byte" | "date" | "date-time" | "email" | "password" | "uri" | "url"
            | "uuid",
        ) => "string",
        _ if map.contains_key("minLength") || map.contains_key("maxLength") => "string",
        _ => return,
    };
    map.insert("type".to_owned(), ty.into());
}

/// Documents a default that does not match the type instead of applying it, and that of an object or a list with items,
/// which generated code does not fill in.
pub(super) fn document_mismatched_default(map: &mut Map<String, Value>) {
    let Some(default) = map.get("default") else {
        return;
    };
    let listed = map.get("enum").and_then(Value::as_array);
    let plain = !map.contains_key("format");
    let fits = match map.get("type").and_then(Value::as_str) {
        _ if listed.is_some_and(|listed| !listed.contains(default)) => false,
        Some("string") => default.is_string() && (plain || map["format"] == "password"),
        Some("integer") => {
            default.is_i64()
                && (plain || default.as_i64().is_some_and(|n| i32::try_from(n).is_ok()))
        }
        Some("number") => default.is_number(),
        Some("boolean") => default.is_boolean(),
        Some("array") => default.as_array().is_some_and(Vec::is_empty),
        None if listed.is_some() => default.is_string(),
        _ => false,
    };
    if !fits {
        let default = map.shift_remove("default").unwrap_or_default();
        if !default.is_null() {
            describe(map, &defaults::sentence(&default, false));
        }
    }
}

/// Infers a missing type from the enumeration values.
fn infer_from_values(
    map: &mut Map<String, Value>,
    values: &[Value],
    place: &Pointer,
    cx: &mut Context<'_>,
) {
    if values.iter().any(Value::is_null) {
        map.insert("nullable".to_owned(), Value::Bool(true));
    }
    if map.contains_key("type") {
        return;
    }
    let mut others = values.iter().filter(|value| !value.is_null()).peekable();
    if others.peek().is_none() {
        return;
    }
    let ty = if others.clone().all(Value::is_boolean) {
        "boolean"
    } else if others.clone().all(|value| value.is_i64() || value.is_u64()) {
        "integer"
    } else if others.all(Value::is_number) {
        "number"
    } else {
        cx.note_loss(
            &place.join("enum"),
            "enumeration values of different types; treated as untyped JSON",
        );
        return;
    };
    map.insert("type".to_owned(), ty.into());
}

fn document_values(map: &mut Map<String, Value>, values: &[Value]) {
    let values: Vec<String> = values
        .iter()
        .map(|value| descriptions::code(&value.to_string()))
        .collect();
    let word = if values.len() == 1 {
        "Always"
    } else {
        "One of"
    };
    describe(map, &format!("{word} {}.", values.join(", ")));
}

fn take(map: &mut Map<String, Value>, keywords: &[&str]) -> Vec<Option<Value>> {
    keywords
        .iter()
        .map(|keyword| map.shift_remove(*keyword))
        .collect()
}

/// Documents the limits of a number of things. `of` is one of them and several.
fn describe_limits(
    map: &mut Map<String, Value>,
    limits: &[Option<Value>],
    (one, several): (&str, &str),
) {
    let of = |number: &Value| if *number == 1 { one } else { several };
    let sentence = match limits {
        [Some(min), None] if *min == 0 => return,
        [Some(min), Some(max)] if *min == 0 => format!("At most {max} {}.", of(max)),
        [Some(min), Some(max)] if min == max => format!("Exactly {min} {}.", of(min)),
        [Some(min), Some(max)] => format!("{min} to {max} {several}."),
        [Some(min), None] => format!("At least {min} {}.", of(min)),
        [None, Some(max)] => format!("At most {max} {}.", of(max)),
        _ => return,
    };
    describe(map, &sentence);
}
