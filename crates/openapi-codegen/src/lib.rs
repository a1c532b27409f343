//! Transforms OpenAPI documents and reports on them, without file system or network access.
//!
//! Pipeline stages, in order:
//!
//! 1. [`document::parse`] parses YAML or JSON text into a value that preserves key order.
//! 2. [`overlay::apply`] applies Overlay documents.
//! 3. [`lower::lower`] converts OpenAPI 3.1 and 3.2 to the subset of OpenAPI 3.0.3 that progenitor supports. A
//!    construct that cannot be expressed is an error with its location.
//!
//! [`lower::Options`] control the handling of invalid documents and unsupported operations.
//! [`lower::Lowered::notes`] list what was repaired, lost or dropped, and the constraints that are not checked.
//!
//! Reports:
//!
//! - [`wire::compare`] lists the changes of a new document that affect programs written for the old one.
//! - [`changes::between`] lists the differences between two documents.
//! - [`json_schema::of`] converts the schemas of a lowered document to JSON Schema.
//!
//! ```
//! use crate::{document, lower, overlay};
//!
//! let mut api = document::parse("api.yml", "
//! openapi: 3.1.0
//! info: { title: Example, version: '1' }
//! paths:
//!   /things:
//!     get:
//!       responses: { '200': { description: OK } }
//! ")?;
//! overlay::apply(&mut api, "names.yml", "
//! overlay: 1.0.0
//! info: { title: Names, version: '1' }
//! actions:
//!   - target: $.paths['/things'].get
//!     update: { operationId: list_things }
//! ")?;
//! let lowered = lower::lower(&api)?;
//! assert_eq!(lowered.document["openapi"], "3.0.3");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod changes;
pub mod difference;
pub mod document;
pub mod inputs;
pub mod json_schema;
pub mod lower;
pub mod overlay;
mod pointer;
pub mod render;
pub mod rust_api;
pub mod standalone;
pub mod surface;
pub mod wire;

pub use pointer::Pointer;

/// An error: one sentence that names the file and the location.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// A specialized `Result` type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Creates an error from a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// Creates an error for a file that cannot be read or written.
    pub fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl From<document::DocumentError> for Error {
    fn from(error: document::DocumentError) -> Self {
        Self(error.to_string())
    }
}
