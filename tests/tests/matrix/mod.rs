//! Tests each operation with each fault: the result, the number of attempts and of requests that
//! reached the service, and the duration.
//!
//! | file | contents |
//! |---|---|
//! | `table` | the table of results, which also documents the behavior of the crate |
//! | `cell` | the test of one cell |
//! | `others` | tests of budgets, deadlines, clones and other options |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a panic fails the test"
)]

mod cell;
mod others;
mod table;
