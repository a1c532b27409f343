//! Decodes events from chunks of bytes.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use super::value::{Value, clear_buffer};

/// The default maximum size of an event: 8 MiB.
pub const DEFAULT_MAX_EVENT: usize = 8 << 20;

const BOM: &[u8; 3] = b"\xef\xbb\xbf";
/// The value of `Decoder::bom_len` after the start of the stream was checked for a byte order mark.
const BOM_CHECKED: u8 = 3;

/// Decodes the events of a stream from chunks of any size.
///
/// The decoder follows the [specification][format]. Lines end with CR, LF or CRLF. A byte order mark at the beginning
/// is skipped. Invalid UTF-8 is replaced with U+FFFD. A field `error`, which older versions of llama.cpp send, is read
/// as the data of an event named `error`. If the stream ends before the blank line of an event, the event is dropped,
/// unless [`unterminated`](Self::unterminated) is called.
///
/// An event within one chunk is borrowed from the chunk. Decoding takes linear time for any chunk sizes. The maximum
/// event size limits the memory.
///
/// ```
/// use openapi_runtime::sse::Decoder;
///
/// let mut decoder = Decoder::new();
/// decoder.feed("data: on".into());
/// assert!(decoder.next().is_none()); // the event continues in the next chunk
/// decoder.feed("e\n\ndata: two\n\n".into());
/// let one = decoder.next().unwrap()?;
/// assert_eq!((&*one.name, &*one.data), ("message", "one"));
/// let two = decoder.next().unwrap()?;
/// assert_eq!(two.data, "two");
/// # Ok::<(), openapi_runtime::sse::EventTooLarge>(())
/// ```
///
/// [format]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
#[derive(Debug)]
pub struct Decoder {
    chunk: Bytes,
    /// The position of the next unprocessed byte of the chunk.
    pos: usize,
    limit: usize,
    state: State,
    /// Whether a CR ended the last line. An LF that follows belongs to it.
    after_cr: bool,
    /// How many bytes of a byte order mark were matched, or [`BOM_CHECKED`].
    bom_len: u8,
    /// Whether [`release`](Self::release) copied the emitted event.
    was_released: bool,
    /// The beginning of a line that continues in the next chunk.
    line: Vec<u8>,
    extra: Option<Box<ExtraFields>>,
    data: Value,
}

/// Fields that few streams use.
#[derive(Debug, Default)]
struct ExtraFields {
    /// The name of the current event.
    name: Value,
    /// The last event id.
    id: String,
    retry: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Reading an event.
    Reading,
    /// An event was emitted. It is cleared before the next step.
    Emitted,
    /// An event was too large.
    Failed,
}

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// An event is available from [`Decoder::event`].
    Event,
    /// Another chunk is needed.
    NeedChunk,
    /// An event is too large. No more events follow.
    TooLarge,
}

/// An event, borrowed from a [`Decoder`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The event type. Default: `message`.
    pub name: Cow<'a, str>,
    /// The data. Lines are separated by LF.
    pub data: Cow<'a, str>,
    /// The last event id: that of this event or the latest one before it. Empty if there is none.
    pub id: &'a str,
}

/// The error of an event that is larger than the limit. Decoding cannot continue after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventTooLarge {
    /// The limit in bytes.
    pub limit: usize,
}

impl fmt::Display for EventTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream event too large: more than {} bytes", self.limit)
    }
}

