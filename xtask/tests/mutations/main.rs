//! Systematic changes of this project's specifications, there and back, and what each means: on the wire,
//! and for the version of the generated crate.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod constructed;
mod edit;
mod inference;
mod tools;
mod training;

use openapi_pipeline::wire::Finding;
use serde_json::Value;
use xtask::difference::Difference;
use xtask::rust_api::Bump::{self, Major, Minor, None as Nothing, Patch};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    Same,
    Compatible,
    Breaking,
}

type Change = fn(&mut Value);

struct Mutation {
    name: &'static str,
    change: Change,
}

const fn row(name: &'static str, change: Change) -> Mutation {
    Mutation { name, change }
}

const TABLES: [(&str, &str, &[Mutation]); 5] = [
    ("training", "operations", training::OPERATIONS),
    ("training", "answers", training::ANSWERS),
    ("inference", "requests", inference::REQUESTS),
    ("inference", "models", inference::MODELS),
    ("inference", "constructed", constructed::CONSTRUCTED),
];

#[test]
fn dump() {
    let mut out = String::new();
    for (api, table, mutations) in TABLES {
        let mut old = edit::specification(api);
        if table == "constructed" {
            constructed::prepare(&mut old);
        }
        for mutation in mutations {
            let mut new = old.clone();
            (mutation.change)(&mut new);
            for (way, a, b) in [("there", &old, &new), ("back", &new, &old)] {
                match Difference::of((api, api), a, b) {
                    Ok(d) => {
                        let wire = if d.wire.iter().any(|f| f.breaking) {
                            "Breaking"
                        } else if d.wire.is_empty() {
                            "Same"
                        } else {
                            "Compatible"
                        };
                        out.push_str(&format!(
                            "### {table} | {} | {way} | {wire} | {}\n{}\n",
                            mutation.name,
                            d.bump.name(),
                            d.text()
                        ));
                    }
                    Err(e) => out.push_str(&format!(
                        "### {table} | {} | {way} | ERROR | {e}\n",
                        mutation.name
                    )),
                }
            }
        }
    }
    std::fs::write("/tmp/tools-semver/ours.txt", out).unwrap();
}
