//! Events from pieces of bytes.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use super::value::{Value, empty};

/// The most bytes of one event, unless another limit is set: 8 MiB.
pub const DEFAULT_MAX_EVENT: usize = 8 << 20;

const BYTE_ORDER_MARK: &[u8; 3] = b"\xef\xbb\xbf";
const MARK_SETTLED: u8 = 3;

/// Makes events of the pieces of an event stream, however it is cut.
///
/// It does what the [format] says: lines end with CR, LF or both; one byte order mark at the beginning is
/// skipped; bytes that are no UTF-8 become U+FFFD; an event that the end of the stream leaves without its
/// blank line is dropped, unless [`unterminated`](Self::unterminated) asks for it.
///
/// An event that lies whole in one piece is lent from it, and not copied. Every byte is looked at a
/// bounded number of times, whatever the cuts. Memory is bounded by the limit.
///
/// ```
/// use openapi_runtime::sse::Decoder;
///
/// let mut decoder = Decoder::new();
/// decoder.feed("data: on".into());
/// assert!(decoder.next().is_none()); // the event goes on in the next piece
/// decoder.feed("e\n\ndata: two\n\n".into());
/// let one = decoder.next().unwrap()?;
/// assert_eq!((&*one.name, &*one.data), ("message", "one"));
/// let two = decoder.next().unwrap()?;
/// assert_eq!(two.data, "two");
/// # Ok::<(), openapi_runtime::sse::EventTooLarge>(())
/// ```
///
/// [format]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
// In this order, what every event looks at lies together: see `Assembly`.
#[derive(Debug)]
#[repr(C)]
pub struct Decoder {
    piece: Bytes,
    /// How much of the piece is done.
    at: usize,
    limit: usize,
    state: State,
    /// A CR ended the last line: an LF right after it belongs to it.
    after_cr: bool,
    /// How much of a byte order mark the stream began with; all of it once that is settled.
    mark: u8,
    /// The event that was given was copied, for a stream that may wait long.
    released: bool,
    /// The beginning of a line that goes on in the next piece.
    line: Vec<u8>,
    rare: Option<Box<Rare>>,
    data: Value,
}

/// What few streams say.
#[derive(Debug, Default)]
struct Rare {
    /// Of the event that is being read.
    name: Value,
    /// Of the last event that had one.
    id: String,
    retry: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// An event is being read, or none has begun.
    Reading,
    /// An event was given, and is cleared before anything else happens.
    Given,
    /// An event was too large.
    Failed,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// An event, at [`Decoder::event`].
    Event,
    /// Nothing before another piece.
    Piece,
    /// Nothing any more: an event is too large.
    TooLarge,
}

/// An event, lent by its [`Decoder`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event<'a> {
    /// Its name; `message` unless the stream names it.
    pub name: Cow<'a, str>,
    /// Its data; several lines of it are parted by LF.
    pub data: Cow<'a, str>,
    /// The last id that the stream gave to this event or one before it; empty if it gave none.
    pub id: &'a str,
}

/// An event is larger than the limit. There is no way on from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventTooLarge {
    /// The limit in bytes.
    pub limit: usize,
}

impl fmt::Display for EventTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event is larger than {} bytes", self.limit)
    }
}

