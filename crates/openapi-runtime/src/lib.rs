//! The runtime for API clients that are generated from OpenAPI documents.
//!
//! A generated operation builds a request and passes it to a [`Caller`], together with an [`Operation`], which holds
//! the facts from the specification, and a [`CallContext`]. The `Caller` sends the request through a [`Transport`],
//! retries it according to the [`RetryPolicy`], and returns a [`Response`] or an [`Error`].
//!
//! | module | what it contains |
//! |---|---|
//! | [`call`] | [`Caller`]: attempts, retries, limits |
//! | [`transport`] | [`Transport`]: one HTTP exchange; replaceable in tests |
//! | [`context`], [`options`] | [`CallContext`], [`CallOptions`]: settings of one call |
//! | [`operation`] | [`Operation`]: facts from the specification, such as the [`RetrySafety`] |
//! | [`team`] | [`WithTeam`]: calls on behalf of a team |
//! | [`retry`] | [`RetryPolicy`], [`RetryBudget`], and the table of failures |
//! | [`response`], [`meta`], `response_body` | [`Response`], [`ResponseMeta`], [`ByteStream`] |
//! | [`sse`] | server-sent events: [`Decoder`](sse::Decoder), [`EventStream`](sse::EventStream) |
//! | [`error`] | [`Error`], with the status, headers and body of the response if there is one |
//! | `redact`, `time_limits` | redaction of secrets; timeouts |
//! | [`secret`], [`number`], [`usd`], [`timestamp`] | field types: [`Secret`], [`Number`], [`Usd`], [`Timestamp`], [`TextOrParts`] |
//! | [`mod@lenient`] | reads responses that do not match the specification |
//! | `request`, `base_url`, `body`, `path`, `query`, `form`, `scalar`, `null`, `text`, `limits` | helpers for generated code |
//!
//! With the feature `schemars`, the field types implement `JsonSchema`.

mod base_url;
mod body;
pub mod call;
mod content_coding;
pub mod context;
pub mod error;
mod form;
pub mod lenient;
mod limits;
pub mod meta;
mod null;
mod nullable;
pub mod number;
pub mod operation;
pub mod options;
mod path;
mod query;
mod redact;
mod request;
pub mod response;
mod response_body;
pub mod retry;
mod scalar;
#[cfg(feature = "schemars")]
mod schemas;
pub mod secret;
pub mod sse;
pub mod team;
mod text;
mod text_or_parts;
mod time_limits;
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
#[doc(hidden)]
pub use lenient::lenient;
pub use lenient::{Lenient, Warning};
#[doc(hidden)]
pub use limits::{Limited, OutOfLimits, check_limits};
pub use meta::ResponseMeta;
#[doc(hidden)]
pub use null::null_as_default;
pub use nullable::Nullable;
#[doc(hidden)]
pub use nullable::nullable;
pub use number::Number;
pub use operation::{Operation, RetrySafety, TeamLocation};
pub use options::CallOptions;
#[doc(hidden)]
pub use path::{InvalidPathValue, path_segment, path_segments, query_value};
#[doc(hidden)]
pub use query::QueryParam;
#[doc(hidden)]
pub use request::{IntoRequest, RequestBuilder, RequestFactory};
pub use response::Response;
pub use response_body::{Body, BoxError, ByteStream};
pub use retry::{FailureClass, RetryBudget, RetryPolicy};
pub use secret::Secret;
pub use team::WithTeam;
#[doc(hidden)]
pub use text::deserialize_text;
pub use text_or_parts::TextOrParts;
pub use timestamp::Timestamp;
pub use transport::{
    Transport, TransportError, TransportErrorKind, TransportFuture, TransportResponse,
};
pub use usd::Usd;
