//! What a schema accepts. All answers are cautious: "no" also means "unknown".

use std::cell::Cell;
use std::collections::HashSet;

use serde_json::{Map, Value};

/// The maximum number of references that are followed one after the other.
const MAX_REFERENCES: usize = 32;

/// Returns what a reference within the document refers to.
pub(super) fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

/// Follows references, unless other keywords are next to them.
fn target<'a>(root: &'a Value, mut schema: &'a Value) -> Option<&'a Map<String, Value>> {
    for _ in 0..MAX_REFERENCES {
        let object = schema.as_object()?;
        match object.get("$ref").and_then(Value::as_str) {
            Some(reference) => schema = resolve(root, reference)?,
            None => return Some(object),
        }
    }
    None
}

/// Returns whether a schema accepts `null`. Looks at 8 levels of references and branches.
pub(super) fn accepts_null(root: &Value, schema: &Value) -> bool {
    accepts_null_within(root, schema, 8)
}

fn accepts_null_within(root: &Value, schema: &Value, depth: usize) -> bool {
    let Some(object) = schema.as_object() else {
        return schema == &Value::Bool(true);
    };
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let inner = |schema: &Value| accepts_null_within(root, schema, depth);
    object.iter().all(|(name, value)| match name.as_str() {
        "$ref" => {
            let target = value.as_str().and_then(|name| resolve(root, name));
            target.is_some_and(inner)
        }
        "type" => types(object).contains("null"),
        "enum" => value
            .as_array()
            .is_some_and(|values| values.contains(&Value::Null)),
        "const" => value.is_null(),
        "anyOf" => value.as_array().is_some_and(|all| all.iter().any(inner)),
        "oneOf" => {
            let branches = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let accepting = branches.iter().filter(|branch| inner(branch)).count();
            // The other branches must be known to reject it.
            let rejecting = branches.iter().filter(|branch| {
                target(root, branch).is_some_and(|branch| {
                    branch.contains_key("type") && !types(branch).contains("null")
                })
            });
            accepting == 1 && rejecting.count() + 1 == branches.len()
        }
        "allOf" => value.as_array().is_some_and(|all| all.iter().all(inner)),
        "not" | "if" | "then" | "else" => false,
        // The other keywords restrict values of other types, or only describe.
        _ => true,
    })
}

/// Returns the types that `type` lists.
pub(super) fn types(schema: &Map<String, Value>) -> HashSet<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => HashSet::from([one.as_str()]),
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => HashSet::new(),
    }
}

/// Returns the only values that a schema can accept, if it lists them.
fn values(schema: &Map<String, Value>) -> Option<&[Value]> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(value), _) => Some(std::slice::from_ref(value)),
        (None, Some(Value::Array(values))) => Some(values),
        _ => None,
    }
}

/// The maximum number of pairs of schemas that one comparison looks at.
const MAX_PAIRS: usize = 2_000;

/// Returns whether no value is accepted by both schemas.
pub(super) fn are_disjoint(root: &Value, left: &Value, right: &Value) -> bool {
    let comparison = Comparison {
        root,
        pairs: Cell::new(MAX_PAIRS),
    };
    comparison.are_disjoint(left, right)
}

/// A comparison of two schemas. The number of pairs is limited, because the branches of recursive schemas multiply.
struct Comparison<'a> {
    root: &'a Value,
    /// How many more pairs may be looked at.
    pairs: Cell<usize>,
}

impl Comparison<'_> {
    fn are_disjoint(&self, left: &Value, right: &Value) -> bool {
        let Some(pairs) = self.pairs.get().checked_sub(1) else {
            return false;
        };
        self.pairs.set(pairs);
        let (Some(one), Some(other)) = (target(self.root, left), target(self.root, right)) else {
            return false;
        };
        if types_differ(one, other) {
            return true;
        }
        if let (Some(one), Some(other)) = (values(one), values(other)) {
            return one.iter().all(|value| !other.contains(value));
        }
        if let Some(branches) = branches(one) {
            return branches.iter().all(|one| self.are_disjoint(one, right));
        }
        if let Some(branches) = branches(other) {
            return branches.iter().all(|other| self.are_disjoint(left, other));
        }
        let are_objects = [one, other].map(|schema| types(schema) == HashSet::from(["object"]));
        are_objects == [true, true]
            && (lacks_required(one, other)
                || lacks_required(other, one)
                || self.have_disjoint_property(one, other))
    }

    /// Returns whether both objects require a property whose value cannot be the same.
    fn have_disjoint_property(&self, one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
        let shared = required(one).filter(|name| required(other).any(|other| other == *name));
        let pairs: Vec<_> = shared
            .filter_map(|name| Some((property(one, name)?, property(other, name)?)))
            .collect();
        // Tags first: they decide most comparisons, and the others may be large.
        let is_tag = |schema: &Value| schema.as_object().is_some_and(|one| values(one).is_some());
        let (tags, others): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(one, _)| is_tag(one));
        let mut pairs = tags.into_iter().chain(others);
        pairs.any(|(one, other)| self.are_disjoint(one, other))
    }
}

/// Returns whether both schemas list their types, and have none in common.
fn types_differ(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    // Every integer is a number.
    let types = |schema| {
        types(schema)
            .into_iter()
            .map(|one| if one == "integer" { "number" } else { one })
    };
    let (one, other): (HashSet<_>, HashSet<_>) = (types(one).collect(), types(other).collect());
    !one.is_empty() && !other.is_empty() && one.is_disjoint(&other)
}

/// Returns whether `one` requires a property that `other` forbids.
fn lacks_required(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let is_closed = other.get("additionalProperties") == Some(&Value::Bool(false));
    let mut required = required(one);
    is_closed
        && !other.contains_key("patternProperties")
        && required.any(|name| property(other, name).is_none())
}

/// Returns the branches of a schema, one of which accepts each value.
fn branches(schema: &Map<String, Value>) -> Option<&Vec<Value>> {
    let mut lists = ["anyOf", "oneOf"]
        .into_iter()
        .filter_map(|name| schema.get(name));
    lists.find_map(Value::as_array)
}

fn property<'a>(schema: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(name)
}

fn required(schema: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str)
}
