//! Lists the unions of a lowered document for the generator.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names::target;
use super::unions::{SCALARS, is_plain};

/// A union: a component schema with several alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Union {
    /// The name of the component schema.
    pub name: String,
    /// The description.
    pub description: Option<String>,
    /// The discriminator property, if there is one.
    pub tag: Option<String>,
    /// Whether some values of the discriminator are numbers or booleans. The tags of the alternatives are their texts.
    pub has_scalar_tags: bool,
    /// The alternatives, in document order.
    pub alternatives: Vec<Alternative>,
}

/// An alternative of a [`Union`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alternative {
    /// The title, if there is one.
    pub title: Option<String>,
    /// The type.
    pub kind: AlternativeKind,
    /// The discriminator values that select this alternative.
    pub tags: Vec<String>,
    /// Whether it may contain the union recursively and must be boxed.
    pub is_recursive: bool,
}

/// The type of an alternative.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlternativeKind {
    /// The component schema of that name.
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

/// Returns the unions of a lowered document, in the order of its schemas.
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

/// The components that each component references.
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
            is_recursive: component.is_some_and(|component| reaches(&component, name, references)),
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
        has_scalar_tags: discriminator.is_some_and(|d| d.get(SCALARS).is_some()),
        alternatives: alternatives.collect(),
    }
}

/// Returns whether a component is or references another, directly or indirectly.
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
