//! Chat: a question, and its answer whole or as it comes.
//!
//! | file | what it holds |
//! |---|---|
//! | `request` | [`ChatRequest`]: the question |
//! | `answer` | [`ChatAnswer`]: the answer, whole |
//! | `stream` | [`ChatStream`]: the answer as it comes |
//! | `assembly` | chunks put together to the answer that they are pieces of |

mod answer;
mod assembly;
mod request;
mod stream;

pub use answer::ChatAnswer;
pub use request::ChatRequest;
pub use stream::ChatStream;
