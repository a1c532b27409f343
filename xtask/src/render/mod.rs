//! A lowered document as Rust files, by progenitor.
//!
//! | module | what it does |
//! |---|---|
//! | `read` | the document as `openapiv3` has it |
//! | `client` | runs progenitor with our settings |
//! | `polish` | mends what its output does that a caller should not meet |
//! | `enums` | open enumerations |
//! | `limits` | checks of the limits that the document states |
//! | `operations` | what the document says of each operation, as constants |
//! | `type_code` | what the types lack that people write and read |
//! | `split` | one file a role |

mod client;
mod enums;
mod limits;
mod names;
mod operations;
mod polish;
mod read;
mod split;
mod type_code;

use openapi_pipeline::lower::Lowered;

use crate::project::Api;
use crate::{Error, Result};

/// Renders the files of an API's generated folder, each with its path in that folder.
///
/// # Errors
/// If progenitor cannot read the document, or writes something other than we know how to polish.
pub fn render(api: &Api, lowered: &Lowered) -> Result<Vec<(String, String)>> {
    let fault =
        |reason: String| Error::new(format!("specs/{}: {reason}", api.specification.display()));
    let document = read::read(&lowered.document).map_err(|e| {
        let name = api.specification.display();
        Error::new(format!("specs/{name}, overlays applied: {e}"))
    })?;
    let operations = operations::list(&document);
    let tokens = client::generate(&document, &lowered.enums).map_err(fault)?;
    let mut file = syn::parse2(tokens)
        .map_err(|e| fault(format!("progenitor wrote what is not Rust: {e}")))?;
    polish::polish(&mut file, &document, &operations).map_err(fault)?;
    let mut files = split::split(
        file,
        !lowered.enums.is_empty(),
        &limits::of_types(&document).map_err(fault)?,
    )
    .map_err(fault)?;
    for open in &lowered.enums {
        let name = names::type_name(&open.name).map_err(fault)?;
        if files
            .iter()
            .any(|(path, file)| path == "types.rs" && defines(file, &name))
        {
            return Err(fault(format!(
                "two types would be named {name}; give one a `title`"
            )));
        }
    }
    if !lowered.enums.is_empty() {
        files.push((
            "types/enums.rs".to_owned(),
            enums::render(&lowered.enums).map_err(fault)?,
        ));
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

fn defines(file: &syn::File, name: &syn::Ident) -> bool {
    file.items.iter().any(|item| match item {
        syn::Item::Struct(item) => item.ident == *name,
        syn::Item::Enum(item) => item.ident == *name,
        _ => false,
    })
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
