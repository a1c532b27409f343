//! Generates values for a JSON Schema: tool call arguments and structured answers.

use std::cell::Cell;

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Number, Value, json};

/// Below this depth, only required properties are generated.
const MAX_OPTIONAL_DEPTH: usize = 6;

/// Below this depth, the schema is considered to be infinitely recursive.
const MAX_DEPTH: usize = 40;

/// The maximum number of generated values.
const MAX_VALUES: usize = 20_000;

/// Returns a valid instance of a schema, or `None` if none was found. The result is deterministic.
pub(crate) fn generate(schema: &Value) -> Option<Value> {
    let schemas = Schemas {
        root: schema,
        remaining: Cell::new(MAX_VALUES),
    };
    let value = schemas.value(schema, 0)?;
    let validator = jsonschema::options().build(schema).ok()?;
    validator.is_valid(&value).then_some(value)
}

struct Schemas<'a> {
    root: &'a Value,
    /// The remaining number of values.
    remaining: Cell<usize>,
}

impl Schemas<'_> {
    fn value(&self, schema: &Value, depth: usize) -> Option<Value> {
        self.remaining.set(self.remaining.get().checked_sub(1)?);
        if depth > MAX_DEPTH {
            return None;
        }
        let Value::Object(schema) = schema else {
            return (schema != &Value::Bool(false)).then(|| json!("anything"));
        };
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = match reference.strip_prefix('#') {
                Some("") => Some(self.root),
                Some(pointer) => self.root.pointer(pointer),
                None => None,
            };
            return self.value(target?, depth + 1);
        }
        for given in ["const", "default"] {
            if let Some(value) = schema.get(given) {
                return Some(value.clone());
            }
        }
        for list in ["enum", "examples"] {
            if let Some(value) = schema.get(list).and_then(|list| list.get(0)) {
                return Some(value.clone());
            }
        }
        if let Some(Value::Array(parts)) = schema.get("allOf") {
            return self.value(&self.merged(schema, parts)?, depth + 1);
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(Value::Array(choices)) = schema.get(choice) {
                return choices.iter().find_map(|one| {
                    let mut rest = schema.clone();
                    rest.remove(choice);
                    let both = self.merged(&rest, std::slice::from_ref(one))?;
                    self.value(&both, depth + 1)
                });
            }
        }
        let kind = match schema.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(Value::Array(kinds)) => kinds.iter().find_map(Value::as_str).unwrap_or("null"),
            _ if schema.contains_key("properties") => "object",
            _ if schema.contains_key("items") => "array",
            _ => "string",
        };
        match kind {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "integer" => number(schema, true),
            "number" => number(schema, false),
            "boolean" => Some(Value::Bool(true)),
            "null" => Some(Value::Null),
            _ => text(schema),
        }
    }

    /// Merges several schemas into one.
    fn merged(&self, schema: &Map<String, Value>, parts: &[Value]) -> Option<Value> {
        let mut whole = schema.clone();
        whole.remove("allOf");
        for part in parts {
            let part = match part.get("$ref").and_then(Value::as_str) {
                Some(reference) => self.root.pointer(reference.strip_prefix('#')?)?,
                None => part,
            };
            for (name, value) in part.as_object()? {
                match (whole.get_mut(name), value) {
                    (Some(Value::Object(ours)), Value::Object(theirs)) => {
                        ours.extend(theirs.clone());
                    }
                    (Some(Value::Array(ours)), Value::Array(theirs)) if name == "required" => {
                        ours.extend(theirs.clone());
                    }
                    _ => drop(whole.insert(name.clone(), value.clone())),
                }
            }
        }
        Some(Value::Object(whole))
    }

    fn object(&self, schema: &Map<String, Value>, depth: usize) -> Option<Value> {
        let required = schema.get("required").and_then(Value::as_array);
        let required: Vec<_> = required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let properties = schema.get("properties").and_then(Value::as_object);
        let mut object = Map::new();
        for (name, property) in properties.into_iter().flatten() {
            let needed = required.contains(&name.as_str());
            if needed {
                object.insert(name.clone(), self.value(property, depth + 1)?);
            } else if depth < MAX_OPTIONAL_DEPTH
                && let Some(value) = self.value(property, depth + 1)
            {
                object.insert(name.clone(), value);
            }
        }
        let others = schema
            .get("additionalProperties")
            .unwrap_or(&Value::Bool(true));
        for name in required {
            if !object.contains_key(name) {
                object.insert(name.to_owned(), self.value(others, depth + 1)?);
            }
        }
        self.add_entries(&mut object, schema, others, depth)?;
        Some(Value::Object(object))
    }

    /// Adds properties whose names the schema does not list: as many as it requires, or one if it is that of a map.
    fn add_entries(
        &self,
        object: &mut Map<String, Value>,
        schema: &Map<String, Value>,
        others: &Value,
        depth: usize,
    ) -> Option<()> {
        let min = whole(schema, "minProperties").unwrap_or(0);
        let is_short = depth < MAX_OPTIONAL_DEPTH && object.is_empty();
        let may_have_entry = is_short
            && whole(schema, "maxProperties") != Some(0)
            && !schema.contains_key("propertyNames");
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let pattern = patterns.and_then(|patterns| patterns.iter().next());
        if let Some((pattern, property)) = pattern.filter(|_| may_have_entry)
            && let Some(Value::String(name)) = matching(pattern)
            && let Some(value) = self.value(property, depth + 1)
        {
            object.insert(name, value);
        }
        let is_map = may_have_entry && others.is_object() && object.is_empty();
        let wanted = min.max(usize::from(is_map));
        for number in 0.. {
            if object.len() >= wanted {
                break;
            }
            match self.value(others, depth + 1) {
                Some(value) => drop(object.insert(format!("key_{number}"), value)),
                None if object.len() >= min => break,
                None => return None,
            }
        }
        Some(())
    }

    fn array(&self, schema: &Map<String, Value>, depth: usize) -> Option<Value> {
        let min = whole(schema, "minItems");
        let max = whole(schema, "maxItems").unwrap_or(usize::MAX);
        let first = schema.get("prefixItems").and_then(Value::as_array);
        let mut items = Vec::new();
        for item in first.into_iter().flatten() {
            items.push(self.value(item, depth + 1)?);
        }
        let wanted = min
            .unwrap_or(usize::from(depth < MAX_OPTIONAL_DEPTH))
            .min(max)
            .min(10_000);
        let item = schema.get("items").unwrap_or(&Value::Bool(true));
        while items.len() < wanted {
            match self.value(item, depth + 1) {
                Some(value) => items.push(value),
                None if items.len() >= min.unwrap_or(0) => break,
                None => return None,
            }
        }
        Some(Value::Array(items))
    }
}

