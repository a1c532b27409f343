//! Splits the output into files: client, operation builders, types, type builders.

use std::collections::BTreeSet;

use super::limits::LimitsOfTypes;
use super::{type_builders, type_code};
use syn::{File, Item, parse_quote};

/// Moves the modules of a file into files of their own, each with its path, beginning with the client.
pub(super) fn split(
    mut file: File,
    modules: &[&str],
    limits: &LimitsOfTypes,
    own_types: &BTreeSet<String>,
) -> Result<Vec<(String, File)>, String> {
    let mut inner_files = Vec::new();
    take_module(&mut file, "", "builder", &mut inner_files)?;
    let mut types = module(&mut file, "types").ok_or("progenitor generated no module `types`")?;
    type_code::add(&mut types, limits, own_types)?;
    if let Some((_, operations)) = inner_files.first_mut() {
        type_builders::remove_unneeded(&mut types, operations);
    }
    let mut type_files = Vec::new();
    for inner in ["builder", "defaults", "error"] {
        // Some of these modules may be missing.
        let _ = take_module(&mut types, "types/", inner, &mut type_files);
    }
    for module in modules.iter().rev() {
        let module = quote::format_ident!("{module}");
        let declaration: File = parse_quote! {
            mod #module;
            pub use self::#module::*;
        };
        types.items.splice(0..0, declaration.items);
    }
    for role in ["types", "operations", "builder"] {
        let role = quote::format_ident!("{role}");
        file.items.insert(0, parse_quote!(pub mod #role;));
    }
    let mut files = vec![("mod.rs".to_owned(), file)];
    files.append(&mut inner_files);
    files.push(("types.rs".to_owned(), types));
    files.append(&mut type_files);
    Ok(files)
}

/// Moves a module into a file. A submodule of `types` remains declared there.
fn take_module(
    file: &mut File,
    folder: &str,
    name: &str,
    files: &mut Vec<(String, File)>,
) -> Result<(), String> {
    let inner =
        module(file, name).ok_or_else(|| format!("progenitor generated no module `{name}`"))?;
    if !folder.is_empty() {
        let ident = quote::format_ident!("{name}");
        let declaration: Item = if name == "defaults" {
            parse_quote!(mod #ident;)
        } else {
            parse_quote!(pub mod #ident;)
        };
        file.items.insert(0, declaration);
    }
    files.push((format!("{folder}{name}.rs"), inner));
    Ok(())
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
