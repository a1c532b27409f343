//! Adds to the generated types:
//!
//! - `new`, with the required fields as arguments. Unlike a struct literal, it still compiles when the
//!   specification adds a field.
//! - For types with a field for unlisted properties, `FIELDS` with the names of the listed ones, and a
//!   default for that field in the builder.
//! - `#[non_exhaustive]`, so that new fields and variants are compatible.
//! - `schemars::JsonSchema`, behind a feature of that name.
//! - `check_limits`, if the document states limits, and wire names in the documentation.
//! - `Lenient`, so that a response is read even if parts of it do not match the specification.
//! - `null` is deserialized like a missing property if the property is optional and not nullable.

use std::collections::{BTreeMap, BTreeSet};

use super::field_attributes::{FieldAttributes, arguments_of};
use super::lenient_impls;
use super::limits::{Limits, LimitsOfTypes};
use heck::ToSnakeCase as _;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::visit_mut::VisitMut;
use syn::{
    Attribute, Expr, Field, FieldValue, Fields, File, Ident, Item, ItemEnum, ItemFn, ItemImpl,
    ItemStruct, Member, parse_quote,
};

/// Adds these items to the module `types`, which still contains its builders.
pub(super) fn add(
    types: &mut File,
    limits: &LimitsOfTypes,
    own_types: &BTreeSet<String>,
) -> Result<(), String> {
    let items = std::mem::take(&mut types.items);
    let with_default: BTreeSet<String> = items.iter().filter_map(implements_default).collect();
    let mut flattened = BTreeMap::new();
    let mut functions = Vec::new();
    for mut item in items {
        let mut added = Vec::new();
        if let Item::Struct(ItemStruct { attrs, .. }) | Item::Enum(ItemEnum { attrs, .. }) =
            &mut item
        {
            attrs.push(parse_quote!(#[non_exhaustive]));
            attrs.push(
                parse_quote!(#[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]),
            );
        }
        if let Item::Struct(item) = &mut item {
            let attributes = item.fields.iter().map(FieldAttributes::of);
            let attributes: Vec<FieldAttributes> = attributes.collect::<Result<_, String>>()?;
            added.extend(constructor(item, &attributes));
            if !with_default.contains(&item.ident.to_string()) {
                added.extend(default_impl(item, &attributes));
            }
            if let Some((others, fields)) = listed_fields(item, &attributes) {
                flattened.insert(item.ident.to_string(), others);
                added.push(fields);
            }
            if let Some(rules) = limits.get(&item.ident.to_string()) {
                if !rules.limits.is_empty() {
                    added.push(check_limits(item, &attributes, &rules.limits)?);
                }
                for wire in &rules.lenient {
                    make_lenient(item, &attributes, wire)?;
                }
            }
            let lenient = limits.get(&item.ident.to_string());
            let is_lenient = |attributes: &FieldAttributes| {
                lenient.is_some_and(|rules| {
                    rules
                        .lenient
                        .iter()
                        .any(|wire| attributes.has_wire_name(wire))
                })
            };
            let attributes = item.fields.iter().map(FieldAttributes::of);
            let attributes: Vec<FieldAttributes> = attributes.collect::<Result<_, String>>()?;
            added.push(lenient_impls::of_struct(item, &attributes, own_types));
            for (field, attributes) in item.fields.iter_mut().zip(&attributes) {
                document_wire_name(field, attributes);
                if is_lenient(attributes) {
                    continue;
                }
                if let Some(function) = make_null_default(&item.ident, field, attributes)? {
                    functions.push(Item::Fn(function));
                }
            }
        }
        if let Item::Enum(item) = &item {
            added.push(lenient_impls::of_enum(item));
        }
        types.items.push(item);
        types.items.extend(added.into_iter().map(Item::Impl));
    }
    types.items.append(&mut functions);
    types.items.insert(0, lenient_impls::import());
    if flattened.is_empty() {
        return Ok(());
    }
    let builders = types.items.iter_mut().find_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => module.content.as_mut(),
        _ => None,
    });
    let (_, builders) = builders.ok_or("progenitor generated no builders of types")?;
    add_builder_defaults(builders, flattened)
}

/// Renders `check_limits`, which operations call before sending.
fn check_limits(
    item: &ItemStruct,
    attributes: &[FieldAttributes],
    limits: &[(String, Limits)],
) -> Result<ItemImpl, String> {
    let mut checks = Vec::new();
    for (wire, limits) in limits {
        let mut fields = item.fields.iter().zip(attributes);
        let field = fields
            .find(|(_, attributes)| attributes.has_wire_name(wire))
            .and_then(|(field, _)| field.ident.as_ref());
        let field = field.ok_or_else(|| format!("progenitor generated no field for `{wire}`"))?;
        checks.push(limits.check(wire, &quote::quote!(self.#field)));
    }
    let name = &item.ident;
    Ok(parse_quote! {
        impl #name {
            /// Checks the limits that the specification states. Operations call this before sending.
            pub fn check_limits(&self) -> Result<(), openapi_runtime::OutOfLimits> {
                #(#checks)*
                Ok(())
            }
        }
    })
}

/// Makes a field lenient: an invalid value is deserialized as `None` instead of failing the whole response.
fn make_lenient(
    item: &mut ItemStruct,
    attributes: &[FieldAttributes],
    wire: &str,
) -> Result<(), String> {
    let mut fields = item.fields.iter_mut().zip(attributes);
    let field = fields.find(|(_, attributes)| attributes.has_wire_name(wire));
    let (field, attributes) =
        field.ok_or_else(|| format!("progenitor generated no field for `{wire}`"))?;
    if !attributes.is_optional() {
        return Err(format!(
            "`{wire}` is required; x-lenient needs an optional property"
        ));
    }
    field
        .attrs
        .push(parse_quote!(#[serde(default, deserialize_with = "::openapi_runtime::lenient")]));
    Ok(())
}

/// Documents the wire name of a field if it differs from its Rust name.
fn document_wire_name(field: &mut Field, attributes: &FieldAttributes) {
    let is_documented = field
        .attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("doc"));
    if let (Some(wire), Some(name)) = (&attributes.wire, &field.ident)
        && name != wire
        && !attributes.is_flattened()
    {
        let text = format!(" On the wire: `{wire}`.");
        let mut lines: Vec<Attribute> = vec![parse_quote!(#[doc = #text])];
        if is_documented {
            lines.insert(0, parse_quote!(#[doc = ""]));
        }
        let end = field
            .attrs
            .iter()
            .take_while(|a| a.path().is_ident("doc"))
            .count();
        field.attrs.splice(end..end, lines);
    }
}

/// Returns the name of the field that holds unlisted properties, and the constant with the listed names.
fn listed_fields(item: &ItemStruct, attributes: &[FieldAttributes]) -> Option<(Ident, ItemImpl)> {
    let place = attributes.iter().position(FieldAttributes::is_flattened)?;
    let others = item.fields.iter().nth(place)?;
    let listed = attributes.iter().enumerate().filter(|(at, _)| *at != place);
    let names = listed.filter_map(|(_, attributes)| attributes.wire.as_ref());
    let name = &item.ident;
    let fields: ItemImpl = parse_quote! {
        impl #name {
            /// The fields that the specification lists, by their names on the wire.
            pub const FIELDS: &'static [&'static str] = &[#(#names),*];
        }
    };
    Some((others.ident.clone()?, fields))
}

/// Sets a default in the builder for the field that holds unlisted properties. `others` maps types to these
/// fields.
fn add_builder_defaults(
    items: &mut [Item],
    mut others: BTreeMap<String, Ident>,
) -> Result<(), String> {
    struct Setter {
        others: Ident,
        set: usize,
    }
    impl VisitMut for Setter {
        fn visit_field_value_mut(&mut self, value: &mut FieldValue) {
            if matches!(&value.member, Member::Named(name) if *name == self.others) {
                value.expr = parse_quote!(Ok(Default::default()));
                self.set += 1;
            }
        }
    }
    let changed =
        |of: &str| format!("progenitor's output has changed: unexpected builder of `{of}`");
    for item in items {
        if let Item::Impl(block) = item
            && is_default(block)
            && let of = block.self_ty.to_token_stream().to_string()
            && let Some(others) = others.remove(&of)
        {
            let mut setter = Setter { others, set: 0 };
            setter.visit_item_impl_mut(block);
            if setter.set != 1 {
                return Err(changed(&of));
            }
        }
    }
    others.keys().next().map_or(Ok(()), |of| Err(changed(of)))
}

/// Deserializes `null` as the default of an optional field. If the default is a function, this needs a
/// generated function.
fn make_null_default(
    owner: &Ident,
    field: &mut Field,
    attributes: &FieldAttributes,
) -> Result<Option<ItemFn>, String> {
    if attributes.is_flattened() || attributes.serde.contains("deserialize_with") {
        return Ok(None);
    }
    let Some(given) = &attributes.default else {
        return Ok(None);
    };
    let may_be_null = field
        .ty
        .to_token_stream()
        .to_string()
        .starts_with(":: std :: option :: Option <");
    if may_be_null && given.is_some() {
        // For a nullable field `null` is distinct from the default: an unknown price is not 0.
        return Ok(None);
    }
    let Some(default) = given else {
        field
            .attrs
            .push(parse_quote!(#[serde(deserialize_with = "::openapi_runtime::null_as_default")]));
        return Ok(None);
    };
    let field_name = field
        .ident
        .as_ref()
        .map(Ident::unraw)
        .ok_or("progenitor's output has changed: unnamed field")?;
    let text = format!("{owner}_{field_name}_for_null").to_snake_case();
    let (name, ty) = (quote::format_ident!("{text}"), &field.ty);
    let function = parse_quote! {
        fn #name<'de, D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<#ty, D::Error> {
            let value: Option<#ty> = ::serde::Deserialize::deserialize(deserializer)?;
            Ok(value.unwrap_or_else(#default))
        }
    };
    field
        .attrs
        .push(parse_quote!(#[serde(deserialize_with = #text)]));
    Ok(Some(function))
}

/// Returns the name of the type for which the item provides `Default`.
pub(super) fn implements_default(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => {
            let derives = item.attrs.iter().filter(|a| a.path().is_ident("derive"));
            let derived = derives.map(arguments_of).collect::<String>();
            derived.contains("Default").then(|| item.ident.to_string())
        }
        Item::Impl(block) => is_default(block).then(|| block.self_ty.to_token_stream().to_string()),
        _ => None,
    }
}

/// Returns whether a block implements `Default`.
fn is_default(block: &ItemImpl) -> bool {
    let last = block
        .trait_
        .as_ref()
        .and_then(|(path, _)| path.segments.last());
    last.is_some_and(|last| last.ident == "Default")
}

/// Renders `Default` for a type without required fields.
fn default_impl(item: &ItemStruct, attributes: &[FieldAttributes]) -> Option<ItemImpl> {
    let mut names = Vec::new();
    let mut values = Vec::new();
    for (field, attributes) in item.fields.iter().zip(attributes) {
        names.push(field.ident.as_ref()?);
        values.push(attributes.default_expr()?);
    }
    let name = &item.ident;
    Some(parse_quote! {
        impl ::std::default::Default for #name {
            fn default() -> Self {
                Self { #(#names: #values),* }
            }
        }
    })
}

fn constructor(item: &ItemStruct, attributes: &[FieldAttributes]) -> Option<ItemImpl> {
    let Fields::Named(fields) = &item.fields else {
        return None;
    };
    let mut arguments = Vec::new();
    let mut types: Vec<&str> = Vec::new();
    let mut names: Vec<&Ident> = Vec::new();
    let mut values: Vec<Expr> = Vec::new();
    for (field, attributes) in fields.named.iter().zip(attributes) {
        let name = field.ident.as_ref()?;
        names.push(name);
        if let Some(value) = attributes.default_expr() {
            values.push(value);
            continue;
        }
        let ty = &field.ty;
        types.push(&attributes.ty);
        if attributes.ty.ends_with(":: String") {
            arguments.push(quote::quote!(#name: impl Into<#ty>));
            values.push(parse_quote!(#name.into()));
        } else {
            arguments.push(quote::quote!(#name: #ty));
            values.push(parse_quote!(#name));
        }
    }
    // Arguments of the same type can be swapped by mistake. A type with such arguments has only a builder.
    let has_duplicate_type = types
        .iter()
        .enumerate()
        .any(|(index, ty)| types[..index].contains(ty));
    if arguments.is_empty() || has_duplicate_type {
        return None;
    }
    let name = &item.ident;
    Some(parse_quote! {
        impl #name {
            /// Creates a value with the required fields.
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#names: #values),* }
            }
        }
    })
}
