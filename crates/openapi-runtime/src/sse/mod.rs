//! Bytes in, events out: the [event stream format of the WHATWG][format].
//!
//! | file | what it contains |
//! |---|---|
//! | `decoder` | [`Decoder`]: events from pieces of bytes, without I/O and time |
//! | `value` | the value of an event's field, in the piece that it came in or in bytes of its own |
//! | `stream` | [`EventStream`]: the events of a body that is still to come, within an idle timeout |
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
