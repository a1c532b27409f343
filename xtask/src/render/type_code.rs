//! What the types lack that people write and read.
//!
//! - `new`: what is required as arguments, the rest left out. A struct literal names every field, and
//!   breaks when the specification gains one; `new` does not.
//! - Where a type keeps fields that it does not list, the names of those that it does (`FIELDS`), and
//!   a builder that does not ask for the others.
//! - Room to grow: a new field or variant breaks nobody who reads them, and `new`, `Default` or the
//!   builder makes them.
//! - `schemars::JsonSchema`, behind a feature of that name.
//! - `check_limits`, where the document states limits, and the names of the wire in the documentation.
//! - `null` is read as if the field were missing, wherever it may be missing and may not be `null`.

use std::collections::{BTreeMap, BTreeSet};

use super::limits::{Limits, LimitsOfTypes};
use super::said::{Said, arguments_of};
use heck::ToSnakeCase as _;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::visit_mut::VisitMut;
use syn::{
    Attribute, Expr, Field, FieldValue, Fields, File, Ident, Item, ItemEnum, ItemFn, ItemImpl,
    ItemStruct, Member, parse_quote,
};

/// Adds them to the module of types, whose builders are still inside it.
pub(super) fn add(types: &mut File, limits: &LimitsOfTypes) -> Result<(), String> {
    let items = std::mem::take(&mut types.items);
    let with_default: BTreeSet<String> = items.iter().filter_map(implements_default).collect();
    let mut keep_others = BTreeMap::new();
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
            let said = item.fields.iter().map(Said::of);
            let said: Vec<Said> = said.collect::<Result<_, String>>()?;
            added.extend(constructor(item, &said));
            if !with_default.contains(&item.ident.to_string()) {
                added.extend(default_of_all(item, &said));
            }
            if let Some((others, fields)) = fields_beside_others(item, &said) {
                keep_others.insert(item.ident.to_string(), others);
                added.push(fields);
            }
            if let Some(rules) = limits.get(&item.ident.to_string()) {
                if !rules.limits.is_empty() {
                    added.push(check_limits(item, &said, &rules.limits)?);
                }
                for wire in &rules.lenient {
                    read_leniently(item, &said, wire)?;
                }
            }
            let lenient = limits.get(&item.ident.to_string());
            let is_lenient = |said: &Said| {
                lenient.is_some_and(|rules| rules.lenient.iter().any(|wire| said.is_it(wire)))
            };
            for (field, said) in item.fields.iter_mut().zip(&said) {
                tell_wire_name(field, said);
                if is_lenient(said) {
                    continue;
                }
                if let Some(function) = read_null_as_missing(&item.ident, field, said)? {
                    functions.push(Item::Fn(function));
                }
            }
        }
        types.items.push(item);
        types.items.extend(added.into_iter().map(Item::Impl));
    }
    types.items.append(&mut functions);
    if keep_others.is_empty() {
        return Ok(());
    }
    let builders = types.items.iter_mut().find_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => module.content.as_mut(),
        _ => None,
    });
    let (_, builders) = builders.ok_or("progenitor wrote no builders of types")?;
    default_in_builders(builders, keep_others)
}

