//! The runtime of clients that are generated from OpenAPI documents.
//!
//! | module | what it holds |
//! |---|---|
//! | [`transport`] | [`Transport`]: what stands between a call and the wire; [`Direct`], the plain one |
//! | [`operation`] | [`Operation`]: what a specification says of an operation, such as its [`RetrySafety`] |
//! | [`team`] | [`WithTeam`]: calls on behalf of a team |
//! | [`response`] | answers: [`Response`] as it came, [`ResponseValue`] read, [`ByteStream`] unread |
//! | [`error`] | [`Error`], which keeps status, headers and bytes whatever went wrong |
//! | [`secret`], [`usd`], [`timestamp`] | types of fields: [`Secret`], [`Usd`], [`Timestamp`], [`TextOrParts`] |
//! | `hooks`, `base_url`, `body`, `path`, `query`, `form`, `null`, `lenient`, `limits` | what only generated code calls |
//!
//! With the feature `schemars`, the types of fields have JSON Schemas.

mod base_url;
mod body;
pub mod error;
mod form;
mod hooks;
mod lenient;
mod limits;
mod null;
pub mod operation;
mod path;
mod query;
pub mod response;
#[cfg(feature = "schemars")]
mod schemas;
pub mod secret;
pub mod team;
pub mod timestamp;
pub mod transport;
pub mod usd;

#[doc(hidden)]
pub use base_url::{BaseUrl, InvalidBaseUrl};
#[doc(hidden)]
pub use body::RequestBody;
pub use error::{Error, PayloadFault};
#[doc(hidden)]
pub use form::RequestBuilderExt;
#[doc(hidden)]
pub use hooks::{ClientHooks, ClientInfo};
pub use lenient::TextOrParts;
#[doc(hidden)]
pub use lenient::lenient;
#[doc(hidden)]
pub use limits::{Limited, OutOfLimits, check_limits};
#[doc(hidden)]
pub use null::null_as_default;
#[doc(hidden)]
pub use operation::Operation as OperationInfo;
pub use operation::{Operation, RetrySafety, TeamLocation};
#[doc(hidden)]
pub use path::{InvalidPathValue, path_segment, path_segments};
#[doc(hidden)]
pub use query::QueryParam;
pub use response::{Body, ByteStream, Head, Response, ResponseValue};
pub use secret::Secret;
pub use team::WithTeam;
pub use timestamp::Timestamp;
pub use transport::{BoxError, Direct, Transport, TransportFuture};
pub use usd::Usd;
