//! Alternatives: the one that keeps most of what arrived is read, and what fits none is kept as it came.

use heck::ToPascalCase as _;
use openapi_pipeline::lower::{Alternative, AlternativeKind, Lowered, Union};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use syn::{Ident, parse_quote};

use super::names::{type_name, variant_name};
use super::reading;

/// The Rust of all alternatives of an API.
pub(super) fn render(lowered: &Lowered) -> Result<syn::File, String> {
    let mut items = helpers().items;
    let schemas = lowered.document.pointer("/components/schemas");
    for union in &lowered.unions {
        items.extend(one(union, schemas)?.items);
    }
    Ok(syn::File {
        items,
        ..parse_quote!()
    })
}

/// A variant: its name, what it holds, and the values of the tag that mean it.
struct Variant<'a> {
    ident: Ident,
    holds: TokenStream,
    alternative: &'a Alternative,
}

impl Variant<'_> {
    fn field(&self) -> TokenStream {
        let holds = &self.holds;
        if self.alternative.holds_itself {
            quote!(::std::boxed::Box<#holds>)
        } else {
            quote!(#holds)
        }
    }
}

fn one(union: &Union, schemas: Option<&Value>) -> Result<syn::File, String> {
    let name = type_name(&union.name)?;
    let variants = variants(union, schemas)?;
    let words = union
        .description
        .as_deref()
        .unwrap_or("One of several things.");
    let doc = format!(" {words}");
    let idents: Vec<&Ident> = variants.iter().map(|variant| &variant.ident).collect();
    let fields: Vec<TokenStream> = variants.iter().map(Variant::field).collect();
    let tagged = tagged(union, &variants);
    let conversions = conversions(&name, &variants);
    Ok(parse_quote! {
        #[doc = #doc]
        #[doc = ""]
        #[doc = " What fits none of these is kept as it came, and goes back the same."]
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum #name {
            #(#[allow(missing_docs)] #idents(#fields),)*
            /// Anything else.
            Other(::serde_json::Value),
        }

        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                match self {
                    #(Self::#idents(value) => value.serialize(serializer),)*
                    Self::Other(value) => value.serialize(serializer),
                }
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let value = ::serde_json::Value::deserialize(deserializer)?;
                #tagged
                let mut best = Best::new(&value);
                #(best.offer(Self::#idents);)*
                ::std::result::Result::Ok(best.found.unwrap_or(Self::Other(value)))
            }
        }

        #[cfg(feature = "schemars")]
        impl ::schemars::JsonSchema for #name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!(#name).into()
            }

            fn json_schema(generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!({"anyOf": [#(generator.subschema_for::<#fields>()),*]})
            }
        }

        #(#conversions)*
    })
}

