//! Compares the public Rust API of two versions of generated code.
//!
//! Every public item has a signature. Removing an item or changing its signature is a breaking change. Adding
//! an item is compatible if the enclosing struct or enum is `non_exhaustive`. Generated structs and enums are.

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::{Attribute, Fields, ImplItem, Item, ItemImpl, Visibility};

use crate::render::enums;
use crate::{Error, Result};

/// The public items of generated files: name and signature.
pub type Items = BTreeMap<String, String>;

/// A change for callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the item.
    pub item: String,
    /// Whether calling code may stop compiling.
    pub breaking: bool,
    /// A description of the change.
    pub what: String,
}

/// The version bump required by a set of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bump {
    /// No changes.
    None,
    /// Only changes that callers cannot observe.
    Patch,
    /// Compatible additions.
    Minor,
    /// Breaking changes.
    Major,
}

impl Bump {
    /// Returns the name of the bump in semantic versioning.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    /// Returns the version that follows `version` by Cargo's rules: below 1.0, the second number marks
    /// breaking changes. `None` if `version` is invalid.
    pub fn after(self, version: &str) -> Option<String> {
        let numbers: Vec<u64> = version
            .split('.')
            .map(|n| n.parse().ok())
            .collect::<Option<_>>()?;
        let [major, minor, patch] = numbers.as_slice() else {
            return None;
        };
        let (major, minor, patch) = match (self, *major) {
            (Self::None, _) => (*major, *minor, *patch),
            (Self::Major, 0) if *minor == 0 => (0, 0, patch + 1),
            (Self::Major, 0) => (0, minor + 1, 0),
            (Self::Minor | Self::Patch, 0) | (Self::Patch, _) => (*major, *minor, patch + 1),
            (Self::Minor, _) => (*major, minor + 1, 0),
            (Self::Major, _) => (major + 1, 0, 0),
        };
        Some(format!("{major}.{minor}.{patch}"))
    }
}

/// Compares the items of two versions.
pub fn compare(old: &Items, new: &Items) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (item, before) in old {
        match new.get(item) {
            None => findings.push(Finding {
                item: item.clone(),
                breaking: true,
                what: "removed".to_owned(),
            }),
            Some(now) if now != before => findings.push(Finding {
                item: item.clone(),
                breaking: true,
                what: format!("`{before}` -> `{now}`"),
            }),
            Some(_) => {}
        }
    }
    for (item, now) in new.iter().filter(|(item, _)| !old.contains_key(*item)) {
        let what = if now.is_empty() {
            "added".to_owned()
        } else {
            format!("added: `{now}`")
        };
        findings.push(Finding {
            item: item.clone(),
            breaking: is_breaking_addition(item, now, old),
            what,
        });
    }
    findings.sort_by(|a, b| (!a.breaking, &a.item).cmp(&(!b.breaking, &b.item)));
    findings
}

/// Returns whether adding an item is a breaking change: a field or variant of an exhaustive type, or an
/// implementation of `Copy`, which changes how closures and patterns capture a value.
fn is_breaking_addition(item: &str, now: &str, old: &Items) -> bool {
    if let Some(name) = item.strip_prefix("impl Copy for ") {
        return old.contains_key(name);
    }
    let holder = |separator| item.rsplit_once(separator).map(|(holder, _)| holder);
    let is_exhaustive = |holder: &str, kind: &str| {
        let has_fields = || {
            old.keys()
                .any(|name| name.starts_with(&format!("{holder}.")))
        };
        old.get(holder).is_some_and(|signature| {
            signature.starts_with(kind) && (kind == "enum" || has_fields())
        })
    };
    let is_code = item.ends_with(')') || now.starts_with("const:");
    let field = holder(".").is_some_and(|holder| is_exhaustive(holder, "struct"));
    let variant = holder("::").is_some_and(|holder| is_exhaustive(holder, "enum"));
    !is_code && !item.starts_with("impl ") && (field || variant)
}

/// Returns the bump required by the findings. `differs` is whether anything else differs.
pub fn bump(findings: &[Finding], differs: bool) -> Bump {
    if findings.iter().any(|finding| finding.breaking) {
        Bump::Major
    } else if !findings.is_empty() {
        Bump::Minor
    } else if differs {
        Bump::Patch
    } else {
        Bump::None
    }
}

