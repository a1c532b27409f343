//! Removes the builders of types that are not needed.
//!
//! progenitor generates a builder for each struct. Request bodies need theirs, because `body_map` passes it to the
//! caller, and so do types that cannot be created otherwise: those with neither `new` nor `Default`.

use std::collections::BTreeSet;

use quote::ToTokens as _;
use syn::visit_mut::{self, VisitMut};
use syn::{File, ImplItem, Item, ItemImpl, Path};

use super::type_code::implements_default;

/// Removes the builders from the module `types`. `operations` is the module of the operation builders.
pub(super) fn remove_unneeded(types: &mut File, operations: &mut File) {
    let mut used = Used::default();
    used.visit_file_mut(operations);
    let constructors = types.items.iter().filter_map(|item| match item {
        Item::Impl(block) if has_function(block, "new") => type_name(block),
        _ => None,
    });
    let defaults = types.items.iter().filter_map(implements_default);
    let mut unneeded: BTreeSet<String> = constructors.chain(defaults).collect();
    unneeded.retain(|name| !used.0.contains(name));

    types.items.retain(|item| match item {
        Item::Impl(block) if has_function(block, "builder") => {
            type_name(block).is_none_or(|name| !unneeded.contains(&name))
        }
        _ => true,
    });
    types.items.retain_mut(|item| match item {
        Item::Mod(module) if module.ident == "builder" => {
            let items = module.content.as_mut().map(|(_, items)| items);
            items.is_none_or(|items| {
                items.retain(|item| {
                    let name = match item {
                        Item::Struct(item) => Some(item.ident.to_string()),
                        Item::Impl(block) => type_name(block),
                        _ => None,
                    };
                    name.is_none_or(|name| !unneeded.contains(&name))
                });
                !items.is_empty()
            })
        }
        _ => true,
    });
}

/// The names of the types whose builders are used: `types::builder::Name`.
#[derive(Default)]
struct Used(BTreeSet<String>);

impl VisitMut for Used {
    fn visit_path_mut(&mut self, path: &mut Path) {
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if let [.., types, builder, name] = names.as_slice()
            && types == "types"
            && builder == "builder"
        {
            self.0.insert(name.clone());
        }
        visit_mut::visit_path_mut(self, path);
    }
}

fn has_function(block: &ItemImpl, name: &str) -> bool {
    let is_named =
        |item: &ImplItem| matches!(item, ImplItem::Fn(function) if function.sig.ident == name);
    block.trait_.is_none() && block.items.iter().any(is_named)
}

/// Returns the name of the type that a block is for, without its path.
fn type_name(block: &ItemImpl) -> Option<String> {
    match &*block.self_ty {
        syn::Type::Path(path) => Some(
            path.path
                .segments
                .last()?
                .ident
                .to_token_stream()
                .to_string(),
        ),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn builders_remain_for_bodies_and_types_without_a_constructor() {
        let mut types: File = parse_quote! {
            struct Body;
            impl Body { pub fn new(a: String) -> Self {} }
            impl Body { pub fn builder() -> builder::Body {} }
            struct Named;
            impl Named { pub fn new(a: String) -> Self {} }
            impl Named { pub fn builder() -> builder::Named {} }
            #[derive(Clone, Default)]
            struct Empty {}
            impl Empty { pub fn builder() -> builder::Empty {} }
            struct Pair;
            impl Pair { pub fn builder() -> builder::Pair {} }
            mod builder {
                struct Body;
                struct Named;
                impl Named { fn a(self) -> Self {} }
                impl TryFrom<Named> for super::Named {}
                impl From<super::Named> for Named {}
                struct Empty;
                struct Pair;
                impl TryFrom<Pair> for super::Pair {}
            }
        };
        let mut operations: File = parse_quote! {
            struct Send { body: Result<openapi_runtime::RequestBody<types::Body, types::builder::Body>, String> }
        };
        remove_unneeded(&mut types, &mut operations);
        let expected: File = parse_quote! {
            struct Body;
            impl Body { pub fn new(a: String) -> Self {} }
            impl Body { pub fn builder() -> builder::Body {} }
            struct Named;
            impl Named { pub fn new(a: String) -> Self {} }
            #[derive(Clone, Default)]
            struct Empty {}
            struct Pair;
            impl Pair { pub fn builder() -> builder::Pair {} }
            mod builder {
                struct Body;
                struct Pair;
                impl TryFrom<Pair> for super::Pair {}
            }
        };
        let text = |file: &File| file.to_token_stream().to_string();
        assert_eq!(text(&types), text(&expected));
        // Without builders, there is no module of them.
        let mut types: File = parse_quote! {
            impl Named { pub fn new(a: String) -> Self {} }
            mod builder { struct Named; }
        };
        remove_unneeded(&mut types, &mut parse_quote!());
        assert_eq!(types.items.len(), 1);
    }
}