/// The reading by the tag, before any guess.
fn tagged(union: &Union, variants: &[Variant<'_>]) -> TokenStream {
    let Some(tag) = &union.tag else {
        return TokenStream::new();
    };
    let arms = variants
        .iter()
        .filter(|variant| !variant.alternative.tags.is_empty())
        .map(|variant| {
            let (ident, tags) = (&variant.ident, &variant.alternative.tags);
            quote! {
                ::std::option::Option::Some(#(#tags)|*) => {
                    if let ::std::result::Result::Ok(found) = ::serde::Deserialize::deserialize(&value) {
                        return ::std::result::Result::Ok(Self::#ident(found));
                    }
                }
            }
        });
    let arms: Vec<TokenStream> = arms.collect();
    if arms.is_empty() {
        return TokenStream::new();
    }
    quote! {
        match value.get(#tag).and_then(::serde_json::Value::as_str) {
            #(#arms)*
            _ => {}
        }
    }
}

/// What is one alternative becomes the whole, unless two variants hold the same.
fn conversions(name: &Ident, variants: &[Variant<'_>]) -> Vec<syn::Item> {
    let mut conversions = Vec::new();
    let texts: Vec<String> = variants.iter().map(|v| v.holds.to_string()).collect();
    for (variant, text) in variants.iter().zip(&texts) {
        let (ident, holds) = (&variant.ident, &variant.holds);
        if texts.iter().filter(|other| *other == text).count() > 1 {
            continue;
        }
        conversions.push(parse_quote! {
            impl ::std::convert::From<#holds> for #name {
                fn from(value: #holds) -> Self {
                    Self::#ident(value.into())
                }
            }
        });
    }
    conversions
}

fn variants<'a>(union: &'a Union, schemas: Option<&Value>) -> Result<Vec<Variant<'a>>, String> {
    let mut variants: Vec<Variant<'a>> = Vec::new();
    let own = union.name.to_pascal_case();
    for alternative in &union.alternatives {
        let (holds, short) = match &alternative.kind {
            AlternativeKind::Schema(component) => {
                let ty = type_name(component)?;
                let short = ty.to_string();
                let rest = short.strip_prefix(&own).unwrap_or(&short);
                let short = match rest.chars().next() {
                    Some(c) if c.is_ascii_alphabetic() => rest.to_owned(),
                    Some(_) => format!("Alternative{rest}"),
                    None => short,
                };
                let schema = schemas.and_then(|schemas| schemas.get(component)?.as_object());
                match schema.and_then(reading::runtime_type) {
                    Some(ours) => {
                        let ours = format_ident!("{ours}");
                        (quote!(::openapi_runtime::#ours), short)
                    }
                    None => (quote!(super::#ty), short),
                }
            }
            AlternativeKind::Integer => (quote!(i64), "Integer".to_owned()),
            AlternativeKind::Number => (quote!(f64), "Number".to_owned()),
            AlternativeKind::Boolean => (quote!(bool), "Boolean".to_owned()),
            _ => (quote!(::std::string::String), "Text".to_owned()),
        };
        let title = alternative
            .title
            .as_deref()
            .filter(|title| title.len() <= 40);
        let wanted = match (alternative.tags.as_slice(), title) {
            ([tag], _) => tag.as_str(),
            (_, Some(title)) => title,
            _ => &short,
        };
        let wanted = variant_name(wanted)?;
        let mut ident = wanted.clone();
        let mut number = 2;
        while ident == "Other" || variants.iter().any(|variant| variant.ident == ident) {
            ident = format_ident!("{wanted}{number}");
            number += 1;
        }
        variants.push(Variant {
            ident,
            holds,
            alternative,
        });
    }
    Ok(variants)
}

/// What every type of alternatives reads with.
fn helpers() -> syn::File {
    parse_quote! {
        /// The alternative that keeps most of a value, among those that were offered.
        struct Best<'a, T> {
            value: &'a ::serde_json::Value,
            found: ::std::option::Option<T>,
            lost: usize,
        }

        impl<'a, T> Best<'a, T> {
            fn new(value: &'a ::serde_json::Value) -> Self {
                Self { value, found: ::std::option::Option::None, lost: usize::MAX }
            }

            fn offer<A>(&mut self, variant: fn(A) -> T)
            where
                A: ::serde::Serialize + ::serde::de::DeserializeOwned,
            {
                if self.lost == 0 {
                    return;
                }
                let ::std::result::Result::Ok(read) = A::deserialize(self.value) else {
                    return;
                };
                let ::std::result::Result::Ok(written) = ::serde_json::to_value(&read) else {
                    return;
                };
                let lost = lost(self.value, &written);
                if lost < self.lost {
                    self.lost = lost;
                    self.found = ::std::option::Option::Some(variant(read));
                }
            }
        }

        /// How many values of one document another does not have.
        fn lost(before: &::serde_json::Value, after: &::serde_json::Value) -> usize {
            use ::serde_json::Value;
            match (before, after) {
                (Value::Object(before), Value::Object(after)) => before
                    .iter()
                    .map(|(key, value)| match after.get(key) {
                        ::std::option::Option::Some(after) => lost(value, after),
                        ::std::option::Option::None => usize::from(!value.is_null()),
                    })
                    .sum(),
                (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
                    before.iter().zip(after).map(|(before, after)| lost(before, after)).sum()
                }
                (Value::Number(before), Value::Number(after)) => {
                    usize::from(before.as_f64() != after.as_f64())
                }
                _ => usize::from(before != after),
            }
        }
    }
}
