//! Formats the notes about a document: what was repaired, lost or dropped, and what is not checked.

use serde_json::{Value, json};

use crate::lower::{Note, NoteKind};
use crate::{Error, Result};

/// Formats notes as lines of text, with a summary as the last line.
pub fn text(notes: &[Note]) -> String {
    let mut text: String = sorted(notes)
        .iter()
        .map(|note| format!("{note}\n"))
        .collect();
    text.push_str(&summary(notes));
    text.push('\n');
    text
}

/// Returns the notes with the constraints that are not checked last: there may be many of them.
fn sorted(notes: &[Note]) -> Vec<&Note> {
    let mut sorted: Vec<&Note> = notes.iter().collect();
    sorted.sort_by_key(|note| note.kind == NoteKind::Unchecked);
    sorted
}

/// Counts the notes of each kind: `1 dropped, 2 lost`.
pub fn summary(notes: &[Note]) -> String {
    let kinds = [
        NoteKind::Dropped,
        NoteKind::Lost,
        NoteKind::Repaired,
        NoteKind::Unchecked,
    ];
    let counts = kinds.map(|kind| (kind, notes.iter().filter(|note| note.kind == kind).count()));
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(kind, count)| format!("{count} {}", kind.word()))
        .collect();
    match counts.as_slice() {
        [] => "no notes".to_owned(),
        counts => counts.join(", "),
    }
}

/// Converts notes to JSON: a list of objects with `place`, a JSON pointer, `kind` and `what`.
pub fn json(notes: &[Note]) -> Value {
    let notes = notes.iter().map(|note| {
        json!({"place": note.place.to_string(), "kind": note.kind.word(), "what": note.what})
    });
    notes.collect()
}

/// Prints notes to standard error, each in a line that starts with `note: `. They are written at once, because a
/// document can have thousands.
pub fn print_notes(notes: &[Note]) {
    let lines = sorted(notes)
        .into_iter()
        .map(|note| format!("note: {note}\n"));
    print_error(&lines.collect::<String>());
}

/// Prints a text to standard error. If that fails, for example because the pipe is closed, the text is lost: there is
/// nowhere to report it.
pub fn print_error(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Prints a text to standard output. A closed pipe is not an error.
///
/// # Errors
/// Returns an error if standard output cannot be written, for example because the disk is full.
pub fn print(text: &str) -> Result<()> {
    use std::io::{ErrorKind, Write as _};
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(format!("cannot write to standard output: {e}")))
        }
        _ => Ok(()),
    }
}
