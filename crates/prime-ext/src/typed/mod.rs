//! Typed answers: the model answers in JSON, which is deserialized into a type.
//!
//! With the feature `schemars`, `ChatRequest::parse` derives the JSON Schema from the type.
//! [`ChatRequest::parse_with_schema`](crate::ChatRequest::parse_with_schema) takes a schema:
//!
//! ```no_run
//! # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
//! use serde_json::json;
//!
//! #[derive(serde::Deserialize)]
//! struct Weather {
//!     temperature: f64,
//! }
//!
//! let schema = json!({
//!     "type": "object",
//!     "properties": { "temperature": { "type": "number" } },
//!     "required": ["temperature"],
//! });
//! let request = prime.chat("openai/gpt-oss-120b").user("Weather in Paris?");
//! let weather: Weather = request.parse_with_schema(schema).await?;
//! println!("{} °C", weather.temperature);
//! # Ok(())
//! # }
//! ```
//!
//! | file | contents |
//! |---|---|
//! | `request` | [`TypedRequest`]: builds and sends a request |
//! | `response` | [`TypedResponse`]: the value and the response |
//! | `stream` | [`TypedStream`]: the value as it arrives |
//! | `failure` | [`ParseFailure`]: why a response has no value of the type |
//! | `answer` | reads the answer of a response |
//! | `partial_json` | parses the beginning of a JSON text |

mod answer;
mod failure;
mod partial_json;
mod request;
mod response;
mod stream;

pub use failure::{ParseFailure, ParseFailureReason};
pub use request::TypedRequest;
pub use response::TypedResponse;
pub use stream::TypedStream;
