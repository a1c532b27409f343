//! Client of the Prime Intellect Inference API, generated from its specification.
//!
//! `prime-ext` puts settings, teams, streaming and cost on top of it. This crate alone is for whoever
//! brings their own [`reqwest::Client`]: it sends what it is told, once, with no header and no timeout
//! of its own. TLS is a feature of reqwest, which is yours to choose.
//!
//! ```no_run
//! use pinference_api::{Client, types::{ChatMessage, Role}};
//! use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut key = HeaderValue::try_from(format!("Bearer {}", std::env::var("PRIME_API_KEY")?))?;
//! key.set_sensitive(true);
//! let headers = HeaderMap::from_iter([(AUTHORIZATION, key)]);
//! let http = reqwest::Client::builder().default_headers(headers).build()?;
//! let client = Client::new(Client::DEFAULT_BASE_URL, http);
//!
//! let mut question = ChatMessage::new(Role::User);
//! question.content = Some("Capital of France?".into());
//! let answer = client
//!     .create_chat_completion()
//!     .x_prime_team_id("team_123")
//!     .body_map(|body| body.model("meta-llama/llama-3.1-70b-instruct").messages([question]))
//!     .send()
//!     .await?;
//! println!("{:?}", answer.value().choices[0].message);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`Client`] | a method for each operation, which gives its builder |
//! | [`builder`] | the operations' builders: parameters, body, `send` |
//! | [`types`] | what is sent and answered |
//! | [`operations`] | what the specification says of each operation |

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, unused_imports, unused_mut, unused_qualifications, reason = "generated")]
#[allow(clippy::all, clippy::unwrap_used, reason = "generated")]
mod generated;
mod message;

#[doc(inline)]
pub use generated::{Client, builder, operations, types};
pub use openapi_runtime::{
    ByteStream, CallContext, CallOptions, Caller, Error, IntoRequest, Operation, Response, Secret,
    TextOrParts, Timestamp, Transport, Usd, WithTeam,
};
