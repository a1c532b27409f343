//! Systematic changes of this project's specifications, in both directions, with their expected effect on the
//! wire format and on the version of the generated crate, compared with public tools.
//!
//! Each row has expectations for the change and for its reversal:
//!
//! - the effect on the wire, from `openapi_codegen::difference`;
//! - the version bump, from `openapi_codegen::difference`;
//! - the bump that cargo-semver-checks 0.51.0 finds (including warnings) between the crates generated from
//!   both documents, with Rust 1.95. It is never greater than ours. Ours is greater where the type of a
//!   signature or field changes, which the tool does not check, and for additions, which it does not report by
//!   default;
//! - the public tools that report a breaking change on the wire: optic (`@useoptic/standard-rulesets` 1.0.9,
//!   on the original documents), Atlassian's openapi-diff 0.24.1 (on the lowered documents) and api-smart-diff
//!   1.0.6 (on documents converted by `@apiture/openapi-down-convert` 0.14.2). If they report one and this
//!   project does not, the row gives the [reason](Reason).
//!
//! The tests in `tools` run the tools and compare.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod alternatives;
mod constructed;
mod edit;
mod operations;
mod requests;
mod responses;
mod tools;
mod types;

use openapi_codegen::difference::Difference;
use openapi_codegen::lower::{self, Options};
use openapi_codegen::render;
use openapi_codegen::rust_api::{
    self,
    Bump::{self, Major, Minor, None as NoBump, Patch},
};
use serde_json::Value;

/// The effect of a change on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    Same,
    Compatible,
    Breaking,
}

/// The reason why a change is not breaking although a tool reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// Requests may be extended and responses restricted. The tools report any type change, or do not
    /// distinguish the two.
    Direction,
    /// More credentials are accepted, or fewer are required.
    Keys,
    /// Programs must expect unlisted errors, and a removed error does not break them.
    Errors,
    /// The added value is optional, even if parts of it are required.
    Optional,
    /// An open object accepted any value for a property that is now listed, but without a guarantee.
    Open,
    /// The meaning is the same; only the notation or a name that is not sent differs.
    Spelling,
    /// Defaults and `readOnly` have no effect in responses.
    Words,
    /// A read-only property is not required in a request.
    ReadOnly,
    /// A response without a body has a different status in the lowered document.
    Lowered,
}

/// The expected effect in one direction.
struct Expectation {
    wire: Wire,
    bump: Bump,
    /// The bump that cargo-semver-checks finds.
    found: Bump,
    /// The tools that report a breaking change on the wire, separated by commas.
    tools: &'static str,
    /// The reason if tools report a breaking change and this project does not.
    false_positive: Option<Reason>,
}

const fn expect(wire: Wire, bump: Bump, found: Bump, tools: &'static str) -> Expectation {
    Expectation {
        wire,
        bump,
        found,
        tools,
        false_positive: None,
    }
}

const fn false_positive(
    wire: Wire,
    bump: Bump,
    found: Bump,
    tools: &'static str,
    why: Reason,
) -> Expectation {
    Expectation {
        false_positive: Some(why),
        ..expect(wire, bump, found, tools)
    }
}

/// A change of a specification.
struct Mutation {
    name: &'static str,
    forward: Expectation,
    backward: Expectation,
    change: fn(&mut Value),
}

const fn row(
    name: &'static str,
    forward: Expectation,
    backward: Expectation,
    change: fn(&mut Value),
) -> Mutation {
    Mutation {
        name,
        forward,
        backward,
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

    fn check(&self) {
        let old = self.document();
        let before = generated(&old);
        let mut wrong = Vec::new();
        for mutation in self.mutations {
            let new = mutation.applied(&old);
            let now = generated(&new);
            let ways = [
                ("forward", (&old, &before), (&new, &now), &mutation.forward),
                (
                    "backward",
                    (&new, &now),
                    (&old, &before),
                    &mutation.backward,
                ),
            ];
            for (way, old, new, expected) in ways {
                let wire = openapi_codegen::wire::compare(old.0, new.0);
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
                if (wire, difference.bump) != (expected.wire, expected.bump) {
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
        name: "responses",
        api: "training",
        prepare: |_| {},
        mutations: responses::RESPONSES,
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

// One test per table, so that they run in parallel.

#[test]
fn operation_changes() {
    TABLES[0].check();
}

#[test]
fn response_changes() {
    TABLES[1].check();
}

#[test]
fn type_changes() {
    TABLES[2].check();
}

#[test]
fn request_changes() {
    TABLES[3].check();
}

#[test]
fn union_and_stream_changes() {
    TABLES[4].check();
}

#[test]
fn changes_of_constructs_missing_in_our_specifications() {
    TABLES[5].check();
}

#[test]
fn tables_are_consistent_with_tool_findings() {
    for table in &TABLES {
        for mutation in table.mutations {
            for expected in [&mutation.forward, &mutation.backward] {
                assert!(expected.bump >= expected.found, "{}", mutation.name);
                let missed = expected.wire != Wire::Breaking && !expected.tools.is_empty();
                assert_eq!(
                    missed,
                    expected.false_positive.is_some(),
                    "{}",
                    mutation.name
                );
            }
        }
    }
}

#[test]
fn next_version_follows_cargo_rules() {
    let cases = [
        (Major, "0.1.4", "0.2.0"),
        (Minor, "0.1.4", "0.1.5"),
        (Major, "0.0.4", "0.0.5"),
        (Major, "1.2.3", "2.0.0"),
        (Minor, "1.2.3", "1.3.0"),
        (Patch, "1.2.3", "1.2.4"),
        (NoBump, "1.2.3", "1.2.3"),
    ];
    for (bump, now, next) in cases {
        assert_eq!(bump.after(now).as_deref(), Some(next));
    }
    assert_eq!(Major.after("one"), None);
}
