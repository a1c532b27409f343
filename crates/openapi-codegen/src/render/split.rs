//! Splits the output into files: client, operation builders, types, type builders.

use std::collections::BTreeSet;

use super::limits::LimitsOfTypes;
use super::setters::rewrite_errors;
use super::text::Rendered;
use super::{lenient_impls, type_code, unparse};
use syn::{File, ImplItem, Item, Type, parse_quote};

/// The code of operations.
#[derive(Default)]
pub(super) struct Client {
    /// The client and its methods, or only the methods.
    head: String,
    builders: String,
}

impl Client {
    /// Appends the code of another group of operations.
    pub(super) fn append(&mut self, group: Self) {
        for (code, more) in [
            (&mut self.head, group.head),
            (&mut self.builders, group.builders),
        ] {
            if !code.is_empty() {
                code.push('\n');
            }
            code.push_str(&more);
        }
    }

    /// Returns the files with their paths, beginning with the client.
    pub(super) fn files(self) -> Vec<(String, String)> {
        vec![
            ("mod.rs".to_owned(), self.head),
            ("builder.rs".to_owned(), self.builders),
        ]
    }
}

/// Moves the builders of the operations into a file of their own. The code of groups but the first is appended to that
/// of the first: it has no imports, and no client but its methods.
pub(super) fn client(
    mut file: File,
    is_first: bool,
    rendered: &Rendered,
) -> Result<Client, String> {
    let mut builders =
        module(&mut file, "builder").ok_or("progenitor generated no module `builder`")?;
    // Empty, and rendered by another run.
    let _ = module(&mut file, "types");
    if is_first {
        for role in ["types", "operations", "builder"] {
            let role = quote::format_ident!("{role}");
            file.items.insert(0, parse_quote!(pub mod #role;));
        }
    } else {
        for file in [&mut file, &mut builders] {
            file.attrs.clear();
            file.items.retain(|item| !matches!(item, Item::Use(_)));
        }
        file.items.retain(is_methods);
    }
    Ok(Client {
        head: unparse(file),
        builders: rendered.insert_into(&rewrite_errors(&unparse(builders))),
    })
}

/// Returns whether an item contains the methods of the client for operations.
fn is_methods(item: &Item) -> bool {
    let is_method = |item: &ImplItem| match item {
        ImplItem::Fn(function) => function.sig.receiver().is_some(),
        _ => false,
    };
    let is_client = |ty: &Type| matches!(ty, Type::Path(path) if path.path.is_ident("Client"));
    matches!(item, Item::Impl(block) if block.trait_.is_none() && is_client(&block.self_ty) && block.items.iter().all(is_method))
}

/// Moves the modules of the types into files of their own. `modules` are other modules of types, and `builders` the
/// types that need a builder. Returns the files with their paths.
pub(super) fn types(
    mut file: File,
    modules: &[&str],
    limits: &LimitsOfTypes,
    own_types: &BTreeSet<String>,
    builders: &BTreeSet<String>,
) -> Result<Vec<(String, String)>, String> {
    let mut types = module(&mut file, "types").ok_or("progenitor generated no module `types`")?;
    let mut files = Vec::new();
    let mut head = File {
        attrs: std::mem::take(&mut types.attrs),
        ..parse_quote!()
    };
    for module in modules {
        let module = quote::format_ident!("{module}");
        let declaration: File = parse_quote! {
            mod #module;
            pub use self::#module::*;
        };
        head.items.extend(declaration.items);
    }
    // Some of these modules may be missing.
    for (name, declaration) in [
        (
            "defaults",
            parse_quote!(
                mod defaults;
            ),
        ),
        (
            "error",
            parse_quote!(
                pub mod error;
            ),
        ),
    ] {
        if let Some(inner) = module(&mut types, name) {
            head.items.push(declaration);
            files.push((format!("types/{name}.rs"), unparse(inner)));
        }
    }
    let types = type_code::render(types.items, limits, own_types, builders)?;
    if let Some(builders) = types.builders {
        head.items.push(parse_quote!(
            pub mod builder;
        ));
        files.push(("types/builder.rs".to_owned(), builders));
    }
    let types = format!("{}{}{}", unparse(head), lenient_impls::IMPORT, types.items);
    files.push(("types.rs".to_owned(), types));
    Ok(files)
}

/// Removes a module from a file and returns its contents and attributes.
fn module(file: &mut File, name: &str) -> Option<File> {
    let index = file
        .items
        .iter()
        .position(|item| matches!(item, Item::Mod(module) if module.ident == name && module.content.is_some()))?;
    let Item::Mod(module) = file.items.remove(index) else {
        return None;
    };
    let (_, items) = module.content?;
    let attrs = module
        .attrs
        .into_iter()
        .map(|mut attribute| {
            attribute.style = syn::AttrStyle::Inner(Default::default());
            attribute
        })
        .collect();
    Some(File {
        attrs,
        items,
        ..parse_quote!()
    })
}
