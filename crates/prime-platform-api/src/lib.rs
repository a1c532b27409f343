//! Client of operations of Prime Intellect that **no specification of the provider describes**.
//!
//! It is generated from `specs/platform-unofficial.yml`, which this project writes: it describes what the provider's own
//! Python client (`prime` 0.18.0) sends and reads. The documentation of each operation and type names its source in that
//! client. The service may change any of it without notice, and nobody here has called the live service.
//!
//! `prime-ext` uses this crate for [`list_runs`](Client::list_runs), [`get_run`](Client::get_run) and the other
//! operations. To use it alone, pass a [`reqwest::Client`] that sends the key, as for the crate `prime-training-api`.
//!
//! | item | contents |
//! |---|---|
//! | [`Client`] | a method for each operation, which returns its builder |
//! | [`builder`] | the builders: parameters, body, `send` |
//! | [`types`] | the schemas of requests and responses |
//! | [`operations`] | the properties of each operation: retry safety, timeout, team, secrets |

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, unused_imports, unused_mut, unused_qualifications, reason = "generated")]
#[allow(clippy::all, clippy::unwrap_used, rustdoc::all, reason = "generated")]
mod generated;

#[doc(inline)]
pub use generated::{Client, builder, operations, types};
pub use openapi_runtime::{
    ByteStream, CallContext, CallOptions, Caller, Error, IntoRequest, Operation, Response, Secret,
    TextOrParts, Timestamp, Transport, Usd, WithTeam,
};
