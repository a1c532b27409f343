//! What progenitor wrote of the fields of types.

use quote::ToTokens as _;
use syn::{Attribute, Expr, ExprPath, Field, parse_quote};

/// What progenitor wrote of a field, read once.
pub(super) struct Said {
    /// The arguments of its `serde` attributes.
    pub(super) serde: String,
    /// Its name on the wire.
    pub(super) wire: Option<String>,
    /// Its type.
    pub(super) ty: String,
    /// What serde takes for it if it is missing: nothing if it is required, `Some(None)` for its type's
    /// own default, or the function that makes it.
    pub(super) default: Option<Option<ExprPath>>,
}

impl Said {
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
            default: given_default(field)?,
            serde,
        })
    }

    /// Whether it keeps what its type does not list.
    pub(super) fn keeps_others(&self) -> bool {
        self.serde.contains("flatten")
    }

    pub(super) fn is_optional(&self) -> bool {
        self.ty.contains("option :: Option <")
    }

    pub(super) fn is_it(&self, wire: &str) -> bool {
        self.wire.as_deref() == Some(wire)
    }

    /// What it holds if nobody says; nothing if it is required.
    pub(super) fn value(&self) -> Option<Expr> {
        if self.is_optional() || self.keeps_others() {
            return Some(parse_quote!(Default::default()));
        }
        self.default.as_ref().map(|given| match given {
            Some(function) => parse_quote!(#function()),
            None => parse_quote!(Default::default()),
        })
    }
}

/// See [`Said::default`].
fn given_default(field: &Field) -> Result<Option<Option<ExprPath>>, String> {
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
                    let value: syn::LitStr = meta.value()?.parse()?;
                    if is_default {
                        given = Some(Some(value.parse()?));
                    }
                } else if is_default {
                    given = Some(None);
                }
                Ok(())
            })
            .map_err(|e| format!("progenitor wrote an attribute that is not as it was: {e}"))?;
    }
    Ok(given)
}

/// The arguments of an attribute, with a comma behind them.
pub(super) fn arguments_of(attribute: &Attribute) -> String {
    attribute
        .meta
        .require_list()
        .map(|list| format!("{},", list.tokens))
        .unwrap_or_default()
}
