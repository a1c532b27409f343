//! Runs many chat requests to their end, and pays for none of them twice silently.
//!
//! ```no_run
//! # async fn example(prime: prime_ext::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use prime_batch::Batch;
//!
//! let report = Batch::open("questions.jsonl", "answers.jsonl").budget("25".parse()?).run(&prime).await?;
//! println!("{report}");
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - **Every request ends as answered, failed or ambiguous.** A request is ambiguous if it may have been carried out and
//!   billed, but its answer is lost, for example because the process was killed while it was in flight.
//! - **An answered request is never asked again.** An ambiguous request is asked again only if you allow it
//!   ([`Batch::ask_ambiguous_again`]), and a failed one too ([`Batch::retry_failed`]).
//! - **The same program continues a batch** that was stopped, killed, or interrupted by a power failure or a full disk.
//! - **A budget holds**: before a request is sent, the upper bound of its cost is reserved ([`Batch::budget`]).
//!
//! No client can promise more. The service documents no idempotency key, so that it would carry out a request twice that
//! is sent twice.
//!
//! # How it works
//!
//! A [ledger] records a request as sent before it leaves, and its outcome when it is known; each record is
//! on disk before the program continues. A request that was sent and has no outcome when the process ends is ambiguous.
//! The output is written from the ledger.
//!
//! The number of requests in flight adapts to the service: it grows until the service refuses requests (429, 503) or
//! until more of them only make each of them slower, and follows when the service changes. [`Control`] watches and stops
//! a batch. Refused requests wait and are sent again, within the rules of [`RetryPolicy`](prime_ext::RetryPolicy).
//!
//! # Formats
//!
//! The input is a file of JSON Lines. A line is a request of OpenAI's batch format
//! (`{"custom_id": …, "method": "POST", "url": "/v1/chat/completions", "body": …}`) or a body itself
//! (`{"model": …, "messages": …}`). A text file of prompts needs a [`Template`]. The output has OpenAI's format too, in
//! the order in which the answers arrived.
//!
//! A request is identified by its `custom_id`, or else its line, and by its body. Repeated prompts are separate samples,
//! and an edited line is asked again. Its old answer stays in the ledger, but not in the output.
//!
//! # On many machines
//!
//! With the feature `postgres`, a job has its ledger in PostgreSQL (`ledger::PostgresLedger`), and a `Runner` in each
//! process asks chunks of its requests. The guarantees are the same, with one budget and one rate for all machines. With
//! the feature `object-store`, inputs and outputs may be in Amazon S3, Google Cloud Storage or Azure Blob Storage
//! (`s3://`, `gs://`, `az://`), with credentials from the environment. With the feature `parquet`, an input may be a
//! Parquet file.
//!
//! # Without files
//!
//! [`Engine`] asks the requests of any stream, with any [`Ledger`](ledger::Ledger):
//!
//! ```no_run
//! # async fn example(prime: prime_ext::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use prime_batch::ledger::{SqliteLedger, sqlite::Job};
//! use prime_batch::{Control, Engine, Models, Options, Request};
//!
//! let models = Arc::new(Models::new(&prime.models().list().await?));
//! let ledger = Arc::new(SqliteLedger::open("answers.ledger", Job::of(&prime, "a stream"))?);
//! let requests = futures_util::stream::iter((0..10).map(|number| {
//!     let body = serde_json::json!({"model": "openai/gpt-oss-120b", "messages": [
//!         {"role": "user", "content": format!("Tell me story {number}.")}]});
//!     Ok(Request::new(format!("story-{number}"), body.to_string())?)
//! }));
//! let mut engine = Engine::new(&prime, ledger, models, requests, Options::default(), Control::new());
//! while let Some(outcome) = engine.next().await {
//!     let outcome = outcome?;
//!     println!("{}: {}", outcome.request.key().id, outcome.state);
//! }
//! # Ok(())
//! # }
//! ```

mod batch;
mod control;
mod engine;
mod error;
mod html;
mod input;
mod key;
pub mod ledger;
mod merge;
mod output;
mod price;
mod rate;
mod report;
mod request;
#[cfg(feature = "postgres")]
mod runner;
mod store;

pub use batch::{Batch, Estimate, ledger_path};
pub use control::{Control, Pause, Progress};
pub use engine::{End, Engine, Options, Outcome};
pub use error::{Error, Fault};
pub use input::{Checked, Input, InvalidTemplate, ParseShardError, Shard, Template};
pub use key::{BodyHash, Key};
pub use ledger::{AskAgain, Limits, State};
pub use merge::{Merged, merge};
pub use price::Models;
pub use report::Report;
pub use request::{InvalidRequest, Request};
#[cfg(feature = "postgres")]
pub use runner::{ChunkEnd, ChunkReport, Runner};