fn whole(schema: &Map<String, Value>, name: &str) -> Option<usize> {
    let number = schema.get(name)?.as_f64()?;
    // Larger limits make no difference.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Some(number.clamp(0.0, 1e9) as usize)
}

fn number(schema: &Map<String, Value>, integer: bool) -> Option<Value> {
    let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
    let step = limit("multipleOf").filter(|step| *step > 0.0);
    let step = step.unwrap_or(if integer { 1.0 } else { 0.5 });
    let min = limit("minimum").or(limit("exclusiveMinimum").map(|min| min + step));
    let max = limit("maximum").or(limit("exclusiveMaximum").map(|max| max - step));
    let number = match (min, max) {
        (Some(min), _) => (min / step).ceil() * step,
        (None, Some(max)) => (max.min(step) / step).floor() * step,
        (None, None) => step,
    };
    // The limits may be closer together than one step.
    let number = match (limit("exclusiveMinimum"), limit("exclusiveMaximum")) {
        (Some(min), Some(max)) if !integer && number >= max => f64::midpoint(min, max),
        _ => number,
    };
    #[allow(clippy::cast_possible_truncation)]
    if integer {
        return Some(Value::from(number as i64));
    }
    Number::from_f64(number).map(Value::Number)
}

fn text(schema: &Map<String, Value>) -> Option<Value> {
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        return matching(pattern);
    }
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => "2026-01-01T00:00:00Z",
        Some("date") => "2026-01-01",
        Some("time") => "00:00:00Z",
        Some("duration") => "P1D",
        Some("email" | "idn-email") => "user@example.com",
        Some("hostname" | "idn-hostname") => "example.com",
        Some("ipv4") => "127.0.0.1",
        // Formats of schemars: `IpAddr`, and chrono's dates without a time zone.
        Some("ip") => "127.0.0.1",
        Some("partial-date-time") => "2026-01-01T00:00:00",
        Some("partial-time") => "00:00:00",
        Some("ipv6") => "::1",
        Some("uri" | "iri" | "uri-reference" | "iri-reference") => "https://example.com/",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        _ => "text",
    };
    let mut text = text.to_owned();
    let min = whole(schema, "minLength").unwrap_or(0).min(100_000);
    while text.chars().count() < min {
        text.push('x');
    }
    if let Some(max) = whole(schema, "maxLength") {
        text = text.chars().take(max).collect();
    }
    Some(Value::String(text))
}

