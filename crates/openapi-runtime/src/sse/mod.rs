//! Server-sent events, as defined by the [WHATWG][format].
//!
//! | file | what it contains |
//! |---|---|
//! | `decoder` | [`Decoder`]: decodes events from chunks of bytes, without I/O or timers |
//! | `value` | the value of a field, borrowed from a chunk or owned |
//! | `stream` | [`EventStream`]: reads events from a response body, with an idle timeout |
//!
//! [format]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

mod decoder;
mod stream;
mod value;

pub use decoder::{DEFAULT_MAX_EVENT, Decoder, Event, EventTooLarge};
pub use stream::{EventStream, EventStreamError};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
