//! Random values of a schema, and changed values.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Returns a random value of a schema in strict mode. Numbers have a fraction, or are integers without one. `depth`
/// limits recursion.
pub(crate) fn generate(root: &Value, schema: &Value, rng: &mut Rng, depth: u32) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(&reference[1..]).unwrap();
        return generate(root, target, rng, depth);
    }
    if let Some(branches) = schema["anyOf"].as_array() {
        let depth = depth.saturating_sub(1);
        // At the end, the branches with the shortest schemas: those that are not recursive.
        let shortest = branches
            .iter()
            .min_by_key(|branch| weight(root, branch, 3))
            .unwrap();
        let branch = match depth {
            0 => shortest,
            _ => rng.choice(branches).unwrap(),
        };
        return generate(root, branch, rng, depth);
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    if let Some(values) = schema["enum"].as_array() {
        return rng.choice(values).unwrap().clone();
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        one => vec![one.clone()],
    };
    let kind = match depth {
        0 => kinds.last(),
        _ => rng.choice(&kinds),
    };
    let number = |name: &str, default: f64| schema[name].as_f64().unwrap_or(default);
    match kind.unwrap().as_str().unwrap() {
        "object" => {
            let properties = schema["properties"].as_object().unwrap();
            let depth = depth.saturating_sub(1);
            let entries = properties
                .iter()
                .map(|(name, property)| (name.clone(), generate(root, property, rng, depth)));
            Value::Object(entries.collect())
        }
        "array" => {
            let least = number("minItems", 0.0) as u32;
            let most = number("maxItems", f64::from(least + 3)) as u32;
            let length = if depth == 0 {
                least
            } else {
                rng.u32(least..=most)
            };
            let items =
                (0..length).map(|_| generate(root, &schema["items"], rng, depth.saturating_sub(1)));
            Value::Array(items.collect())
        }
        "integer" => {
            let (least, most) = (
                number("minimum", -1_000.0) as i64,
                number("maximum", 1_000.0) as i64,
            );
            json!(rng.i64(least..=most))
        }
        "number" => json!(f64::from(rng.i32(-1_000..1_000)) + 0.25),
        "boolean" => json!(rng.bool()),
        "null" => Value::Null,
        "string" => match (schema["format"].as_str(), schema["pattern"].as_str()) {
            (Some("date-time"), _) => json!(format!(
                "20{}-0{}-11T12:00:00Z",
                rng.u32(10..99),
                rng.u32(1..9)
            )),
            (Some("date"), _) => json!(format!("20{}-0{}-11", rng.u32(10..99), rng.u32(1..9))),
            (Some("ipv4"), _) => json!(format!("10.0.{}.1", rng.u8(..))),
            (Some(format), _) => panic!("no values of the format {format}"),
            (None, Some("^[a-z]{2,5}$")) => json!("ab".repeat(rng.usize(1..3))),
            (None, Some(pattern)) => panic!("no values of the pattern {pattern}"),
            (None, None) => json!(*rng.choice(&["", "Paris", "été", "\"\n"]).unwrap()),
        },
        kind => panic!("no values of the type {kind}"),
    }
}

/// Returns a random schema of an object with definitions, which other schemas refer to.
pub(crate) fn random_schema(rng: &mut Rng) -> Value {
    let text = json!({ "type": ["string", "null"] });
    let inner = random_part(rng, 1, false);
    let mut root = random_object(rng, 3, true);
    root["$defs"] = json!({ "text": text, "inner": inner });
    root
}

fn random_object(rng: &mut Rng, depth: u32, refer: bool) -> Value {
    let names = ["a", "b", "kind"];
    let count = rng.usize(..=names.len());
    let properties: Map<_, _> = names[..count]
        .iter()
        .map(|name| ((*name).to_owned(), random_part(rng, depth - 1, refer)))
        .collect();
    let required: Vec<_> = properties
        .keys()
        .filter(|_| rng.u32(..5) > 0)
        .cloned()
        .collect();
    let mut object = json!({ "type": "object", "properties": properties, "required": required });
    match rng.u32(..6) {
        0 => object["additionalProperties"] = json!(true),
        1 | 2 => object["additionalProperties"] = json!(false),
        _ => {}
    }
    object
}

