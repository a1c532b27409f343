//! Renders unions (`oneOf`, `anyOf`) as enums: deserialization selects the variant that preserves most of the
//! input, and keeps a value that matches none.

use crate::lower::descriptions::code;
use crate::lower::{self, Alternative, AlternativeKind, Lowered, Union};
use heck::ToPascalCase as _;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use syn::{Ident, parse_quote};

use super::lenient_impls;
use super::names::{type_name, variant_name};
use super::unparse;

/// Renders all unions of an API.
pub(super) fn render(lowered: &Lowered) -> Result<String, String> {
    let mut text = lenient_impls::IMPORT.to_owned();
    text.push('\n');
    text.push_str(&unparse(helpers()));
    if lowered.unions.iter().any(|union| union.has_scalar_tags) {
        text.push('\n');
        text.push_str(&unparse(tag_text()));
    }
    let schemas = lowered.document.pointer("/components/schemas");
    for union in &lowered.unions {
        text.push('\n');
        text.push_str(&unparse(render_union(union, schemas)?));
        // It deserializes from any value.
        text.push_str(&lenient_impls::implementation(
            &type_name(&union.name)?,
            "<::serde_json::Value as lenient::Lenient>::normalize(json, out)",
        ));
    }
    Ok(text)
}

/// A variant: its name, its type and its alternative in the document.
struct Variant<'a> {
    ident: Ident,
    ty: TokenStream,
    alternative: &'a Alternative,
}