impl std::error::Error for EventTooLarge {}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// Creates a decoder with a limit of [`DEFAULT_MAX_EVENT`].
    pub fn new() -> Self {
        Self::with_limit(DEFAULT_MAX_EVENT)
    }

    /// Creates a decoder with a maximum event size in bytes, including field names and comments.
    pub fn with_limit(bytes: usize) -> Self {
        Self {
            limit: bytes,
            chunk: Bytes::new(),
            pos: 0,
            bom_len: 0,
            was_released: false,
            after_cr: false,
            line: Vec::new(),
            data: Value::default(),
            extra: None,
            state: State::Reading,
        }
    }

    /// Adds the next chunk of the stream. Call this method after [`next`](Self::next) has returned `None`. If it
    /// is called earlier, the chunk is copied after the unprocessed bytes.
    pub fn feed(&mut self, chunk: Bytes) {
        self.clear_emitted();
        self.make_values_owned();
        self.chunk = match self.chunk.get(self.pos..) {
            None | Some([]) => chunk,
            Some(left) => {
                let mut both = BytesMut::with_capacity(left.len() + chunk.len());
                both.extend_from_slice(left);
                both.extend_from_slice(&chunk);
                both.freeze()
            }
        };
        self.pos = 0;
    }

    /// Returns the next event, or `None` if another chunk is needed.
    ///
    /// # Errors
    /// If an event is larger than the limit. All later calls fail too.
    #[allow(clippy::should_implement_trait, reason = "the event is borrowed")]
    pub fn next(&mut self) -> Option<Result<Event<'_>, EventTooLarge>> {
        match self.step() {
            Step::Event => Some(Ok(self.event())),
            Step::NeedChunk => None,
            Step::TooLarge => Some(Err(EventTooLarge { limit: self.limit })),
        }
    }

    /// Returns the last event of a stream that ended before the blank line of the event. The specification drops such
    /// an event, but some servers omit the blank line.
    pub fn unterminated(&mut self) -> Option<Event<'_>> {
        self.clear_emitted();
        if self.state == State::Failed || self.pos < self.chunk.len() {
            return None;
        }
        if !self.line.is_empty() {
            self.process_carried_line();
        }
        self.data.is_set().then(|| {
            self.state = State::Emitted;
            self.event()
        })
    }

    /// Returns the reconnection time, if the stream sets one.
    pub fn retry(&self) -> Option<Duration> {
        self.extra.as_ref()?.retry
    }

    /// Returns whether the last event has any data.
    pub(super) fn has_data(&self) -> bool {
        self.data.len() > 0
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Returns the last event. It is available until the next step.
    pub(super) fn event(&self) -> Event<'_> {
        let extra = self.extra.as_deref();
        let name = extra.map(|extra| extra.name.text(&self.chunk));
        let name = name.filter(|name| !name.is_empty());
        Event {
            name: name.unwrap_or(Cow::Borrowed("message")),
            data: self.data.text(&self.chunk),
            id: extra.map_or("", |extra| &extra.id),
        }
    }

    /// Advances to the next event.
    pub(super) fn step(&mut self) -> Step {
        self.clear_emitted();
        if self.state == State::Failed {
            return Step::TooLarge;
        }
        if self.pos == self.chunk.len() {
            self.release();
            return Step::NeedChunk;
        }
        self.skip_bom();
        loop {
            if self.after_cr && self.pos < self.chunk.len() {
                self.after_cr = false;
                self.pos += usize::from(self.chunk[self.pos] == b'\n');
            }
            let rest = &self.chunk[self.pos..];
            let length = match rest.first() {
                // The blank line after an event needs no search.
                Some(b'\n') => 0,
                _ => match memchr2(b'\n', b'\r', rest) {
                    Some(length) => length,
                    None => return self.carry_over(),
                },
            };
            if self.exceeds_limit(length) {
                return self.fail();
            }
            let (from, to) = (self.pos, self.pos + length);
            self.after_cr = rest[length] == b'\r';
            self.pos = to + 1;
            let blank = if self.line.is_empty() {
                self.process_line(from, to);
                length == 0
            } else {
                self.line.extend_from_slice(&self.chunk[from..to]);
                self.process_carried_line();
                false
            };
            if blank {
                if self.data.is_set() {
                    self.state = State::Emitted;
                    return Step::Event;
                }
                self.clear_name();
            }
        }
    }

    /// Copies the emitted event and drops the chunk, if the chunk is fully processed. The chunk may be part of a larger
    /// buffer, which is then freed.
    pub(super) fn release(&mut self) {
        if self.pos == self.chunk.len() && self.pos > 0 {
            self.make_values_owned();
            self.chunk = Bytes::new();
            self.pos = 0;
            self.was_released = self.state == State::Emitted;
        }
    }

    /// Copies the values of the event out of the chunk, before the chunk is dropped.
    fn make_values_owned(&mut self) {
        self.data.make_owned(&self.chunk);
        if let Some(extra) = &mut self.extra {
            extra.name.make_owned(&self.chunk);
        }
    }

    fn clear_name(&mut self) {
        if let Some(extra) = &mut self.extra {
            extra.name.clear();
        }
    }

    /// Returns whether `more` bytes would make the event larger than the limit.
    fn exceeds_limit(&self, more: usize) -> bool {
        let name = self.extra.as_ref().map_or(0, |extra| extra.name.len());
        self.data.len() + name + self.line.len() + more > self.limit
    }

    fn fail(&mut self) -> Step {
        self.state = State::Failed;
        self.chunk = Bytes::new();
        self.pos = 0;
        self.line = Vec::new();
        if let Some(extra) = &mut self.extra {
            extra.name = Value::default();
        }
        self.data = Value::default();
        Step::TooLarge
    }

    /// Keeps the incomplete last line of the chunk.
    fn carry_over(&mut self) -> Step {
        let rest = self.chunk.len() - self.pos;
        if self.exceeds_limit(rest) {
            return self.fail();
        }
        self.line.extend_from_slice(&self.chunk[self.pos..]);
        self.pos = self.chunk.len();
        self.release();
        Step::NeedChunk
    }

    fn clear_emitted(&mut self) {
        if self.state == State::Emitted {
            self.state = State::Reading;
            self.clear_name();
            self.data.clear();
            if self.was_released {
                self.was_released = false;
                self.data = Value::default();
            }
        }
    }

    fn skip_bom(&mut self) {
        let bom_size = BOM.len();
        while usize::from(self.bom_len) < bom_size && self.pos < self.chunk.len() {
            let matched = usize::from(self.bom_len);
            if self.chunk[self.pos] == BOM[matched] {
                self.bom_len += 1;
                self.pos += 1;
            } else {
                // The bytes were not a byte order mark.
                self.line.extend_from_slice(&BOM[..matched]);
                self.bom_len = BOM_CHECKED;
            }
        }
    }

    /// Processes a line within the chunk.
    fn process_line(&mut self, from: usize, to: usize) {
        let (field, value) = Field::parse(&self.chunk[from..to]);
        let begin = from;
        let from = from + value;
        match field {
            Field::Error => {
                let name = &mut self.extra.get_or_insert_default().name;
                name.set(begin, begin + ERROR.len());
                self.data.set(from, to);
            }
            Field::Data if self.data.is_set() => {
                self.data.add_line(&self.chunk, &self.chunk[from..to]);
            }
            Field::Data => self.data.set(from, to),
            Field::Event => self.extra.get_or_insert_default().name.set(from, to),
            Field::Id => set_id(&mut self.extra, &self.chunk[from..to]),
            Field::Retry => set_retry(&mut self.extra, &self.chunk[from..to]),
            Field::Other => {}
        }
    }

    /// Processes a line that spans chunks.
    fn process_carried_line(&mut self) {
        let (field, from) = Field::parse(&self.line);
        match field {
            Field::Error => {
                let name = &mut self.extra.get_or_insert_default().name;
                name.swap(&mut ERROR.to_vec(), 0);
                self.data.swap(&mut self.line, from);
            }
            Field::Data if self.data.is_set() => {
                self.data.add_line(&self.chunk, &self.line[from..]);
            }
            Field::Data => self.data.swap(&mut self.line, from),
            Field::Event => {
                let extra = self.extra.get_or_insert_default();
                extra.name.swap(&mut self.line, from);
            }
            Field::Id => set_id(&mut self.extra, &self.line[from..]),
            Field::Retry => set_retry(&mut self.extra, &self.line[from..]),
            Field::Other => {}
        }
        clear_buffer(&mut self.line);
    }
}

