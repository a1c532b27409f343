//! Chat: a question, and its answer whole or as it comes.
//!
//! | file | what it holds |
//! |---|---|
//! | `request` | [`ChatRequest`]: the question |
//! | `answer` | [`ChatAnswer`]: the answer, whole |
//! | `stream` | [`ChatStream`]: the answer as it comes |
//! | `ending` | [`Ending`]: how a streamed answer ended |
//! | `piece` | [`Piece`]: what is new in a chunk |
//! | `event` | what an event of a stream says |
//! | `chunk` | a chunk as it lies in the buffer of its event |
//! | `values` | a limit on the values of one event |
//! | `accumulator` | [`ChatAccumulator`]: puts chunks together to an answer |
//! | `merge` | how values that no type lists are put together |
//! | `trace` | what a trace says of a question |
//! | `reasoning` | the text of the reasoning, whichever way it is spelled |

mod accumulator;
mod answer;
mod chunk;
mod ending;
mod event;
mod merge;
mod piece;
mod reasoning;
mod request;
mod stream;
mod trace;
mod values;

pub use accumulator::ChatAccumulator;
pub use answer::ChatAnswer;
pub use ending::Ending;
pub use piece::Piece;
pub use request::ChatRequest;
pub use stream::ChatStream;
