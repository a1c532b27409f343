//! A simulator of the Prime Intellect Inference and Training APIs, to test programs against: a real
//! server on loopback, with models that answer, streams, wallets that are billed, training runs that
//! advance, and everything that can go wrong with them.
//!
//! Nothing leaves the machine, nothing costs money, and the same seed tells the same story. Whatever
//! speaks HTTP can talk to it. A test starts one, points its client at it, and looks at what arrived:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! # use serde_json::json;
//! let sim = prime_sim::Simulator::builder().seed(7).start().await?;
//! sim.on_chat("weather").reply("It rains.");
//!
//! let answer: serde_json::Value = reqwest::Client::new()
//!     .post(format!("{}/chat/completions", sim.inference_url()))
//!     .bearer_auth(sim.key())
//!     .json(&json!({
//!         "model": "meta-llama/llama-3.1-70b-instruct",
//!         "messages": [{ "role": "user", "content": "How is the weather?" }],
//!     }))
//!     .send().await?.json().await?;
//!
//! assert_eq!(answer["choices"][0]["message"]["content"], "It rains.");
//! assert_eq!(sim.requests().len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Three tests
//!
//! **A wallet that empties.** Chat costs what the model's price says. What it costs is gone, and who
//! has nothing left is answered 402:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! # let body = serde_json::json!({
//! #     "model": "meta-llama/llama-3.1-70b-instruct",
//! #     "messages": [{ "role": "user", "content": "Tell me a story" }],
//! # });
//! let sim = prime_sim::Simulator::builder().balance("0.00001".parse()?).start().await?;
//! let chat = reqwest::Client::new()
//!     .post(format!("{}/chat/completions", sim.inference_url()))
//!     .bearer_auth(sim.key())
//!     .json(&body);                                            // a question for a story
//! assert_eq!(chat.try_clone().unwrap().send().await?.status(), 200);
//! assert!(sim.wallet(None).unwrap().balance <= "0".parse()?);
//! assert_eq!(chat.try_clone().unwrap().send().await?.status(), 402);
//! assert!(sim.set_balance(None, "1".parse()?));
//! assert_eq!(chat.send().await?.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! **A stream that is cut.** It ends in good order, only too early. What a program makes of it must
//! not pass for a whole answer:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! # let body = serde_json::json!({
//! #     "model": "meta-llama/llama-3.1-70b-instruct",
//! #     "messages": [{ "role": "user", "content": "Tell me a story" }],
//! #     "stream": true,
//! # });
//! use prime_sim::{Fault, Simulator};
//!
//! let sim = Simulator::start().await?;
//! sim.inject(Fault::cut_off().after(5).once());
//! let text = reqwest::Client::new()
//!     .post(format!("{}/chat/completions", sim.inference_url()))
//!     .bearer_auth(sim.key())
//!     .json(&body)                                             // with `"stream": true`
//!     .send().await?.text().await?;
//! assert_eq!(text.matches("data: ").count(), 5);
//! assert!(!text.contains("[DONE]"));
//! assert_eq!(sim.requests()[0].fault, Some("cut-off"));
//! # Ok(())
//! # }
//! ```
//!
//! **A create whose answer is lost.** The run exists and costs money; the caller saw a connection
//! break. A program that sends it again has two:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! use prime_sim::{Fault, Operation, Simulator};
//!
//! let sim = Simulator::start().await?;
//! sim.inject(Fault::lost_answer().on(Operation::CreateRun).once());
//! let created = reqwest::Client::new()
//!     .post(format!("{}/api/v1/training/runs", sim.platform_url()))
//!     .bearer_auth(sim.key())
//!     .json(&serde_json::json!({ "config": { "max_steps": 20 } }))
//!     .send().await;
//! assert!(created.is_err());
//! assert_eq!(sim.runs().len(), 1);
//! assert_eq!(sim.requests().len(), 1, "it was sent once");
//! # Ok(())
//! # }
//! ```
//!
//! # What there is
//!
//! - [`Simulator::builder`]: seed, balances, the speed of time; [`Builder::script`] reads all of it
//!   from TOML. A simulator is ready in milliseconds: start one in each test.
//! - [`Fault`]: what goes wrong, for which [`Operation`], how often.
//! - [`Reply`]: what a model says, by script; [`When`] it does.
//! - [`Key`], [`Team`]: who may do what, and who pays.
//! - [`Simulator::requests`], [`Simulator::runs`], [`Simulator::wallet`]: what arrived, and what came
//!   of it. [`Simulator::advance`] moves the clock: runs queue, run, cost money and end.
//!
//! Without a reply, a model makes up an answer that is the same each time. It calls a tool where one
//! is spoken of (`get_weather` for a question with "weather") or has to be called, fits a
//! `response_format`, reasons if there is a `reasoning_effort`, and gives log probabilities if asked.
//! Requests are checked against the specifications themselves, with 400 (Inference) or 422 (Training)
//! for what is wrong.
//!
//! As a program: `prime-sim --port 8080 --seed 7 --script faults.toml` prints what to export for a
//! client to find it, and a line for each answer. `prime-sim --help` has the rest.
//!
//! # Where things are
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
//! | `script` | [`Builder::script`]: all that in TOML |
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
mod script;
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
pub use script::ScriptError;
pub use simulator::Simulator;
pub use state::{Key, Permission, RunSnapshot, Team, Wallet};

#[doc(no_inline)]
pub use prime_training_api::types::{BillingEntry, RunStatus};
