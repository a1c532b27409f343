//! The unions of a lowered document, as the generator wants them.

use serde_json::{Map, Value};

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
    let unions = schemas.iter().filter(|(_, schema)| is_union(schema));
    unions
        .map(|(name, schema)| read(name, schema, schemas))
        .collect()
}

fn read(name: &str, schema: &Value, schemas: &Map<String, Value>) -> Union {
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
            holds_itself: component.is_some_and(|component| reaches(&component, name, schemas)),
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
fn reaches(from: &str, to: &str, schemas: &Map<String, Value>) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if let Some(schema) = schemas.get(&name)
            && seen.insert(name)
        {
            super::defaults::collect_references(schema, &mut open);
        }
    }
    false
}
