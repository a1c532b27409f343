//! Invalid instances are rejected, and the error has the position.

use serde_json::Value;

use super::documents::Document;
use super::generate::{Random, instance};
use super::json::{Json, Step};
use super::shape::Kind;
use super::types::{RoundTrip, for_each_type};

const SEEDS: u64 = 60;

/// A position in an instance.
struct Position {
    steps: Vec<Step>,
    /// JSON values of other types.
    invalid: &'static [&'static str],
    /// Whether the field is required and not nullable.
    required: bool,
}

/// Collects all positions of an instance.
fn positions(
    document: &Document,
    schema: &Value,
    json: &Json,
    at: &[Step],
    found: &mut Vec<Position>,
) {
    match (document.shape(schema).kind, json) {
        (Kind::Object { fields, .. }, Json::Object(_)) => {
            for field in &fields {
                let Some(value) = json.get(&field.name).filter(|value| **value != Json::Null)
                else {
                    continue;
                };
                let steps = [at, &[Step::Field(field.name.clone())]].concat();
                let shape = document.shape(&field.schema);
                let open = matches!(&shape.kind, Kind::OneOf(several) if is_open(several));
                let required = field.required && !shape.nullable && !open;
                positions(document, &field.schema, value, &steps, found);
                // Lenient fields accept all types.
                let lenient = field.schema["x-lenient"] == true;
                let invalid = if lenient { &[] } else { invalid(&shape.kind) };
                found.push(Position {
                    steps,
                    invalid,
                    required,
                });
            }
        }
        (Kind::List(items), Json::List(list)) => {
            for (index, value) in list.iter().take(3).enumerate() {
                let steps = [at, &[Step::Item(index)]].concat();
                positions(document, &items, value, &steps, found);
                let invalid = invalid(&document.shape(&items).kind);
                found.push(Position {
                    steps,
                    invalid,
                    required: false,
                });
            }
        }
        _ => {}
    }
}

fn invalid(kind: &Kind) -> &'static [&'static str] {
    match kind {
        Kind::Anything => &[],
        Kind::Bool => &["1", "\"true\"", "[]", "{}"],
        Kind::Integer(_) => &["\"7\"", "7.5", "true", "[]", "{}", "9223372036854775808"],
        Kind::Number(_) => &["\"7\"", "true", "[]", "{}"],
        Kind::Amount => &["\"free\"", "\"\"", "true", "[]", "{}", "1e20", "\"NaN\""],
        Kind::Time => &[
            "\"yesterday\"",
            "\"\"",
            "7",
            "true",
            "[]",
            "{}",
            "\"2026-02-30T00:00:00Z\"",
        ],
        Kind::Text(_) | Kind::Exactly(_) => &["7", "true", "[]", "{}", "[\"x\"]"],
        Kind::List(_) => &["\"x\"", "7", "true", "{}"],
        Kind::Map(_) => &["\"x\"", "7", "true", "[]"],
        Kind::Object { .. } => &["\"x\"", "7", "true"],
        Kind::OneOf(several) if is_open(several) => &[],
        // The items are kept as they are: they are content parts.
        Kind::OneOf(several) if several.iter().any(|one| !one["items"]["$ref"].is_null()) => {
            &["7", "true", "{}"]
        }
        Kind::OneOf(_) => &["7", "true", "{}", "[7]", "[[]]"],
    }
}

/// Returns whether a value that matches no alternative is kept.
fn is_open(alternatives: &[Value]) -> bool {
    alternatives.iter().any(|one| !one["$ref"].is_null())
}

/// Calls `check` with each instance, each of its positions and the round trip of its type.
fn at_each_position(mut check: impl FnMut(&str, &mut Random, &Json, &Position, RoundTrip)) {
    for_each_type(|document, name, schema, round_trip| {
        for seed in 0..SEEDS {
            let mut random = Random::new(seed);
            let json = instance(document, schema, &mut random);
            let mut found = Vec::new();
            positions(document, schema, &json, &[], &mut found);
            for position in &found {
                let case = format!(
                    "{}: {name}, seed {seed}, {:?}",
                    document.name, position.steps
                );
                check(&case, &mut random, &json, position, round_trip);
            }
        }
    });
}

#[track_caller]
fn assert_has_position(case: &str, error: &serde_json::Error) {
    assert_eq!(error.line(), 1, "{case}: {error}");
    assert!(error.column() > 1, "{case}: {error}");
    assert!(
        error.to_string().contains("at line 1 column"),
        "{case}: {error}"
    );
}

#[test]
fn a_missing_or_null_required_field_is_rejected() {
    let mut count = 0;
    at_each_position(|case, _, json, position, round_trip| {
        let (true, Some(Step::Field(name))) = (position.required, position.steps.last()) else {
            return;
        };
        let mut missing = json.clone();
        missing.put(&position.steps, None);
        match round_trip(&missing.write(false)) {
            Ok(read) => panic!("{case}: read as {read}"),
            Err(error) => {
                assert_has_position(case, &error);
                assert!(
                    error
                        .to_string()
                        .contains(&format!("missing field `{name}`")),
                    "{case}: {error}"
                );
            }
        }
        let mut null = json.clone();
        null.put(&position.steps, Some(Json::Null));
        match round_trip(&null.write(false)) {
            Ok(read) => panic!("{case}: null is read as {read}"),
            Err(error) => assert_has_position(case, &error),
        }
        count += 1;
    });
    assert!(count > 1000, "{count}");
}

#[test]
fn a_value_of_another_type_is_rejected() {
    let mut count = 0;
    at_each_position(|case, random, json, position, round_trip| {
        if position.invalid.is_empty() {
            return;
        }
        let value = *random.one_of(position.invalid);
        let mut invalid = json.clone();
        invalid.put(&position.steps, Some(Json::read(value)));
        match round_trip(&invalid.write(false)) {
            Ok(read) => panic!("{case}: {value} is read as {read}"),
            Err(error) => assert_has_position(case, &error),
        }
        count += 1;
    });
    assert!(count > 5000, "{count}");
}

/// Some languages write an empty object as an empty list, which must not be read as default
/// amounts.
#[test]
fn an_empty_list_instead_of_an_object_is_rejected() {
    let mut accepted = Vec::new();
    for_each_type(|document, name, schema, round_trip| {
        if let (Kind::Object { .. }, Ok(read)) = (document.shape(schema).kind, round_trip("[]")) {
            accepted.push(format!("{}: {name}: [] is read as {read}", document.name));
        }
    });
    assert!(accepted.is_empty(), "{}", accepted.join("\n"));
}

#[test]
fn truncated_json_is_rejected() {
    for_each_type(|document, name, schema, round_trip| {
        let text = (0..)
            .map(|seed| instance(document, schema, &mut Random::new(seed)).write(false))
            .find(|text| text.len() > 1 && text != "null")
            .unwrap();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            assert!(
                round_trip(&text[..end]).is_err(),
                "{name}: {}",
                &text[..end]
            );
        }
    });
}
