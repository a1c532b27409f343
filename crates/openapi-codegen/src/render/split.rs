//! Splits the output into files: client, operation builders, types, type builders.

use std::collections::BTreeSet;

use super::limits::LimitsOfTypes;
use super::{lenient_impls, type_builders, type_code, unparse};
use syn::{File, Item, parse_quote};

/// Moves the modules of a file into files of their own, each with its path, beginning with the client.
pub(super) fn split(
    mut file: File,
    modules: &[&str],
    limits: &LimitsOfTypes,
    own_types: &BTreeSet<String>,
) -> Result<Vec<(String, String)>, String> {
    let mut builders =
        module(&mut file, "builder").ok_or("progenitor generated no module `builder`")?;
    let mut types = module(&mut file, "types").ok_or("progenitor generated no module `types`")?;
    // Empty by now.
    let _ = module(&mut types, "builder");
    let mut type_files = Vec::new();
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
            type_files.push((format!("types/{name}.rs"), unparse(inner)));
        }
    }
    let needed = type_builders::used(&mut builders);
    let types = type_code::render(types.items, limits, own_types, &needed)?;
    if let Some(builders) = types.builders {
        head.items.push(parse_quote!(
            pub mod builder;
        ));
        type_files.push(("types/builder.rs".to_owned(), builders));
    }
    for role in ["types", "operations", "builder"] {
        let role = quote::format_ident!("{role}");
        file.items.insert(0, parse_quote!(pub mod #role;));
    }
    let types = format!("{}{}{}", unparse(head), lenient_impls::IMPORT, types.items);
    let mut files = vec![
        ("mod.rs".to_owned(), unparse(file)),
        ("builder.rs".to_owned(), unparse(builders)),
        ("types.rs".to_owned(), types),
    ];
    files.append(&mut type_files);
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
