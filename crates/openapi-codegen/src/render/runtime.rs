//! Renames the runtime crate in generated code.

use syn::visit_mut::{self, VisitMut};
use syn::{File, Ident, Path, UsePath};

/// The crate that progenitor's output refers to.
const PROGENITOR_CLIENT: &str = "progenitor_client";

/// Replaces `progenitor_client::…` by `openapi_runtime::…`, in code and in imports.
pub(super) fn rename(file: &mut File) -> Result<(), String> {
    let mut renamed = Rename { count: 0 };
    renamed.visit_file_mut(file);
    match renamed.count {
        0 => Err(format!(
            "progenitor generated no path into `{PROGENITOR_CLIENT}`"
        )),
        _ => Ok(()),
    }
}

struct Rename {
    count: usize,
}

impl Rename {
    fn crate_name(&mut self, name: &mut Ident) {
        if *name == PROGENITOR_CLIENT {
            *name = Ident::new("openapi_runtime", name.span());
            self.count += 1;
        }
    }
}

impl VisitMut for Rename {
    fn visit_path_mut(&mut self, path: &mut Path) {
        // A single segment is a field or a parameter of the document.
        if path.segments.len() > 1
            && let Some(first) = path.segments.first_mut()
        {
            self.crate_name(&mut first.ident);
        }
        visit_mut::visit_path_mut(self, path);
    }

    fn visit_use_path_mut(&mut self, path: &mut UsePath) {
        self.crate_name(&mut path.ident);
        visit_mut::visit_use_path_mut(self, path);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use quote::ToTokens as _;
    use syn::parse_quote;

    use super::*;

    #[test]
    fn renames_paths_and_imports_but_not_single_identifiers() {
        let mut file: File = parse_quote! {
            use progenitor_client::{Error, ResponseValue};
            fn send(progenitor_client: ::progenitor_client::Secret) {
                progenitor_client::QueryParam::new("q", &progenitor_client);
            }
        };
        let expected: File = parse_quote! {
            use openapi_runtime::{Error, ResponseValue};
            fn send(progenitor_client: ::openapi_runtime::Secret) {
                openapi_runtime::QueryParam::new("q", &progenitor_client);
            }
        };
        rename(&mut file).unwrap();
        assert_eq!(
            file.to_token_stream().to_string(),
            expected.to_token_stream().to_string()
        );
    }

    #[test]
    fn fails_without_a_path_to_rename() {
        let error = rename(&mut parse_quote!(
            fn send() {}
        ))
        .unwrap_err();
        assert_eq!(
            error,
            "progenitor generated no path into `progenitor_client`"
        );
    }
}
