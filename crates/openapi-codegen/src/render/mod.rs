//! Renders a lowered document as Rust files, using progenitor.
//!
//! | module | contents |
//! |---|---|
//! | `input` | prepares the lowered document for progenitor |
//! | `parse` | parses the document with `openapiv3` |
//! | `property_names` | gives properties of one schema distinct names in Rust |
//! | `client` | runs progenitor |
//! | `runtime` | renames the runtime crate in paths |
//! | `post_process` | post-processes progenitor's output |
//! | `request_bodies` | keeps request bodies that are passed as a whole |
//! | `send_methods` | replaces the send methods |
//! | `teams` | implements `WithTeam` |
//! | `documentation` | formats doc comments |
//! | `bisect` | finds the operation or schema that progenitor cannot generate |
//! | `enums` | renders open enums |
//! | `unions` | renders `oneOf` and `anyOf` as enums |
//! | `lenient_impls` | implements `Lenient` for types |
//! | `limits` | renders checks of numeric limits |
//! | `operations` | renders operation constants |
//! | `wire` | restores names and media types on the wire |
//! | `field_attributes` | parses the serde attributes of fields |
//! | `type_code` | adds constructors, derives and checks to types |
//! | `type_builders` | renders the builders of types |
//! | `text` | writes types as text |
//! | `split` | splits the output into files |

mod bisect;
mod client;
mod documentation;
mod enums;
mod field_attributes;
mod input;
mod lenient_impls;
mod limits;
mod names;
mod operations;
mod parse;
mod post_process;
mod property_names;
mod request_bodies;
mod runtime;
mod send_methods;
mod split;
mod teams;
mod text;
mod type_builders;
mod type_code;
mod unions;
mod wire;

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::thread;

use crate::lower::{self, Lowered};
use openapiv3::OpenAPI;
use proc_macro2::TokenStream;

use self::bisect::Culprit;
use self::operations::Operation;
use crate::{Error, Result};

/// Renders the files of a generated folder, each with its path in that folder. `source` is the document's
/// name in errors.
///
/// # Errors
/// Returns an error if progenitor rejects the document, or if its output is not as the post-processing
/// expects.
pub fn render(source: &str, lowered: &Lowered) -> Result<Vec<(String, String)>> {
    let generated = generate(source, lowered)?;
    let tokens = generated.tokens.map_err(|reason| {
        let pointer = bisect::find(lowered).map(|culprit| format!("{}: ", culprit.pointer()));
        let pointer = pointer.unwrap_or_default();
        Error::new(format!("{source}: {pointer}{reason}"))
    })?;
    finish(source, lowered, &generated.document, tokens)
}

/// Like [`render`], but drops the operations and schemas that progenitor cannot generate, and reports them in
/// the document's notes.
///
/// # Errors
/// Returns an error if dropping single operations and schemas does not help.
pub fn render_supported(source: &str, lowered: &mut Lowered) -> Result<Vec<(String, String)>> {
    const MAX_DROPPED: usize = 50;
    for _ in 0..MAX_DROPPED {
        let generated = generate(source, lowered)?;
        let reason = match generated.tokens {
            Ok(tokens) => return finish(source, lowered, &generated.document, tokens),
            Err(reason) => reason,
        };
        let (mut ids, mut schemas) = (BTreeSet::new(), BTreeSet::new());
        match bisect::find(lowered) {
            Some(Culprit::Operation(_, id)) => ids.insert(id),
            Some(Culprit::Schema(_, name)) => schemas.insert(name),
            None => break,
        };
        *lowered = lower::without(lowered.clone(), &ids, &schemas, &reason);
    }
    render(source, lowered)
}

/// The document and progenitor's output, or the reason why there is none.
struct Generated {
    document: OpenAPI,
    tokens: Result<TokenStream, String>,
}

/// Runs progenitor.
fn generate(source: &str, lowered: &Lowered) -> Result<Generated> {
    let input = input::prepare(lowered);
    let document =
        parse::parse(&input).map_err(|e| Error::new(format!("{source}, overlays applied: {e}")))?;
    let has_renamed_properties = property_names::has_renamed(&input);
    let mut tokens = client::generate(input, lowered);
    if has_renamed_properties {
        tokens = tokens.map(property_names::restore);
    }
    Ok(Generated { document, tokens })
}

