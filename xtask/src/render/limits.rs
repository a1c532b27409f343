//! What the document says of the numbers and texts of fields: limits of what is sent, lenience with what
//! is answered.

use std::collections::BTreeMap;

use openapi_pipeline::lower::{LENIENT, LIMITS};
use openapiv3::{OpenAPI, ReferenceOr, Schema, SchemaKind, Type};
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use super::names::type_name;

/// The limits of a number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Limits {
    minimum: Option<(f64, bool)>,
    maximum: Option<(f64, bool)>,
}

impl Limits {
    /// The limits that extensions keep, if they keep any.
    pub(super) fn of(extensions: &indexmap::IndexMap<String, Value>) -> Option<Self> {
        let limits = extensions.get(LIMITS)?;
        let bound = |keyword: &str, exclusive: &str| {
            Some((
                limits.get(keyword)?.as_f64()?,
                limits.get(exclusive) == Some(&Value::Bool(true)),
            ))
        };
        Some(Self {
            minimum: bound("minimum", "exclusiveMinimum"),
            maximum: bound("maximum", "exclusiveMaximum"),
        })
    }

    /// The check of a value that goes by a name on the wire.
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

/// What the document says of each type's fields, by the names of type and wire.
pub(super) type LimitsOfTypes = BTreeMap<String, FieldRules>;

/// What the document says of a type's fields.
#[derive(Debug, Default)]
pub(super) struct FieldRules {
    /// The limits of numbers.
    pub(super) limits: Vec<(String, Limits)>,
    /// The fields that servers write in more ways than one.
    pub(super) lenient: Vec<String>,
}

/// The limits of the fields of the document's schemas.
pub(super) fn of_types(document: &OpenAPI) -> Result<LimitsOfTypes, String> {
    let mut of_types = LimitsOfTypes::new();
    let schemas = document
        .components
        .iter()
        .flat_map(|components| &components.schemas);
    for (name, schema) in schemas {
        let ReferenceOr::Item(schema) = schema else {
            continue;
        };
        of_types.insert(type_name(name)?.to_string(), of_properties(schema));
    }
    Ok(of_types)
}

fn of_properties(schema: &Schema) -> FieldRules {
    let properties = match &schema.schema_kind {
        SchemaKind::Type(Type::Object(object)) => &object.properties,
        // An object that says something else too is read as anything.
        SchemaKind::Any(any) => &any.properties,
        _ => return FieldRules::default(),
    };
    let mut rules = FieldRules::default();
    for (name, schema) in properties {
        let ReferenceOr::Item(schema) = schema else {
            continue;
        };
        let extensions = &schema.schema_data.extensions;
        rules
            .limits
            .extend(Limits::of(extensions).map(|limits| (name.clone(), limits)));
        if extensions
            .get(LENIENT)
            .is_some_and(|lenient| lenient == true)
        {
            rules.lenient.push(name.clone());
        }
    }
    rules
}
