//! Writes tokens as compact text, and inserts text into formatted code.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Type;

/// Parts of a file that are rendered as text. In the tokens of the file, a macro call takes the place of each.
#[derive(Default)]
pub(super) struct Rendered {
    parts: Vec<String>,
}

impl Rendered {
    /// Takes a text of whole lines, and returns the tokens in its place. An empty text has none.
    pub(super) fn replace(&mut self, text: &mut String) -> TokenStream {
        if text.is_empty() {
            return TokenStream::new();
        }
        let index = proc_macro2::Literal::usize_unsuffixed(self.parts.len());
        self.parts.push(std::mem::take(text));
        quote!(rendered!(#index);)
    }

    /// Inserts the texts into a formatted file.
    pub(super) fn insert_into(&self, file: &str) -> String {
        let length = self.parts.iter().map(String::len).sum::<usize>();
        let mut inserted = String::with_capacity(file.len() + length);
        for line in file.split_inclusive('\n') {
            let index = line.trim().strip_prefix("rendered!(");
            let index = index.and_then(|rest| rest.strip_suffix(");")?.parse::<usize>().ok());
            let part = index.and_then(|index| self.parts.get(index));
            inserted.push_str(part.map_or(line, String::as_str));
        }
        inserted
    }
}

/// Returns the text of tokens, with spaces only between words and after `,` and `;`.
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
    let (mut after_colon, mut after_word) = (false, false);
    for tree in tokens {
        let is_colon = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == ':');
        let is_word = matches!(&tree, TokenTree::Ident(_) | TokenTree::Literal(_));
        if is_word && after_word {
            text.push(' ');
        }
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
        (after_colon, after_word) = (is_colon, is_word);
    }
}
