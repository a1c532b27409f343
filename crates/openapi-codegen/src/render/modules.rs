//! Reads and reduces modules of progenitor's output before it is parsed, which takes long.

use std::collections::BTreeSet;

use proc_macro2::{Group, TokenStream, TokenTree};

/// Removes everything from the module `types` but the structs with the given names.
pub(super) fn with_structs(tokens: TokenStream, names: &BTreeSet<String>) -> TokenStream {
    replace(tokens, "types", |types| {
        let mut kept = TokenStream::new();
        let mut trees = types.into_iter().peekable();
        while let Some(tree) = trees.next() {
            let is_struct = matches!(&tree, TokenTree::Ident(ident) if ident == "struct");
            let is_kept = |next: &TokenTree| matches!(next, TokenTree::Ident(ident) if names.contains(&ident.to_string()));
            if is_struct && trees.peek().is_some_and(is_kept) {
                kept.extend([tree]);
                // The name and the fields.
                kept.extend(trees.by_ref().take(2));
            }
        }
        kept
    })
}

/// Returns the names of the structs and enums in the module `types`, with the tokens.
pub(super) fn type_names(tokens: TokenStream) -> (TokenStream, BTreeSet<String>) {
    let mut names = BTreeSet::new();
    let tokens = replace(tokens, "types", |types| {
        let mut is_name = false;
        let trees = types.into_iter().inspect(|tree| {
            let is_keyword = match tree {
                TokenTree::Ident(ident) if is_name => {
                    names.insert(ident.to_string());
                    false
                }
                TokenTree::Ident(ident) => ident == "struct" || ident == "enum",
                _ => false,
            };
            is_name = is_keyword;
        });
        trees.collect()
    });
    (tokens, names)
}

/// Replaces the contents of a module.
pub(super) fn replace(
    tokens: TokenStream,
    module: &str,
    mut contents: impl FnMut(TokenStream) -> TokenStream,
) -> TokenStream {
    let (mut after_mod, mut after_name) = (false, false);
    let trees = tokens.into_iter().map(|tree| {
        let is_ident = |text: &str| matches!(&tree, TokenTree::Ident(ident) if ident == text);
        let is_content = after_name;
        (after_mod, after_name) = (is_ident("mod"), after_mod && is_ident(module));
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

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn types_are_reduced_and_other_modules_remain() {
        let output = quote! {
            mod types { #[derive(Clone)] struct A { a: u8 } enum B {} struct C(u8); mod builder { struct A {} } }
            mod builder { struct Get { types: u8 } }
        };
        let with_a = quote! {
            mod types { struct A { a: u8 } }
            mod builder { struct Get { types: u8 } }
        };
        let tokens = with_structs(output.clone(), &BTreeSet::from(["A".to_owned()]));
        assert_eq!(tokens.to_string(), with_a.to_string());
        assert_eq!(
            type_names(output).1,
            ["A", "B", "C"].map(str::to_owned).into()
        );
    }
}
