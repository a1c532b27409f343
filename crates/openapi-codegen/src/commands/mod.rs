//! The commands.
//!
//! | module | contents |
//! |---|---|
//! | `arguments` | arguments that several commands have |
//! | `output` | output of several commands |
//! | `check`, `diff`, `generate`, `lower`, `overlay`, `schema` | one command each |

mod arguments;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod generate;
pub(crate) mod lower;
mod output;
pub(crate) mod overlay;
pub(crate) mod schema;
