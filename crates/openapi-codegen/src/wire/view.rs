//! A uniform view of OpenAPI 3.0 and 3.1 schemas.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::resolved;

/// The constraints of a schema.
#[derive(Debug, Default)]
pub(super) struct View<'a> {
    /// The types without `null`. `None` if unrestricted.
    pub(super) types: Vec<String>,
    pub(super) nullable: bool,
    /// The enumeration values, if there are any.
    pub(super) values: Option<Vec<&'a Value>>,
    pub(super) properties: BTreeMap<String, &'a Value>,
    pub(super) required: Vec<String>,
    pub(super) items: Option<&'a Value>,
    pub(super) others: Option<&'a Value>,
    pub(super) alternatives: Vec<&'a Value>,
    /// Formats, patterns and limits, by keyword.
    pub(super) rules: BTreeMap<String, Value>,
    pub(super) default: Option<&'a Value>,
    /// The schemas of tuple items.
    pub(super) first_items: Vec<&'a Value>,
    pub(super) discriminator: Option<&'a Value>,
    pub(super) deprecated: bool,
    pub(super) read_only: bool,
    pub(super) write_only: bool,
}

const RULES: [&str; 26] = [
    "format",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "uniqueItems",
    "contentEncoding",
    "contentMediaType",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "patternProperties",
    "propertyNames",
    "then",
    "unevaluatedProperties",
];

impl<'a> View<'a> {
    /// Collects the constraints of a schema, following references and `allOf`.
    pub(super) fn of(document: &'a Value, schema: &'a Value) -> Self {
        let mut view = Self::default();
        view.add(document, schema, 0);
        view.add_alternative_types(document);
        view
    }

    /// Returns whether the schema allows the values of its alternatives without further restrictions.
    pub(super) fn is_only_alternatives(&self) -> bool {
        !self.alternatives.is_empty()
            && self.properties.is_empty()
            && self.required.is_empty()
            && self.others.is_none()
            && self.items.is_none()
            && self.first_items.is_empty()
            && self.values.is_none()
            && self.rules.is_empty()
    }

    fn add(&mut self, document: &'a Value, schema: &'a Value, depth: usize) {
        const MAX_DEPTH: usize = 24;
        let own = schema.as_object();
        let target = resolved(document, schema);
        if depth < MAX_DEPTH && !std::ptr::eq(target, schema) {
            self.add(document, target, depth + 1);
        }
        let Some(map) = own else {
            return;
        };
        match map.get("type") {
            Some(Value::String(ty)) => self.add_type(ty),
            Some(Value::Array(types)) => {
                types
                    .iter()
                    .filter_map(Value::as_str)
                    .for_each(|ty| self.add_type(ty));
            }
            _ => {}
        }
        self.nullable |= map.get("nullable") == Some(&Value::Bool(true));
        if let Some(Value::Array(values)) = map.get("enum") {
            self.nullable |= values.iter().any(Value::is_null);
            self.values = Some(values.iter().filter(|value| !value.is_null()).collect());
        }
        if let Some(value) = map.get("const") {
            self.values = Some(vec![value]);
        }
        let properties = map
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        self.properties
            .extend(properties.map(|(name, schema)| (name.clone(), schema)));
        let required = map
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        self.required
            .extend(required.filter_map(|name| name.as_str().map(str::to_owned)));
        self.items = map.get("items").or(self.items);
        self.others = map.get("additionalProperties").or(self.others);
        self.default = map.get("default").or(self.default);
        self.discriminator = map.get("discriminator").or(self.discriminator);
        let first = map.get("prefixItems").and_then(Value::as_array);
        self.first_items.extend(first.into_iter().flatten());
        let is = |keyword: &str| map.get(keyword) == Some(&Value::Bool(true));
        self.deprecated |= is("deprecated");
        self.read_only |= is("readOnly");
        self.write_only |= is("writeOnly");
        self.add_rules(map);
        for keyword in ["oneOf", "anyOf"] {
            for alternative in map
                .get(keyword)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                if is_null(resolved(document, alternative)) {
                    self.nullable = true;
                } else {
                    self.alternatives.push(alternative);
                }
            }
        }
        if self.alternatives.len() == 1 && depth < MAX_DEPTH {
            let only = self.alternatives.remove(0);
            self.add(document, only, depth + 1);
        }
        let parts = map
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        for part in parts.filter(|_| depth < MAX_DEPTH) {
            self.add(document, part, depth + 1);
        }
    }

    /// Adds the types of the alternatives, if all of them have types.
    fn add_alternative_types(&mut self, document: &'a Value) {
        if !self.types.is_empty() {
            return;
        }
        let mut types = Vec::new();
        for alternative in self.alternatives.clone() {
            let mut view = Self::default();
            view.add(document, alternative, 0);
            if view.types.is_empty() {
                return;
            }
            types.extend(view.types);
        }
        types.iter().for_each(|ty| self.add_type(ty));
    }

    fn add_type(&mut self, ty: &str) {
        if ty == "null" {
            self.nullable = true;
        } else if !self.types.iter().any(|known| known == ty) {
            self.types.push(ty.to_owned());
        }
    }

    /// Adds limits in 3.1 form, where an exclusive bound is a number.
    fn add_rules(&mut self, map: &Map<String, Value>) {
        for rule in RULES {
            let is_size = matches!(rule, "minItems" | "minLength" | "minProperties");
            let is_rule = |value: &&Value| match value {
                Value::Bool(value) => *value,
                // Every size is at least 0.
                Value::Number(number) if is_size => number.as_f64() != Some(0.0),
                _ => true,
            };
            if let Some(value) = map.get(rule).filter(is_rule) {
                self.rules.insert(rule.to_owned(), value.clone());
            }
        }
        for (exclusive, inclusive) in [
            ("exclusiveMinimum", "minimum"),
            ("exclusiveMaximum", "maximum"),
        ] {
            if self.rules.get(exclusive) == Some(&Value::Bool(true))
                && let Some(bound) = self.rules.remove(inclusive)
            {
                self.rules.insert(exclusive.to_owned(), bound);
            }
        }
    }
}

fn is_null(schema: &Value) -> bool {
    let only = |keyword: &str| match schema.get(keyword) {
        Some(Value::Array(values)) if values.len() == 1 => values.first(),
        value => value,
    };
    only("type").is_some_and(|ty| ty == "null")
        || only("enum").is_some_and(Value::is_null)
        || schema.get("const").is_some_and(Value::is_null)
}
