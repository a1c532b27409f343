//! Compares the public Rust API of two versions of generated code.
//!
//! Every public item has a signature. Removing an item or changing its signature is a breaking change. Adding
//! an item is compatible if the enclosing struct or enum is `non_exhaustive`. Generated structs and enums are.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, Fields, ImplItem, Item, ItemImpl, Lit, Visibility};

use crate::render::enums;
use crate::surface::wire_name;
use crate::{Error, Result};

/// The public items of generated files.
#[derive(Debug, Default)]
pub struct Items {
    /// The signature of each item, by its name.
    signatures: BTreeMap<String, String>,
    /// What items are on the wire, by their names: the name of a property or parameter, the value of an enumeration, or
    /// the method and path of an operation.
    wire: BTreeMap<String, String>,
}

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
    for (item, before) in &old.signatures {
        let what = match new.signatures.get(item) {
            None => "removed".to_owned(),
            Some(now) if now != before => format!("`{before}` -> `{now}`"),
            Some(_) => continue,
        };
        findings.push(Finding {
            item: item.clone(),
            breaking: true,
            what,
        });
    }
    let is_added = |item: &str| !old.signatures.contains_key(item);
    for (item, now) in new.signatures.iter().filter(|(item, _)| is_added(item)) {
        let what = if now.is_empty() {
            "added".to_owned()
        } else {
            format!("added: `{now}`")
        };
        findings.push(Finding {
            item: item.clone(),
            breaking: is_breaking_addition(item, now, &old.signatures),
            what,
        });
    }
    for (item, before) in &old.wire {
        if let Some(now) = new.wire.get(item)
            && now != before
            && (is_other(item, now, &old.wire) || is_other(item, before, &new.wire))
        {
            findings.push(Finding {
                item: item.clone(),
                breaking: true,
                what: format!("`{before}` -> `{now}` on the wire"),
            });
        }
    }
    findings.sort_by(|a, b| (!a.breaking, &a.item).cmp(&(!b.breaking, &b.item)));
    findings
}

/// Returns whether another item of the same type has a meaning on the wire. If it has that of `item` in another
/// version, programs still compile, but do something else.
fn is_other(item: &str, meaning: &str, wire: &BTreeMap<String, String>) -> bool {
    let length = item.rfind(['.', ':']).map_or(0, |end| end + 1);
    let is_sibling = |other: &str| {
        let rest = other.strip_prefix(&item[..length]);
        other != item && rest.is_some_and(|rest| !rest.contains(['.', ':']))
    };
    let mut others = wire.iter().filter(|(other, _)| is_sibling(other));
    others.any(|(_, other)| other == meaning)
}

/// Returns whether adding an item is a breaking change: a field or variant of an exhaustive type, or an
/// implementation of `Copy`, which changes how closures and patterns capture a value.
fn is_breaking_addition(item: &str, now: &str, old: &BTreeMap<String, String>) -> bool {
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
    let mut items = Items::default();
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
            items
                .signatures
                .insert(name.clone(), signature(kind, &item.generics, &item.attrs));
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
                let wire = wire_name(&field.attrs).unwrap_or_else(|| field_name.clone());
                let item = format!("{name}.{field_name}");
                items.wire.insert(item.clone(), wire);
                items.signatures.insert(item, text(&field.ty));
            }
        }
        Item::Enum(item) if is_public(&item.vis) => {
            let name = format!("{module}{}", item.ident);
            items
                .signatures
                .insert(name.clone(), signature("enum", &item.generics, &item.attrs));
            add_derives(&item.attrs, &name, items);
            for variant in &item.variants {
                let item = format!("{name}::{}", variant.ident);
                if let Some(value) = wire_name(&variant.attrs) {
                    items.wire.insert(item.clone(), value);
                }
                items.signatures.insert(item, text(&variant.fields));
            }
        }
        Item::Const(item) if is_public(&item.vis) => {
            let name = format!("{module}{}", item.ident);
            if let Some(request) = request(&item.expr) {
                items.wire.insert(name.clone(), request);
            }
            items
                .signatures
                .insert(name, format!("const: {}", text(&item.ty)));
        }
        Item::Type(item) if is_public(&item.vis) => {
            items.signatures.insert(
                format!("{module}{}", item.ident),
                format!("type = {}", text(&item.ty)),
            );
        }
        Item::Fn(item) if is_public(&item.vis) => {
            items
                .signatures
                .insert(format!("{module}{}", item.sig.ident), text(&item.sig));
        }
        Item::Impl(block) => add_block(block, module, items),
        _ => {}
    }
}

