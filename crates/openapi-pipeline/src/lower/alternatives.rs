//! The unions of a lowered document, as the generator wants them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names::target;
use super::unions::is_plain;

/// Alternatives of a component schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Union {
    /// Its name in `#/components/schemas`.
    pub name: String,
    /// What the document says of it.
    pub description: Option<String>,
    /// The property whose value tells the alternatives apart, if there is one.
    pub tag: Option<String>,
    /// The alternatives in their order.
    pub alternatives: Vec<Alternative>,
}

/// One alternative of a [`Union`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alternative {
    /// What the document calls it, if it does.
    pub title: Option<String>,
    /// What it is.
    pub kind: AlternativeKind,
    /// The values of the tag that mean this one.
    pub tags: Vec<String>,
    /// Whether it may hold the union again, so that it has to stand in a box.
    pub holds_itself: bool,
}

/// What an alternative is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlternativeKind {
    /// A component schema of that name.
    Schema(String),
    /// A string.
    String,
    /// An integer.
    Integer,
    /// A number.
    Number,
    /// A boolean.
    Boolean,
}

/// The unions of a lowered document, in the order of its schemas.
pub(super) fn list(document: &Value) -> Vec<Union> {
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    let Some(schemas) = schemas else {
        return Vec::new();
    };
    let is_union = |schema: &Value| {
        let alternatives = schema.get("oneOf").and_then(Value::as_array);
        alternatives.is_some_and(|alternatives| !is_plain(alternatives))
            && schema.get(super::RUNTIME_TYPE).is_none()
    };
    let unions: Vec<_> = schemas.iter().filter(|(_, s)| is_union(s)).collect();
    if unions.is_empty() {
        return Vec::new();
    }
    let references = schemas.iter().map(|(name, schema)| {
        let mut found = Vec::new();
        super::defaults::collect_references(schema, &mut found);
        (name.as_str(), found)
    });
    let references: References<'_> = references.collect();
    unions
        .into_iter()
        .map(|(name, schema)| read(name, schema, &references))
        .collect()
}

/// The components that each component names.
type References<'a> = BTreeMap<&'a str, Vec<String>>;

fn read(name: &str, schema: &Value, references: &References<'_>) -> Union {
    let discriminator = schema.get("discriminator");
    let mapping = discriminator.and_then(|d| d.get("mapping")?.as_object());
    let alternatives = schema
        .get("oneOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let alternatives = alternatives.map(|alternative| {
        let reference = alternative.get("$ref").and_then(Value::as_str);
        let component = reference.and_then(target);
        let tags = mapping.into_iter().flatten();
        let tags = tags.filter(|(_, meant)| meant.as_str() == reference && reference.is_some());
        let kind = match (&component, alternative.get("type").and_then(Value::as_str)) {
            (Some(component), _) => AlternativeKind::Schema(component.clone()),
            (None, Some("integer")) => AlternativeKind::Integer,
            (None, Some("number")) => AlternativeKind::Number,
            (None, Some("boolean")) => AlternativeKind::Boolean,
            _ => AlternativeKind::String,
        };
        Alternative {
            title: alternative
                .get("title")
                .and_then(Value::as_str)
                .map(str::to_owned),
            kind,
            tags: tags.map(|(tag, _)| tag.clone()).collect(),
            holds_itself: component.is_some_and(|component| reaches(&component, name, references)),
        }
    });
    Union {
        name: name.to_owned(),
        description: schema
            .get("description")
            .and_then(Value::as_str)
            .map(str::to_owned),
        tag: discriminator
            .and_then(|d| d.get("propertyName")?.as_str())
            .map(str::to_owned),
        alternatives: alternatives.collect(),
    }
}

/// Whether a component leads to another, or is it.
fn reaches(from: &str, to: &str, references: &References<'_>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if let Some(found) = references.get(name)
            && seen.insert(name)
        {
            open.extend(found.iter().map(String::as_str));
        }
    }
    false
}
