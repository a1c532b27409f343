//! Tests that use several crates of the workspace.
//!
//! | folder | subject |
//! |---|---|
//! | `tests/all.rs` | one binary with the modules of all other folders, except `memory` |
//! | `tests/memory` | memory usage |
//! | `tests/odd_values` | values of other kinds than specified |
//! | `tests/proxies` | proxies from the environment and the builder |
//! | `tests/wire` | requests and responses on the wire, with literal JSON of the documentation |
//! | `tests/round_trips` | deserialization and serialization of all schemas |
//! | `tests/matrix` | each operation with each fault |
//! | `tests/canary` | redaction of secrets and prompts |
//! | `tests/recordings` | recorded responses of other services |
//! | `tests/journeys` | end-to-end tests with the simulator |
//! | `tests/tools` | tools and tool loops |
//! | `tests/structured` | typed answers, the schemas of types, and strict mode |
//! | `real`, `examples` | real clients, validators and a real server (`cargo xtask conformance`), see `real/README.md` |

use std::path::PathBuf;

/// Returns the folder of this package in the current checkout.
///
/// The compiled-in path may belong to another checkout that shares the target directory.
pub fn folder() -> PathBuf {
    let runtime = std::env::var_os("CARGO_MANIFEST_DIR");
    runtime.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}
