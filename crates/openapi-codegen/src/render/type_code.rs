//! Renders the generated types, and adds to them:
//!
//! - `new`, with the required fields as arguments. Unlike a struct literal, it still compiles when the
//!   specification adds a field.
//! - For types with a field for unlisted properties, `FIELDS` with the names of the listed ones.
//! - `#[non_exhaustive]`, so that new fields and variants are compatible.
//! - `schemars::JsonSchema`, behind a feature of that name.
//! - `check_limits`, if the document states limits, and wire names in the documentation.
//! - `Lenient`, so that a response is read even if parts of it do not match the specification.
//! - `null` is deserialized like a missing property if the property is optional and not nullable.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::field_attributes::{FieldAttributes, arguments_of};
use super::limits::{Limits, LimitsOfTypes};
use super::text::compact;
use super::{lenient_impls, type_builders, unparse};
use crate::lower::descriptions;
use heck::ToSnakeCase as _;
use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::{
    Attribute, Field, Fields, File, Ident, Item, ItemEnum, ItemImpl, ItemStruct, Type, parse_quote,
};

/// The texts of the modules `types` and `types::builder`.
pub(super) struct Types {
    pub(super) items: String,
    /// `None` if no type has a builder.
    pub(super) builders: Option<String>,
}

/// Renders the items of the module `types` with these additions. They are rendered one by one: documents of tens of
/// thousands of types exist. `used` contains the names of the types whose builders operations use.
pub(super) fn render(
    items: Vec<Item>,
    limits: &LimitsOfTypes,
    own_types: &BTreeSet<String>,
    used: &BTreeSet<String>,
) -> Result<Types, String> {
    let with_default: BTreeSet<String> = items.iter().filter_map(implements_default).collect();
    let [non_exhaustive, json_schema]: [Attribute; 2] = [
        parse_quote!(#[non_exhaustive]),
        parse_quote!(#[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]),
    ];
    let null_as_default: Attribute =
        parse_quote!(#[serde(deserialize_with = "::openapi_runtime::null_as_default")]);
    let mut has_builders = false;
    let mut text = String::new();
    let mut functions = String::new();
    let mut builders = type_builders::HEAD.to_owned();
    for mut item in items {
        let mut added = String::new();
        if let Item::Struct(ItemStruct { attrs, .. }) | Item::Enum(ItemEnum { attrs, .. }) =
            &mut item
        {
            attrs.extend([non_exhaustive.clone(), json_schema.clone()]);
        }
        if let Item::Struct(item) = &mut item {
            let name = item.ident.to_string();
            unbox_options(item)?;
            let attributes = item.fields.iter().map(FieldAttributes::of);
            let mut attributes: Vec<FieldAttributes> = attributes.collect::<Result<_, String>>()?;
            added.extend(constructor(item, &attributes));
            if !with_default.contains(&name) {
                added.extend(default_impl(item, &attributes));
            }
            let can_be_created = with_default.contains(&name) || !added.is_empty();
            let needs_builder = matches!(item.fields, Fields::Named(_))
                && (used.contains(&name) || !can_be_created);
            added.extend(listed_fields(item, &attributes));
            if let Some(rules) = limits.get(&name) {
                if !rules.limits.is_empty() {
                    added.push_str(&check_limits(item, &attributes, &rules.limits)?);
                }
                for wire in &rules.nullable {
                    make_nullable(item, &mut attributes, wire)?;
                }
                for wire in &rules.lenient {
                    make_lenient(item, &mut attributes, wire)?;
                }
            }
            added.push_str(&lenient_impls::of_struct(item, &attributes, own_types));
            for (field, attributes) in item.fields.iter_mut().zip(&attributes) {
                document_wire_name(field, attributes);
                if !attributes.has_several_formats() {
                    let function =
                        make_null_default(&item.ident, field, attributes, &null_as_default)?;
                    functions.extend(function);
                }
            }
            if needs_builder {
                has_builders = true;
                added.push_str(&type_builders::constructor(&name));
                type_builders::render(item, &attributes, own_types, &mut builders)?;
            }
        }
        if let Item::Enum(item) = &item {
            added.push_str(&lenient_impls::of_enum(item));
        }
        text.push('\n');
        text.push_str(&unparse(File {
            items: vec![item],
            ..parse_quote!()
        }));
        text.push_str(&added);
    }
    text.push_str(&functions);
    Ok(Types {
        items: text,
        builders: has_builders.then_some(builders),
    })
}

/// Renders `check_limits`, which operations call before sending.
fn check_limits(
    item: &ItemStruct,
    attributes: &[FieldAttributes],
    limits: &[(String, Limits)],
) -> Result<String, String> {
    let mut checks = TokenStream::new();
    for (wire, limits) in limits {
        let mut fields = item.fields.iter().zip(attributes);
        let field = fields
            .find(|(_, attributes)| attributes.has_wire_name(wire))
            .and_then(|(field, _)| field.ident.as_ref());
        let field = field.ok_or_else(|| format!("progenitor generated no field for `{wire}`"))?;
        checks.extend(limits.check(wire, &quote::quote!(self.#field)));
    }
    let name = &item.ident;
    Ok(format!(
        "\n{}",
        unparse(parse_quote! {
            impl #name {
                /// Checks the limits of these properties that the specification states. An operation whose body has this
                /// type calls it before sending.
                pub fn check_limits(&self) -> Result<(), openapi_runtime::OutOfLimits> {
                    #checks
                    Ok(())
                }
            }
        })
    ))
}

/// Makes a field lenient: an invalid value is deserialized as `None` instead of failing the whole response.
fn make_lenient(
    item: &mut ItemStruct,
    attributes: &mut [FieldAttributes],
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
    *attributes = FieldAttributes::of(field)?;
    Ok(())
}

/// Replaces the `Box<Option<T>>` of an optional recursive property by `Option<Box<T>>`, which is omitted if it is `None`.
fn unbox_options(item: &mut ItemStruct) -> Result<(), String> {
    for field in &mut item.fields {
        let argument = |ty: &Type, name: &str| {
            let inner = lenient_impls::first_type_argument(ty);
            (lenient_impls::ends_with(ty, name) && inner != ty).then(|| inner.clone())
        };
        let boxed = argument(&field.ty, "Box");
        let Some(inner) = boxed.and_then(|boxed| argument(&boxed, "Option")) else {
            continue;
        };
        // A required property that can be null has no default.
        if FieldAttributes::of(field)?.default == Some(None) {
            field.ty = parse_quote!(::std::option::Option<::std::boxed::Box<#inner>>);
            field.attrs.push(
                parse_quote!(#[serde(skip_serializing_if = "::std::option::Option::is_none")]),
            );
        }
    }
    Ok(())
}

/// Distinguishes `null` from an omitted property.
fn make_nullable(
    item: &mut ItemStruct,
    attributes: &mut [FieldAttributes],
    wire: &str,
) -> Result<(), String> {
    let mut fields = item.fields.iter_mut().zip(attributes);
    let field = fields.find(|(_, attributes)| attributes.has_wire_name(wire));
    let (field, attributes) =
        field.ok_or_else(|| format!("progenitor generated no field for `{wire}`"))?;
    let inner = lenient_impls::first_type_argument(&field.ty);
    if !attributes.is_optional() || *inner == field.ty {
        return Err(format!(
            "`{wire}` can be null, but its field is not optional"
        ));
    }
    field.ty = parse_quote!(::std::option::Option<::openapi_runtime::Nullable<#inner>>);
    field
        .attrs
        .push(parse_quote!(#[serde(default, deserialize_with = "::openapi_runtime::nullable")]));
    *attributes = FieldAttributes::of(field)?;
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
        let text = format!(" On the wire: {}.", descriptions::code(wire));
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

/// Returns the constant with the listed names, if the type has a field for unlisted properties.
fn listed_fields(item: &ItemStruct, attributes: &[FieldAttributes]) -> Option<String> {
    let place = attributes.iter().position(FieldAttributes::is_flattened)?;
    let listed = attributes.iter().enumerate().filter(|(at, _)| *at != place);
    let names = listed.filter_map(|(_, attributes)| attributes.wire.as_ref());
    let names: Vec<String> = names.map(|name| format!("{name:?}")).collect();
    Some(format!(
        "
impl {} {{
    /// The fields that the specification lists, by their names on the wire.
    pub const FIELDS: &'static [&'static str] = &[{}];
}}
",
        item.ident,
        names.join(", ")
    ))
}

/// Deserializes `null` as the default of an optional field, with the attribute `null_as_default` if it is the default of
/// the type. If the default is a function, this needs a generated function.
fn make_null_default(
    owner: &Ident,
    field: &mut Field,
    attributes: &FieldAttributes,
    null_as_default: &Attribute,
) -> Result<Option<String>, String> {
    if attributes.is_flattened() || attributes.serde.contains("deserialize_with") {
        return Ok(None);
    }
    let Some(given) = &attributes.default else {
        return Ok(None);
    };
    let may_be_null = lenient_impls::ends_with(&field.ty, "Option");
    if may_be_null && given.is_some() {
        // For a nullable field `null` is distinct from the default: an unknown price is not 0.
        return Ok(None);
    }
    let Some(default) = given else {
        field.attrs.push(null_as_default.clone());
        return Ok(None);
    };
    let field_name = field
        .ident
        .as_ref()
        .map(Ident::unraw)
        .ok_or("progenitor's output has changed: unnamed field")?;
    let text = format!("{owner}_{field_name}_for_null").to_snake_case();
    let (ty, default) = (compact(&field.ty), compact(default));
    let function = format!(
        "
fn {text}<'de, D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<{ty}, D::Error> {{
    let value: Option<{ty}> = ::serde::Deserialize::deserialize(deserializer)?;
    Ok(value.unwrap_or_else({default}))
}}
"
    );
    field
        .attrs
        .push(parse_quote!(#[serde(deserialize_with = #text)]));
    Ok(Some(function))
}

/// Returns the name of the type for which the item provides `Default`.
fn implements_default(item: &Item) -> Option<String> {
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
fn default_impl(item: &ItemStruct, attributes: &[FieldAttributes]) -> Option<String> {
    let mut values = String::new();
    for (field, attributes) in item.fields.iter().zip(attributes) {
        let value = attributes.default_expr()?;
        let _ = writeln!(values, "            {}: {value},", field.ident.as_ref()?);
    }
    Some(format!(
        "
impl ::std::default::Default for {} {{
    fn default() -> Self {{
        Self {{
{values}        }}
    }}
}}
",
        item.ident
    ))
}

fn constructor(item: &ItemStruct, attributes: &[FieldAttributes]) -> Option<String> {
    let Fields::Named(fields) = &item.fields else {
        return None;
    };
    let mut arguments = Vec::new();
    let mut types: Vec<&str> = Vec::new();
    let mut values = String::new();
    for (field, attributes) in fields.named.iter().zip(attributes) {
        let name = field.ident.as_ref()?;
        let value = attributes.default_expr().unwrap_or_else(|| {
            types.push(&attributes.ty);
            let ty = compact(&field.ty);
            if attributes.ty.ends_with(":: String") {
                arguments.push(format!("{name}: impl Into<{ty}>"));
                format!("{name}.into()")
            } else {
                arguments.push(format!("{name}: {ty}"));
                name.to_string()
            }
        });
        let _ = writeln!(values, "            {name}: {value},");
    }
    // Arguments of the same type can be swapped by mistake. A type with such arguments has only a builder.
    let has_duplicate_type = types
        .iter()
        .enumerate()
        .any(|(index, ty)| types[..index].contains(ty));
    if arguments.is_empty() || has_duplicate_type {
        return None;
    }
    Some(format!(
        "
impl {} {{
    /// Creates a value with the required fields.
    pub fn new({}) -> Self {{
        Self {{
{values}        }}
    }}
}}
",
        item.ident,
        arguments.join(", ")
    ))
}
