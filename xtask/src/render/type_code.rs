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

use super::limits::{Limits, LimitsOfTypes};
use heck::ToSnakeCase as _;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::visit_mut::VisitMut;
use syn::{
    Attribute, Expr, ExprPath, Field, FieldValue, Fields, File, Ident, Item, ItemEnum, ItemFn,
    ItemImpl, ItemStruct, Member, parse_quote,
};

/// Adds them to the module of types, whose builders are still inside it.
pub(super) fn add(types: &mut File, limits: &LimitsOfTypes) -> Result<(), String> {
    let items = std::mem::take(&mut types.items);
    let with_default: Vec<String> = items.iter().filter_map(implements_default).collect();
    let mut keep_others = Vec::new();
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
            added.extend(constructor(item)?);
            if !with_default.contains(&item.ident.to_string()) {
                added.extend(default_of_all(item)?);
            }
            if let Some((others, fields)) = fields_beside_others(item) {
                keep_others.push((item.ident.clone(), others));
                added.push(fields);
            }
            if let Some(rules) = limits.get(&item.ident.to_string()) {
                if !rules.limits.is_empty() {
                    added.push(check_limits(item, &rules.limits)?);
                }
                for wire in &rules.lenient {
                    read_leniently(item, wire)?;
                }
            }
            let owner = item.ident.clone();
            for field in &mut item.fields {
                tell_wire_name(field);
                if let Some(function) = read_null_as_missing(&owner, field)? {
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
    for (ident, others) in keep_others {
        if !default_in_builder(builders, &ident, &others) {
            return Err(format!(
                "progenitor's builder of `{ident}` is not as it was"
            ));
        }
    }
    Ok(())
}

/// The check of a type's limits, which the operations that send it make.
fn check_limits(item: &ItemStruct, limits: &[(String, Limits)]) -> Result<ItemImpl, String> {
    let mut checks = Vec::new();
    for (wire, limits) in limits {
        let is_it = |field: &&Field| wire_name(field).as_ref() == Some(wire);
        let field = item
            .fields
            .iter()
            .find(is_it)
            .and_then(|field| field.ident.as_ref());
        let field = field.ok_or_else(|| format!("progenitor wrote no field for `{wire}`"))?;
        checks.push(limits.check(wire, &quote::quote!(self.#field)));
    }
    let name = &item.ident;
    Ok(parse_quote! {
        impl #name {
            /// Checks the limits that the specification states, as the operations do that send it.
            pub fn check_limits(&self) -> Result<(), progenitor_client::OutOfLimits> {
                #(#checks)*
                Ok(())
            }
        }
    })
}

/// A field that servers write in more ways than one, and for whose sake no answer is lost.
fn read_leniently(item: &mut ItemStruct, wire: &str) -> Result<(), String> {
    let mut fields = item.fields.iter_mut();
    let field = fields.find(|field| wire_name(field).as_deref() == Some(wire));
    let field = field.ok_or_else(|| format!("progenitor wrote no field for `{wire}`"))?;
    if !field
        .ty
        .to_token_stream()
        .to_string()
        .contains("option :: Option <")
    {
        return Err(format!(
            "`{wire}` is required, and what is read leniently may be nothing"
        ));
    }
    field
        .attrs
        .push(parse_quote!(#[serde(default, deserialize_with = "::progenitor_client::lenient")]));
    Ok(())
}

/// Says what a field is called on the wire, where that is not its name.
fn tell_wire_name(field: &mut Field) {
    let is_documented = field
        .attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("doc"));
    if let (Some(wire), Some(name)) = (wire_name(field), &field.ident)
        && *name != wire
        && !serde_of(field).contains("flatten")
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
fn fields_beside_others(item: &ItemStruct) -> Option<(Ident, ItemImpl)> {
    let others = item
        .fields
        .iter()
        .find(|field| serde_of(field).contains("flatten"))?;
    let names = item
        .fields
        .iter()
        .filter(|field| *field != others)
        .filter_map(wire_name);
    let name = &item.ident;
    let fields: ItemImpl = parse_quote! {
        impl #name {
            /// The fields that the specification lists, by their names on the wire.
            pub const FIELDS: &'static [&'static str] = &[#(#names),*];
        }
    };
    Some((others.ident.clone()?, fields))
}

fn wire_name(field: &Field) -> Option<String> {
    let serde = serde_of(field);
    let renamed = serde
        .split(',')
        .find_map(|argument| argument.trim().strip_prefix("rename"));
    match renamed {
        Some(name) => Some(name.trim_matches([' ', '=', '"']).to_owned()),
        None => field.ident.as_ref().map(ToString::to_string),
    }
}

/// The builder asks for every field without a default, also for the one that keeps the others.
fn default_in_builder(items: &mut [Item], of: &Ident, others: &Ident) -> bool {
    struct Setter<'a> {
        others: &'a Ident,
        set: usize,
    }
    impl VisitMut for Setter<'_> {
        fn visit_field_value_mut(&mut self, value: &mut FieldValue) {
            if matches!(&value.member, Member::Named(name) if name == self.others) {
                value.expr = parse_quote!(Ok(Default::default()));
                self.set += 1;
            }
        }
    }
    let mut setter = Setter { others, set: 0 };
    for item in items {
        if let Item::Impl(block) = item
            && block.trait_.as_ref().is_some_and(|(path, _)| {
                path.segments
                    .last()
                    .is_some_and(|last| last.ident == "Default")
            })
            && *of == block.self_ty.to_token_stream().to_string()
        {
            setter.visit_item_impl_mut(block);
        }
    }
    setter.set == 1
}

/// A field that may be missing may be `null`, too. Where a function makes its default, one more is
/// needed that reads it.
fn read_null_as_missing(owner: &Ident, field: &mut Field) -> Result<Option<ItemFn>, String> {
    let serde = serde_of(field);
    if serde.contains("flatten") || serde.contains("deserialize_with") {
        return Ok(None);
    }
    let Some(given) = given_default(field)? else {
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
        field.attrs.push(
            parse_quote!(#[serde(deserialize_with = "::progenitor_client::null_as_default")]),
        );
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

/// What serde takes for a field that is missing: nothing if the field is required, `Some(None)` for its
/// type's own default, or the function that makes it.
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

fn serde_of(field: &Field) -> String {
    let attributes = field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"));
    attributes.map(arguments_of).collect()
}

/// The name of a type that has a `Default`, if the item says so.
fn implements_default(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => {
            let derives = item.attrs.iter().filter(|a| a.path().is_ident("derive"));
            let derived = derives.map(arguments_of).collect::<String>();
            derived.contains("Default").then(|| item.ident.to_string())
        }
        Item::Impl(block) => {
            let (path, _) = block.trait_.as_ref()?;
            let is_default = path.segments.last()?.ident == "Default";
            is_default.then(|| block.self_ty.to_token_stream().to_string())
        }
        _ => None,
    }
}

/// `Default` for a type of which nothing is required.
fn default_of_all(item: &ItemStruct) -> Result<Option<ItemImpl>, String> {
    let mut names = Vec::new();
    let mut values = Vec::new();
    for field in &item.fields {
        let (Some(name), Some(default)) = (&field.ident, default(field)?) else {
            return Ok(None);
        };
        names.push(name);
        values.push(default);
    }
    let name = &item.ident;
    Ok(Some(parse_quote! {
        impl ::std::default::Default for #name {
            fn default() -> Self {
                Self { #(#names: #values),* }
            }
        }
    }))
}

fn constructor(item: &ItemStruct) -> Result<Option<ItemImpl>, String> {
    let Fields::Named(fields) = &item.fields else {
        return Ok(None);
    };
    let mut arguments = Vec::new();
    let mut types: Vec<String> = Vec::new();
    let mut names: Vec<&Ident> = Vec::new();
    let mut values: Vec<Expr> = Vec::new();
    for field in &fields.named {
        let Some(name) = &field.ident else {
            return Ok(None);
        };
        names.push(name);
        if let Some(default) = default(field)? {
            values.push(default);
            continue;
        }
        let ty = &field.ty;
        types.push(ty.to_token_stream().to_string());
        if types.last().is_some_and(|ty| ty.ends_with(":: String")) {
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
        return Ok(None);
    }
    let name = &item.ident;
    Ok(Some(parse_quote! {
        impl #name {
            /// With what is required, and nothing else.
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#names: #values),* }
            }
        }
    }))
}

/// What a field holds if nobody says; nothing if it is required.
fn default(field: &Field) -> Result<Option<Expr>, String> {
    let optional = field
        .ty
        .to_token_stream()
        .to_string()
        .contains("option :: Option <");
    if optional || serde_of(field).contains("flatten") {
        return Ok(Some(parse_quote!(Default::default())));
    }
    Ok(given_default(field)?.map(|given| match given {
        Some(function) => parse_quote!(#function()),
        None => parse_quote!(Default::default()),
    }))
}

fn arguments_of(attribute: &Attribute) -> String {
    attribute
        .meta
        .require_list()
        .map(|list| format!("{},", list.tokens))
        .unwrap_or_default()
}