/// Returns a short text that matches a pattern.
fn matching(pattern: &str) -> Option<Value> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let mut text = String::new();
    push_match(&hir, &mut text)?;
    Some(Value::String(text))
}

/// Appends a short text that matches the pattern.
fn push_match(hir: &Hir, text: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            // Prefers letters and digits.
            let has = |c: char| {
                class
                    .ranges()
                    .iter()
                    .any(|range| (range.start()..=range.end()).contains(&c))
            };
            let plain = ('a'..='z')
                .chain('A'..='Z')
                .chain('0'..='9')
                .find(|c| has(*c));
            text.push(plain.or_else(|| Some(class.ranges().first()?.start()))?);
        }
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min.min(100_000) {
                push_match(&repetition.sub, text)?;
            }
        }
        HirKind::Capture(capture) => push_match(&capture.sub, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                push_match(part, text)?;
            }
        }
        HirKind::Alternation(choices) => push_match(choices.first()?, text)?,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_values_are_valid_instances() {
        for schema in [
            json!(true),
            json!({}),
            json!({ "type": "string", "minLength": 8 }),
            json!({ "type": "string", "maxLength": 2 }),
            json!({ "type": "string", "pattern": "^[A-Z]{3}-\\d{4}(x|y)?$" }),
            json!({ "type": "string", "format": "date-time" }),
            json!({ "type": "integer", "minimum": 7, "multipleOf": 4 }),
            json!({ "type": "integer", "exclusiveMaximum": -3 }),
            json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.25 }),
            json!({ "type": ["null", "string"] }),
            json!({ "enum": ["a", "b"] }),
            json!({ "const": { "a": 1 } }),
            json!({ "type": "array", "minItems": 3, "items": { "type": "boolean" } }),
            json!({ "type": "array", "prefixItems": [{ "type": "null" }], "items": false }),
            json!({ "type": "object", "required": ["x"], "minProperties": 3 }),
            json!({
                "allOf": [
                    { "type": "object", "required": ["a"], "properties": { "a": { "type": "null" } } },
                    { "required": ["b"], "properties": { "b": { "type": "integer" } } },
                ],
            }),
            json!({ "anyOf": [false, { "type": "integer" }] }),
            json!({ "oneOf": [{ "type": "string", "const": "a" }, { "type": "string", "enum": ["b", "c"] }] }),
            json!({ "type": ["string", "null"], "enum": ["a", null] }),
            json!({ "type": "object", "additionalProperties": false }),
            json!({ "type": "object", "propertyNames": { "pattern": "^x" }, "additionalProperties": { "type": "null" } }),
            // A tree.
            json!({
                "$ref": "#/$defs/node",
                "$defs": { "node": {
                    "type": "object",
                    "required": ["name", "children"],
                    "additionalProperties": false,
                    "properties": {
                        "name": { "type": "string" },
                        "children": { "type": "array", "items": { "$ref": "#/$defs/node" } },
                    },
                } },
            }),
        ] {
            assert!(generate(&schema).is_some(), "{schema}");
        }
    }

    #[test]
    fn a_map_has_an_entry() {
        let numbers = json!({ "type": "integer" });
        let map = json!({ "type": "object", "additionalProperties": numbers });
        assert_eq!(generate(&map), Some(json!({ "key_0": 1 })));
        let patterns = json!({ "type": "object", "patternProperties": { "^\\d+$": numbers }, "additionalProperties": false });
        assert_eq!(generate(&patterns), Some(json!({ "0": 1 })));
        let recursive = json!({ "type": "object", "additionalProperties": { "$ref": "#" } });
        assert!(generate(&recursive).is_some());
    }

    #[test]
    fn a_schema_without_instance_gives_none() {
        for schema in [
            json!(false),
            json!({ "type": "integer", "minimum": 3, "maximum": 2 }),
            json!({ "$ref": "#" }),
            json!({ "$ref": "https://example.com/schema" }),
            json!({ "type": "object", "required": ["a"], "properties": { "a": { "$ref": "#" } } }),
            json!({ "type": 7 }),
        ] {
            assert_eq!(generate(&schema), None, "{schema}");
        }
    }
}