fn random_part(rng: &mut Rng, depth: u32, refer: bool) -> Value {
    let kinds = if depth == 0 { 6 } else { 10 };
    match rng.u32(..kinds) {
        0 => json!({ "type": "string", "default": "a" }),
        1 => {
            json!({ "type": ["integer", "null"], "minimum": rng.i32(-3..0), "maximum": rng.i32(0..3) })
        }
        2 => json!({ "type": "string", "const": *rng.choice(&["a", "b", "c"]).unwrap() }),
        3 => json!({ "enum": [*rng.choice(&["a", "b"]).unwrap(), rng.u32(..2), null] }),
        4 if refer => json!({ "$ref": "#/$defs/text" }),
        5 if refer => json!({ "$ref": "#/$defs/inner", "description": "Inner." }),
        4 | 5 => json!({ "type": "boolean" }),
        6 => json!({ "type": "array", "items": random_part(rng, depth - 1, refer), "maxItems": 2 }),
        7 | 8 => {
            let branches: Vec<_> = (0..rng.u32(1..4))
                .map(|_| random_part(rng, depth - 1, refer))
                .collect();
            json!({ *rng.choice(&["anyOf", "oneOf", "oneOf"]).unwrap(): branches })
        }
        _ => random_object(rng, depth, refer),
    }
}

/// Returns the length of a schema with the targets of its references.
fn weight(root: &Value, schema: &Value, depth: u32) -> usize {
    let text = schema.to_string();
    match schema["$ref"].as_str() {
        Some(_) if depth == 0 => 100_000,
        Some(reference) => weight(root, root.pointer(&reference[1..]).unwrap(), depth - 1),
        None => text.len() + 10_000 * text.matches("$ref").count(),
    }
}

/// Changes one place of a value: removes, adds or renames a property, or replaces a value by one of another type.
///
/// It does not make changes about which serde and JSON Schema disagree on purpose: a list in place of an object, which
/// serde reads as a struct, and an object in place of a string, which serde reads as a variant; integers written with a
/// fraction, which JSON Schema takes for integers.
pub(crate) fn mutate(value: &mut Value, rng: &mut Rng) {
    let nested = match value {
        Value::Object(object) => object.len(),
        Value::Array(items) => items.len(),
        _ => 0,
    };
    if nested > 0 && rng.u32(..4) > 0 {
        let chosen = rng.usize(..nested);
        match value {
            Value::Object(object) => mutate(object.values_mut().nth(chosen).unwrap(), rng),
            Value::Array(items) => mutate(&mut items[chosen], rng),
            _ => {}
        }
        return;
    }
    let replacements = [
        json!("Paris"),
        json!("other"),
        json!(1.5),
        json!(7),
        json!(-7),
        json!(300),
        json!(true),
        Value::Null,
    ];
    match value {
        Value::Object(object) if nested > 0 && rng.u32(..3) > 0 => {
            let name = object.keys().nth(rng.usize(..nested)).unwrap().clone();
            let removed = object.remove(&name);
            match rng.u32(..3) {
                0 => {}
                1 => drop(object.insert(format!("{name}_"), removed.unwrap())),
                _ => {
                    object.insert(name, removed.unwrap());
                    object.insert(
                        "added".to_owned(),
                        rng.choice(&replacements).unwrap().clone(),
                    );
                }
            }
        }
        Value::Array(items) if rng.bool() => match rng.bool() {
            true => drop(items.pop()),
            false => items.push(rng.choice(&replacements).unwrap().clone()),
        },
        Value::Number(_) | Value::Bool(_) | Value::Null if rng.u32(..8) == 0 => {
            *value = Value::Object(Map::new());
        }
        value => *value = rng.choice(&replacements).unwrap().clone(),
    }
}
