//! A simulator of the Prime Intellect Inference and Training APIs: a real server on loopback, with
//! models that answer, streams, wallets that are billed and training runs that advance.
//!
//! Nothing leaves the machine, nothing costs money, and the same seed tells the same story.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use prime_sim::{RunStatus, Simulator};
//!
//! let sim = Simulator::builder().seed(7).billing_rows(350).start().await?;
//!
//! // Whatever speaks HTTP can talk to it.
//! let created: serde_json::Value = reqwest::Client::new()
//!     .post(format!("{}/api/v1/training/runs", sim.platform_url()))
//!     .bearer_auth(sim.key())
//!     .json(&serde_json::json!({ "config": { "max_steps": 20 }, "teamId": sim.team() }))
//!     .send()
//!     .await?
//!     .json()
//!     .await?;
//!
//! // Time passes when it is told to.
//! sim.advance(Duration::from_secs(60));
//! let run = &sim.runs()[0];
//! assert_eq!(created["runId"], run.id);
//! assert_eq!(run.status, RunStatus::Completed);
//!
//! // The team has paid for the run, to the digit.
//! let wallet = sim.wallet(Some(sim.team())).ok_or("no such team")?;
//! assert_eq!(wallet.rows[0].amount_usd, run.usage.total_cost_usd);
//! assert_eq!(wallet.rows.len(), 351);
//!
//! // What was asked, as it arrived.
//! assert_eq!(sim.requests()[0].path, "/api/v1/training/runs");
//! # Ok(())
//! # }
//! ```
//!
//! As a program: `prime-sim --port 8080 --seed 7` prints what to export for a client to find it.
//!
//! | module | what it holds |
//! |---|---|
//! | `builder`, `simulator` | [`Builder`], [`Simulator`]: start, look at, stop |
//! | `server`, `connection` | the thread that serves, and its end; connections that can be broken |
//! | `operation`, `faults` | [`Operation`], [`Fault`]: what goes wrong on demand |
//! | `routes` | a file for each group of operations: requests in, answers out |
//! | `state` | what the server remembers: clock, accounts, models, runs |
//! | `document` | the specifications themselves, which requests are checked against |
//! | `replies` | [`Reply`], [`When`]: what models are told to say |
//! | `instance` | values that fit a JSON Schema |
//! | `text`, `tokens` | what the models say, and how it is counted |
//! | `errors` | the error bodies of both APIs |
//! | `record` | what arrived and what was answered |

mod builder;
mod connection;
mod document;
mod errors;
mod faults;
mod ids;
mod instance;
mod operation;
mod price;
mod record;
mod replies;
mod routes;
mod server;
mod simulator;
mod state;
mod text;
mod tokens;

pub use builder::{Builder, StartError};
pub use faults::{Envelope, Fault, Injected};
pub use operation::Operation;
pub use record::{Answered, Recorded};
pub use replies::{OnChat, Reply, When};
pub use simulator::Simulator;
pub use state::{Key, Permission, RunSnapshot, Team, Wallet};

#[doc(no_inline)]
pub use prime_training_api::types::{BillingEntry, RunStatus};
