//! The name by which generated code calls its runtime.

use syn::visit_mut::{self, VisitMut};
use syn::{File, Ident, Path, UsePath, parse_quote};

/// The crate that progenitor writes its output for.
const PROGENITORS: &str = "progenitor_client";

/// Replaces `progenitor_client::…` by `openapi_runtime::…`, in code and in imports.
pub(super) fn rename(file: &mut File) -> Result<(), String> {
    let mut renamed = Rename { count: 0 };
    renamed.visit_file_mut(file);
    match renamed.count {
        0 => Err(format!("progenitor wrote no path into `{PROGENITORS}`")),
        _ => Ok(()),
    }
}

struct Rename {
    count: usize,
}

impl Rename {
    fn crate_name(&mut self, name: &mut Ident) {
        if *name == PROGENITORS {
            *name = parse_quote!(openapi_runtime);
            self.count += 1;
        }
    }
}

impl VisitMut for Rename {
    fn visit_path_mut(&mut self, path: &mut Path) {
        // A name that stands alone is a field or a parameter of the document.
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

    use super::*;

    #[test]
    fn paths_and_imports_are_renamed_and_lone_names_are_not() {
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
    fn output_without_such_a_path_is_an_error() {
        let error = rename(&mut parse_quote!(
            fn send() {}
        ))
        .unwrap_err();
        assert_eq!(error, "progenitor wrote no path into `progenitor_client`");
    }
}
