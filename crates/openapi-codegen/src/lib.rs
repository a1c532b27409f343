//! Generates Rust clients from OpenAPI 3.0, 3.1 and 3.2 documents, with [progenitor], and reports what they cannot
//! express.
//!
//! The command `openapi-codegen` generates crates. In a build script, [`Generator`] generates a module.
//!
//! A document passes these steps:
//!
//! 1. [`document::parse`] parses YAML or JSON text into a value that preserves key order.
//! 2. [`overlay::apply`] applies Overlay documents.
//! 3. [`lower::lower`] converts OpenAPI 3.1 and 3.2 to the subset of OpenAPI 3.0.3 that progenitor supports. A
//!    construct that cannot be expressed is an error with its location.
//! 4. [`render::render`] runs progenitor, and post-processes the Rust code that it writes. If the code is not what a
//!    step expects, the step fails with an error.
//! 5. [`standalone`] adds what makes it a crate or a module. [`files`] compares it with a folder and writes it.
//!
//! [`lower::Options`] control the handling of invalid documents and unsupported operations.
//! [`lower::Lowered::notes`] list what was repaired, lost or dropped, and the constraints that are not checked.
//! [`report`] formats them.
//!
//! Reports on documents and code:
//!
//! | module | contents |
//! |---|---|
//! | [`wire`] | the changes of a new document that affect programs written for the old one |
//! | [`rust_api`] | the changes of the public items of generated code, and the version bump that they require |
//! | [`difference`] | both of them |
//! | [`changes`] | the differences between two documents |
//! | [`json_schema`] | the schemas of a lowered document as JSON Schema |
//! | [`surface`] | the public items of generated code as text |
//!
//! [progenitor]: https://github.com/oxidecomputer/progenitor
//!
//! ```
//! use openapi_codegen::{document, lower, overlay};
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
pub mod files;
mod generator;
pub mod json_schema;
pub mod lower;
pub mod overlay;
mod pointer;
pub mod render;
pub mod report;
pub mod rust_api;
pub mod standalone;
pub mod surface;
pub mod wire;

pub use generator::{Generator, on_large_stack};
pub use pointer::Pointer;

/// An error: one sentence that names the file and the location.
#[derive(thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// As the message: a build script that returns an error prints it in this form.
impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

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
