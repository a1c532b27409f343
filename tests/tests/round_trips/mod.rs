//! Round trips of generated types. Valid JSON is read and written without loss, and invalid JSON is
//! rejected with its position.
//!
//! The instances are generated with fixed seeds, both from the published schemas with overlays and
//! from the lowered schemas, from which the types were generated.
//!
//! | module | contents |
//! |---|---|
//! | `valid` | round trips of valid instances |
//! | `invalid` | rejection of invalid instances |
//! | `examples` | examples of the specifications and the documentation |
//! | `open_enums` | unknown values of enumerations |
//! | `sendable` | `Send` and `Sync` |
//! | `documents`, `shape`, `json`, `generate`, `same`, `types` | support for the tests |

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod documents;
mod examples;
mod generate;
mod invalid;
mod json;
mod open_enums;
mod same;
mod sendable;
mod shape;
mod types;
mod valid;
