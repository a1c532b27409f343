//! The commands around `openapi-pipeline`: which files, what is stale, what to print.
//!
//! | module | what it holds |
//! |---|---|
//! | [`project`] | where the project is, and its list of APIs |
//! | [`inputs`] | specification and overlays of an API, read and lowered |
//! | [`render`] | a lowered document as Rust files, by progenitor |
//! | `scaffold` | the handwritten files of a generated crate, as they begin |
//! | [`standalone`] | a whole crate from any document |
//! | [`surface`] | the public items of generated files as a short text |
//! | [`lock`] | SHA-256 of what was generated from |
//! | `bench` | the benchmark of streams |
//! | [`generate`] | the files of all APIs, written or compared |
//! | [`difference`] | what a new document changes: on the wire, for a Rust caller, for the version |
//! | [`rust_api`] | the public items of generated code, compared |
//! | [`update`] | a new version of a specification, taken over whole or not at all |
//! | [`conformance`] | real clients and validators against the simulator |
//! | [`journal`] | files replaced together, also if the machine stops in the middle |

pub mod bench;
pub mod conformance;
pub mod difference;
pub mod generate;
pub mod inputs;
pub mod journal;
pub mod lock;
pub mod project;
pub mod render;
pub mod rust_api;
mod scaffold;
pub mod standalone;
pub mod surface;
pub mod update;

/// What can go wrong, as one sentence that names file and place.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// The result of a command's parts.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of that sentence.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// The error of a file that cannot be read or written.
    fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl From<openapi_pipeline::document::DocumentError> for Error {
    fn from(error: openapi_pipeline::document::DocumentError) -> Self {
        Self(error.to_string())
    }
}
