//! Typed answers, the schemas of types, and strict mode.
//!
//! | file | subject |
//! |---|---|
//! | `keywords` | strict mode by keyword, and its limits |
//! | `types` | types of all kinds, and whether strict mode is possible |
//! | `agreement` | whether a type accepts what its schema accepts, with random values |
//! | `values` | random values of a schema, and changed values |
//! | `answers` | typed answers, and responses without one |
//! | `streams` | typed answers as they arrive |
//! | `tools` | tools in strict mode |

#![allow(clippy::unwrap_used, clippy::panic)]
#![allow(dead_code, reason = "most types are only deserialized")]

mod agreement;
mod answers;
mod keywords;
mod streams;
mod support;
mod tools;
mod types;
mod values;