/// Renders all files of a document. Files that do not depend on progenitor's output are rendered in parallel.
fn finish(
    source: &str,
    lowered: &Lowered,
    document: &OpenAPI,
    tokens: TokenStream,
) -> Result<Vec<(String, String)>> {
    let error = |reason: String| Error::new(format!("{source}: {reason}"));
    let operations = operations::list(document, lowered);
    thread::scope(|scope| {
        let own = scope.spawn(|| own_types(lowered));
        let mut files = post_processed(lowered, document, &operations, tokens).map_err(error)?;
        let own = own.join().unwrap_or_else(|panic| resume_unwind(panic));
        files.extend(own.map_err(error)?);
        let operations = operations::render(&operations).map_err(error)?;
        files.push(("operations.rs".to_owned(), unparse(operations)));
        Ok(files)
    })
}

/// Renders the types that progenitor references only by name.
fn own_types(lowered: &Lowered) -> Result<Vec<(String, String)>, String> {
    let mut files = Vec::new();
    if !lowered.enums.is_empty() {
        files.push(("types/enums.rs".to_owned(), enums::render(&lowered.enums)?));
    }
    if !lowered.unions.is_empty() {
        let unions = unions::render(lowered)?;
        files.push(("types/unions.rs".to_owned(), unions));
    }
    Ok(files)
}

/// Post-processes progenitor's output and splits it into files.
fn post_processed(
    lowered: &Lowered,
    document: &OpenAPI,
    operations: &[Operation],
    tokens: TokenStream,
) -> Result<Vec<(String, String)>, String> {
    let tokens = type_builders::without(tokens);
    let mut file =
        syn::parse2(tokens).map_err(|e| format!("progenitor's output is not valid Rust: {e}"))?;
    let limits = limits::of_types(document)?;
    let types = all_types(&file, lowered)?;
    post_process::post_process(&mut file, document, operations, &limits, &types)?;
    let mut modules = Vec::new();
    for (name, has) in [
        ("enums", !lowered.enums.is_empty()),
        ("unions", !lowered.unions.is_empty()),
    ] {
        if has {
            modules.push(name);
        }
    }
    split::split(file, &modules, &limits, &types)
}

/// Returns the names of all types that are generated.
fn all_types(file: &syn::File, lowered: &Lowered) -> Result<BTreeSet<String>, String> {
    let types = file.items.iter().find_map(|item| match item {
        syn::Item::Mod(module) if module.ident == "types" => module.content.as_ref(),
        _ => None,
    });
    let items = types.map(|(_, items)| &items[..]).unwrap_or_default();
    let names = items.iter().filter_map(|item| match item {
        syn::Item::Struct(item) => Some(item.ident.to_string()),
        syn::Item::Enum(item) => Some(item.ident.to_string()),
        _ => None,
    });
    let mut names: BTreeSet<String> = names.collect();
    let own = lowered.enums.iter().map(|open| &open.name);
    for name in own.chain(lowered.unions.iter().map(|union| &union.name)) {
        let name = names::type_name(name)?.to_string();
        if let Some(duplicate) = names.replace(name) {
            return Err(format!(
                "duplicate type name {duplicate}; give one of the schemas a `title`"
            ));
        }
    }
    Ok(names)
}

/// Formats a file, with a blank line between its items.
fn unparse(mut file: syn::File) -> String {
    let is_line = |item: &syn::Item| {
        matches!(item, syn::Item::Use(_))
            || matches!(item, syn::Item::Mod(module) if module.content.is_none())
    };
    let mut previous_is_line = None;
    let items = std::mem::take(&mut file.items);
    for item in items {
        let line = is_line(&item);
        let has_head = !file.attrs.is_empty();
        if previous_is_line.map_or(has_head, |previous| !(previous && line)) {
            // An empty item is printed as a blank line.
            file.items.push(syn::Item::Verbatim(TokenStream::new()));
        }
        previous_is_line = Some(line);
        file.items.push(item);
    }
    prettyplease::unparse(&file)
}