/// Returns the public items of generated files, given with their paths.
///
/// # Errors
/// Returns an error if a file is not valid Rust.
pub fn items(files: &[(String, String)]) -> Result<Items> {
    let mut items = Items::new();
    for (path, text) in files {
        let module = match path.as_str() {
            "mod.rs" => "",
            "builder.rs" => "builder::",
            "operations.rs" => "operations::",
            "types.rs" | "types/enums.rs" | "types/unions.rs" => "types::",
            "types/builder.rs" => "types::builder::",
            "types/error.rs" => "types::error::",
            _ => continue,
        };
        let file = syn::parse_file(text).and_then(|file| enums::expanded(file.items));
        for item in &file.map_err(|e| Error::new(format!("{path}: {e}")))? {
            add(item, module, &mut items);
        }
    }
    Ok(items)
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn text(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, tight) in [
        (" ,", ","),
        (",)", ")"),
        (", >", ">"),
        (": ::", ":  ::"),
        (" ::", "::"),
        (":: ", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        ("& ", "&"),
        (" (", "("),
        (" : ", ": "),
        (",<", ", <"),
    ] {
        text = text.replace(spaced, tight);
    }
    text
}

/// Returns the name of a type in a module, such as that of `super::Model` in `types::builder::`.
fn name_in(module: &str, ty: &impl ToTokens) -> String {
    let mut name = text(ty);
    if name.starts_with("::") {
        return name;
    }
    let mut module = module;
    while let Some(outer) = name.strip_prefix("super::") {
        let inner = module.trim_end_matches("::");
        module = &module[..inner.rfind("::").map_or(0, |end| end + 2)];
        name = outer.to_owned();
    }
    format!("{module}{name}")
}

fn add(item: &Item, module: &str, items: &mut Items) {
    match item {
        Item::Struct(item) if is_public(&item.vis) => {
            let name = format!("{module}{}", item.ident);
            let kind = match &item.fields {
                Fields::Named(_) => "struct",
                Fields::Unnamed(_) => "tuple struct",
                Fields::Unit => "unit struct",
            };
            items.insert(name.clone(), signature(kind, &item.generics, &item.attrs));
            add_derives(&item.attrs, &name, items);
            for (index, field) in item
                .fields
                .iter()
                .enumerate()
                .filter(|(_, field)| is_public(&field.vis))
            {
                let field_name = field
                    .ident
                    .as_ref()
                    .map_or_else(|| index.to_string(), ToString::to_string);
                items.insert(format!("{name}.{field_name}"), text(&field.ty));
            }
        }
        Item::Enum(item) if is_public(&item.vis) => {
            let name = format!("{module}{}", item.ident);
            items.insert(name.clone(), signature("enum", &item.generics, &item.attrs));
            add_derives(&item.attrs, &name, items);
            for variant in &item.variants {
                items.insert(format!("{name}::{}", variant.ident), text(&variant.fields));
            }
        }
        Item::Const(item) if is_public(&item.vis) => {
            items.insert(
                format!("{module}{}", item.ident),
                format!("const: {}", text(&item.ty)),
            );
        }
        Item::Type(item) if is_public(&item.vis) => {
            items.insert(
                format!("{module}{}", item.ident),
                format!("type = {}", text(&item.ty)),
            );
        }
        Item::Fn(item) if is_public(&item.vis) => {
            items.insert(format!("{module}{}", item.sig.ident), text(&item.sig));
        }
        Item::Impl(block) => add_block(block, module, items),
        _ => {}
    }
}

fn signature(kind: &str, generics: &syn::Generics, attributes: &[Attribute]) -> String {
    let open = attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("non_exhaustive"));
    let open = if open { "non_exhaustive " } else { "" };
    format!("{open}{kind}{}", text(generics))
}

fn add_derives(attributes: &[Attribute], name: &str, items: &mut Items) {
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
    {
        let Ok(list) = attribute.meta.require_list() else {
            continue;
        };
        for derived in list.tokens.to_string().split(',') {
            let derived = derived.rsplit("::").next().unwrap_or(derived).trim();
            if !derived.is_empty() {
                items.insert(format!("impl {derived} for {name}"), String::new());
            }
        }
    }
}

fn add_block(block: &ItemImpl, module: &str, items: &mut Items) {
    let name = name_in(module, &block.self_ty);
    if let Some((path, _)) = &block.trait_ {
        let path = text(path).replace("std::", "::std::").replace("::::", "::");
        let plain = path
            .rsplit("::")
            .next()
            .filter(|_| !path.contains('<'))
            .unwrap_or(&path)
            .to_owned();
        // A trait implementation for one of our types.
        items.insert(format!("impl {plain} for {name}"), String::new());
        return;
    }
    for inner in &block.items {
        match inner {
            ImplItem::Fn(function) if is_public(&function.vis) => {
                let ident = &function.sig.ident;
                items.insert(format!("{name}::{ident}()"), text(&function.sig));
            }
            ImplItem::Const(constant) if is_public(&constant.vis) => {
                let ident = &constant.ident;
                items.insert(
                    format!("{name}::{ident}"),
                    format!("const: {}", text(&constant.ty)),
                );
            }
            _ => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_and_signatures_read_like_code() {
        let text = "
            impl<'a> Get<'a> {
                pub fn id<V>(mut self, id: &V, map: ::std::vec::Vec<super::A>) -> Self
                where
                    V: TryInto<i64>,
                    <V as TryInto<i64>>::Error: std::fmt::Display,
                { self }
            }
            impl From<A> for super::A {}
            impl From<super::A> for A {}
            impl From<super::A> for ::serde_json::Value {}
        ";
        let files = [("types/builder.rs".to_owned(), text.to_owned())];
        let items: Vec<_> = items(&files).unwrap().into_iter().collect();
        let signature = "fn id<V>(mut self, id: &V, map: ::std::vec::Vec<super::A>) -> Self where V: \
                         TryInto<i64>, <V as TryInto<i64>>::Error: std::fmt::Display,";
        assert_eq!(
            items,
            [
                ("impl From<A> for types::A", ""),
                ("impl From<super::A> for ::serde_json::Value", ""),
                ("impl From<super::A> for types::builder::A", ""),
                ("types::builder::Get<'a>::id()", signature),
            ]
            .map(|(name, signature)| (name.to_owned(), signature.to_owned()))
        );
    }
}
