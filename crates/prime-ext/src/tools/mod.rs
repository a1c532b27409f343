//! Tools: Rust functions that a model can call.
//!
//! A [`Tool`] is a function with a name, a description and the JSON Schema of its arguments. [`ChatRequest::tools`] adds
//! tools to a request, and [`ChatRequest::run`] runs the [`ToolLoop`]: it calls the functions that the model requests,
//! and sends back their results, until the model answers.
//!
//! ```no_run
//! # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
//! use prime_ext::tools::Tool;
//! use serde_json::json;
//!
//! #[derive(serde::Deserialize)]
//! struct Place {
//!     city: String,
//! }
//!
//! let schema = json!({
//!     "type": "object",
//!     "properties": { "city": { "type": "string" } },
//!     "required": ["city"],
//! });
//! let weather = Tool::with_schema("weather", schema, |place: Place| async move {
//!     format!("It rains in {}.", place.city)
//! })
//! .description("Returns the current weather of a city.");
//!
//! let transcript = prime
//!     .chat("openai/gpt-oss-120b")
//!     .user("Do I need an umbrella in Paris?")
//!     .tools([weather])
//!     .run()
//!     .await?;
//! println!("{}", transcript.text());
//! # Ok(())
//! # }
//! ```
//!
//! To run the calls yourself, do not use `run`: await the request, read [`ChatResponse::tool_calls`], and send the
//! message of the response and the results with the next request.
//!
//! | module | contents |
//! |---|---|
//! | `tool` | [`Tool`]: a function that a model can call |
//! | `output` | [`ToolOutput`]: what the function returns |
//! | `tool_loop` | [`ToolLoop`]: builds a tool loop |
//! | `stream` | [`ToolStream`]: runs a tool loop |
//! | `calls` | runs the calls of one response |
//! | `arguments` | reads the arguments of a call |
//! | `hook` | [`CallDecision`]: whether a call may run |
//! | `transcript` | [`Transcript`]: what happened in a tool loop |
//!
//! [`ChatRequest::tools`]: crate::ChatRequest::tools
//! [`ChatRequest::run`]: crate::ChatRequest::run
//! [`ChatResponse::tool_calls`]: crate::ChatResponse::tool_calls

mod arguments;
mod calls;
mod hook;
mod output;
mod stream;
mod tool;
mod tool_loop;
mod transcript;

pub use hook::CallDecision;
pub use output::ToolOutput;
pub use stream::{ToolEvent, ToolStream};
pub use tool::Tool;
pub(crate) use tool::{fault, warnings};
pub use tool_loop::ToolLoop;
pub use transcript::{CallOutcome, FinishedCall, LoopEnd, PendingCall, Round, Transcript};
