//! The value of an event's field.

use std::borrow::Cow;

/// Capacity that is kept from one event to the next; what a large event took is given back.
const KEPT: usize = 64 << 10;

/// A value: where it lies in the current piece, as long as it can lie there, or bytes of its own.
#[derive(Debug, Default)]
#[repr(C)] // its place, which every event looks at, lies before its own bytes: see `Decoder`
pub(super) struct Value {
    place: Place,
    own: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy)]
enum Place {
    /// There is no such field yet.
    #[default]
    None,
    /// In the piece, from the first to before the last.
    Piece(usize, usize),
    /// In `own`, from here on.
    Own(usize),
}

impl Value {
    pub(super) fn is_set(&self) -> bool {
        !matches!(self.place, Place::None)
    }

    pub(super) fn len(&self) -> usize {
        match self.place {
            Place::None => 0,
            Place::Piece(from, to) => to - from,
            Place::Own(from) => self.own.len() - from,
        }
    }

    pub(super) fn bytes<'a>(&'a self, piece: &'a [u8]) -> &'a [u8] {
        match self.place {
            Place::None => &[],
            Place::Piece(from, to) => &piece[from..to],
            Place::Own(from) => &self.own[from..],
        }
    }

    pub(super) fn text<'a>(&'a self, piece: &'a [u8]) -> Cow<'a, str> {
        let bytes = self.bytes(piece);
        // Several times as fast where it is UTF-8, which it is.
        match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => String::from_utf8_lossy(bytes),
        }
    }

    /// Takes a span of the piece for the value.
    pub(super) fn set(&mut self, from: usize, to: usize) {
        self.place = Place::Piece(from, to);
    }

    /// Takes bytes for the value, from the given one on, and leaves other bytes in their place.
    pub(super) fn swap(&mut self, bytes: &mut Vec<u8>, from: usize) {
        std::mem::swap(&mut self.own, bytes);
        self.place = Place::Own(from);
    }

    /// Another line of the value.
    pub(super) fn add_line(&mut self, piece: &[u8], line: &[u8]) {
        self.keep(piece);
        self.own.push(b'\n');
        self.own.extend_from_slice(line);
    }

    /// Copies what lies in the piece, which is about to go.
    pub(super) fn keep(&mut self, piece: &[u8]) {
        if let Place::Piece(from, to) = self.place {
            self.own.clear();
            self.own.extend_from_slice(&piece[from..to]);
            self.place = Place::Own(0);
        }
    }

    pub(super) fn clear(&mut self) {
        if matches!(self.place, Place::Own(_)) {
            empty(&mut self.own);
        }
        self.place = Place::None;
    }
}

/// Empties a buffer, and gives back what a large event took.
pub(super) fn empty(bytes: &mut Vec<u8>) {
    bytes.clear();
    if bytes.capacity() > KEPT {
        *bytes = Vec::new();
    }
}
