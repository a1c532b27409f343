//! Removes modules from progenitor's output before it is parsed: parsing takes longer than everything else.

use std::collections::BTreeSet;

use proc_macro2::{Group, TokenStream, TokenTree};

/// Empties the module `types::builder`.
pub(super) fn without_builders_of_types(tokens: TokenStream) -> TokenStream {
    replace(tokens, "types", |types| {
        replace(types, "builder", |_| TokenStream::new())
    })
}

/// Empties the module `types`.
pub(super) fn without_types(tokens: TokenStream) -> TokenStream {
    replace(tokens, "types", |_| TokenStream::new())
}

/// Returns the names of the structs and enums in the module `types`.
pub(super) fn type_names(tokens: &TokenStream) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    replace(tokens.clone(), "types", |types| {
        let mut is_name = false;
        for tree in types {
            let ident = match tree {
                TokenTree::Ident(ident) => ident.to_string(),
                _ => String::new(),
            };
            let is_keyword = ident == "struct" || ident == "enum";
            if is_name {
                names.insert(ident);
            }
            is_name = is_keyword;
        }
        TokenStream::new()
    });
    names
}

/// Replaces the contents of a module.
fn replace(
    tokens: TokenStream,
    name: &str,
    mut contents: impl FnMut(TokenStream) -> TokenStream,
) -> TokenStream {
    let (mut after_mod, mut after_name) = (false, false);
    let trees = tokens.into_iter().map(|tree| {
        let is_ident = |text: &str| matches!(&tree, TokenTree::Ident(ident) if ident == text);
        let is_content = after_name;
        (after_mod, after_name) = (is_ident("mod"), after_mod && is_ident(name));
        match tree {
            TokenTree::Group(group) if is_content => {
                let (delimiter, stream) = (group.delimiter(), group.stream());
                // Otherwise the contents are shared, and iterating over them copies them.
                drop(group);
                TokenTree::from(Group::new(delimiter, contents(stream)))
            }
            tree => tree,
        }
    });
    trees.collect()
}
