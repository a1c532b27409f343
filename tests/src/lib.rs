//! Tests across the crates. There is little here but the tests:
//!
//! | folder | what it tests |
//! |---|---|
//! | `tests/wire` | each operation's request and answers, against literal JSON of the documentation |
//! | `tests/round_trips` | instances of every schema, read and written back |
//! | `tests/journeys` | what a user does, over the simulator |
//! | `real`, `examples` | real clients, validators and a real server: `cargo xtask conformance`; see `real/README.md` |

use std::path::PathBuf;

/// The folder of these tests, in the checkout that cargo runs them in: what was compiled in can be another
/// checkout, which shares the target directory.
pub fn folder() -> PathBuf {
    let run_by_cargo = std::env::var_os("CARGO_MANIFEST_DIR");
    run_by_cargo.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}
