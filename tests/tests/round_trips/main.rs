//! Whatever the documents allow is read and written back without loss, and what they do not allow is
//! refused with its place.
//!
//! Instances are made from the documents' own schemas, from fixed seeds: from those that the provider
//! publishes, with our overlays, and from those that the types were generated of.
//!
//! | module | what it holds |
//! |---|---|
//! | `valid` | valid instances survive |
//! | `invalid` | invalid ones are refused |
//! | `examples` | examples of the specifications and of the documentation |
//! | `open_enums` | values that nobody listed |
//! | `sendable` | what a caller holds may go to another thread |
//! | `documents`, `shape`, `json`, `generate`, `same`, `types` | what the tests stand on |

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
