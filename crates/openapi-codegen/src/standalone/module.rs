//! Adapts generated code to be a module at any place in a crate.

use std::path::{Path, PathBuf};

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote;

use crate::files::Files;
use crate::{Error, Result};

/// Returns the files of a module for a build script: `<name>.rs`, which declares the module, and the module's files.
/// `folder` is the folder of all of them.
pub(crate) fn module(name: &str, folder: &Path, rendered: Vec<(String, String)>) -> Result<Files> {
    if syn::parse_str::<syn::Ident>(name).is_err() {
        return Err(Error::new(format!("{name:?} is not the name of a module")));
    }
    let mut files = Files::new();
    for (path, text) in rendered {
        let text = with_relative_paths(&path, text)?;
        files.insert(Path::new(name).join(path), text);
    }
    let root = folder.join(name).join("mod.rs");
    // Lints of the crate are for its own code.
    let text = format!(
        r#"#[allow(warnings, clippy::all, clippy::pedantic, clippy::restriction, rustdoc::all, reason = "generated")]
#[path = {root:?}]
pub mod {name};
"#
    );
    files.insert(PathBuf::from(format!("{name}.rs")), text);
    Ok(files)
}

/// Replaces `crate::types` by a path from the file, whose path in the module is given.
fn with_relative_paths(path: &str, text: String) -> Result<String> {
    if !text.contains("crate::types") {
        return Ok(text);
    }
    let error = |e: &dyn std::fmt::Display| Error::new(format!("{path}: {e}"));
    let from = match path.strip_suffix(".rs").unwrap_or(path) {
        "mod" => quote!(self),
        inner => {
            let up = inner.split('/').map(|_| quote!(super));
            quote!(#(#up)::*)
        }
    };
    let tokens: TokenStream = text.parse().map_err(|e| error(&e))?;
    let file = syn::parse2(replace(tokens, &from)).map_err(|e| error(&e))?;
    Ok(prettyplease::unparse(&file))
}

/// Replaces `crate` by another path, in paths to `types`.
fn replace(tokens: TokenStream, by: &TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut replaced = TokenStream::new();
    for (index, token) in tokens.iter().enumerate() {
        let is_ident = |index: usize, name: &str| matches!(tokens.get(index), Some(TokenTree::Ident(ident)) if ident == name);
        match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), replace(group.stream(), by));
                inner.set_span(group.span());
                replaced.extend([TokenTree::Group(inner)]);
            }
            // The two characters of `::` are tokens.
            _ if is_ident(index, "crate") && is_ident(index + 3, "types") => {
                replaced.extend(by.clone());
            }
            token => replaced.extend([token.clone()]),
        }
    }
    replaced
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn paths_to_types_are_relative_to_the_file() {
        let text = "/// A crate::types::A.\nfn a(a: crate::types::A) -> Vec<crate::other::B> { vec![crate::types::A] }";
        let replaced = |path: &str| with_relative_paths(path, text.to_owned()).unwrap();
        let expected = |from: &str| {
            let code = format!(
                "fn a(a: {from}::types::A) -> Vec<crate::other::B> {{\n    vec![{from}::types::A]\n}}\n"
            );
            format!("/// A crate::types::A.\n{code}")
        };
        assert_eq!(replaced("mod.rs"), expected("self"));
        assert_eq!(replaced("types.rs"), expected("super"));
        assert_eq!(replaced("types/builder.rs"), expected("super::super"));
    }
}
