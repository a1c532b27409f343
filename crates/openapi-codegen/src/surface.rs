//! Lists the public items of generated files as text.
//!
//! The list contains everything that users of a generated crate can name, without implementations. It is
//! meant for reviews of a new specification.

use std::fmt::Write as _;

use quote::ToTokens;
use syn::{
    Attribute, Field, Fields, FnArg, ImplItem, Item, ReturnType, Signature, Visibility,
    WherePredicate,
};

use crate::render::enums;
use crate::{Error, Result};

/// Lists the public items of the generated files, given with their paths.
///
/// # Errors
/// Returns an error if a file is not valid Rust.
pub fn surface(files: &[(String, String)]) -> Result<String> {
    let mut text = String::new();
    for (path, content) in files {
        // These contain no information that the types do not: one setter or default per field.
        if path == "types/builder.rs" || path == "types/defaults.rs" {
            continue;
        }
        let file = syn::parse_file(content).and_then(|file| enums::expanded(file.items));
        for item in &file.map_err(|e| Error::new(format!("{path}: {e}")))? {
            describe(item, &mut text);
        }
    }
    Ok(text)
}

fn describe(item: &Item, text: &mut String) {
    match item {
        Item::Struct(item) if is_public(&item.vis) => {
            let Fields::Named(fields) = &item.fields else {
                return;
            };
            let fields: Vec<&Field> = fields
                .named
                .iter()
                .filter(|field| is_public(&field.vis))
                .collect();
            if fields.is_empty() {
                return;
            }
            let _ = writeln!(text, "\nstruct {}", item.ident);
            for field in fields {
                if let Some(name) = &field.ident {
                    let wire = wire_name(&field.attrs).map(|wire| format!(" as {wire:?}"));
                    let wire = wire.unwrap_or_default();
                    let _ = writeln!(text, "    {name}: {}{wire}", short(&field.ty));
                }
            }
        }
        Item::Enum(item) if is_public(&item.vis) => {
            let _ = writeln!(text, "\nenum {}", item.ident);
            for variant in &item.variants {
                let fields: Vec<String> = variant.fields.iter().map(variant_field).collect();
                let fields = match &variant.fields {
                    Fields::Named(_) => format!(" {{{}}}", fields.join(", ")),
                    Fields::Unnamed(_) => format!("({})", fields.join(", ")),
                    Fields::Unit => String::new(),
                };
                let _ = writeln!(text, "    {}{fields}", variant.ident);
            }
        }
        Item::Const(item) if is_public(&item.vis) => {
            let _ = writeln!(text, "\nconst {} = {}", item.ident, short(&item.expr));
        }
        Item::Impl(block) if block.trait_.is_none() => {
            let mut functions = String::new();
            for item in &block.items {
                if let ImplItem::Fn(function) = item
                    && is_public(&function.vis)
                    && !is_boilerplate(&function.sig)
                {
                    let _ = writeln!(functions, "    {}", signature(&function.sig));
                }
            }
            if !functions.is_empty() {
                let _ = write!(text, "\nimpl {}\n{functions}", short(&block.self_ty));
            }
        }
        _ => {}
    }
}

/// Returns whether a function exists for every type, operation or body: `builder`, `body_map`, or `new` of an
/// operation's builder.
fn is_boilerplate(signature: &Signature) -> bool {
    let of_client = signature.inputs.first().is_some_and(|argument| {
        matches!(argument, FnArg::Typed(argument) if short(&argument.ty) == "&'a Client")
    });
    signature.ident == "builder" || signature.ident == "body_map" || of_client
}

fn signature(signature: &Signature) -> String {
    let bounds: Vec<(String, String)> = signature
        .generics
        .where_clause
        .iter()
        .flat_map(|clause| &clause.predicates)
        .filter_map(|predicate| match predicate {
            WherePredicate::Type(bound) => Some((
                short(&bound.bounded_ty),
                format!("impl {}", short(&bound.bounds)),
            )),
            _ => None,
        })
        .collect();
    let arguments: Vec<String> = signature
        .inputs
        .iter()
        .filter_map(|argument| match argument {
            FnArg::Typed(argument) => {
                let ty = short(&argument.ty);
                let bound = bounds.iter().find(|(bounded, _)| *bounded == ty);
                Some(bound.map_or(ty, |(_, bound)| bound.clone()))
            }
            FnArg::Receiver(_) => None,
        })
        .collect();
    let output = match &signature.output {
        ReturnType::Type(_, output) if short(output) != "Self" => format!(" -> {}", short(output)),
        _ => String::new(),
    };
    format!("{}({}){output}", signature.ident, arguments.join(", "))
}

fn variant_field(field: &Field) -> String {
    match &field.ident {
        Some(name) => format!("{name}: {}", short(&field.ty)),
        None => short(&field.ty),
    }
}

/// Returns the name on the wire that the attributes of a field or variant give.
pub(crate) fn wire_name(attributes: &[Attribute]) -> Option<String> {
    let serde = attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("serde"))?;
    let arguments = short(&serde.meta.require_list().ok()?.tokens);
    let renamed = arguments.split("rename = \"").nth(1)?;
    Some(renamed.split('"').next()?.to_owned())
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Formats a type without module paths and line breaks.
fn short(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    let text = text.replace('(', " ( ").replace(')', " ) ");
    let mut words: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        if word == "::" {
            let is_name = |word: &str| word.chars().all(|c| c.is_alphanumeric() || c == '_');
            if words.last().is_some_and(|last| is_name(last)) {
                words.pop();
            }
        } else {
            words.push(word);
        }
    }
    let mut short = words.join(" ");
    for (spaced, tight) in [
        (" < ", "<"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" . ", "."),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        ("& ", "&"),
        (",>", ">"),
        (",)", ")"),
    ] {
        short = short.replace(spaced, tight);
    }
    short
}