/// The check of a type's limits, which the operations that send it make.
fn check_limits(
    item: &ItemStruct,
    said: &[Said],
    limits: &[(String, Limits)],
) -> Result<ItemImpl, String> {
    let mut checks = Vec::new();
    for (wire, limits) in limits {
        let mut fields = item.fields.iter().zip(said);
        let field = fields
            .find(|(_, said)| said.is_it(wire))
            .and_then(|(field, _)| field.ident.as_ref());
        let field = field.ok_or_else(|| format!("progenitor wrote no field for `{wire}`"))?;
        checks.push(limits.check(wire, &quote::quote!(self.#field)));
    }
    let name = &item.ident;
    Ok(parse_quote! {
        impl #name {
            /// Checks the limits that the specification states, as the operations do that send it.
            pub fn check_limits(&self) -> Result<(), openapi_runtime::OutOfLimits> {
                #(#checks)*
                Ok(())
            }
        }
    })
}

/// A field that servers write in more ways than one, and for whose sake no answer is lost.
fn read_leniently(item: &mut ItemStruct, said: &[Said], wire: &str) -> Result<(), String> {
    let mut fields = item.fields.iter_mut().zip(said);
    let field = fields.find(|(_, said)| said.is_it(wire));
    let (field, said) = field.ok_or_else(|| format!("progenitor wrote no field for `{wire}`"))?;
    if !said.is_optional() {
        return Err(format!(
            "`{wire}` is required, and what is read leniently may be nothing"
        ));
    }
    field
        .attrs
        .push(parse_quote!(#[serde(default, deserialize_with = "::openapi_runtime::lenient")]));
    Ok(())
}

/// Says what a field is called on the wire, where that is not its name.
fn tell_wire_name(field: &mut Field, said: &Said) {
    let is_documented = field
        .attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("doc"));
    if let (Some(wire), Some(name)) = (&said.wire, &field.ident)
        && name != wire
        && !said.keeps_others()
    {
        let told = format!(" On the wire: `{wire}`.");
        let mut lines: Vec<Attribute> = vec![parse_quote!(#[doc = #told])];
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

/// The name of the field that keeps what a type does not list, and the names of what it lists.
fn fields_beside_others(item: &ItemStruct, said: &[Said]) -> Option<(Ident, ItemImpl)> {
    let place = said.iter().position(Said::keeps_others)?;
    let others = item.fields.iter().nth(place)?;
    let listed = said.iter().enumerate().filter(|(at, _)| *at != place);
    let names = listed.filter_map(|(_, said)| said.wire.as_ref());
    let name = &item.ident;
    let fields: ItemImpl = parse_quote! {
        impl #name {
            /// The fields that the specification lists, by their names on the wire.
            pub const FIELDS: &'static [&'static str] = &[#(#names),*];
        }
    };
    Some((others.ident.clone()?, fields))
}

/// A builder asks for every field without a default, also for the one that keeps the others: its name,
/// by the type's.
fn default_in_builders(
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
    let changed = |of: &str| format!("progenitor's builder of `{of}` is not as it was");
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

/// A field that may be missing may be `null`, too. Where a function makes its default, one more is
/// needed that reads it.
fn read_null_as_missing(
    owner: &Ident,
    field: &mut Field,
    said: &Said,
) -> Result<Option<ItemFn>, String> {
    if said.keeps_others() || said.serde.contains("deserialize_with") {
        return Ok(None);
    }
    let Some(given) = &said.default else {
        return Ok(None);
    };
    let may_be_null = field
        .ty
        .to_token_stream()
        .to_string()
        .starts_with(":: std :: option :: Option <");
    if may_be_null && given.is_some() {
        // Here `null` is a value of its own: a price that is not known is not the price 0.
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
        .ok_or("a field without a name")?;
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

/// The name of a type that has a `Default`, if the item says so.
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

/// Whether a block implements `Default`.
fn is_default(block: &ItemImpl) -> bool {
    let last = block
        .trait_
        .as_ref()
        .and_then(|(path, _)| path.segments.last());
    last.is_some_and(|last| last.ident == "Default")
}

/// `Default` for a type of which nothing is required.
fn default_of_all(item: &ItemStruct, said: &[Said]) -> Option<ItemImpl> {
    let mut names = Vec::new();
    let mut values = Vec::new();
    for (field, said) in item.fields.iter().zip(said) {
        names.push(field.ident.as_ref()?);
        values.push(said.value()?);
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

fn constructor(item: &ItemStruct, said: &[Said]) -> Option<ItemImpl> {
    let Fields::Named(fields) = &item.fields else {
        return None;
    };
    let mut arguments = Vec::new();
    let mut types: Vec<&str> = Vec::new();
    let mut names: Vec<&Ident> = Vec::new();
    let mut values: Vec<Expr> = Vec::new();
    for (field, said) in fields.named.iter().zip(said) {
        let name = field.ident.as_ref()?;
        names.push(name);
        if let Some(value) = said.value() {
            values.push(value);
            continue;
        }
        let ty = &field.ty;
        types.push(&said.ty);
        if said.ty.ends_with(":: String") {
            arguments.push(quote::quote!(#name: impl Into<#ty>));
            values.push(parse_quote!(#name.into()));
        } else {
            arguments.push(quote::quote!(#name: #ty));
            values.push(parse_quote!(#name));
        }
    }
    // Two arguments of one type can be swapped and nobody notices: those are for a builder, which
    // names them.
    let alike = types
        .iter()
        .enumerate()
        .any(|(index, ty)| types[..index].contains(ty));
    if arguments.is_empty() || alike {
        return None;
    }
    let name = &item.ident;
    Some(parse_quote! {
        impl #name {
            /// With what is required, and nothing else.
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#names: #values),* }
            }
        }
    })
}
