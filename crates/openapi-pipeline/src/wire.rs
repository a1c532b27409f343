//! What a new version of a document changes on the wire, and for whom.
//!
//! [`changes`](crate::changes) says which places of a document differ; this says what the difference means
//! for a program that was written for the old one: a request that was right and is refused now, or an
//! answer that it does not know.
//!
//! | module | what it compares |
//! |---|---|
//! | `operations` | paths, methods, addresses |
//! | `security` | the keys that are asked for |
//! | `parameters` | paths, queries, headers, cookies |
//! | `bodies` | bodies, answers and their headers |
//! | `schemas` | what may be sent, and what may come: types, values, items |
//! | `objects`, `rules`, `alternatives` | properties; formats and limits; what may stand for each other |
//! | `view` | a schema as both versions of OpenAPI say it |

mod alternatives;
mod bodies;
mod objects;
mod operations;
mod parameters;
mod rules;
mod schemas;
mod security;
mod view;

use std::fmt;

use serde_json::Value;

use crate::Pointer;

const REFUSED: &str = "a request that was right can be refused";
const UNKNOWN: &str = "an answer can be what no program was written for";
const GONE_ANSWER: &str = "a program that reads it finds nothing";
const NO_EFFECT: &str = "it has no effect any more, or is refused";
const NEW: &str = "nobody uses it yet";
const DEPRECATED: (&str, &str) = ("deprecated, or not any more", "it still works");

/// One thing that a new document changes for a program written for the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Where: in the new document, or in the old one if it is gone.
    pub place: Pointer,
    /// Whether a program that was right can fail now.
    pub breaking: bool,
    /// What has changed.
    pub what: String,
    /// Why that breaks something, or nothing.
    pub why: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.breaking {
            "breaking"
        } else {
            "compatible"
        };
        write!(f, "{word}: {}: {} ({})", self.place, self.what, self.why)
    }
}

/// What changes on the wire from one document to another, in the order of the places.
///
/// Both are documents as providers publish them, 3.0 or 3.1.
pub fn compare(old: &Value, new: &Value) -> Vec<Finding> {
    let mut comparison = Comparison {
        old,
        new,
        findings: Vec::new(),
        open: Vec::new(),
    };
    operations::compare(&mut comparison);
    let mut findings = comparison.findings;
    findings.dedup();
    findings
}

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    findings: Vec<Finding>,
    /// The pairs of references that are being compared: schemas can hold themselves.
    open: Vec<(String, String, bool)>,
}

impl Comparison<'_> {
    fn breaking(&mut self, place: &Pointer, what: impl Into<String>, why: &'static str) {
        self.finding(place, true, what.into(), why);
    }

    fn compatible(&mut self, place: &Pointer, what: impl Into<String>, why: &'static str) {
        self.finding(place, false, what.into(), why);
    }

    fn finding(&mut self, place: &Pointer, breaking: bool, what: String, why: &'static str) {
        let finding = Finding {
            place: place.clone(),
            breaking,
            what,
            why,
        };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

/// What a reference leads to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let mut value = value;
    for _ in 0..16 {
        let reference = value.get("$ref").and_then(Value::as_str);
        let found = reference.and_then(|reference| document.pointer(reference.strip_prefix('#')?));
        match found {
            Some(found) => value = found,
            None => break,
        }
    }
    value
}

fn is_required(value: &Value) -> bool {
    value.get("required") == Some(&Value::Bool(true))
}
