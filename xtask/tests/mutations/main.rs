//! Systematic changes of this project's specifications, there and back, and what each means: on the wire,
//! and for the version of the generated crate; beside what public tools find.
//!
//! Each row has a side for the change and one for taking it back:
//!
//! - what it means on the wire, of `xtask::difference`;
//! - the bump of the version, of `xtask::difference`;
//! - the bump that cargo-semver-checks 0.51.0 finds (warnings counted) between the crates generated from
//!   both, of Rust 1.95. It is never greater than ours. Ours is greater where a signature or a field has
//!   another type, which it does not look at, and where something is new, which it leaves to the reader
//!   unless told otherwise;
//! - the public tools that find something breaking on the wire: optic (`@useoptic/standard-rulesets` 1.0.9,
//!   on the documents as they are), Atlassian's openapi-diff 0.24.1 (on the lowered documents) and
//!   api-smart-diff 1.0.6 (on what `@apiture/openapi-down-convert` 0.14.2 makes of them). Where they do and
//!   this does not, the side says [why](Why).
//!
//! `tools` runs the tools again and compares.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod alternatives;
mod answers;
mod constructed;
mod edit;
mod operations;
mod requests;
mod tools;
mod types;

use openapi_pipeline::lower::{self, Options};
use serde_json::Value;
use xtask::difference::Difference;
use xtask::render;
use xtask::rust_api::{
    self,
    Bump::{self, Major, Minor, None as Nothing, Patch},
};

/// What a change means on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    Same,
    Compatible,
    Breaking,
}

/// Why something does not break, although a tool says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// What is sent may be wider, what comes may be narrower: the tools take it for another type, or do
    /// not ask which of both it is.
    Direction,
    /// A key more is taken, or less is asked for.
    Keys,
    /// An error that is not listed any more surprises nobody; one that is gone even less.
    Errors,
    /// What is new need not be sent, whatever is required in it.
    Optional,
    /// An open object took a field as anything that is listed now; nobody promised that.
    Open,
    /// The same, said in other words or under another name that is not sent.
    Spelling,
    /// Of answers, defaults and `readOnly` say nothing that a program sees.
    Words,
    /// What is only read is not required of a request.
    ReadOnly,
    /// An answer without a body has another status in the lowered document.
    Lowered,
}

/// What a change means, one way.
struct Side {
    wire: Wire,
    bump: Bump,
    /// What cargo-semver-checks finds.
    found: Bump,
    /// The tools that find something breaking on the wire, with commas between.
    tools: &'static str,
    /// Why it does not break, although they do.
    unlike: Option<Why>,
}

const fn side(wire: Wire, bump: Bump, found: Bump, tools: &'static str) -> Side {
    Side {
        wire,
        bump,
        found,
        tools,
        unlike: None,
    }
}

const fn unlike(wire: Wire, bump: Bump, found: Bump, tools: &'static str, why: Why) -> Side {
    Side {
        unlike: Some(why),
        ..side(wire, bump, found, tools)
    }
}

/// A change of a specification.
struct Mutation {
    name: &'static str,
    there: Side,
    back: Side,
    change: fn(&mut Value),
}

const fn row(name: &'static str, there: Side, back: Side, change: fn(&mut Value)) -> Mutation {
    Mutation {
        name,
        there,
        back,
        change,
    }
}

impl Mutation {
    fn applied(&self, document: &Value) -> Value {
        let mut changed = document.clone();
        (self.change)(&mut changed);
        changed
    }
}

/// Changes of one document.
struct Table {
    name: &'static str,
    api: &'static str,
    prepare: fn(&mut Value),
    mutations: &'static [Mutation],
}

impl Table {
    fn document(&self) -> Value {
        let mut document = edit::specification(self.api);
        (self.prepare)(&mut document);
        document
    }