/// The field in which older versions of llama.cpp send an error, and the name of the event that it becomes.
const ERROR: &[u8] = b"error";

/// The field of a line.
#[derive(Debug, Clone, Copy)]
enum Field {
    Data,
    Event,
    Id,
    Retry,
    /// The field `error`, which is not in the specification.
    Error,
    /// A comment, a blank line, or an unknown field.
    Other,
}

impl Field {
    /// Returns the field of a line, and the index of its value.
    fn parse(line: &[u8]) -> (Self, usize) {
        // `data` is the common case.
        if line.starts_with(b"data:") {
            return (Self::Data, 5 + usize::from(line.get(5) == Some(&b' ')));
        }
        let colon = line.iter().take("retry:".len()).position(|b| *b == b':');
        let name = &line[..colon.unwrap_or(line.len())];
        let field = match name {
            b"data" => Self::Data,
            b"event" => Self::Event,
            b"id" => Self::Id,
            b"retry" => Self::Retry,
            ERROR => Self::Error,
            _ => Self::Other,
        };
        let value = colon.map_or(line.len(), |colon| {
            colon + 1 + usize::from(line.get(colon + 1) == Some(&b' '))
        });
        (field, value)
    }
}

fn set_id(extra: &mut Option<Box<ExtraFields>>, value: &[u8]) {
    if !value.contains(&0) {
        let id = &mut extra.get_or_insert_default().id;
        id.clear();
        id.push_str(&String::from_utf8_lossy(value));
    }
}

fn set_retry(extra: &mut Option<Box<ExtraFields>>, value: &[u8]) {
    let digits = value.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(value).ok().filter(|_| digits);
    if let Some(milliseconds) = number.and_then(|number| number.parse().ok()) {
        extra.get_or_insert_default().retry = Some(Duration::from_millis(milliseconds));
    }
}
