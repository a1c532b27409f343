//! Client of the Prime Intellect Training API, generated from its specification.
//!
//! `prime-ext` puts settings, teams, pagination and watching on top of it. This crate alone is for
//! whoever brings their own [`reqwest::Client`]: it sends what it is told, once, with no header and no
//! timeout of its own. TLS is a feature of reqwest, which is yours to choose.
//!
//! ```no_run
//! use prime_training_api::Client;
//! use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut key = HeaderValue::try_from(format!("Bearer {}", std::env::var("PRIME_API_KEY")?))?;
//! key.set_sensitive(true);
//! let headers = HeaderMap::from_iter([(AUTHORIZATION, key)]);
//! let http = reqwest::Client::builder().default_headers(headers).build()?;
//! let client = Client::new(Client::DEFAULT_BASE_URL, http);
//!
//! let wallet = client.get_wallet().team_id("team_123").limit(100).send().await?;
//! let wallet = wallet.into_value();
//! println!("{} USD, {} rows", wallet.balance_usd, wallet.total_billings);
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

#[doc(inline)]
pub use generated::{Client, builder, operations, types};
pub use openapi_runtime::{
    ByteStream, CallContext, CallOptions, Caller, Error, IntoRequest, Operation, Response, Secret,
    TextOrParts, Timestamp, Transport, Usd, WithTeam,
};
