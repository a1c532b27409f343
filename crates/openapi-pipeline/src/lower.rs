//! OpenAPI 3.1 down to the 3.0.3 that progenitor reads.
//!
//! Each step is a file; [`lower`] runs them in order:
//!
//! | step | what it does |
//! |---|---|
//! | `check` | what no step could make sense of: references that lead nowhere, values of another type |
//! | `resolve` | what operations share is copied into them |
//! | `schema` | what 3.1 schemas say in their own way, said as 3.0 says it |
//! | `defaults` | a default that a request need not send is documented instead of sent |
//! | `limits` | limits of numbers, for people and for checks of what is sent |
//! | `enums` | string enumerations get a name of their own, so that they can be generated as open ones |
//! | `operations` | one error body an operation; JSON and event stream as two operations |

mod check;
mod defaults;
mod enums;
mod limits;
mod operations;
mod resolve;
mod schema;
mod walk;

use serde_json::Value;

use crate::Pointer;

pub use enums::OpenEnum;

/// Where in a path a parameter marked so keeps its slashes: a model id is `owner/name`.
pub const RAW_SLASHES: &str = "x-raw-slashes";

/// Marks a property that servers write in more ways than its type says.
pub const LENIENT: &str = "x-lenient";

/// Names the type of the runtime that a component schema is read and written by.
pub const RUNTIME_TYPE: &str = "x-runtime-type";

/// Where a lowered schema or parameter keeps the limits of its number: `minimum`, `maximum`, and whether
/// they are exclusive, as OpenAPI 3.0 has them.
pub const LIMITS: &str = "x-limits";

/// A document that progenitor can read, and what cannot be said in it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Lowered {
    /// An OpenAPI 3.0.3 document.
    pub document: Value,
    /// The string enumerations of the document, in the order of their names. Their schemas in the
    /// document are plain strings, since a value that nobody listed is still an answer.
    pub enums: Vec<OpenEnum>,
    /// What was changed in a way that loses something, each with its place.
    pub notes: Vec<Note>,
}

/// One thing that lowering could not keep as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// Where in the document.
    pub place: Pointer,
    /// What was lost.
    pub what: String,
}

/// A document that cannot be lowered.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {reason}")]
#[non_exhaustive]
pub struct LowerError {
    /// Where in the document.
    pub place: Pointer,
    /// Why it cannot be lowered.
    pub reason: String,
}

impl LowerError {
    fn new(place: &Pointer, reason: impl Into<String>) -> Self {
        Self {
            place: place.clone(),
            reason: reason.into(),
        }
    }
}

/// Lowers a document.
///
/// # Errors
/// If the document is neither OpenAPI 3.0 nor 3.1, or says what 3.0 cannot say. The error names the
/// place.
pub fn lower(document: &Value) -> Result<Lowered, LowerError> {
    let root = Pointer::root();
    match document.get("openapi").and_then(Value::as_str) {
        Some(version) if version.starts_with("3.0.") || version.starts_with("3.1.") => {}
        Some(version) => {
            let reason = format!("version {version:?} is not supported, only 3.0 and 3.1");
            return Err(LowerError::new(&root.join("openapi"), reason));
        }
        None => {
            return Err(LowerError::new(
                &root,
                "not an OpenAPI document: no `openapi` field",
            ));
        }
    }
    check::check(document)?;
    let mut document = document.clone();
    let mut notes = Vec::new();
    document["openapi"] = "3.0.3".into();
    for unsupported in ["webhooks", "jsonSchemaDialect"] {
        if document.get(unsupported).is_some() {
            let reason = format!("`{unsupported}` cannot be said in OpenAPI 3.0");
            return Err(LowerError::new(&root.join(unsupported), reason));
        }
    }
    resolve::resolve_operations(&mut document)?;
    schema::lower_schemas(&mut document, &mut notes)?;
    defaults::document_request_defaults(&mut document);
    limits::document_limits(&mut document);
    let enums = enums::name_enums(&mut document)?;
    operations::lower_operations(&mut document, &mut notes)?;
    Ok(Lowered {
        document,
        enums,
        notes,
    })
}
