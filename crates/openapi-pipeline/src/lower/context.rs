//! What every step may know and say.

use std::fmt;

use super::{LowerError, Options};
use crate::Pointer;

/// How much a note weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NoteKind {
    /// The document contradicts itself or its standard; this is what was made of it.
    Repaired,
    /// Something that the document says is not said any more, by types at least.
    Lost,
    /// An operation or a schema is gone, because nothing could be made of it.
    Dropped,
}

impl NoteKind {
    /// The word for it in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Repaired => "repaired",
            Self::Lost => "lost",
            Self::Dropped => "dropped",
        }
    }
}

/// One thing that lowering could not keep as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// Where in the document.
    pub place: Pointer,
    /// What became of it.
    pub kind: NoteKind,
    /// What was lost.
    pub what: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.kind.word(), self.what)
    }
}

/// The options of a run and its notes so far.
pub(super) struct Context<'a> {
    pub(super) options: &'a Options,
    pub(super) notes: Vec<Note>,
}

impl Context<'_> {
    /// Notes what the lowered document does not say any more.
    pub(super) fn lose(&mut self, place: &Pointer, what: impl Into<String>) {
        self.note(place, NoteKind::Lost, what.into());
    }

    /// Notes what is gone.
    pub(super) fn drop(&mut self, place: &Pointer, what: impl Into<String>) {
        self.note(place, NoteKind::Dropped, what.into());
    }

    /// A fault of the document itself: repaired and noted, or an error if the document is ours to mend.
    pub(super) fn fault(
        &mut self,
        place: &Pointer,
        fault: impl Into<String>,
        repair: &str,
    ) -> Result<(), LowerError> {
        let fault = fault.into();
        if self.options.strict {
            return Err(LowerError::new(place, fault));
        }
        self.note(place, NoteKind::Repaired, format!("{fault}; {repair}"));
        Ok(())
    }

    fn note(&mut self, place: &Pointer, kind: NoteKind, what: String) {
        let place = place.clone();
        self.notes.push(Note { place, kind, what });
    }
}
