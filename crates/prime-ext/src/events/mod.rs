//! Bytes in, events out: the [event-stream format of the WHATWG][format]. Knows nothing of chat.
//!
//! [`ChatStream`](crate::ChatStream) reads with it. It is here for whoever has the bytes of a stream
//! from elsewhere: from the generated clients, from a recording.
//!
//! | file | what it holds |
//! |---|---|
//! | `decoder` | [`Decoder`]: events from pieces of bytes; neither I/O nor time |
//! | `value` | the value of an event's field, in the piece that it came in or in bytes of its own |
//! | `reader` | the events of a body that is still to come, within an idle timeout |
//!
//! [format]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

mod decoder;
mod reader;
mod value;

pub use decoder::{DEFAULT_MAX_EVENT, Decoder, Event, EventTooLarge};
pub(crate) use reader::{AT_ONCE, Events, EventsError, is_no_event_stream};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
