//! What a schema does not allow is refused, and the error says where.

use serde_json::Value;

use crate::documents::Document;
use crate::generate::{Random, instance};
use crate::json::{Json, Step};
use crate::shape::Kind;
use crate::types::{Through, every_type};

const SEEDS: u64 = 60;

/// A place in an instance, and what the schema says of it.
struct Place {
    steps: Vec<Step>,
    /// Values of another type, as texts.
    wrong: &'static [&'static str],
    /// Whether the field there is required, and may not be `null`.
    required: bool,
}

/// Every place of an instance.
fn places(document: &Document, schema: &Value, json: &Json, at: &[Step], found: &mut Vec<Place>) {
    match (document.shape(schema).kind, json) {
        (Kind::Object { fields, .. }, Json::Object(_)) => {
            for field in &fields {
                let Some(value) = json.get(&field.name).filter(|value| **value != Json::Null)
                else {
                    continue;
                };
                let steps = [at, &[Step::Field(field.name.clone())]].concat();
                let shape = document.shape(&field.schema);
                let required = field.required && !shape.nullable;
                places(document, &field.schema, value, &steps, found);
                // What is read leniently is of no wrong type.
                let lenient = field.schema["x-lenient"] == true;
                let wrong = if lenient { &[] } else { wrong(&shape.kind) };
                found.push(Place {
                    steps,
                    wrong,
                    required,
                });
            }
        }
        (Kind::List(items), Json::List(list)) => {
            for (index, value) in list.iter().take(3).enumerate() {
                let steps = [at, &[Step::Item(index)]].concat();
                places(document, &items, value, &steps, found);
                let wrong = wrong(&document.shape(&items).kind);
                found.push(Place {
                    steps,
                    wrong,
                    required: false,
                });
            }
        }
        _ => {}
    }
}

fn wrong(kind: &Kind) -> &'static [&'static str] {
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
        Kind::Map => &["\"x\"", "7", "true", "[]"],
        Kind::Object { .. } => &["\"x\"", "7", "true"],
        // A list of anything may hold anything.
        Kind::OneOf(several)
            if several.iter().any(|one| {
                one["items"]
                    .as_object()
                    .is_some_and(|items| items.is_empty())
            }) =>
        {
            &["7", "true", "{}"]
        }
        Kind::OneOf(_) => &["7", "true", "{}", "[7]", "[[]]"],
    }
}

/// Calls `check` with an instance, one of its places and what reads it.
fn at_every_place(mut check: impl FnMut(&str, &mut Random, &Json, &Place, Through)) {
    every_type(|document, name, schema, through| {
        for seed in 0..SEEDS {
            let mut random = Random::new(seed);
            let json = instance(document, schema, &mut random);
            let mut found = Vec::new();
            places(document, schema, &json, &[], &mut found);
            for place in &found {
                let case = format!("{}: {name}, seed {seed}, {:?}", document.name, place.steps);
                check(&case, &mut random, &json, place, through);
            }
        }
    });
}

#[track_caller]
fn assert_placed(case: &str, error: &serde_json::Error) {
    assert_eq!(error.line(), 1, "{case}: {error}");
    assert!(error.column() > 1, "{case}: {error}");
    assert!(
        error.to_string().contains("at line 1 column"),
        "{case}: {error}"
    );
}

#[test]
fn a_required_field_is_missing_or_null() {
    let mut tried = 0;
    at_every_place(|case, _, json, place, through| {
        let (true, Some(Step::Field(name))) = (place.required, place.steps.last()) else {
            return;
        };
        let mut missing = json.clone();
        missing.put(&place.steps, None);
        match through(&missing.write(false)) {
            Ok(read) => panic!("{case}: taken for {read}"),
            Err(error) => {
                assert_placed(case, &error);
                assert!(
                    error
                        .to_string()
                        .contains(&format!("missing field `{name}`")),
                    "{case}: {error}"
                );
            }
        }
        let mut null = json.clone();
        null.put(&place.steps, Some(Json::Null));
        match through(&null.write(false)) {
            Ok(read) => panic!("{case}: null is taken for {read}"),
            Err(error) => assert_placed(case, &error),
        }
        tried += 1;
    });
    assert!(tried > 1000, "{tried}");
}

#[test]
fn a_value_of_another_type() {
    let mut tried = 0;
    at_every_place(|case, random, json, place, through| {
        if place.wrong.is_empty() {
            return;
        }
        let value = *random.one_of(place.wrong);
        let mut wrong = json.clone();
        wrong.put(&place.steps, Some(Json::read(value)));
        match through(&wrong.write(false)) {
            Ok(read) => panic!("{case}: {value} is taken for {read}"),
            Err(error) => assert_placed(case, &error),
        }
        tried += 1;
    });
    assert!(tried > 5000, "{tried}");
}

/// Some languages write an empty object as an empty list. No amount may be made up from one.
#[test]
fn an_empty_list_where_an_object_is_expected() {
    let mut taken = Vec::new();
    every_type(|document, name, schema, through| {
        if let (Kind::Object { .. }, Ok(read)) = (document.shape(schema).kind, through("[]")) {
            taken.push(format!("{}: {name}: [] is taken for {read}", document.name));
        }
    });
    assert!(taken.is_empty(), "{}", taken.join("\n"));
}

#[test]
fn text_that_is_cut_off() {
    every_type(|document, name, schema, through| {
        let text = (0..)
            .map(|seed| instance(document, schema, &mut Random::new(seed)).write(false))
            .find(|text| text.len() > 1 && text != "null")
            .unwrap();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            assert!(through(&text[..end]).is_err(), "{name}: {}", &text[..end]);
        }
    });
}
