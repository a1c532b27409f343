//! Generates code from all OpenAPI documents of a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use openapi_codegen::lower::{NoteKind, Options};
use openapi_codegen::{Generator, on_large_stack};

use crate::{Error, Result};

/// The time in seconds that a document may take.
const MAX_SECONDS: f64 = 5.0;

/// A document, with its time and the number of its notes, and why it failed, if it did.
pub(crate) type Outcome = (String, Option<String>);

/// Generates code from each document of a folder, in the order of their names.
///
/// # Errors
/// Returns an error if the folder cannot be read or has no documents.
pub(crate) fn generate_all(folder: &Path) -> Result<Vec<Outcome>> {
    let entries = fs::read_dir(folder).map_err(|e| Error::file(folder, &e))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_document = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| ["json", "yaml", "yml"].contains(&extension))
    };
    let mut paths: Vec<PathBuf> = paths.filter(is_document).collect();
    paths.sort();
    if paths.is_empty() {
        return Err(Error::new(format!("{}: no documents", folder.display())));
    }
    Ok(paths.iter().map(|path| generate(path)).collect())
}

fn generate(path: &Path) -> Outcome {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let start = Instant::now();
    let result = on_large_stack(|| {
        let options = Options::new().skip_unsupported(true);
        let generator = Generator::new(path).options(options);
        let mut lowered = generator.lower()?;
        generator.render(&mut lowered)?;
        let count = |kind| {
            lowered
                .notes
                .iter()
                .filter(|note| note.kind == kind)
                .count()
        };
        Ok([
            NoteKind::Lost,
            NoteKind::Unchecked,
            NoteKind::Repaired,
            NoteKind::Dropped,
        ]
        .map(|kind| format!("{} {}", count(kind), kind.word()))
        .join(", "))
    });
    let seconds = start.elapsed().as_secs_f64();
    let (notes, failure) = match result {
        Ok(notes) if seconds > MAX_SECONDS => {
            let reason = format!("took longer than {MAX_SECONDS} s");
            (notes, Some(reason))
        }
        Ok(notes) => (notes, None),
        Err(error) => ("no code".to_owned(), Some(error.to_string())),
    };
    (format!("{name}: {seconds:.1} s, {notes}"), failure)
}
