//! Chat completions, complete or streamed.
//!
//! | file | contents |
//! |---|---|
//! | `request` | [`ChatRequest`]: builds and sends a request |
//! | `json` | sends a request whose body is JSON already |
//! | `parameters` | the methods of [`ChatRequest`] that set parameters |
//! | `recover` | reads complete responses of other shapes |
//! | `response` | [`ChatResponse`]: a complete response |
//! | `stream` | [`ChatStream`]: a response as a stream of chunks |
//! | `stream_end` | [`StreamEnd`]: how a stream ended |
//! | `delta` | [`ChatDelta`]: what a chunk adds to a choice |
//! | `event` | classifies the events of a stream |
//! | `chunk` | a chunk that borrows from the buffer of its event |
//! | `shapes` | rewrites responses and chunks that have another structure than the documented one |
//! | `values` | limits the JSON values of one event |
//! | `accumulator` | [`ChatAccumulator`]: combines chunks into a response |
//! | `merge` | merges fields that the generated types do not declare |
//! | `trace` | the tracing span of a request |
//! | `reasoning` | reads the reasoning text, and decides whether it is sent back |

mod accumulator;
mod chunk;
mod delta;
mod event;
pub(crate) mod json;
mod merge;
mod parameters;
mod reasoning;
mod recover;
mod request;
mod response;
mod shapes;
mod stream;
mod stream_end;
mod trace;
mod values;

pub use accumulator::ChatAccumulator;
pub use delta::ChatDelta;
pub use reasoning::ReasoningHistory;
pub use request::ChatRequest;
pub(crate) use request::STREAM_OPERATION;
pub use response::ChatResponse;
pub use stream::ChatStream;
pub use stream_end::StreamEnd;
