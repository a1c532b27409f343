//! Tests across the crates. There is nothing here but the tests:
//!
//! | folder | what it tests |
//! |---|---|
//! | `tests/wire` | each operation's request and answers, against literal JSON of the documentation |
//! | `tests/round_trips` | instances of every schema, read and written back |
//! | `tests/journeys` | what a user does, over the simulator |
//! | `real`, `examples` | real clients, validators and a real server: `cargo xtask conformance`; see `real/README.md` |
