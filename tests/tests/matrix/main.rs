//! Every operation against every failure: what comes of it, in how many attempts, what reached the
//! service, and that it took no longer than it may.
//!
//! | file | what it holds |
//! |---|---|
//! | `table` | the table itself, to be read as documentation of what this crate does |
//! | `cell` | how one cell is tried |
//! | `others` | what does not fit a table: budgets, deadlines, clones, other options |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a failed test says so by panicking"
)]

mod cell;
mod others;
mod table;
