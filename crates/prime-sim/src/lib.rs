//! A simulator of the Prime Intellect Inference and Training APIs for tests and examples.
//!
//! The simulator is an HTTP server on the loopback interface. It serves chat completions, event
//! streams, wallets and training runs, and it injects faults on request. It needs no network and
//! costs no money. The same seed gives the same responses. A test starts a simulator, sends
//! requests to it, and inspects the recorded requests:
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
//! # Four tests
//!
//! **An empty wallet.** Each chat completion is charged at the model's price. A request from an
//! account without funds gets status 402:
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
//!     .json(&body);                                            // "Tell me a story"
//! assert_eq!(chat.try_clone().unwrap().send().await?.status(), 200);
//! assert!(sim.wallet(None).unwrap().balance <= "0".parse()?);
//! assert_eq!(chat.try_clone().unwrap().send().await?.status(), 402);
//! assert!(sim.set_balance(None, "1".parse()?));
//! assert_eq!(chat.send().await?.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! **A truncated stream.** The connection is closed normally, but before the stream is complete. A
//! program must not mistake the text so far for a complete answer:
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
//! **A lost response to a create request.** The run exists and costs money, but the caller only
//! sees a connection error. A program that retries creates a second run:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! use prime_sim::{Fault, Operation, Simulator};
//!
//! let sim = Simulator::start().await?;
//! sim.inject(Fault::lost_response().on(Operation::CreateRun).once());
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
//! **A conversation with tools.** The last user message stays the same while tools run, so the
//! replies are selected by round. A program gets two parallel calls, here without ids, and must send
//! both results before it gets a text:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! use prime_sim::{Reply, Simulator, ToolCallShape, When};
//! use serde_json::{Value, json};
//!
//! let sim = Simulator::start().await?;
//! sim.on_chat(When::contains("weather").and(When::round(1))).reply(
//!     Reply::tool_call("get_weather", json!({ "city": "Paris" }))
//!         .and_tool_call("get_weather", json!({ "city": "Rome" }))
//!         .tool_call_shape(ToolCallShape::MissingId),
//! );
//! sim.on_chat(When::after_tool_results()).reply("It rains in Rome.");
//!
//! let ask = async |messages: &[Value]| -> reqwest::Result<Value> {
//!     let url = format!("{}/chat/completions", sim.inference_url());
//!     let body = json!({ "model": "openai/gpt-oss-120b", "messages": messages });
//!     let request = reqwest::Client::new().post(url).bearer_auth(sim.key());
//!     request.json(&body).send().await?.json().await
//! };
//! let mut messages = vec![json!({ "role": "user", "content": "How is the weather?" })];
//! let mut message = ask(&messages).await?["choices"][0]["message"].take();
//! for (number, call) in message["tool_calls"].as_array_mut().unwrap().iter_mut().enumerate() {
//!     call["id"] = number.to_string().into();
//! }
//! messages.push(message);
//! for (id, weather) in [("0", "sun"), ("1", "rain")] {
//!     messages.push(json!({ "role": "tool", "tool_call_id": id, "content": weather }));
//! }
//! let answer = ask(&messages).await?;
//! assert_eq!(answer["choices"][0]["message"]["content"], "It rains in Rome.");
//! # Ok(())
//! # }
//! ```
//!
//! # Overview
//!
//! - [`Simulator::builder`] sets the seed, the balances and the speed of time. [`Builder::script`]
//!   reads teams, keys, replies and faults from TOML. A simulator starts in milliseconds, so each
//!   test can start its own.
//! - [`Fault`] describes a fault, the [`Operation`]s it applies to, and how often it occurs.
//! - [`Reply`] is a scripted answer of a model, and [`When`] selects the requests that get it.
//!   [`ToolCallShape`] and [`ReasoningField`] send tool calls and reasoning as other servers do.
//! - [`Key`] and [`Team`] define permissions and who pays.
//! - [`Simulator::requests`], [`Simulator::runs`] and [`Simulator::wallet`] return the recorded
//!   requests and the current state. [`Simulator::advance`] moves the clock, which makes runs leave
//!   the queue, incur costs and complete.
//!
//! Without a scripted reply, a model generates a deterministic answer:
//!
//! - It calls each tool that the question mentions (`get_weather` for a question with "weather"), or
//!   the first tool if a call is required and the question mentions none. It follows `tool_choice`
//!   (also with `allowed_tools`) and `parallel_tool_calls`. After the results, it repeats them in
//!   order.
//! - It returns reasoning if `reasoning_effort` is set and not `none`: models of `anthropic` in
//!   `reasoning_details`, of `nvidia` in `reasoning`, and others in `reasoning_content`.
//! - It follows `response_format`, returns log probabilities on request, and counts the images,
//!   audio recordings and files of the question.
//!
//! Requests are validated against the specifications. Invalid requests get status 400 (Inference) or
//! 422 (Training). As with OpenAI, each tool call must be followed by its result, and each result
//! must follow its call.
//!
//! The crate is also a program. `prime-sim --port 8080 --seed 7 --script faults.toml` prints the
//! environment variables that clients need, and logs each response. See `prime-sim --help`.
//!
//! # Modules
//!
//! | module | contents |
//! |---|---|
//! | `builder`, `simulator` | [`Builder`] and [`Simulator`] |
//! | `server`, `connection` | the server thread, and connections that can be reset or closed |
//! | `operation`, `faults` | [`Operation`] and [`Fault`] |
//! | `routes` | the request handlers, one file for each group of operations |
//! | `state` | the clock, accounts, models and runs |
//! | `document` | request validation against the specifications |
//! | `conversation` | the messages of a chat request, and their validation |
//! | `replies`, `when` | [`Reply`] and [`When`] |
//! | `shapes` | [`ToolCallShape`] and [`ReasoningField`] |
//! | `instance` | generation of values for a JSON Schema |
//! | `script` | [`Builder::script`] |
//! | `text`, `tokens` | generated answers and token counts |
//! | `errors` | the error bodies of both APIs |
//! | `record` | recorded requests and response events |

mod builder;
mod connection;
mod conversation;
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
mod shapes;
mod simulator;
mod state;
mod text;
mod tokens;
mod when;

pub use builder::{Builder, StartError};
pub use faults::{Envelope, Fault, FaultHandle};
pub use operation::Operation;
pub use record::{RecordedRequest, ResponseEvent};
pub use replies::{OnChat, Reply};
pub use script::ScriptError;
pub use shapes::{ReasoningField, ToolCallShape};
pub use simulator::Simulator;
pub use state::{Key, Permission, RunSnapshot, Team, Wallet};
pub use when::When;

#[doc(no_inline)]
pub use prime_training_api::types::{BillingEntry, RunStatus};
