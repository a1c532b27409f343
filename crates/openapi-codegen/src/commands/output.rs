//! Output of the commands.

use std::path::Path;

use clap::ValueEnum;
use openapi_codegen::document;
use openapi_codegen::lower::{Note, NoteKind};
use openapi_codegen::{Error, Result};
use serde_json::{Value, json};

/// Format of a report.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Plain text.
    Text,
    /// JSON.
    Json,
}

/// Prints to standard output. A closed pipe is not an error.
pub(crate) fn print(text: &str) -> Result<()> {
    use std::io::{ErrorKind, Write as _};
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(format!("cannot write to standard output: {e}")))
        }
        _ => Ok(()),
    }
}

/// Writes a document to `out`, as JSON if the extension is `json` and as YAML otherwise. Without `out`, prints YAML.
pub(crate) fn write_document(out: Option<&Path>, value: &Value) -> Result<()> {
    let is_json = out.is_some_and(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    let text = if is_json {
        format!("{value:#}\n")
    } else {
        document::to_yaml(value)?
    };
    match out {
        Some(path) => {
            std::fs::write(path, text).map_err(|e| Error::new(format!("{}: {e}", path.display())))
        }
        None => print(&text),
    }
}

/// Returns the notes with the constraints that are not checked last: there may be many of them.
pub(crate) fn sorted(notes: &[Note]) -> Vec<&Note> {
    let mut sorted: Vec<&Note> = notes.iter().collect();
    sorted.sort_by_key(|note| note.kind == NoteKind::Unchecked);
    sorted
}

/// Counts the notes of each kind: `1 dropped, 2 lost`.
pub(crate) fn summary(notes: &[Note]) -> String {
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

/// Converts notes to JSON.
pub(crate) fn notes_as_json(notes: &[Note]) -> Value {
    let notes = notes.iter().map(|note| {
        json!({"place": note.place.to_string(), "kind": note.kind.word(), "what": note.what})
    });
    notes.collect()
}
