//! The state that all passes share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::{LowerError, Options};
use crate::Pointer;

/// The kind of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NoteKind {
    /// The document is invalid, and the part was repaired.
    Repaired,
    /// Information that the lowered document does not express.
    Lost,
    /// An operation or a schema was dropped because it is not supported.
    Dropped,
    /// A constraint that is documented, but that the generated code does not check.
    Unchecked,
}

impl NoteKind {
    /// Returns the word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Repaired => "repaired",
            Self::Lost => "lost",
            Self::Dropped => "dropped",
            Self::Unchecked => "unchecked",
        }
    }
}

/// A note about something that lowering changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// The location in the document.
    pub place: Pointer,
    /// The kind.
    pub kind: NoteKind,
    /// The description.
    pub what: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.kind.word(), self.what)
    }
}

/// The options and the notes so far.
pub(super) struct Context<'a> {
    pub(super) options: &'a Options,
    pub(super) notes: Vec<Note>,
    /// Whether the document is OpenAPI 3.0, where the siblings of a reference have no meaning.
    pub(super) ignores_siblings: bool,
    /// The original locations of parts that were moved, by their new locations.
    moved: BTreeMap<Pointer, Pointer>,
}

impl<'a> Context<'a> {
    pub(super) fn new(options: &'a Options) -> Self {
        Self {
            options,
            notes: Vec::new(),
            ignores_siblings: false,
            moved: BTreeMap::new(),
        }
    }

    /// Remembers that a part of the document has a new location.
    pub(super) fn moved(&mut self, new: Pointer, original: Pointer) {
        self.moved.insert(new, original);
    }

    /// Remembers that a component was created from a part of the document.
    pub(super) fn moved_schema(&mut self, name: &str, original: &Pointer) {
        let new = Pointer::root()
            .join("components")
            .join("schemas")
            .join(name);
        self.moved(new, original.clone());
    }

    /// Returns the location in the original document.
    pub(super) fn original(&self, place: &Pointer) -> Pointer {
        /// A component can be created from an operation that was moved.
        const MAX_MOVES: usize = 4;
        let mut place = place.clone();
        for _ in 0..MAX_MOVES {
            let found = place.prefixes().find_map(|(prefix, rest)| {
                let original = self.moved.get(&prefix)?;
                Some(original.append(rest))
            });
            match found {
                Some(original) => place = original,
                None => break,
            }
        }
        place
    }

    /// Returns the notes so far. Their locations exist in the original document: a location within a part that a pass
    /// added becomes that of the part around it.
    pub(super) fn take_notes(&mut self, original: &Value) -> Vec<Note> {
        let mut notes: Vec<Note> = Vec::new();
        let mut seen = BTreeSet::new();
        for mut note in std::mem::take(&mut self.notes) {
            let (place, rest) = existing(original, &note.place);
            note.place = place;
            if let Some(last) = rest.filter(|last| last.parse::<usize>().is_err())
                && !note.what.contains(&last)
            {
                note.what = format!("`{last}`: {}", note.what);
            }
            if seen.insert((note.place.to_string(), note.kind, note.what.clone())) {
                notes.push(note);
            }
        }
        notes
    }

    /// Notes information that the lowered document does not express.
    pub(super) fn note_loss(&mut self, place: &Pointer, what: impl Into<String>) {
        self.note(place, NoteKind::Lost, what.into());
    }

    /// Notes a dropped operation or schema.
    pub(super) fn note_dropped(&mut self, place: &Pointer, what: impl Into<String>) {
        self.note(place, NoteKind::Dropped, what.into());
    }

    /// Notes a constraint that generated code does not check.
    pub(super) fn note_unchecked(&mut self, place: &Pointer, what: impl Into<String>) {
        self.note(place, NoteKind::Unchecked, what.into());
    }

    /// Repairs an invalid part and notes the repair, or returns an error in strict mode.
    pub(super) fn reject_or_repair(
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
        let place = self.original(place);
        self.notes.push(Note { place, kind, what });
    }
}

/// Returns the location, or that of the innermost part of the document around it with the last token of the location.
/// References are followed.
fn existing(document: &Value, place: &Pointer) -> (Pointer, Option<String>) {
    /// A reference can refer to itself.
    const MAX_REFERENCES: usize = 16;
    let mut found = Pointer::root();
    let mut value = document;
    let tokens = place.tokens();
    for token in &tokens {
        let mut references = 0;
        let inner = loop {
            let inner = match value {
                Value::Array(items) => token.parse().ok().and_then(|at: usize| items.get(at)),
                value => value.get(token),
            };
            if inner.is_some() || references == MAX_REFERENCES {
                break inner;
            }
            let reference = value.get("$ref").and_then(Value::as_str);
            let Some(pointer) = reference.and_then(|text| text.strip_prefix('#')) else {
                break None;
            };
            let Some(target) = document.pointer(pointer) else {
                break None;
            };
            references += 1;
            value = target;
            let tokens = pointer.split('/').skip(1);
            found = tokens.fold(Pointer::root(), |place, token| {
                place.join(token.replace("~1", "/").replace("~0", "~"))
            });
        };
        let Some(inner) = inner else {
            return (found, tokens.last().cloned());
        };
        found = found.join(token);
        value = inner;
    }
    (found, None)
}
