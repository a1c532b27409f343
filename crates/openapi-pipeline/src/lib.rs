//! OpenAPI documents in, OpenAPI documents and reports out. No files, no network.
//!
//! The road that a document takes:
//!
//! 1. [`document::parse`]: YAML or JSON text becomes a value that keeps its key order.
//! 2. [`overlay::apply`]: what the document lacks is added by Overlay documents.
//! 3. [`lower::lower`]: OpenAPI 3.1 becomes the OpenAPI 3.0.3 that progenitor reads, meaning kept;
//!    what 3.0 cannot say is refused with its place.
//!
//! [`lower::Options`] say what becomes of a document that breaks its own standard, and of operations that
//! cannot be expressed. [`lower::Lowered::notes`] say what was repaired, lost or dropped.
//!
//! And beside it, [`wire::compare`] says what a new document breaks for programs written for the old one,
//! [`changes::between`] says what changed from one document to another, and
//! [`json_schema::of`] gives a lowered document's schemas as JSON Schemas.
//!
//! ```
//! use openapi_pipeline::{document, lower, overlay};
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
pub mod document;
pub mod json_schema;
pub mod lower;
pub mod overlay;
mod pointer;
pub mod wire;

pub use pointer::Pointer;