/// Returns the method and the path of a constant `Operation::new("id", "GET", "/path")…`, without the names of the path
/// parameters.
fn request(constant: &Expr) -> Option<String> {
    let mut inner = constant;
    while let Expr::MethodCall(call) = inner {
        inner = &call.receiver;
    }
    let Expr::Call(call) = inner else {
        return None;
    };
    let texts = call.args.iter().filter_map(|argument| match argument {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    });
    let [_, method, path] = texts.collect::<Vec<_>>().try_into().ok()?;
    let parts = path
        .split('{')
        .enumerate()
        .map(|(index, part)| match index {
            0 => part.to_owned(),
            _ => format!("{{}}{}", part.split_once('}').map_or("", |(_, rest)| rest)),
        });
    Some(format!("{method} {}", parts.collect::<String>()))
}

/// Reads what the fields of a request are on the wire from the code that sends it.
#[derive(Default)]
struct Parameters {
    /// By the name of the field: the name of the parameter, or its position in the path.
    wire: BTreeMap<String, String>,
    in_path: usize,
}

impl Parameters {
    /// Searches for calls whose first arguments are a name and the field: `QueryParam::new("page[size]", &page_size)`,
    /// `path_segment("id", &id.to_string())`, or `append("X-Trace", value.to_string())` in `if let Some(value) = &x_trace`.
    fn read(&mut self, tokens: TokenStream, optional: &str) {
        let mut last = String::new();
        for token in tokens {
            match token {
                TokenTree::Ident(name) => last = name.to_string(),
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    self.read(group.stream(), &last);
                }
                TokenTree::Group(group) => {
                    let arguments = group.stream();
                    match named_field(arguments.clone()) {
                        Some((mut name, mut field)) => {
                            if last == "path_segment" {
                                self.in_path += 1;
                                name = format!("path {}", self.in_path);
                            }
                            if field == "value" && !optional.is_empty() {
                                field = optional.to_owned();
                            }
                            self.wire.insert(field, name);
                        }
                        None => self.read(arguments, optional),
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => last.clear(),
            }
        }
    }
}

/// Reads arguments that start with a text and a variable.
fn named_field(arguments: TokenStream) -> Option<(String, String)> {
    let mut tokens = arguments.into_iter();
    let TokenTree::Literal(name) = tokens.next()? else {
        return None;
    };
    let name = syn::parse_str::<syn::LitStr>(&name.to_string()).ok()?;
    let mut tokens = tokens.skip_while(|token| matches!(token, TokenTree::Punct(_)));
    let TokenTree::Ident(field) = tokens.next()? else {
        return None;
    };
    // The arguments of `format!` are calls.
    let is_path = matches!(tokens.next(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
    (!is_path).then(|| (name.value(), field.to_string()))
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
                items
                    .signatures
                    .insert(format!("impl {derived} for {name}"), String::new());
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
        if plain == "IntoRequest" {
            let mut parameters = Parameters::default();
            parameters.read(block.to_token_stream(), "");
            let setters = parameters.wire.into_iter();
            let setters = setters.map(|(field, wire)| (format!("{name}::{field}()"), wire));
            items.wire.extend(setters);
        }
        // A trait implementation for one of our types.
        items
            .signatures
            .insert(format!("impl {plain} for {name}"), String::new());
        return;
    }
    for inner in &block.items {
        match inner {
            ImplItem::Fn(function) if is_public(&function.vis) => {
                let ident = &function.sig.ident;
                items
                    .signatures
                    .insert(format!("{name}::{ident}()"), text(&function.sig));
            }
            ImplItem::Const(constant) if is_public(&constant.vis) => {
                let ident = &constant.ident;
                items.signatures.insert(
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

    fn changes(old: &Items, new: &Items) -> Vec<String> {
        let findings = compare(old, new).into_iter();
        findings
            .map(|finding| format!("{}: {}", finding.item, finding.what))
            .collect()
    }

    #[test]
    fn names_that_mean_something_else_are_breaking() {
        let api = |[x, y]: [&str; 2], [a, b]: [&str; 2]| {
            let operations = format!(
                "pub const X: Operation = Operation::new(\"x\", {x:?}, \"/a/{{id}}\").with_team(T);
                 pub const Y: Operation = Operation::new(\"y\", {y:?}, \"/a/{{id}}\");"
            );
            let types = format!(
                "pub struct A {{ #[serde(rename = {a:?})] pub a: u8, #[serde(rename = {b:?})] pub b: u8 }}"
            );
            let files = [("operations.rs", operations), ("types.rs", types)];
            items(&files.map(|(path, text)| (path.to_owned(), text))).unwrap()
        };
        let before = api(["GET", "DELETE"], ["a-b", "a.b"]);
        assert_eq!(
            changes(&before, &api(["DELETE", "GET"], ["a.b", "a-b"])),
            [
                "operations::X: `GET /a/{}` -> `DELETE /a/{}` on the wire",
                "operations::Y: `DELETE /a/{}` -> `GET /a/{}` on the wire",
                "types::A.a: `a-b` -> `a.b` on the wire",
                "types::A.b: `a.b` -> `a-b` on the wire",
            ]
        );
        // The comparison on the wire shows these.
        assert!(changes(&before, &api(["POST", "DELETE"], ["c", "a.b"])).is_empty());
    }

    #[test]
    fn setters_and_values_that_mean_something_else_are_breaking() {
        let api = |(query, path): (&str, [&str; 2]), value: &str| {
            let builder = format!(
                "impl<'a> Get<'a> {{ pub fn a_b() {{}} pub fn x() {{}} pub fn y() {{}} }}
                 impl<'a> IntoRequest for Get<'a> {{
                     fn into_request(self) {{
                         let url = join(&format!(\"/{{}}/{{}}\", runtime::path_segment(\"x\", &{}), runtime::path_segment(\"y\", &{})));
                         if let Some(value) = &h {{ map.append({query:?}, value.to_string()) }}
                         get(url).query(&QueryParam::new({query:?}, &a_b)).query(&QueryParam::new(\"a_b\", &a_b_2))
                     }}
                 }}",
                path[0], path[1]
            );
            let enums =
                format!("open_enum! {{ pub enum E {{ A = {value:?}, A2 = \"a\", _ = Other, }} }}");
            let files = [("builder.rs", builder), ("types/enums.rs", enums)];
            items(&files.map(|(path, text)| (path.to_owned(), text))).unwrap()
        };
        let before = api(("a_b", ["x", "y"]), "a");
        assert_eq!(
            changes(&before, &api(("a[b]", ["y", "x"]), "-a")),
            [
                "builder::Get<'a>::a_b(): `a_b` -> `a[b]` on the wire",
                "builder::Get<'a>::h(): `a_b` -> `a[b]` on the wire",
                "builder::Get<'a>::x(): `path 1` -> `path 2` on the wire",
                "builder::Get<'a>::y(): `path 2` -> `path 1` on the wire",
                "types::E::A: `a` -> `-a` on the wire",
            ]
        );
        // The comparison on the wire shows these.
        let before = api(("a-b", ["x", "y"]), "A");
        assert!(changes(&before, &api(("c", ["x", "y"]), "b")).is_empty());
    }

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
        let items: Vec<_> = items(&files).unwrap().signatures.into_iter().collect();
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
