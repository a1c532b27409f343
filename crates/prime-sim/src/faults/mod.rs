//! Fault injection.
//!
//! | file | contents |
//! |---|---|
//! | `fault` | [`Fault`] |
//! | `responses` | error responses: statuses, envelopes, headers |
//! | `active` | the active faults of a simulator, and selection of the fault for a request |
//! | `named` | faults by name, for scripts and for models such as `sim/cut-off` |
//! | `apply` | application of a fault to a response |
//! | `body` | bodies that fail or never end |

mod active;
mod apply;
mod body;
mod fault;
mod named;
mod responses;

pub(crate) use active::ActiveFaults;
pub use active::FaultHandle;
pub(crate) use apply::{Attempt, apply};
pub use fault::Fault;
pub(crate) use fault::Kind;
pub(crate) use named::{Parameters, REQUIRES_REASONING, for_model};
pub use responses::Envelope;