impl Variant<'_> {
    /// Renders the attributes of the variant. The value of the discriminator is documented: some schemas do not list it.
    fn doc(&self, union: &Union) -> TokenStream {
        let tags = self.alternative.tags.iter().map(|tag| code(tag));
        let tags: Vec<String> = tags.collect();
        match &union.tag {
            Some(tag) if !tags.is_empty() => {
                let doc = format!(" {} is {}.", code(tag), tags.join(" or "));
                quote!(#[doc = #doc])
            }
            _ => quote!(#[allow(missing_docs)]),
        }
    }

    fn field(&self) -> TokenStream {
        let ty = &self.ty;
        if self.alternative.is_recursive {
            quote!(::std::boxed::Box<#ty>)
        } else {
            quote!(#ty)
        }
    }
}

fn render_union(union: &Union, schemas: Option<&Value>) -> Result<syn::File, String> {
    let name = type_name(&union.name)?;
    let variants = variants(union, schemas)?;
    let words = union
        .description
        .as_deref()
        .unwrap_or("One of several types.");
    let doc = format!(" {words}");
    let idents: Vec<&Ident> = variants.iter().map(|variant| &variant.ident).collect();
    let fields: Vec<TokenStream> = variants.iter().map(Variant::field).collect();
    let docs = variants.iter().map(|variant| variant.doc(union));
    let tagged = tagged(union, &variants);
    let offers = offers(union, &variants);
    let conversions = conversions(&name, &variants);
    Ok(parse_quote! {
        #[doc = #doc]
        #[doc = ""]
        #[doc = " A value that matches no variant is preserved and serialized unchanged."]
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum #name {
            #(#docs #idents(#fields),)*
            /// A value that matches no variant.
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
                #offers
                ::std::result::Result::Ok(best.take().unwrap_or(Self::Other(value)))
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

/// Renders deserialization by discriminator, which is tried first.
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
                    if let ::std::result::Result::Ok(found) = lenient::from_value(&value) {
                        return ::std::result::Result::Ok(Self::#ident(found));
                    }
                }
            }
        });
    let arms: Vec<TokenStream> = arms.collect();
    if arms.is_empty() {
        return TokenStream::new();
    }
    let text = match union.has_scalar_tags {
        true => quote!(tag_text(value.get(#tag)).as_deref()),
        false => quote!(value.get(#tag).and_then(::serde_json::Value::as_str)),
    };
    quote! {
        match #text {
            #(#arms)*
            _ => {}
        }
    }
}

/// Renders deserialization as the variant that preserves most of the value. If the discriminator is present, a variant
/// that has other discriminator values does not match. The default of the discriminator is preferred.
fn offers(union: &Union, variants: &[Variant<'_>]) -> TokenStream {
    let offer = |variant: &&Variant<'_>| {
        let ident = &variant.ident;
        quote!(best.offer(Self::#ident);)
    };
    // The default is read whatever the value of the discriminator is.
    let is_default = |variant: &&Variant<'_>| variant.alternative.is_default;
    let is_tagged =
        |variant: &&Variant<'_>| !variant.alternative.tags.is_empty() && !is_default(variant);
    match &union.tag {
        Some(tag) if variants.iter().any(|variant| is_tagged(&variant)) => {
            let tagged = variants
                .iter()
                .filter(is_tagged)
                .map(|variant| offer(&variant));
            let default = variants.iter().filter(is_default);
            let default = default.map(|variant| offer(&variant));
            let others = variants
                .iter()
                .filter(|variant| !is_tagged(variant) && !is_default(variant));
            let others = others.map(|variant| offer(&variant));
            let is_absent = match union.has_scalar_tags {
                true => quote!(tag_text(value.get(#tag)).is_none()),
                false => quote!(!value.get(#tag).is_some_and(::serde_json::Value::is_string)),
            };
            quote! {
                #(#default)*
                if #is_absent {
                    #(#tagged)*
                }
                #(#others)*
            }
        }
        _ => variants.iter().map(|variant| offer(&variant)).collect(),
    }
}

/// Renders `From` conversions, except where two variants have the same type.
fn conversions(name: &Ident, variants: &[Variant<'_>]) -> Vec<syn::Item> {
    let mut conversions = Vec::new();
    let texts: Vec<String> = variants.iter().map(|v| v.ty.to_string()).collect();
    for (variant, text) in variants.iter().zip(&texts) {
        let (ident, ty) = (&variant.ident, &variant.ty);
        if texts.iter().filter(|other| *other == text).count() > 1 {
            continue;
        }
        conversions.push(parse_quote! {
            impl ::std::convert::From<#ty> for #name {
                fn from(value: #ty) -> Self {
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
        let (ty, label) = match &alternative.kind {
            AlternativeKind::Schema(component) => {
                let ty = type_name(component)?;
                let label = ty.to_string();
                let rest = label.strip_prefix(&own).unwrap_or(&label);
                let label = match rest.chars().next() {
                    Some(c) if c.is_ascii_alphabetic() => rest.to_owned(),
                    Some(_) => format!("Alternative{rest}"),
                    None => label,
                };
                let schema = schemas.and_then(|schemas| schemas.get(component));
                match schema.and_then(lower::runtime_type) {
                    Some(runtime_type) => {
                        let runtime_type = format_ident!("{runtime_type}");
                        (quote!(::openapi_runtime::#runtime_type), label)
                    }
                    None => (quote!(super::#ty), label),
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
        let name = match (alternative.tags.as_slice(), title) {
            ([tag], _) if !union.has_scalar_tags => tag.as_str(),
            (_, Some(title)) => title,
            _ => &label,
        };
        let name = variant_name(name)?;
        let mut ident = name.clone();
        let mut number = 2;
        while ident == "Other" || variants.iter().any(|variant| variant.ident == ident) {
            ident = format_ident!("{name}{number}");
            number += 1;
        }
        variants.push(Variant {
            ident,
            ty,
            alternative,
        });
    }
    Ok(variants)
}

/// Renders the helper of unions whose discriminator is not a string.
fn tag_text() -> syn::File {
    parse_quote! {
        /// Returns the text of a discriminator. It can be a number or a boolean.
        fn tag_text(value: ::std::option::Option<&::serde_json::Value>) -> ::std::option::Option<::std::string::String> {
            use ::serde_json::Value;
            match value? {
                Value::String(text) => ::std::option::Option::Some(text.clone()),
                Value::Bool(truth) => ::std::option::Option::Some(truth.to_string()),
                Value::Number(number) => {
                    let whole = number.as_f64().filter(|n| n.fract() == 0.0);
                    ::std::option::Option::Some(whole.map_or_else(|| number.to_string(), |n| n.to_string()))
                }
                _ => ::std::option::Option::None,
            }
        }
    }
}

/// Renders the helpers that all unions share.
fn helpers() -> syn::File {
    parse_quote! {
        /// The best variant so far: the one that preserves most of the value, and of these, the one whose enumerations list
        /// most of its texts.
        struct Best<'a, T> {
            value: &'a ::serde_json::Value,
            found: ::std::option::Option<T>,
            lost: usize,
            unlisted: usize,
        }

        impl<'a, T> Best<'a, T> {
            fn new(value: &'a ::serde_json::Value) -> Self {
                Self { value, found: ::std::option::Option::None, lost: usize::MAX, unlisted: usize::MAX }
            }

            fn offer<A>(&mut self, variant: fn(A) -> T)
            where
                A: ::serde::Serialize + ::serde::de::DeserializeOwned,
            {
                if self.lost == 0 && self.unlisted == 0 {
                    return;
                }
                let (read, unlisted) = lenient::count_unlisted(|| lenient::from_value::<A>(self.value));
                let ::std::result::Result::Ok(read) = read else {
                    return;
                };
                let ::std::result::Result::Ok(written) = ::serde_json::to_value(&read) else {
                    return;
                };
                let lost = lost(self.value, &written);
                if (lost, unlisted) < (self.lost, self.unlisted) {
                    self.lost = lost;
                    self.unlisted = unlisted;
                    self.found = ::std::option::Option::Some(variant(read));
                }
            }

            /// Returns the best variant. A union around this one counts its unlisted values.
            fn take(self) -> ::std::option::Option<T> {
                lenient::add_unlisted(if self.found.is_some() { self.unlisted } else { 1 });
                self.found
            }
        }

        /// Counts the values of `before` that are missing in `after`.
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