    fn holds(&self) {
        let old = self.document();
        let before = generated(&old);
        let mut wrong = Vec::new();
        for mutation in self.mutations {
            let new = mutation.applied(&old);
            let now = generated(&new);
            let ways = [
                ("there", (&old, &before), (&new, &now), &mutation.there),
                ("back", (&new, &now), (&old, &before), &mutation.back),
            ];
            for (way, old, new, side) in ways {
                let wire = openapi_pipeline::wire::compare(old.0, new.0);
                let names = (self.name, mutation.name);
                let differs = old.1.0 != new.1.0;
                let difference = Difference::of_items(names, wire, (&old.1.1, &new.1.1), differs);
                let wire = if difference.wire.iter().any(|finding| finding.breaking) {
                    Wire::Breaking
                } else if difference.wire.is_empty() {
                    Wire::Same
                } else {
                    Wire::Compatible
                };
                if (wire, difference.bump) != (side.wire, side.bump) {
                    wrong.push(format!("{way}: {wire:?}, {}", difference.text()));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

type Generated = (Vec<(String, String)>, rust_api::Items);

fn generated(document: &Value) -> Generated {
    let options = Options::new().skip_unsupported(true);
    let mut lowered = lower::lower_with(document, &options).unwrap();
    let files = render::render_supported("document", &mut lowered).unwrap();
    let items = rust_api::items(&files).unwrap();
    (files, items)
}

const TABLES: [Table; 6] = [
    Table {
        name: "operations",
        api: "training",
        prepare: |_| {},
        mutations: operations::OPERATIONS,
    },
    Table {
        name: "answers",
        api: "training",
        prepare: |_| {},
        mutations: answers::ANSWERS,
    },
    Table {
        name: "types",
        api: "training",
        prepare: |_| {},
        mutations: types::TYPES,
    },
    Table {
        name: "requests",
        api: "inference",
        prepare: |_| {},
        mutations: requests::REQUESTS,
    },
    Table {
        name: "alternatives",
        api: "inference",
        prepare: |_| {},
        mutations: alternatives::ALTERNATIVES,
    },
    Table {
        name: "constructed",
        api: "inference",
        prepare: constructed::prepare,
        mutations: constructed::CONSTRUCTED,
    },
];

// A test each, so that they run at the same time.

#[test]
fn changes_of_operations_mean_what_they_should() {
    TABLES[0].holds();
}

#[test]
fn changes_of_answers_mean_what_they_should() {
    TABLES[1].holds();
}

#[test]
fn changes_of_types_mean_what_they_should() {
    TABLES[2].holds();
}

#[test]
fn changes_of_requests_mean_what_they_should() {
    TABLES[3].holds();
}

#[test]
fn changes_of_alternatives_and_streams_mean_what_they_should() {
    TABLES[4].holds();
}

#[test]
fn changes_of_what_our_specifications_lack_mean_what_they_should() {
    TABLES[5].holds();
}

#[test]
fn no_bump_is_smaller_and_nothing_is_missed_without_a_reason() {
    for table in &TABLES {
        for mutation in table.mutations {
            for side in [&mutation.there, &mutation.back] {
                assert!(side.bump >= side.found, "{}", mutation.name);
                let missed = side.wire != Wire::Breaking && !side.tools.is_empty();
                assert_eq!(missed, side.unlike.is_some(), "{}", mutation.name);
            }
        }
    }
}

#[test]
fn the_next_version_is_as_cargo_reads_versions() {
    let cases = [
        (Major, "0.1.4", "0.2.0"),
        (Minor, "0.1.4", "0.1.5"),
        (Major, "0.0.4", "0.0.5"),
        (Major, "1.2.3", "2.0.0"),
        (Minor, "1.2.3", "1.3.0"),
        (Patch, "1.2.3", "1.2.4"),
        (Nothing, "1.2.3", "1.2.3"),
    ];
    for (bump, now, next) in cases {
        assert_eq!(bump.after(now).as_deref(), Some(next));
    }
    assert_eq!(Major.after("one"), None);
}
