//! Renders open enumerations: listed values are variants, and other values are preserved.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::lower::OpenEnum;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Ident, Item, LitStr, Token, parse_quote};

use super::names::{type_name, variant_name};

/// Renders all enumerations of an API as text. Documents of thousands of enumerations exist, and syntax trees of all
/// of them are slow.
pub(super) fn render(enums: &[OpenEnum]) -> Result<String, String> {
    let mut text = HEAD.to_owned();
    for open in enums {
        let name = type_name(&open.name)?;
        let variants = variants(&open.values)?;
        let is_taken = variants.iter().any(|(ident, _)| ident == "Other");
        let other = if is_taken { "Unlisted" } else { "Other" };
        text.push_str("\nopen_enum! {\n");
        let description = open.description.as_deref();
        for line in description.unwrap_or("An open enumeration.").lines() {
            // A carriage return is not allowed in a doc comment.
            let line = format!("    /// {}", line.replace('\r', " "));
            let _ = writeln!(text, "{}", line.trim_end());
        }
        let _ = writeln!(text, "    pub enum {name} {{");
        for (ident, value) in &variants {
            let _ = writeln!(text, "        {ident} = {value:?},");
        }
        let _ = writeln!(text, "        _ = {other},\n    }}\n}}");
    }
    Ok(text)
}

/// The beginning of the file. Values are compared as serialized, so that listing a value later changes neither equality
/// nor order.
const HEAD: &str = r#"use ::openapi_runtime::lenient;

/// Declares an open enumeration, with a variant for each listed value, and one for all others.
macro_rules! open_enum {
    ($(#[$attribute:meta])* pub enum $name:ident { $($variant:ident = $value:literal,)* _ = $other:ident, }) => {
        $(#[$attribute])*
        ///
        /// Unlisted values are preserved and serialized unchanged. Values are compared and ordered by their string
        /// representation.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $value, "`.")] $variant,)*
            /// An unlisted value.
            $other(::std::string::String),
        }

        impl $name {
            /// The listed values.
            pub const LISTED: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the value as serialized.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)*
                    Self::$other(value) => value,
                }
            }

            fn listed(value: &str) -> Option<Self> {
                match value {
                    $($value => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::listed(value).unwrap_or_else(|| Self::$other(value.to_owned()))
            }
        }

        impl From<::std::string::String> for $name {
            fn from(value: ::std::string::String) -> Self {
                Self::listed(&value).unwrap_or(Self::$other(value))
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::convert::Infallible;

            // `Self::Err` can also be a variant.
            fn from_str(value: &str) -> Result<Self, ::std::convert::Infallible> {
                Ok(value.into())
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl Eq for $name {}

        impl ::std::hash::Hash for $name {
            fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<::std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {
                self.as_str().cmp(other.as_str())
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        #[cfg(feature = "schemars")]
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!({ "type": "string", "examples": [$($value),*] })
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = ::openapi_runtime::deserialize_text(deserializer)?;
                if let Self::$other(_) = &value {
                    lenient::add_unlisted(1);
                }
                Ok(value)
            }
        }

        impl lenient::Lenient for $name {
            fn normalize(json: &lenient::RawValue, out: &mut lenient::Normalizer) -> lenient::Normalized {
                <::std::string::String as lenient::Lenient>::normalize(json, out)
            }
        }
    };
}
"#;

/// A call of `open_enum!`.
struct Declaration {
    name: Ident,
    variants: Vec<(Ident, LitStr)>,
    other: Ident,
}

impl Parse for Declaration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(syn::Attribute::parse_outer)?;
        input.parse::<Token![pub]>()?;
        input.parse::<Token![enum]>()?;
        let name = input.parse()?;
        let content;
        syn::braced!(content in input);
        let mut variants = Vec::new();
        while !content.peek(Token![_]) {
            let variant = content.parse()?;
            content.parse::<Token![=]>()?;
            variants.push((variant, content.parse()?));
            content.parse::<Token![,]>()?;
        }
        content.parse::<Token![_]>()?;
        content.parse::<Token![=]>()?;
        let other = content.parse()?;
        content.parse::<Token![,]>()?;
        Ok(Self {
            name,
            variants,
            other,
        })
    }
}

/// Replaces the calls of `open_enum!` by the public items that they declare, without their code.
///
/// # Errors
/// Returns an error if a call is not as rendered.
pub(crate) fn expanded(items: Vec<Item>) -> syn::Result<Vec<Item>> {
    let mut expanded = Vec::new();
    for item in items {
        match item {
            Item::Macro(call) if call.mac.path.is_ident("open_enum") => {
                let Declaration {
                    name,
                    variants,
                    other,
                } = call.mac.parse_body()?;
                let variants = variants
                    .iter()
                    .map(|(variant, value)| quote! { #[serde(rename = #value)] #variant });
                let file: syn::File = parse_quote! {
                    #[derive(Clone, Debug)]
                    #[non_exhaustive]
                    pub enum #name { #(#variants,)* #other(String) }

                    impl #name {
                        pub const LISTED: &'static [Self] = &[];
                        pub fn as_str(&self) -> &str {}
                    }
                };
                expanded.extend(file.items);
            }
            item => expanded.push(item),
        }
    }
    Ok(expanded)
}

/// Returns a variant for each value. Colliding names get a numeric suffix.
fn variants(values: &[String]) -> Result<Vec<(Ident, &str)>, String> {
    let mut variants: Vec<(Ident, &str)> = Vec::new();
    let mut taken = BTreeSet::new();
    for value in values {
        let name = variant_name(value)?;
        let mut unique = name.clone();
        let mut number = 2;
        while !taken.insert(unique.to_string()) {
            unique = format_ident!("{name}{number}");
            number += 1;
        }
        variants.push((unique, value.as_str()));
    }
    Ok(variants)
}
