//! Chat: a question, and its answer whole or as it comes.
//!
//! | file | what it holds |
//! |---|---|
//! | `request` | [`ChatRequest`]: the question |
//! | `response` | [`ChatResponse`]: the answer, whole |
//! | `stream` | [`ChatStream`]: the answer as it comes |
//! | `stream_end` | [`StreamEnd`]: how a streamed answer ended |
//! | `delta` | [`ChatDelta`]: what is new in a chunk |
//! | `event` | what an event of a stream says |
//! | `chunk` | a chunk as it lies in the buffer of its event |
//! | `values` | a limit on the values of one event |
//! | `accumulator` | [`ChatAccumulator`]: puts chunks together to an answer |
//! | `merge` | how values that no type lists are put together |
//! | `trace` | what a trace says of a question |
//! | `reasoning` | the text of the reasoning, whichever way it is spelled |

mod accumulator;
mod chunk;
mod delta;
mod event;
mod merge;
mod reasoning;
mod request;
mod response;
mod stream;
mod stream_end;
mod trace;
mod values;

pub use accumulator::ChatAccumulator;
pub use delta::ChatDelta;
pub use request::ChatRequest;
pub use response::ChatResponse;
pub use stream::ChatStream;
pub use stream_end::StreamEnd;
