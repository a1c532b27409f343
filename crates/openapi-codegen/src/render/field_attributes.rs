//! Parses the serde attributes that progenitor generates for fields.

use quote::ToTokens as _;
use syn::{Attribute, ExprPath, Field};

use super::text::compact;

/// The attributes and the type of a field.
pub(super) struct FieldAttributes {
    /// The arguments of the `serde` attributes.
    pub(super) serde: String,
    /// The name on the wire.
    pub(super) wire: Option<String>,
    /// The type.
    pub(super) ty: String,
    /// The serde default: `None` if the field is required, `Some(None)` for the default of its type, or the
    /// path of a function.
    pub(super) default: Option<Option<ExprPath>>,
}

impl FieldAttributes {
    pub(super) fn of(field: &Field) -> Result<Self, String> {
        let serde = field.attrs.iter().filter(|a| a.path().is_ident("serde"));
        let serde: String = serde.map(arguments_of).collect();
        let renamed = serde
            .split(',')
            .find_map(|argument| argument.trim().strip_prefix("rename"));
        let wire = match renamed {
            Some(name) => Some(name.trim_matches([' ', '=', '"']).to_owned()),
            None => field.ident.as_ref().map(ToString::to_string),
        };
        Ok(Self {
            wire,
            ty: field.ty.to_token_stream().to_string(),
            default: parse_default(field)?,
            serde,
        })
    }

    /// Returns whether the field is flattened and holds unlisted properties.
    pub(super) fn is_flattened(&self) -> bool {
        self.serde.contains("flatten")
    }

    /// Returns whether servers send the field in several formats.
    pub(super) fn has_several_formats(&self) -> bool {
        self.serde.contains("::openapi_runtime::lenient")
    }

    pub(super) fn is_optional(&self) -> bool {
        self.ty.contains("option :: Option <")
    }

    pub(super) fn has_wire_name(&self, wire: &str) -> bool {
        self.wire.as_deref() == Some(wire)
    }

    /// Returns the default expression. `None` if the field is required.
    pub(super) fn default_expr(&self) -> Option<String> {
        if self.is_optional() || self.is_flattened() {
            return Some("Default::default()".to_owned());
        }
        self.default.as_ref().map(|given| match given {
            Some(function) => format!("{}()", compact(function)),
            None => "Default::default()".to_owned(),
        })
    }
}

/// Parses [`FieldAttributes::default`].
fn parse_default(field: &Field) -> Result<Option<Option<ExprPath>>, String> {
    let mut given = None;
    for attribute in field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
    {
        attribute
            .parse_nested_meta(|meta| {
                let is_default = meta.path.is_ident("default");
                if meta.input.peek(syn::Token![=]) {
                    let path: syn::LitStr = meta.value()?.parse()?;
                    if is_default {
                        given = Some(Some(path.parse()?));
                    }
                } else if is_default {
                    given = Some(None);
                }
                Ok(())
            })
            .map_err(|e| {
                format!("progenitor's output has changed: unexpected serde attribute: {e}")
            })?;
    }
    Ok(given)
}

/// Returns the arguments of an attribute, with a trailing comma.
pub(super) fn arguments_of(attribute: &Attribute) -> String {
    attribute
        .meta
        .require_list()
        .map(|list| format!("{},", list.tokens))
        .unwrap_or_default()
}
