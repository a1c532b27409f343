//! The runtime of clients that are generated from OpenAPI documents: it makes calls.
//!
//! A generated operation builds its request and passes it to a [`Caller`], with what the specification says of the
//! [`Operation`] and the [`CallContext`] of the caller. The caller sends it through a [`Transport`], repeats it by the
//! [`RetryPolicy`], and gives a [`Response`] or an [`Error`].
//!
//! | module | what it contains |
//! |---|---|
//! | [`call`] | [`Caller`]: attempts, retries, limits |
//! | [`transport`] | [`Transport`]: one HTTP exchange; a seam for tests and proxies |
//! | [`context`], [`options`] | [`CallContext`], [`CallOptions`]: what belongs to one call |
//! | [`operation`] | [`Operation`]: what a specification says of an operation, such as its [`RetrySafety`] |
//! | [`team`] | [`WithTeam`]: calls on behalf of a team |
//! | [`retry`] | [`RetryPolicy`], [`RetryBudget`], and the table of failures |
//! | [`response`], [`meta`], `response_body` | [`Response`], [`ResponseMeta`], [`ByteStream`] |
//! | [`sse`] | event streams: [`Decoder`](sse::Decoder), [`EventStream`](sse::EventStream) |
//! | [`error`] | [`Error`], with status, headers and body whatever went wrong |
//! | `redact`, `deadline` | secrets in texts; limits of time |
//! | [`secret`], [`usd`], [`timestamp`] | types of fields: [`Secret`], [`Usd`], [`Timestamp`], [`TextOrParts`] |
//! | `request`, `base_url`, `body`, `path`, `query`, `form`, `null`, `lenient`, `limits` | what only generated code calls |
//!
//! With the feature `schemars`, the types of fields have JSON Schemas.

mod base_url;
mod body;
pub mod call;
pub mod context;
mod deadline;
pub mod error;
mod form;
mod lenient;
mod limits;
pub mod meta;
mod null;
pub mod operation;
pub mod options;
mod path;
mod query;
mod redact;
mod request;
pub mod response;
mod response_body;
pub mod retry;
#[cfg(feature = "schemars")]
mod schemas;
pub mod secret;
pub mod sse;
pub mod team;
pub mod timestamp;
pub mod transport;
pub mod usd;

#[doc(hidden)]
pub use base_url::{BaseUrl, InvalidBaseUrl};
#[doc(hidden)]
pub use body::RequestBody;
pub use call::{Caller, NotOpened, StreamBody};
pub use context::{CallContext, CallHooks};
pub use error::{Error, ErrorKind, FieldError, PayloadFault};
pub use lenient::TextOrParts;
#[doc(hidden)]
pub use lenient::lenient;
#[doc(hidden)]
pub use limits::{Limited, OutOfLimits, check_limits};
pub use meta::ResponseMeta;
#[doc(hidden)]
pub use null::null_as_default;
pub use operation::{Operation, RetrySafety, TeamLocation};
pub use options::CallOptions;
#[doc(hidden)]
pub use path::{InvalidPathValue, path_segment, path_segments};
#[doc(hidden)]
pub use query::QueryParam;
#[doc(hidden)]
pub use request::{IntoRequest, RequestBuilder, RequestFactory};
pub use response::Response;
pub use response_body::{Body, BoxError, ByteStream};
pub use retry::{FailureClass, RetryBudget, RetryPolicy};
pub use secret::Secret;
pub use team::WithTeam;
pub use timestamp::Timestamp;
pub use transport::{
    Transport, TransportError, TransportErrorKind, TransportFuture, TransportResponse,
};
pub use usd::Usd;
