//! Implements `WithTeam` for the builders of all operations, if any of them has a team.

use crate::lower::TeamLocation;
use syn::{Expr, File, GenericArgument, Item, ItemImpl, PathArguments, Type, parse_quote};

use super::field_attributes::FieldAttributes;
use super::names::{parameter_name, type_name};
use super::operations::Operation;

/// Adds the implementations to the module `builder`.
pub(super) fn add(file: &mut File, operations: &[&Operation]) -> Result<(), String> {
    let types = items_of(file, "types").ok_or("progenitor generated no module `types`")?;
    let implementations = operations
        .iter()
        .map(|operation| implementation(operation, types))
        .collect::<Result<Vec<_>, _>>()?;
    let builders = file.items.iter_mut().find_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => module.content.as_mut(),
        _ => None,
    });
    let (_, builders) = builders.ok_or("progenitor generated no module `builder`")?;
    builders.extend(implementations.into_iter().map(Item::Impl));
    Ok(())
}

fn items_of<'a>(file: &'a File, module: &str) -> Option<&'a [Item]> {
    file.items.iter().find_map(|item| match item {
        Item::Mod(found) if found.ident == module => Some(found.content.as_ref()?.1.as_slice()),
        _ => None,
    })
}

fn implementation(operation: &Operation, types: &[Item]) -> Result<ItemImpl, String> {
    let builder = type_name(&operation.id)?;
    let Some(location) = &operation.facts.team else {
        return Ok(parse_quote! {
            impl openapi_runtime::WithTeam for #builder<'_> {
                /// Returns the builder unchanged: the operation has no team parameter.
                fn with_team(self, _: &str) -> Self {
                    self
                }
            }
        });
    };
    let (doc, call): (String, Expr) = match location {
        TeamLocation::Header(name) | TeamLocation::Query(name) => {
            let setter = operation.team_parameter.as_deref().map(parameter_name);
            let setter = setter.ok_or_else(|| no_setter(operation, name))?;
            let setter = quote::format_ident!("{setter}");
            let doc = match location {
                TeamLocation::Header(_) => format!(" Sets the header `{name}` to the team."),
                _ => format!(" Sets the query parameter `{name}` to the team."),
            };
            (doc, parse_quote!(self.#setter(team.to_owned())))
        }
        TeamLocation::Body(name) => {
            let body = operation
                .body_schema
                .as_deref()
                .map(type_name)
                .transpose()?;
            let field = body.and_then(|body| field(types, &body, name));
            let (setter, ty) = field.ok_or_else(|| no_setter(operation, name))?;
            let value = value(&ty);
            let doc = format!(" Sets the body property `{name}` to the team.");
            (
                doc,
                parse_quote!(self.body_map(|body| body.#setter(#value))),
            )
        }
    };
    Ok(parse_quote! {
        impl openapi_runtime::WithTeam for #builder<'_> {
            #[doc = #doc]
            fn with_team(self, team: &str) -> Self {
                #call
            }
        }
    })
}

fn no_setter(operation: &Operation, name: &str) -> String {
    let id = &operation.id;
    format!("progenitor generated no setter for {name:?}, the team parameter of `{id}`")
}

/// Returns the field with the given wire name, and its type.
fn field(types: &[Item], of: &syn::Ident, wire: &str) -> Option<(syn::Ident, Type)> {
    let fields = types.iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == *of => Some(&item.fields),
        _ => None,
    })?;
    let field = fields.iter().find(|field| {
        FieldAttributes::of(field).is_ok_and(|attributes| attributes.has_wire_name(wire))
    })?;
    Some((field.ident.clone()?, field.ty.clone()))
}

/// Returns an expression that converts the team to the field's type.
fn value(ty: &Type) -> Expr {
    let Type::Path(path) = ty else {
        return parse_quote!(team.to_owned());
    };
    let last = path.path.segments.last();
    if let Some(option) = last.filter(|last| last.ident == "Option")
        && let PathArguments::AngleBracketed(arguments) = &option.arguments
        && let Some(GenericArgument::Type(inner)) = arguments.args.first()
    {
        let inner = value(inner);
        return parse_quote!(Some(#inner));
    }
    if last.is_some_and(|last| last.ident == "String") {
        return parse_quote!(team.to_owned());
    }
    // A path with one segment refers to the module `types`.
    match path.path.segments.len() {
        1 => parse_quote!(types::#path::from(team.to_owned())),
        _ => parse_quote!(#path::from(team.to_owned())),
    }
}
