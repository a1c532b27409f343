//! `new` for the types that people write: what is required as arguments, the rest left out.
//!
//! A struct literal names every field, and breaks when the specification gains one; `new` does not.

use quote::ToTokens as _;
use syn::{Attribute, Expr, Field, Fields, File, Ident, Item, ItemImpl, ItemStruct, parse_quote};

/// Adds the constructors to the module of types.
pub(super) fn add(types: &mut File) {
    let items = std::mem::take(&mut types.items);
    for item in items {
        let constructor = match &item {
            Item::Struct(item) => constructor(item),
            _ => None,
        };
        types.items.push(item);
        types.items.extend(constructor.map(Item::Impl));
    }
}

fn constructor(item: &ItemStruct) -> Option<ItemImpl> {
    let Fields::Named(fields) = &item.fields else {
        return None;
    };
    let mut arguments = Vec::new();
    let mut types: Vec<String> = Vec::new();
    let mut names: Vec<&Ident> = Vec::new();
    let mut values: Vec<Expr> = Vec::new();
    for field in &fields.named {
        let name = field.ident.as_ref()?;
        names.push(name);
        if let Some(default) = default(field) {
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

/// What a field holds if nobody says; nothing if it is required.
fn default(field: &Field) -> Option<Expr> {
    let optional = field
        .ty
        .to_token_stream()
        .to_string()
        .contains("option :: Option <");
    let serde = field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
        .map(arguments_of)
        .collect::<String>();
    if optional || serde.contains("flatten") {
        return Some(parse_quote!(Default::default()));
    }
    let given = serde
        .split(',')
        .find_map(|argument| argument.trim().strip_prefix("default"))?;
    match given.trim().strip_prefix('=') {
        Some(path) => syn::parse_str::<Expr>(&format!("{}()", path.trim().trim_matches('"'))).ok(),
        None => Some(parse_quote!(Default::default())),
    }
}

fn arguments_of(attribute: &Attribute) -> String {
    attribute
        .meta
        .require_list()
        .map(|list| format!("{},", list.tokens))
        .unwrap_or_default()
}
