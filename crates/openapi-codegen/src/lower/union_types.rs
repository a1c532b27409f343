//! Lists the unions of a lowered document for the generator.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names::target;
use super::unions::{DEFAULT, SCALARS, is_plain};

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
    /// Whether it is read if the value of the discriminator is missing or unlisted.
    pub is_default: bool,
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
    let mut referrers = Referrers::new();
    for (name, schema) in schemas {
        let mut found = Vec::new();
        super::defaults::collect_references(schema, &mut found);
        for reference in found {
            referrers.entry(reference).or_default().push(name);
        }
    }
    unions
        .into_iter()
        .map(|(name, schema)| read(name, schema, &referrers))
        .collect()
}

/// The components that reference each component.
type Referrers<'a> = BTreeMap<String, Vec<&'a str>>;

fn read(name: &str, schema: &Value, referrers: &Referrers<'_>) -> Union {
    let containing = all_referrers(name, referrers);
    let discriminator = schema.get("discriminator");
    let mapping = discriminator.and_then(|d| d.get("mapping")?.as_object());
    let default = discriminator.and_then(|d| d.get(DEFAULT)?.as_str());
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
            is_default: reference.is_some() && default == reference,
            is_recursive: component
                .is_some_and(|component| containing.contains(component.as_str())),
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

/// Returns a component and those that reference it, directly or indirectly.
fn all_referrers<'a>(name: &'a str, referrers: &Referrers<'a>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::from([name]);
    let mut open = vec![name];
    while let Some(name) = open.pop() {
        let new = referrers.get(name).into_iter().flatten();
        open.extend(new.filter(|referrer| seen.insert(referrer)));
    }
    seen
}
