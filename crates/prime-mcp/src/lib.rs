//! An MCP server for Prime Intellect: agents list models, ask questions within a spending limit, and read the wallet,
//! training runs and batches.
//!
//! Without options, the server only reads. Tools that spend are listed only if they are allowed:
//!
//! | option | tools |
//! |---|---|
//! | none | `models`, `estimate`, `wallet`, `runs`, `run`, `run_usage`, `run_logs`, `batch_estimate`, `batch_status`, `settings` |
//! | [`Options::allow_spend`] | also `chat`, `batch_start`, `batch_stop` |
//! | [`Options::allow_runs`] | also `run_create`, `run_delete` |
//!
//! The limit of [`Options::allow_spend`] is one for the process, however many clients connect. Before a request is sent,
//! the upper bound of its cost is reserved ([`Meter::reserve`](prime_ext::Meter::reserve)); a request without a bound is
//! refused. The limit does not cover training runs: they cost money after they were started.
//!
//! API keys and the tokens of runs are in no result. Neither the prompts of the host nor the messages of a service are
//! logged.
//!
//! ```no_run
//! # async fn example(prime: prime_ext::Client) -> Result<(), prime_mcp::Error> {
//! use prime_mcp::{Options, Server};
//!
//! let limit = "5".parse().expect("a decimal number");
//! Server::new(prime, Options::new().allow_spend(limit)).serve_stdio().await
//! # }
//! ```
//!
//! # Modules
//!
//! | module | contents |
//! |---|---|
//! | `server` | [`Server`]: the protocol, over standard input and output or HTTP |
//! | `session` | what the tools share: the client, the limit, the batches that run |
//! | `tool` | the definition of a tool: its name, its schema, what it needs |
//! | `schema` | JSON Schemas that strict hosts accept |
//! | `tools` | the tools, one module for each group |
//! | `docs` | the documents that clients can read |

mod docs;
mod http;
mod schema;
mod server;
mod session;
mod tool;
mod tools;

pub use server::{Error, Server};
pub use session::Options;
