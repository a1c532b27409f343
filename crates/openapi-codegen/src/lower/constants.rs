//! Converts alternatives that are constants to an enumeration. In 3.1, an enumeration with a description for each value
//! is written as `oneOf: [{const: a, description: …}, {const: b, description: …}]`.

use serde_json::{Map, Value, json};

use super::descriptions::{code_of, describe_map};

/// Keywords that describe a constant, or repeat its type.
const DESCRIBING: [&str; 7] = [
    "const",
    "deprecated",
    "description",
    "enum",
    "format",
    "title",
    "type",
];

/// Converts the alternatives of a schema if all of them are constants of one type.
pub(super) fn lower(map: &mut Map<String, Value>) {
    if map.contains_key("enum") || map.contains_key("const") {
        return;
    }
    let keywords = ["oneOf", "anyOf"].into_iter();
    let mut keywords = keywords.filter(|keyword| map.contains_key(*keyword));
    let (Some(keyword), None) = (keywords.next(), keywords.next()) else {
        return;
    };
    let Some((values, descriptions)) = map.get(keyword).and_then(constants) else {
        return;
    };
    let Some(ty) = values.first().and_then(type_of) else {
        return;
    };
    if map.get("type").is_some_and(|given| !allows(given, ty)) {
        return;
    }
    map.shift_remove(keyword);
    map.entry("type").or_insert(ty.into());
    map.insert("enum".to_owned(), values.into());
    for description in descriptions {
        describe_map(map, &description);
    }
}

/// Returns the values of alternatives, and a sentence for each value that has a description. `None` if an alternative
/// is not a constant, or if the constants have several types.
fn constants(alternatives: &Value) -> Option<(Vec<Value>, Vec<String>)> {
    let (mut values, mut descriptions) = (Vec::new(), Vec::new());
    for alternative in alternatives.as_array()? {
        let alternative = alternative.as_object()?;
        let is_plain = |key: &String| DESCRIBING.contains(&key.as_str()) || key.starts_with("x-");
        if !alternative.keys().all(is_plain) {
            return None;
        }
        let own = match (alternative.get("const"), alternative.get("enum")) {
            (Some(value), None) => vec![value.clone()],
            (None, Some(Value::Array(values))) => values.clone(),
            _ => return None,
        };
        let texts = ["title", "description"].iter();
        let texts = texts.filter_map(|key| alternative.get(*key)?.as_str());
        let text = texts.map(str::trim).collect::<Vec<_>>().join(": ");
        if let ([value], false) = (own.as_slice(), text.is_empty()) {
            let text = text.trim_end_matches('.');
            descriptions.push(format!("{}: {text}.", code_of(value)));
        }
        for value in own {
            if !values.contains(&value) {
                values.push(value);
            }
        }
    }
    let ty = type_of(values.first()?)?;
    let is_one_type = values.iter().all(|value| type_of(value) == Some(ty));
    is_one_type.then_some((values, descriptions))
}

fn type_of(value: &Value) -> Option<&'static str> {
    match value {
        Value::String(_) => Some("string"),
        Value::Bool(_) => Some("boolean"),
        Value::Number(number) if number.is_f64() => Some("number"),
        Value::Number(_) => Some("integer"),
        _ => None,
    }
}

/// Returns whether a `type` is this type, or this type and `null`.
fn allows(given: &Value, ty: &str) -> bool {
    let number = |name: &Value| name == "number" && ty == "integer";
    match given {
        Value::Array(names) => {
            let mut others = names.iter().filter(|name| *name != "null");
            others.next().is_some_and(|name| name == ty) && others.next().is_none()
        }
        name => name == &json!(ty) || number(name),
    }
}
