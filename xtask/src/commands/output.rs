//! Where results go and what they look like.

use std::path::Path;

use clap::ValueEnum;
use openapi_pipeline::document;
use openapi_pipeline::lower::Note;
use serde_json::{Value, json};
use xtask::{Error, Result};

/// How a report is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Prints to standard output. A reader that has seen enough is no error.
pub(crate) fn say(text: &str) -> Result<()> {
    use std::io::{ErrorKind, Write as _};
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(format!("standard output: {e}")))
        }
        _ => Ok(()),
    }
}

/// Writes a document to a file, JSON if its name says so, or else to standard output as YAML.
pub(crate) fn document_to(out: Option<&Path>, value: &Value) -> Result<()> {
    let is_json = out.is_some_and(|path| path.extension().is_some_and(|ending| ending == "json"));
    let text = if is_json {
        format!("{value:#}\n")
    } else {
        document::to_yaml(value)?
    };
    match out {
        Some(path) => {
            std::fs::write(path, text).map_err(|e| Error::new(format!("{}: {e}", path.display())))
        }
        None => say(&text),
    }
}

/// Notes as JSON.
pub(crate) fn notes_as_json(notes: &[Note]) -> Value {
    let notes = notes.iter().map(|note| {
        json!({"place": note.place.to_string(), "kind": note.kind.word(), "what": note.what})
    });
    notes.collect()
}
