//! Implementation of the `cargo xtask` commands.
//!
//! | module | contents |
//! |---|---|
//! | [`project`] | the project's root and its list of APIs |
//! | [`inputs`] | reads and lowers an API's specification and overlays |
//! | [`render`] | renders a lowered document as Rust files, using progenitor |
//! | `scaffold` | initial handwritten files of a generated crate |
//! | [`standalone`] | generates a self-contained crate from any document |
//! | [`surface`] | lists the public items of generated files as text |
//! | [`lock`] | SHA-256 digests of the inputs |
//! | `bench` | the benchmarks |
//! | `python` | installs Python packages |
//! | [`generate`] | writes or checks the generated files of all APIs |
//! | [`difference`] | compares two documents: wire format, Rust API, version |
//! | [`rust_api`] | compares the public items of generated code |
//! | [`update`] | updates a specification, all or nothing |
//! | [`conformance`] | third-party clients and validators against the simulator |
//! | [`journal`] | replaces several files atomically, even across a crash |

pub mod bench;
pub mod conformance;
pub mod difference;
pub mod generate;
pub mod inputs;
pub mod journal;
pub mod lock;
pub mod project;
mod python;
pub mod render;
pub mod rust_api;
mod scaffold;
pub mod standalone;
pub mod surface;
pub mod update;

/// An error of a command: one sentence that names the file and the location.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// A specialized `Result` type for commands.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Creates an error from a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// Creates an error for a file that cannot be read or written.
    fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl From<openapi_pipeline::document::DocumentError> for Error {
    fn from(error: openapi_pipeline::document::DocumentError) -> Self {
        Self(error.to_string())
    }
}
