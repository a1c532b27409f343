//! Client of the Prime Intellect Inference API, generated from its specification.
//!
//! `prime-ext` adds settings, teams, streaming and cost. Use this crate alone if you need only the API:
//! you bring a [`reqwest::Client`] that sends the key, and enable a TLS feature of reqwest. Timeouts, retries and
//! limits are those of [`CallOptions`]; the defaults of each operation come from the specification.
//!
//! ```no_run
//! use pinference_api::{Client, types::ChatMessage};
//! use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut key = HeaderValue::try_from(format!("Bearer {}", std::env::var("PRIME_API_KEY")?))?;
//! key.set_sensitive(true);
//! let headers = HeaderMap::from_iter([(AUTHORIZATION, key)]);
//! let http = reqwest::Client::builder().default_headers(headers).build()?;
//! let client = Client::new(Client::DEFAULT_BASE_URL, http);
//!
//! let message = ChatMessage::user("Capital of France?");
//! let response = client
//!     .create_chat_completion()
//!     .x_prime_team_id("team_123")
//!     .body_map(|body| body.model("meta-llama/llama-3.1-70b-instruct").messages([message]))
//!     .send()
//!     .await?;
//! println!("{:?}", response.value().choices[0].message);
//! # Ok(())
//! # }
//! ```
//!
//! | item | contents |
//! |---|---|
//! | [`Client`] | a method for each operation, which returns its builder |
//! | [`builder`] | the builders: parameters, body, `send` |
//! | [`types`] | the schemas of requests and responses |
//! | [`operations`] | the properties of each operation: retry safety, timeout, team, secrets |

mod content;
#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, unused_imports, unused_mut, unused_qualifications, reason = "generated")]
#[allow(clippy::all, clippy::unwrap_used, reason = "generated")]
mod generated;
mod message;
mod response_format;
mod tool_choice;
mod voice;

#[doc(inline)]
pub use generated::{Client, builder, operations, types};
pub use openapi_runtime::{
    ByteStream, CallContext, CallOptions, Caller, Error, IntoRequest, Operation, Response, Secret,
    TextOrParts, Timestamp, Transport, Usd, WithTeam,
};
