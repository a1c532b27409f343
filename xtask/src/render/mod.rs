//! A lowered document as Rust files, by progenitor.
//!
//! | module | what it does |
//! |---|---|
//! | `reading` | the lowered document as progenitor should read it |
//! | `read` | the document as `openapiv3` has it |
//! | `client` | runs progenitor with our settings |
//! | `runtime` | calls of the runtime by the name of our crate |
//! | `polish` | mends what its output does that a caller should not meet |
//! | `request_bodies` | bodies that are given whole stay whole |
//! | `senders` | what a request is made of is gone before its answer is waited for |
//! | `teams` | calls on behalf of a team |
//! | `documentation` | documentation as people write it |
//! | `provoker` | which operation or schema it is that progenitor cannot take |
//! | `enums` | open enumerations |
//! | `unions` | alternatives |
//! | `limits` | checks of the limits that the document states |
//! | `operations` | what the document says of each operation, as constants |
//! | `wire` | names and media types as they are on the wire |
//! | `said` | what progenitor wrote of the fields of types |
//! | `type_code` | what the types lack that people write and read |
//! | `split` | one file a role |

mod client;
mod documentation;
mod enums;
mod limits;
mod names;
mod operations;
mod polish;
mod provoker;
mod read;
mod reading;
mod request_bodies;
mod runtime;
mod said;
mod senders;
mod split;
mod teams;
mod type_code;
mod unions;
mod wire;

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::thread;

use openapi_pipeline::lower::{self, Lowered};
use openapiv3::OpenAPI;
use proc_macro2::TokenStream;

use self::operations::Operation;
use self::provoker::Provoker;
use crate::{Error, Result};

/// Renders the files of a generated folder, each with its path in that folder. `source` stands in errors.
///
/// # Errors
/// If progenitor cannot read the document, or writes something other than we know how to polish.
pub fn render(source: &str, lowered: &Lowered) -> Result<Vec<(String, String)>> {
    let written = write(source, lowered)?;
    let tokens = written.tokens.map_err(|reason| {
        let place = provoker::find(lowered).map(|provoker| format!("{}: ", provoker.place()));
        let place = place.unwrap_or_default();
        Error::new(format!("{source}: {place}{reason}"))
    })?;
    finish(source, lowered, &written.document, tokens)
}

/// As [`render`], without the operations and schemas that progenitor cannot take; notes in the document
/// say which these are.
///
/// # Errors
/// As [`render`], if it is not single operations or schemas that progenitor cannot take.
pub fn render_what_can_be(source: &str, lowered: &mut Lowered) -> Result<Vec<(String, String)>> {
    const MOST: usize = 50;
    for _ in 0..MOST {
        let written = write(source, lowered)?;
        let reason = match written.tokens {
            Ok(tokens) => return finish(source, lowered, &written.document, tokens),
            Err(reason) => reason,
        };
        let (mut ids, mut schemas) = (BTreeSet::new(), BTreeSet::new());
        match provoker::find(lowered) {
            Some(Provoker::Operation(_, id)) => ids.insert(id),
            Some(Provoker::Schema(_, name)) => schemas.insert(name),
            None => break,
        };
        *lowered = lower::without(lowered.clone(), &ids, &schemas, &reason);
    }
    render(source, lowered)
}

/// What progenitor made of a document, or why it made nothing.
struct Written {
    document: OpenAPI,
    tokens: Result<TokenStream, String>,
}

/// Runs progenitor.
fn write(source: &str, lowered: &Lowered) -> Result<Written> {
    let copy = reading::copy(lowered);
    let document =
        read::read(&copy).map_err(|e| Error::new(format!("{source}, overlays applied: {e}")))?;
    let tokens = client::generate(copy, lowered);
    Ok(Written { document, tokens })
}

/// All files of a document. What is not made of progenitor's output is made beside it.
fn finish(
    source: &str,
    lowered: &Lowered,
    document: &OpenAPI,
    tokens: TokenStream,
) -> Result<Vec<(String, String)>> {
    let fault = |reason: String| Error::new(format!("{source}: {reason}"));
    let operations = operations::list(document, lowered);
    thread::scope(|scope| {
        let own = scope.spawn(|| own_types(lowered));
        let mut files = polished(lowered, document, &operations, tokens).map_err(fault)?;
        let own = own.join().unwrap_or_else(|panic| resume_unwind(panic));
        files.extend(own.map_err(fault)?);
        let operations = operations::render(&operations).map_err(fault)?;
        files.push(("operations.rs".to_owned(), unparse(operations)));
        Ok(files)
    })
}

/// How many types are trees at the same time.
const FEW: usize = 64;

/// The files of the types that progenitor only knows by their names.
fn own_types(lowered: &Lowered) -> Result<Vec<(String, String)>, String> {
    let mut files = Vec::new();
    if !lowered.enums.is_empty() {
        // A few at a time: as trees, thousands take hundreds of megabytes.
        let parts = lowered.enums.chunks(FEW);
        let texts = parts.map(|part| Ok(unparse(enums::render(part)?)));
        let texts: Vec<String> = texts.collect::<Result<_, String>>()?;
        files.push(("types/enums.rs".to_owned(), texts.join("\n")));
    }
    if !lowered.unions.is_empty() {
        let unions = unparse(unions::render(lowered)?);
        files.push(("types/unions.rs".to_owned(), unions));
    }
    Ok(files)
}

/// The files of what progenitor wrote.
fn polished(
    lowered: &Lowered,
    document: &OpenAPI,
    operations: &[Operation],
    tokens: TokenStream,
) -> Result<Vec<(String, String)>, String> {
    let mut file =
        syn::parse2(tokens).map_err(|e| format!("progenitor wrote what is not Rust: {e}"))?;
    let limits = limits::of_types(document)?;
    polish::polish(&mut file, document, operations, &limits)?;
    let mut modules = Vec::new();
    for (name, has) in [
        ("enums", !lowered.enums.is_empty()),
        ("unions", !lowered.unions.is_empty()),
    ] {
        if has {
            modules.push(name);
        }
    }
    let files = split::split(file, &modules, &limits)?;
    let own = lowered.enums.iter().map(|open| &open.name);
    let own = own.chain(lowered.unions.iter().map(|union| &union.name));
    let types = files.iter().find(|(path, _)| path == "types.rs");
    let types = types.map(|(_, file)| defined(file)).unwrap_or_default();
    for name in own {
        let name = names::type_name(name)?.to_string();
        if types.contains(&name) {
            return Err(format!(
                "two types would be named {name}; give one a `title`"
            ));
        }
    }
    let texts = files.into_iter().map(|(path, file)| (path, unparse(file)));
    Ok(texts.collect())
}

/// The names of the types that a file defines.
fn defined(file: &syn::File) -> BTreeSet<String> {
    let names = file.items.iter().filter_map(|item| match item {
        syn::Item::Struct(item) => Some(item.ident.to_string()),
        syn::Item::Enum(item) => Some(item.ident.to_string()),
        _ => None,
    });
    names.collect()
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
            // An item of nothing is printed as an empty line.
            file.items.push(syn::Item::Verbatim(TokenStream::new()));
        }
        previous_is_line = Some(line);
        file.items.push(item);
    }
    prettyplease::unparse(&file)
}
