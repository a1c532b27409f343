//! The value of a field of an event.

use std::borrow::Cow;

/// The maximum capacity that a buffer retains from one event to the next. Larger buffers are freed.
const MAX_RETAINED_CAPACITY: usize = 64 << 10;

/// A value that is borrowed from the current chunk if possible, and owned otherwise.
#[derive(Debug, Default)]
pub(super) struct Value {
    location: Location,
    owned: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy)]
enum Location {
    /// The field is not set.
    #[default]
    None,
    /// In the chunk, from the first index up to but not including the second.
    Chunk(usize, usize),
    /// In `owned`, from this index to the end.
    Owned(usize),
}

impl Value {
    pub(super) fn is_set(&self) -> bool {
        !matches!(self.location, Location::None)
    }

    pub(super) fn len(&self) -> usize {
        match self.location {
            Location::None => 0,
            Location::Chunk(from, to) => to - from,
            Location::Owned(from) => self.owned.len() - from,
        }
    }

    pub(super) fn bytes<'a>(&'a self, chunk: &'a [u8]) -> &'a [u8] {
        match self.location {
            Location::None => &[],
            Location::Chunk(from, to) => &chunk[from..to],
            Location::Owned(from) => &self.owned[from..],
        }
    }

    pub(super) fn text<'a>(&'a self, chunk: &'a [u8]) -> Cow<'a, str> {
        let bytes = self.bytes(chunk);
        // Several times faster than `from_utf8_lossy` for valid UTF-8, the common case.
        match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => String::from_utf8_lossy(bytes),
        }
    }

    /// Sets the value to a range of the chunk.
    pub(super) fn set(&mut self, from: usize, to: usize) {
        self.location = Location::Chunk(from, to);
    }

    /// Sets the value to the bytes from index `from`, and swaps the old buffer into `bytes`.
    pub(super) fn swap(&mut self, bytes: &mut Vec<u8>, from: usize) {
        std::mem::swap(&mut self.owned, bytes);
        self.location = Location::Owned(from);
    }

    /// Appends a line to the value.
    pub(super) fn add_line(&mut self, chunk: &[u8], line: &[u8]) {
        self.make_owned(chunk);
        self.owned.push(b'\n');
        self.owned.extend_from_slice(line);
    }

    /// Copies the value out of the chunk, before the chunk is dropped.
    pub(super) fn make_owned(&mut self, chunk: &[u8]) {
        if let Location::Chunk(from, to) = self.location {
            self.owned.clear();
            self.owned.extend_from_slice(&chunk[from..to]);
            self.location = Location::Owned(0);
        }
    }

    pub(super) fn clear(&mut self) {
        if matches!(self.location, Location::Owned(_)) {
            clear_buffer(&mut self.owned);
        }
        self.location = Location::None;
    }
}

/// Clears a buffer, and frees it if it is large.
pub(super) fn clear_buffer(bytes: &mut Vec<u8>) {
    bytes.clear();
    if bytes.capacity() > MAX_RETAINED_CAPACITY {
        *bytes = Vec::new();
    }
}
