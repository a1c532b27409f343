//! Renders open enumerations: listed values are variants, and other values are preserved.

use crate::lower::OpenEnum;
use quote::format_ident;
use syn::{Ident, parse_quote};

use super::lenient_impls;
use super::names::{type_name, variant_name};

/// Renders all enumerations of an API.
pub(super) fn render(enums: &[OpenEnum]) -> Result<syn::File, String> {
    let mut items: Vec<syn::Item> = Vec::new();
    for open in enums {
        let name = type_name(&open.name)?;
        let variants = variants(&open.values)?;
        let idents: Vec<&Ident> = variants.iter().map(|(ident, _)| ident).collect();
        let values: Vec<&str> = variants.iter().map(|(_, value)| *value).collect();
        let docs = values.iter().map(|value| format!(" `{value}`."));
        let doc = format!(
            " {}",
            open.description
                .as_deref()
                .unwrap_or("An open enumeration.")
        );
        let other = if idents.iter().any(|ident| **ident == "Other") {
            format_ident!("Unlisted")
        } else {
            format_ident!("Other")
        };

        let file: syn::File = parse_quote! {
            #[doc = #doc]
            #[doc = ""]
            #[doc = " Unlisted values are preserved and serialized unchanged. Values are compared and ordered by their string"]
            #[doc = " representation."]
            #[derive(Clone, Debug)]
            #[non_exhaustive]
            pub enum #name {
                #(#[doc = #docs] #idents,)*
                /// An unlisted value.
                #other(String),
            }


            impl #name {
                /// The listed values.
                pub const LISTED: &'static [Self] = &[#(Self::#idents),*];

                /// Returns the value as serialized.
                pub fn as_str(&self) -> &str {
                    match self {
                        #(Self::#idents => #values,)*
                        Self::#other(value) => value,
                    }
                }

                fn listed(value: &str) -> Option<Self> {
                    match value {
                        #(#values => Some(Self::#idents),)*
                        _ => None,
                    }
                }
            }

            impl From<&str> for #name {
                fn from(value: &str) -> Self {
                    Self::listed(value).unwrap_or_else(|| Self::#other(value.to_owned()))
                }
            }

            impl From<String> for #name {
                fn from(value: String) -> Self {
                    Self::listed(&value).unwrap_or(Self::#other(value))
                }
            }

            impl ::std::str::FromStr for #name {
                type Err = ::std::convert::Infallible;

                fn from_str(value: &str) -> Result<Self, ::std::convert::Infallible> {
                    Ok(value.into())
                }
            }

            impl ::std::fmt::Display for #name {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.pad(self.as_str())
                }
            }

            // Compare by wire value, so that listing a value later changes neither equality nor order.
            impl PartialEq for #name {
                fn eq(&self, other: &Self) -> bool {
                    self.as_str() == other.as_str()
                }
            }

            impl Eq for #name {}

            impl ::std::hash::Hash for #name {
                fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
                    self.as_str().hash(state);
                }
            }

            impl PartialOrd for #name {
                fn partial_cmp(&self, other: &Self) -> Option<::std::cmp::Ordering> {
                    Some(self.cmp(other))
                }
            }

            impl Ord for #name {
                fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {
                    self.as_str().cmp(other.as_str())
                }
            }

            impl PartialEq<str> for #name {
                fn eq(&self, other: &str) -> bool {
                    self.as_str() == other
                }
            }

            impl PartialEq<&str> for #name {
                fn eq(&self, other: &&str) -> bool {
                    self.as_str() == *other
                }
            }

            #[cfg(feature = "schemars")]
            impl ::schemars::JsonSchema for #name {
                fn schema_name() -> ::std::borrow::Cow<'static, str> {
                    stringify!(#name).into()
                }

                fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                    ::schemars::json_schema!({"type": "string", "examples": [#(#values),*]})
                }
            }

            impl ::serde::Serialize for #name {
                fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.as_str())
                }
            }

            impl<'de> ::serde::Deserialize<'de> for #name {
                fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    struct Visitor;
                    impl ::serde::de::Visitor<'_> for Visitor {
                        type Value = #name;

                        fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                            f.write_str("a string")
                        }

                        fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                            Ok(value.into())
                        }

                        fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
                            Ok(value.into())
                        }
                    }
                    deserializer.deserialize_string(Visitor)
                }
            }
        };
        items.extend(file.items);
        items.push(syn::Item::Impl(lenient_impls::implementation(
            &name,
            &parse_quote!({ <::std::string::String as lenient::Lenient>::normalize(json, out) }),
        )));
    }
    Ok(syn::File {
        items,
        ..parse_quote!()
    })
}

/// Returns a variant for each value. Colliding names get a numeric suffix.
fn variants(values: &[String]) -> Result<Vec<(Ident, &str)>, String> {
    let mut variants: Vec<(Ident, &str)> = Vec::new();
    for value in values {
        let name = variant_name(value)?;
        let mut unique = name.clone();
        let mut number = 2;
        while variants.iter().any(|(taken, _)| *taken == unique) {
            unique = format_ident!("{name}{number}");
            number += 1;
        }
        variants.push((unique, value.as_str()));
    }
    Ok(variants)
}
