//! Implementation of the `cargo xtask` commands.
//!
//! | module | contents |
//! |---|---|
//! | [`project`] | the project's root and its list of APIs |
//! | [`inputs`] | reads and lowers an API's specification and overlays |
//! | `scaffold` | initial handwritten files of a generated crate |
//! | [`lock`] | SHA-256 digests of the inputs |
//! | `bench` | the benchmarks |
//! | `python` | installs Python packages |
//! | [`generate`] | writes or checks the generated files of all APIs |
//! | [`update`] | updates a specification, all or nothing |
//! | [`conformance`] | third-party clients and validators against the simulator |

pub mod bench;
pub mod conformance;
mod documents;
pub mod generate;
pub mod inputs;
pub mod lock;
pub mod project;
mod python;
mod scaffold;
pub mod update;

pub use openapi_codegen::{Error, Result};
