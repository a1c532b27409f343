//! Valid instances survive a round trip.

use serde_json::Value;

use super::documents::documents;
use super::generate::{Random, instance};
use super::json::{Json, Step};
use super::same::same;
use super::shape::Kind;
use super::types::{for_each_type, types};

const SEEDS: u64 = 200;

#[test]
fn all_schemas_have_a_type() {
    for document in documents() {
        let types = types(document.api);
        for name in document.schemas() {
            let tried = types.iter().any(|(tried, _)| *tried == name);
            assert!(tried, "{}: {name} has no type", document.name);
        }
        if document.name.ends_with("lowered") {
            for (name, _) in types {
                let exists = document.schemas().any(|schema| schema == *name);
                assert!(exists, "{}: no {name}", document.name);
            }
        }
    }
}

#[test]
fn valid_instances_survive_two_round_trips() {
    for_each_type(|document, name, schema, round_trip| {
        for seed in 0..SEEDS {
            let mut random = Random::new(seed);
            let read = instance(document, schema, &mut random);
            if read == Json::Null {
                continue;
            }
            let text = read.write(random.once_in(5));
            let case = format!("{}: {name}, seed {seed}", document.name);
            let written = round_trip(&text).unwrap_or_else(|e| panic!("{case}: {e}\n{text}"));
            // The second round trip starts from the result of the first.
            for text in [&text, &written] {
                let written = Json::read(&round_trip(text).unwrap());
                if let Err(difference) = same(document, schema, &Json::read(text), &written) {
                    panic!("{case}: {name}{difference}\n{text}");
                }
            }
        }
    });
}

/// Servers send `null` for missing values even if the document does not allow it. A `null` that is kept is unknown.
#[test]
fn null_in_an_optional_field_means_absent_or_unknown() {
    let mut differ = Vec::new();
    for_each_type(|document, name, schema, round_trip| {
        let Kind::Object { fields, .. } = document.shape(schema).kind else {
            return;
        };
        let mut minimal = Json::Object(Vec::new());
        for field in fields.iter().filter(|field| field.required) {
            let value = (0..)
                .map(|seed| instance(document, &field.schema, &mut Random::new(seed)))
                .find(|value| *value != Json::Null);
            minimal.put(&[Step::Field(field.name.clone())], value);
        }
        let expected = round_trip(&minimal.write(false)).unwrap();
        for field in fields.iter().filter(|field| !field.required) {
            let mut with_null = minimal.clone();
            with_null.put(&[Step::Field(field.name.clone())], Some(Json::Null));
            let read = round_trip(&with_null.write(false)).map_err(|e| e.to_string());
            let is_unknown = read.as_ref().is_ok_and(|read| {
                let read: Value = serde_json::from_str(read).unwrap();
                read.get(&field.name) == Some(&Value::Null)
            });
            if !is_unknown && read.as_ref() != Ok(&expected) {
                differ.push(format!(
                    "{}: {name}.{}: {read:?}",
                    document.name, field.name
                ));
            }
        }
    });
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
