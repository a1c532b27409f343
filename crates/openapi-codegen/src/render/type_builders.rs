//! Renders the builders of types.
//!
//! Request bodies need theirs, because `body_map` passes it to the caller, and so do types that cannot be created
//! otherwise: those with neither `new` nor `Default`. progenitor can only generate a builder for each struct or for
//! none. They are written as text, because each is determined by the fields of its type.

use std::collections::BTreeSet;

use syn::{Fields, ItemStruct};

use super::field_attributes::FieldAttributes;
use super::text::{compact, scoped};

/// The beginning of the module.
pub(super) const HEAD: &str = r#"//! Types for composing complex structures.

/// Converts the value of a property.
fn convert<T, U>(property: &str, value: T) -> ::std::result::Result<U, ::std::string::String>
where
    T: ::std::convert::TryInto<U>,
    T::Error: ::std::fmt::Display,
{
    value
        .try_into()
        .map_err(|e| ::std::format!("`{property}` has an invalid value: {e}"))
}
"#;

/// Renders the function that returns the builder of a type.
pub(super) fn constructor(name: &str) -> String {
    format!(
        "
impl {name} {{
    /// Returns a builder.
    pub fn builder() -> builder::{name} {{
        Default::default()
    }}
}}
"
    )
}

/// A field: its name, its type as seen from the module of the builders, and its default.
struct Field {
    name: String,
    ty: String,
    default: String,
}

/// Renders the builder of a type.
pub(super) fn render(
    item: &ItemStruct,
    attributes: &[FieldAttributes],
    own_types: &BTreeSet<String>,
    text: &mut String,
) -> Result<(), String> {
    let name = &item.ident;
    let Fields::Named(named) = &item.fields else {
        let reason = format!("`{name}` has a builder, but no named fields");
        return Err(format!("progenitor's output has changed: {reason}"));
    };
    let mut fields = Vec::new();
    for (field, attributes) in named.named.iter().zip(attributes) {
        let name = field.ident.as_ref().map(ToString::to_string);
        let name = name.unwrap_or_default();
        fields.push(Field {
            ty: scoped(&field.ty, own_types),
            default: default(&name, attributes),
            name,
        });
    }
    let mut each = |head: &str, line: &dyn Fn(&Field) -> String, tail: &str| {
        text.push_str(head);
        for field in &fields {
            text.push_str(&line(field));
        }
        text.push_str(tail);
    };
    each(
        &format!("\n#[derive(Clone, Debug)]\npub struct {name} {{\n"),
        &|Field { name, ty, .. }| {
            format!("    {name}: ::std::result::Result<{ty}, ::std::string::String>,\n")
        },
        "}\n",
    );
    each(
        &format!(
            "\nimpl ::std::default::Default for {name} {{\n    fn default() -> Self {{\n        Self {{\n"
        ),
        &|Field { name, default, .. }| format!("            {name}: {default},\n"),
        "        }\n    }\n}\n",
    );
    each(
        &format!("\nimpl {name} {{\n"),
        &|Field { name, ty, .. }| {
            format!(
                "    pub fn {name}<T>(mut self, value: T) -> Self\n    where\n        \
                 T: ::std::convert::TryInto<{ty}>,\n        T::Error: ::std::fmt::Display,\n    {{\n        \
                 self.{name} = convert({name:?}, value);\n        self\n    }}\n"
            )
        },
        "}\n",
    );
    let value = if fields.is_empty() { "_value" } else { "value" };
    each(
        &format!(
            "\nimpl ::std::convert::TryFrom<{name}> for super::{name} {{\n    \
             type Error = super::error::ConversionError;\n    \
             fn try_from({value}: {name}) -> ::std::result::Result<Self, super::error::ConversionError> {{\n        \
             Ok(Self {{\n"
        ),
        &|Field { name, .. }| format!("            {name}: value.{name}?,\n"),
        "        })\n    }\n}\n",
    );
    each(
        &format!(
            "\nimpl ::std::convert::From<super::{name}> for {name} {{\n    \
             fn from({value}: super::{name}) -> Self {{\n        Self {{\n"
        ),
        &|Field { name, .. }| format!("            {name}: Ok(value.{name}),\n"),
        "        }\n    }\n}\n",
    );
    Ok(())
}

/// Returns the initial value of a field of a builder.
fn default(name: &str, attributes: &FieldAttributes) -> String {
    let is_absent_by_default = attributes.serde.contains("Option::is_none");
    match &attributes.default {
        Some(Some(function)) => format!("Ok(super::{}())", compact(function)),
        Some(None) => "Ok(Default::default())".to_owned(),
        None if is_absent_by_default || attributes.is_flattened() => {
            "Ok(Default::default())".to_owned()
        }
        None => format!("Err({:?}.to_string())", format!("`{name}` is not set")),
    }
}