impl std::error::Error for EventTooLarge {}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder at the beginning of a stream, with a limit of [`DEFAULT_MAX_EVENT`].
    pub fn new() -> Self {
        Self::with_limit(DEFAULT_MAX_EVENT)
    }

    /// A decoder that takes events of at most so many bytes, names of fields and comments included.
    pub fn with_limit(bytes: usize) -> Self {
        Self {
            limit: bytes,
            piece: Bytes::new(),
            at: 0,
            mark: 0,
            released: false,
            after_cr: false,
            line: Vec::new(),
            data: Value::default(),
            rare: None,
            state: State::Reading,
        }
    }

    /// Takes the next piece of the stream. Pieces are meant to be fed once [`next`](Self::next) has
    /// nothing more to give; one that comes earlier is copied behind what is left.
    pub fn feed(&mut self, piece: Bytes) {
        self.clear_given();
        self.keep_values();
        self.piece = match self.piece.get(self.at..) {
            None | Some([]) => piece,
            Some(left) => {
                let mut both = BytesMut::with_capacity(left.len() + piece.len());
                both.extend_from_slice(left);
                both.extend_from_slice(&piece);
                both.freeze()
            }
        };
        self.at = 0;
    }

    /// The next event; nothing until another piece is fed.
    ///
    /// # Errors
    /// If an event is larger than the limit; from then on always.
    #[allow(clippy::should_implement_trait, reason = "what it gives is lent")]
    pub fn next(&mut self) -> Option<Result<Event<'_>, EventTooLarge>> {
        match self.step() {
            Step::Event => Some(Ok(self.event())),
            Step::Piece => None,
            Step::TooLarge => Some(Err(EventTooLarge { limit: self.limit })),
        }
    }

    /// At the end of a stream: the event that lacks its blank line, or the end of its last line too. The
    /// format says to drop it; a caller who knows better can look at it.
    pub fn unterminated(&mut self) -> Option<Event<'_>> {
        self.clear_given();
        if self.state == State::Failed || self.at < self.piece.len() {
            return None;
        }
        if !self.line.is_empty() {
            self.carried_line();
        }
        self.data.is_set().then(|| {
            self.state = State::Given;
            self.event()
        })
    }

    /// How long to wait before connecting again, if the stream said so.
    pub fn retry(&self) -> Option<Duration> {
        self.rare.as_ref()?.retry
    }

    /// Whether the event that was found last has any data.
    pub(super) fn has_data(&self) -> bool {
        self.data.len() > 0
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The event that was found last, until the next step.
    pub(super) fn event(&self) -> Event<'_> {
        let rare = self.rare.as_deref();
        let name = rare.map(|rare| rare.name.text(&self.piece));
        let name = name.filter(|name| !name.is_empty());
        Event {
            name: name.unwrap_or(Cow::Borrowed("message")),
            data: self.data.text(&self.piece),
            id: rare.map_or("", |rare| &rare.id),
        }
    }

    /// Goes on to the next event.
    pub(super) fn step(&mut self) -> Step {
        self.clear_given();
        if self.state == State::Failed {
            return Step::TooLarge;
        }
        if self.at == self.piece.len() {
            self.release();
            return Step::Piece;
        }
        self.skip_mark();
        loop {
            if self.after_cr && self.at < self.piece.len() {
                self.after_cr = false;
                self.at += usize::from(self.piece[self.at] == b'\n');
            }
            let rest = &self.piece[self.at..];
            let length = match rest.first() {
                // A blank line, as after nearly every event.
                Some(b'\n') => 0,
                _ => match memchr2(b'\n', b'\r', rest) {
                    Some(length) => length,
                    None => return self.carry(),
                },
            };
            if self.exceeds(length) {
                return self.fail();
            }
            let (from, to) = (self.at, self.at + length);
            self.after_cr = rest[length] == b'\r';
            self.at = to + 1;
            let blank = if self.line.is_empty() {
                self.line_in_piece(from, to);
                length == 0
            } else {
                self.line.extend_from_slice(&self.piece[from..to]);
                self.carried_line();
                false
            };
            if blank {
                if self.data.is_set() {
                    self.state = State::Given;
                    return Step::Event;
                }
                self.clear_name();
            }
        }
    }

    /// Lets go of the piece if nothing but the event that was given is left of it: that is copied, and
    /// the piece, which is a part of a larger buffer, is free.
    pub(super) fn release(&mut self) {
        if self.at == self.piece.len() && self.at > 0 {
            self.keep_values();
            self.piece = Bytes::new();
            self.at = 0;
            self.released = self.state == State::Given;
        }
    }

    /// Copies what of an event lies in the piece, which is about to go.
    fn keep_values(&mut self) {
        self.data.keep(&self.piece);
        if let Some(rare) = &mut self.rare {
            rare.name.keep(&self.piece);
        }
    }

    fn clear_name(&mut self) {
        if let Some(rare) = &mut self.rare {
            rare.name.clear();
        }
    }

    /// Whether the event passes the limit with so many more bytes of its current line.
    fn exceeds(&self, more: usize) -> bool {
        let name = self.rare.as_ref().map_or(0, |rare| rare.name.len());
        self.data.len() + name + self.line.len() + more > self.limit
    }

    fn fail(&mut self) -> Step {
        self.state = State::Failed;
        self.piece = Bytes::new();
        self.at = 0;
        self.line = Vec::new();
        if let Some(rare) = &mut self.rare {
            rare.name = Value::default();
        }
        self.data = Value::default();
        Step::TooLarge
    }

    /// Keeps what the piece, which is done, leaves open.
    fn carry(&mut self) -> Step {
        let rest = self.piece.len() - self.at;
        if self.exceeds(rest) {
            return self.fail();
        }
        self.line.extend_from_slice(&self.piece[self.at..]);
        self.at = self.piece.len();
        self.release();
        Step::Piece
    }

    fn clear_given(&mut self) {
        if self.state == State::Given {
            self.state = State::Reading;
            self.clear_name();
            self.data.clear();
            if self.released {
                self.released = false;
                self.data = Value::default();
            }
        }
    }

    fn skip_mark(&mut self) {
        let whole = BYTE_ORDER_MARK.len();
        while usize::from(self.mark) < whole && self.at < self.piece.len() {
            let begun = usize::from(self.mark);
            if self.piece[self.at] == BYTE_ORDER_MARK[begun] {
                self.mark += 1;
                self.at += 1;
            } else {
                // What looked like one was text.
                self.line.extend_from_slice(&BYTE_ORDER_MARK[..begun]);
                self.mark = MARK_SETTLED;
            }
        }
    }

    /// A line that lies whole in the piece.
    fn line_in_piece(&mut self, from: usize, to: usize) {
        let (field, value) = Field::of(&self.piece[from..to]);
        let from = from + value;
        match field {
            Field::Data if self.data.is_set() => {
                self.data.add_line(&self.piece, &self.piece[from..to]);
            }
            Field::Data => self.data.set(from, to),
            Field::Event => self.rare.get_or_insert_default().name.set(from, to),
            Field::Id => set_id(&mut self.rare, &self.piece[from..to]),
            Field::Retry => set_retry(&mut self.rare, &self.piece[from..to]),
            Field::Other => {}
        }
    }

    /// A line that was carried over from a piece to another.
    fn carried_line(&mut self) {
        let (field, from) = Field::of(&self.line);
        match field {
            Field::Data if self.data.is_set() => {
                self.data.add_line(&self.piece, &self.line[from..]);
            }
            Field::Data => self.data.swap(&mut self.line, from),
            Field::Event => {
                let rare = self.rare.get_or_insert_default();
                rare.name.swap(&mut self.line, from);
            }
            Field::Id => set_id(&mut self.rare, &self.line[from..]),
            Field::Retry => set_retry(&mut self.rare, &self.line[from..]),
            Field::Other => {}
        }
        empty(&mut self.line);
    }
}

/// What a line is.
#[derive(Debug, Clone, Copy)]
enum Field {
    Data,
    Event,
    Id,
    Retry,
    /// A comment, a blank line, or a field that the format does not have.
    Other,
}

impl Field {
    /// The field of a line, and where its value begins.
    fn of(line: &[u8]) -> (Self, usize) {
        // What nearly every line is.
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
            _ => Self::Other,
        };
        let value = colon.map_or(line.len(), |colon| {
            colon + 1 + usize::from(line.get(colon + 1) == Some(&b' '))
        });
        (field, value)
    }
}

fn set_id(rare: &mut Option<Box<Rare>>, value: &[u8]) {
    if !value.contains(&0) {
        let id = &mut rare.get_or_insert_default().id;
        id.clear();
        id.push_str(&String::from_utf8_lossy(value));
    }
}

fn set_retry(rare: &mut Option<Box<Rare>>, value: &[u8]) {
    let digits = value.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(value).ok().filter(|_| digits);
    if let Some(milliseconds) = number.and_then(|number| number.parse().ok()) {
        rare.get_or_insert_default().retry = Some(Duration::from_millis(milliseconds));
    }
}
