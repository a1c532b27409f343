//! The public items of generated files as a short text.
//!
//! What a user of a generated crate can name and what it holds, without the code behind it: in a
//! review of a new specification, this is what to read.

use std::fmt::Write as _;

use quote::ToTokens;
use syn::{Fields, FnArg, ImplItem, Item, ReturnType, Visibility};

use crate::{Error, Result};

/// Lists the public surface of the generated files, given with their paths.
///
/// # Errors
/// If a file is not Rust.
pub fn surface(files: &[(String, String)]) -> Result<String> {
    let mut text = String::new();
    for (path, content) in files {
        // The builder of a struct has a setter for each of its fields and nothing else.
        if path == "types/builder.rs" || path == "types/defaults.rs" {
            continue;
        }
        let file = syn::parse_file(content).map_err(|e| Error::new(format!("{path}: {e}")))?;
        for item in &file.items {
            describe(item, &mut text);
        }
    }
    Ok(text)
}

fn describe(item: &Item, text: &mut String) {
    match item {
        Item::Struct(item) if is_public(&item.vis) => {
            let _ = writeln!(text, "struct {}", item.ident);
            if let Fields::Named(fields) = &item.fields {
                for field in fields.named.iter().filter(|field| is_public(&field.vis)) {
                    if let Some(name) = &field.ident {
                        let _ = writeln!(text, "    {name}: {}", short(&field.ty));
                    }
                }
            }
        }
        Item::Enum(item) if is_public(&item.vis) => {
            let _ = writeln!(text, "enum {}", item.ident);
            for variant in &item.variants {
                let _ = writeln!(text, "    {}{}", variant.ident, short(&variant.fields));
            }
        }
        Item::Const(item) if is_public(&item.vis) => {
            let _ = writeln!(text, "const {} = {}", item.ident, short(&item.expr));
        }
        Item::Impl(block) if block.trait_.is_none() => {
            let functions: Vec<_> = block
                .items
                .iter()
                .filter_map(|item| match item {
                    ImplItem::Fn(function) if is_public(&function.vis) => Some(function),
                    _ => None,
                })
                .collect();
            // Every type has a builder, and every builder of an operation a `new`.
            let worth_it = functions
                .iter()
                .any(|function| function.sig.ident != "builder");
            if !worth_it {
                return;
            }
            let _ = writeln!(text, "impl {}", short(&block.self_ty));
            for function in functions {
                let arguments: Vec<String> = function
                    .sig
                    .inputs
                    .iter()
                    .filter_map(|argument| match argument {
                        FnArg::Typed(argument) => Some(short(&argument.ty)),
                        FnArg::Receiver(_) => None,
                    })
                    .collect();
                let bound = function.sig.generics.where_clause.as_ref().map(short);
                let arguments = match bound {
                    Some(bound) => format!("{}; {bound}", arguments.join(", ")),
                    None => arguments.join(", "),
                };
                let output = match &function.sig.output {
                    ReturnType::Default => String::new(),
                    ReturnType::Type(_, output) => format!(" -> {}", short(output)),
                };
                let _ = writeln!(text, "    {}({arguments}){output}", function.sig.ident);
            }
        }
        _ => {}
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// A type as one would say it: without the paths to well-known crates.
fn short(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    let mut words: Vec<&str> = Vec::new();
    for word in text.split(' ') {
        if word == "::" {
            // A path keeps only its last part.
            if words
                .last()
                .is_some_and(|last| last.chars().all(|c| c.is_alphanumeric() || c == '_'))
            {
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
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        ("& ", "&"),
        (",>", ">"),
    ] {
        short = short.replace(spaced, tight);
    }
    short
}
