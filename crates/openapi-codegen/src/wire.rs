//! Lists the changes of a new document on the wire, and whether they break existing programs.
//!
//! [`changes`](crate::changes) lists textual differences. This module determines their effect on a program
//! written for the old document: a valid request that is now rejected, or a response that it cannot handle.
//!
//! | module | compares |
//! |---|---|
//! | `operations` | paths, methods, servers |
//! | `security` | security schemes and requirements |
//! | `parameters` | path, query, header and cookie parameters |
//! | `bodies` | request bodies, responses and their headers |
//! | `schemas` | types, enumeration values, items |
//! | `objects`, `rules`, `alternatives` | properties; formats and limits; `oneOf` and `anyOf` |
//! | `view` | a uniform view of 3.0 and 3.1 schemas |

mod alternatives;
mod bodies;
mod objects;
mod operations;
mod parameters;
mod rules;
mod schemas;
mod security;
mod view;

use std::collections::{HashSet, VecDeque};
use std::fmt;

use serde_json::Value;

use crate::Pointer;
use crate::lower::{references, resolve};

const REJECTED: &str = "valid requests can be rejected";
const UNEXPECTED: &str = "existing programs do not expect it in a response";
const NOT_FOUND: &str = "programs that read it no longer find it";
const NO_EFFECT: &str = "it is ignored or rejected";
const UNUSED: &str = "existing programs do not use it";
const DEPRECATED: (&str, &str) = ("deprecation changed", "it still works");

/// A change, from the point of view of a program written for the old document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The path to the change from the operation that uses it, through references. It contains the names of
    /// parameters and alternatives instead of their indices.
    pub place: Pointer,
    /// Whether a correct program can fail.
    pub breaking: bool,
    /// A description of the change.
    pub what: String,
    /// The reason why it is breaking or compatible.
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

/// Compares two published documents, 3.0 or 3.1. The findings are in document order. A schema that is used several
/// times is reported where it is first used.
pub fn compare(old: &Value, new: &Value) -> Vec<Finding> {
    let (old, new) = (references::by_location(old), references::by_location(new));
    let mut comparison = Comparison {
        old: &old,
        new: &new,
        findings: Vec::new(),
        pending: VecDeque::new(),
        compared: HashSet::new(),
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
    /// The schemas to compare.
    pending: VecDeque<schemas::Pair<'a>>,
    /// The addresses of the schemas in `pending` and of those already compared, as part of a request or not. A pair
    /// is compared once, also if it is recursive.
    compared: HashSet<(*const Value, *const Value, bool)>,
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

/// Follows references.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let mut value = value;
    for _ in 0..16 {
        let reference = value.get("$ref").and_then(Value::as_str);
        let found = reference.and_then(|reference| resolve::find(document, reference));
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

fn is_deprecated(value: &Value) -> bool {
    value.get("deprecated") == Some(&Value::Bool(true))
}
