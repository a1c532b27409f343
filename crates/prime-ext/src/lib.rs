//! The Prime Intellect SDK for Rust: chat, streaming, wallets, training runs.
//!
//! ```no_run
//! # async fn example() -> Result<(), prime_ext::Error> {
//! let prime = prime_ext::Client::from_env()?; // the key and team that the `prime` command line uses
//!
//! let answer = prime
//!     .chat("meta-llama/llama-3.1-70b-instruct")
//!     .system("Be brief.")
//!     .user("Capital of France?")
//!     .max_tokens(50)
//!     .await?;
//! println!("{} for {}", answer.text(), answer.cost());
//!
//! // The same connections, billed to a team.
//! let lab = prime.team("team_123");
//! let mut story = lab.chat("meta-llama/llama-3.1-70b-instruct").user("Tell me a story").stream().await?;
//! while let Some(text) = story.next_text().await? {
//!     print!("{text}");
//! }
//! let whole = story.finish().await?; // an error if the stream was cut off
//! println!("{:?}", whole.usage());
//!
//! let mut rows = lab.wallet().billings();
//! while let Some(row) = rows.try_next().await? {
//!     println!("{} {}", row.amount_usd, row.resource_type);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | to | start from |
//! |---|---|
//! | connect | [`Client::from_env`], [`Client::builder`] |
//! | choose who is billed | [`Client::team`], [`Client::personal`] |
//! | see what there is | [`Client::models`] |
//! | ask | [`Client::chat`], then `.await` or [`stream`](ChatRequest::stream) |
//! | see what was spent | [`Client::wallet`], [`ChatResponse::cost`], [`Meter`] |
//! | train | [`Client::runs`] |
//! | set times, retries, limits, headers | [`CallOptions`], [`RetryPolicy`], [`Client::with_options`] |
//! | see what came with an answer | [`Call::with_response`], [`ChatResponse::meta`] |
//! | call what no specification has | [`Client::call_inference`], [`Client::call_platform`] |
//! | see which settings count | [`Client::settings`] |
//! | know what went wrong | [`Error`] |
//!
//! Every call goes through the generated clients, [`pinference_api`] and [`prime_training_api`],
//! whose types it takes and gives; what those do not offer yet can be reached through
//! [`Client::inference_api`] and [`Client::training_api`], with the same key, limits and errors.
//!
//! # Features
//!
//! - `rustls` (default): TLS by rustls with ring; certificates from the operating system.
//! - `native-tls`: TLS by the operating system's own library.
//! - `schemars`: `schemars::JsonSchema` on the types of both APIs.
//! - neither TLS: plain HTTP to loopback, or a [`reqwest::Client`] of your own.

mod account;
mod builder;
mod call;
pub mod chat;
mod client;
pub mod cost;
mod error;
mod http_client;
mod models;
mod options;
mod pages;
mod raw;
pub mod runs;
mod settings;
pub mod wallet;

pub use account::Account;
pub use builder::ClientBuilder;
pub use call::{Call, CallFuture};
pub use chat::{ChatDelta, ChatRequest, ChatResponse, ChatStream, StreamEnd};
pub use client::Client;
pub use cost::{Cost, Meter, Spent, UsdSum};
pub use error::{Error, ErrorKind, FieldError};
pub use models::{ModelId, Models};
pub use options::CallOptions;
pub use raw::RawCall;
pub use runs::{CreatedRun, Deletion, DeletionOutcome, RunConfig, Runs, UsageWatch};
pub use settings::{Setting, Settings, Source};
pub use wallet::{BillingPages, Billings, Wallet};

pub use bytes;
pub use http;
pub use openapi_runtime;
pub use openapi_runtime::{
    Response, ResponseMeta, RetryBudget, RetryPolicy, Secret, TextOrParts, Timestamp, Transport,
    TransportError, TransportFuture, TransportResponse, Usd, sse,
};
pub use pinference_api;
pub use prime_training_api;
pub use prime_training_api::types::BillingEntry;
pub use reqwest;
