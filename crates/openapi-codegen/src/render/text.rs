//! Writes tokens as compact text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Type;

/// Returns the text of a type or a path, without spaces around its punctuation.
pub(super) fn compact(tokens: &impl ToTokens) -> String {
    let mut text = String::new();
    write(tokens.to_token_stream(), &BTreeSet::new(), &mut text);
    text
}

/// Returns the text of a type in a module below `types`. The given names are those of the types in `types`.
pub(super) fn scoped(ty: &Type, own_types: &BTreeSet<String>) -> String {
    let mut text = String::new();
    write(ty.to_token_stream(), own_types, &mut text);
    text
}

fn write(tokens: TokenStream, own_types: &BTreeSet<String>, text: &mut String) {
    let mut after_colon = false;
    for tree in tokens {
        let is_colon = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == ':');
        match tree {
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                if !after_colon && own_types.contains(&name) {
                    text.push_str("super::");
                }
                text.push_str(&name);
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(group.stream(), own_types, text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => {
                text.push(punct.as_char());
                if matches!(punct.as_char(), ',' | ';') {
                    text.push(' ');
                }
            }
            TokenTree::Literal(literal) => {
                let _ = write!(text, "{literal}");
            }
        }
        after_colon = is_colon;
    }
}
