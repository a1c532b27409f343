//! A lowered document as Rust files, by progenitor.
//!
//! | module | what it does |
//! |---|---|
//! | `reading` | the lowered document as progenitor should read it |
//! | `read` | the document as `openapiv3` has it |
//! | `client` | runs progenitor with our settings |
//! | `polish` | mends what its output does that a caller should not meet |
//! | `request_bodies` | bodies that are given whole stay whole |
//! | `documentation` | documentation as people write it |
//! | `provoker` | which operation or schema it is that progenitor cannot take |
//! | `enums` | open enumerations |
//! | `unions` | alternatives |
//! | `limits` | checks of the limits that the document states |
//! | `operations` | what the document says of each operation, as constants |
//! | `wire` | names and media types as they are on the wire |
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
mod split;
mod type_code;
mod unions;
mod wire;

use std::collections::BTreeSet;

use openapi_pipeline::lower::{self, Lowered};

use self::provoker::Provoker;
use crate::{Error, Result};

/// Renders the files of a generated folder, each with its path in that folder. `source` stands in errors.
///
/// # Errors
/// If progenitor cannot read the document, or writes something other than we know how to polish.
pub fn render(source: &str, lowered: &Lowered) -> Result<Vec<(String, String)>> {
    let fault = |reason: String| Error::new(format!("{source}: {reason}"));
    let document = read::read(&reading::copy(lowered))
        .map_err(|e| Error::new(format!("{source}, overlays applied: {e}")))?;
    let operations = operations::list(&document);
    let tokens = client::generate(&document, lowered).map_err(|reason| {
        let place = provoker::find(lowered).map(|provoker| format!("{}: ", provoker.place()));
        fault(format!("{}{reason}", place.unwrap_or_default()))
    })?;
    let mut file = syn::parse2(tokens)
        .map_err(|e| fault(format!("progenitor wrote what is not Rust: {e}")))?;
    let limits = limits::of_types(&document).map_err(fault)?;
    polish::polish(&mut file, &document, &operations, &limits).map_err(fault)?;
    let mut modules = Vec::new();
    for (name, has) in [
        ("enums", !lowered.enums.is_empty()),
        ("unions", !lowered.unions.is_empty()),
    ] {
        if has {
            modules.push(name);
        }
    }
    let mut files = split::split(file, &modules, &limits).map_err(fault)?;
    let own = lowered.enums.iter().map(|open| &open.name);
    let own = own.chain(lowered.unions.iter().map(|union| &union.name));
    let types = files
        .iter()
        .find(|(path, _)| path == "types.rs")
        .map(|(_, file)| defined(file));
    let types = types.unwrap_or_default();
    for name in own {
        let name = names::type_name(name).map_err(fault)?.to_string();
        if types.contains(&name) {
            return Err(fault(format!(
                "two types would be named {name}; give one a `title`"
            )));
        }
    }
    if !lowered.enums.is_empty() {
        let enums = enums::render(&lowered.enums).map_err(fault)?;
        files.push(("types/enums.rs".to_owned(), enums));
    }
    if !lowered.unions.is_empty() {
        let unions = unions::render(lowered).map_err(fault)?;
        files.push(("types/unions.rs".to_owned(), unions));
    }
    files.push((
        "operations.rs".to_owned(),
        operations::render(&operations).map_err(fault)?,
    ));

    Ok(files
        .into_iter()
        .map(|(path, file)| (path, unparse(file)))
        .collect())
}

/// As [`render`], without the operations and schemas that progenitor cannot take; notes in the document
/// say which these are.
///
/// # Errors
/// As [`render`], if it is not single operations or schemas that progenitor cannot take.
pub fn render_what_can_be(source: &str, lowered: &mut Lowered) -> Result<Vec<(String, String)>> {
    const MOST: usize = 50;
    for _ in 0..MOST {
        let document = read::read(&reading::copy(lowered))
            .map_err(|e| Error::new(format!("{source}, overlays applied: {e}")))?;
        let Err(reason) = client::generate(&document, lowered) else {
            break;
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
    let mut text = prettyplease::unparse(&file);
    for item in items {
        let line = is_line(&item);
        if previous_is_line.map_or(!text.is_empty(), |previous| !(previous && line)) {
            text.push('\n');
        }
        previous_is_line = Some(line);
        text.push_str(&prettyplease::unparse(&syn::File {
            items: vec![item],
            ..syn::parse_quote!()
        }));
    }
    text
}
