//! What goes wrong on demand.
//!
//! | file | what it holds |
//! |---|---|
//! | `fault` | [`Fault`]: what goes wrong, and when |
//! | `answers` | the error answers among them: statuses, envelopes, headers |
//! | `active` | the faults of a running simulator: which one is due |
//! | `named` | faults by name, for scripts and for models such as `sim/cut-off` |
//! | `apply` | one fault, done to one answer |
//! | `body` | bodies that break |

mod active;
mod answers;
mod apply;
mod body;
mod fault;
mod named;

pub(crate) use active::Faults;
pub use active::Injected;
pub use answers::Envelope;
pub(crate) use apply::{Attempt, apply};
pub use fault::Fault;
pub(crate) use fault::Kind;
pub(crate) use named::{Parameters, of_model};
