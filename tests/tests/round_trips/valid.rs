//! Valid instances are read and written back without loss.

use crate::documents::documents;
use crate::generate::{Random, instance};
use crate::json::{Json, Step};
use crate::same::same;
use crate::shape::Kind;
use crate::types::{every_type, types};

const SEEDS: u64 = 200;

#[test]
fn every_schema_has_its_type_here() {
    for document in documents() {
        let types = types(document.api);
        for name in document.schemas() {
            let tried = types.iter().any(|(tried, _)| *tried == name);
            assert!(tried, "{}: {name} is not tried", document.name);
        }
        if document.name.ends_with("lowered") {
            for (name, _) in types {
                let there = document.schemas().any(|schema| schema == *name);
                assert!(there, "{}: no {name}", document.name);
            }
        }
    }
}

#[test]
fn nothing_is_lost() {
    every_type(|document, name, schema, through| {
        for seed in 0..SEEDS {
            let mut random = Random::new(seed);
            let read = instance(document, schema, &mut random);
            if read == Json::Null {
                continue;
            }
            let text = read.write(random.once_in(5));
            let case = format!("{}: {name}, seed {seed}", document.name);
            let written = through(&text).unwrap_or_else(|e| panic!("{case}: {e}\n{text}"));
            // Once, and once more what was written.
            for text in [&text, &written] {
                let written = Json::read(&through(text).unwrap());
                if let Err(lost) = same(document, schema, &Json::read(text), &written) {
                    panic!("{case}: {name}{lost}\n{text}");
                }
            }
        }
    });
}

/// Servers write `null` for any field that they have no value for, whatever the document says.
#[test]
fn null_is_absent() {
    let mut differ = Vec::new();
    every_type(|document, name, schema, through| {
        let Kind::Object { fields, .. } = document.shape(schema).kind else {
            return;
        };
        let mut least = Json::Object(Vec::new());
        for field in fields.iter().filter(|field| field.required) {
            let value = (0..)
                .map(|seed| instance(document, &field.schema, &mut Random::new(seed)))
                .find(|value| *value != Json::Null);
            least.put(&[Step::Field(field.name.clone())], value);
        }
        let expected = through(&least.write(false)).unwrap();
        for field in fields.iter().filter(|field| !field.required) {
            let mut nulled = least.clone();
            nulled.put(&[Step::Field(field.name.clone())], Some(Json::Null));
            let read = through(&nulled.write(false)).map_err(|e| e.to_string());
            if read.as_ref() != Ok(&expected) {
                differ.push(format!(
                    "{}: {name}.{}: {read:?}",
                    document.name, field.name
                ));
            }
        }
    });
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
