//! The Prime Intellect SDK for Rust: chat, streaming, wallets, training runs.
//!
//! ```no_run
//! # async fn example() -> Result<(), prime_ext::Error> {
//! let prime = prime_ext::Client::from_env()?; // the key and the team of the `prime` CLI
//!
//! let response = prime
//!     .chat("meta-llama/llama-3.1-70b-instruct")
//!     .system("Be brief.")
//!     .user("Capital of France?")
//!     .max_tokens(50)
//!     .await?;
//! println!("{} for {}", response.text(), response.cost());
//!
//! // A client that shares the connections, and whose calls are billed to a team.
//! let lab = prime.team("team_123");
//! let mut story = lab.chat("meta-llama/llama-3.1-70b-instruct").user("Tell me a story").stream().await?;
//! while let Some(text) = story.next_text().await? {
//!     print!("{text}");
//! }
//! let response = story.finish().await?; // an error if the stream was cut off
//! println!("{:?}", response.usage());
//!
//! let mut rows = lab.wallet().billings();
//! while let Some(row) = rows.try_next().await? {
//!     println!("{} {}", row.amount_usd, row.resource_type);
//! }
//!
//! let config = prime_ext::RunConfig::from_toml_file("rl.toml")?;
//! let run = lab.runs().create(config).name("first").await?;
//! let finished = lab.runs().watch(run.run_id()).until_finished().await?;
//! println!("{}", finished.usage.total_cost_usd);
//! # Ok(())
//! # }
//! ```
//!
//! | task | start with |
//! |---|---|
//! | create a client | [`Client::from_env`], [`Client::builder`] |
//! | choose the account that is billed | [`Client::team`], [`Client::personal`] |
//! | list models | [`Client::models`] |
//! | chat | [`Client::chat`], then `.await` or [`stream`](ChatRequest::stream) |
//! | let a model call Rust functions | [`tools`], [`ChatRequest::run`] |
//! | keep a conversation | [`Conversation`] |
//! | let a model answer with a Rust type | [`typed`], `ChatRequest::parse`, `ChatRequest::stream_parse` |
//! | let the service guarantee the schema of an answer | [`TypedRequest::strict`], [`Tool::strict`], [`schema`] |
//! | add up costs | [`ChatResponse::cost`], [`Meter`], [`Client::wallet`] |
//! | train | [`Client::runs`] |
//! | set timeouts, retries, limits, headers | [`CallOptions`], [`RetryPolicy`], [`Client::with_options`] |
//! | read the status and the headers of a response | [`Call::with_response`], [`ChatResponse::meta`] |
//! | see what was not read as the specification says | [`Response::warnings`], [`ChatResponse::warnings`] |
//! | call an operation that is not in a specification | [`Client::call_inference`], [`Client::call_platform`] |
//! | test without a network | [`ClientBuilder::transport`] |
//! | see where a setting comes from | [`Client::settings`] |
//! | handle errors | [`Error`] |
//!
//! Calls are builders that can be awaited. They have the methods `options`, `timeout`, `max_retries` and
//! `with_response`. Values that arrive in parts are a `Stream` that also has a method `try_next`; a [`TypedStream`] has
//! only the method.
//!
//! Responses are read leniently: JSON that deviates from the specification, such as a number in a string, is not an
//! error if its meaning is clear. The warnings of a response say what was not read as the specification says.
//!
//! The calls use the generated clients [`pinference_api`] and [`prime_training_api`] and their types. Operations that
//! have no method here are available from [`Client::inference_api`] and [`Client::training_api`], with the same key and
//! connections. [`Client::on_behalf`] sets the team of such an operation, and [`Client::context`] has the options.
//!
//! # Features
//!
//! - `rustls` (default): TLS with rustls and ring, and the root certificates of the operating system.
//! - `native-tls`: TLS with the library of the operating system.
//! - `schemars`: typed answers (`ChatRequest::parse`) and tools from the type of their arguments (`Tool::new`), and
//!   `schemars::JsonSchema` for the types of both APIs. Objects of `serde_json` then keep the order of their properties.
//!
//! Without either TLS feature, the client supports only plain HTTP to loopback addresses, unless you pass your own
//! [`reqwest::Client`].

mod account;
mod builder;
mod call;
pub mod chat;
mod client;
pub mod conversation;
pub mod cost;
mod error;
mod file;
mod http_client;
mod models;
mod options;
mod pages;
mod raw;
pub mod runs;
pub mod schema;
mod settings;
pub mod tools;
pub mod typed;
pub mod wallet;

pub use account::Account;
pub use builder::ClientBuilder;
pub use call::{Call, CallFuture};
pub use chat::{ChatDelta, ChatRequest, ChatResponse, ChatStream, ReasoningHistory, StreamEnd};
pub use client::Client;
pub use conversation::Conversation;
pub use cost::{Cost, Meter, Spent, UsdSum};
pub use error::{Error, ErrorKind, FieldError};
pub use models::{ModelId, Models};
pub use options::CallOptions;
pub use raw::RawCall;
pub use runs::{CreatedRun, Deletion, DeletionOutcome, RunConfig, Runs, UsageWatch};
pub use settings::{Setting, Settings, Source};
pub use tools::{Tool, ToolLoop, Transcript};
pub use typed::{ParseFailure, ParseFailureReason, TypedRequest, TypedResponse, TypedStream};
pub use wallet::{BillingPages, Billings, Wallet};

pub use bytes;
pub use http;
pub use openapi_runtime;
pub use openapi_runtime::{
    Response, ResponseMeta, RetryBudget, RetryPolicy, Secret, TextOrParts, Timestamp, Transport,
    TransportError, TransportFuture, TransportResponse, Usd, sse, transport,
};
pub use pinference_api;
pub use pinference_api::types::{
    ChatMessage, ContentPart, FinishReason, ReasoningEffort, ResponseFormat, Role, ToolCall,
    ToolChoice, Usage,
};
pub use prime_training_api;
pub use prime_training_api::types::BillingEntry;
pub use reqwest;
#[cfg(feature = "schemars")]
pub use schemars;
