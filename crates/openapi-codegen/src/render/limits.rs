//! Rules for fields: limits of numbers in requests, lenient fields in responses, and fields that are sent as `null`.

use std::collections::BTreeMap;

use crate::lower::{LENIENT, LIMITS, SEND_NULL};
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value};

use super::names::type_name;
use super::property_names;

/// The limits of a number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Limits {
    minimum: Option<(f64, bool)>,
    maximum: Option<(f64, bool)>,
}

impl Limits {
    /// Reads the limits of an extension.
    pub(super) fn of(limits: &Value) -> Self {
        let bound = |keyword: &str, exclusive: &str| {
            Some((
                limits.get(keyword)?.as_f64()?,
                limits.get(exclusive) == Some(&Value::Bool(true)),
            ))
        };
        Self {
            minimum: bound("minimum", "exclusiveMinimum"),
            maximum: bound("maximum", "exclusiveMaximum"),
        }
    }

    /// Renders the check of a value. `name` is its name on the wire.
    pub(super) fn check(&self, name: &str, value: &TokenStream) -> TokenStream {
        let mut words = Vec::new();
        let mut conditions = Vec::new();
        if let Some((bound, open)) = self.minimum {
            words.push(format!(
                "{} {bound}",
                if open { "more than" } else { "at least" }
            ));
            conditions.push(if open {
                quote!(n > #bound)
            } else {
                quote!(n >= #bound)
            });
        }
        if let Some((bound, open)) = self.maximum {
            words.push(format!(
                "{} {bound}",
                if open { "less than" } else { "at most" }
            ));
            conditions.push(if open {
                quote!(n < #bound)
            } else {
                quote!(n <= #bound)
            });
        }
        let words = words.join(", ");
        quote! {
            openapi_runtime::check_limits(#name, &#value, #words, |n| #(#conditions)&&*)?;
        }
    }
}

/// The rules of all types, keyed by type name.
pub(super) type LimitsOfTypes = BTreeMap<String, FieldRules>;

/// The rules of the fields of a type.
#[derive(Debug, Default)]
pub(super) struct FieldRules {
    /// Limits of numbers, by wire name.
    pub(super) limits: Vec<(String, Limits)>,
    /// Wire names of lenient fields.
    pub(super) lenient: Vec<String>,
    /// Wire names of fields for which `null` differs from an omitted property.
    pub(super) nullable: Vec<String>,
}

/// Returns the rules of the component schemas.
pub(super) fn of_types(document: &Value) -> Result<LimitsOfTypes, String> {
    let mut of_types = LimitsOfTypes::new();
    let schemas = document.pointer("/components/schemas");
    let schemas = schemas.and_then(Value::as_object).into_iter().flatten();
    for (name, schema) in schemas.filter(|(_, schema)| schema.get("$ref").is_none()) {
        of_types.insert(type_name(name)?.to_string(), of_properties(schema));
    }
    Ok(of_types)
}

fn of_properties(schema: &Value) -> FieldRules {
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut rules = FieldRules::default();
    for (name, property) in properties.into_iter().flat_map(Map::iter) {
        let name = property_names::on_wire(name);
        let limits = property.get(LIMITS).map(Limits::of);
        rules
            .limits
            .extend(limits.map(|limits| (name.to_owned(), limits)));
        let is_set = |mark: &str| property.get(mark) == Some(&Value::Bool(true));
        if is_set(LENIENT) {
            rules.lenient.push(name.to_owned());
        }
        if is_set(SEND_NULL) {
            rules.nullable.push(name.to_owned());
        }
    }
    rules
}
