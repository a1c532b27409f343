//! Generates crates from all OpenAPI documents of a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::{Error, Result};

/// The time in seconds that a document may take.
const MAX_SECONDS: f64 = 5.0;

/// A document, with its time and the number of its notes, and why it failed, if it did.
pub(crate) type Outcome = (String, Option<String>);

/// Runs `openapi-codegen generate` for each document of a folder, in the order of their names. The last line has the time of
/// all documents.
///
/// # Errors
/// Returns an error if the folder cannot be read or has no documents.
pub(crate) fn generate_all(generator: &Path, folder: &Path, out: &Path) -> Result<Vec<Outcome>> {
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
    let start = Instant::now();
    let generated = paths
        .iter()
        .enumerate()
        .map(|(i, path)| generate(generator, path, &out.join(i.to_string())));
    let mut outcomes: Vec<Outcome> = generated.collect();
    let seconds = start.elapsed().as_secs_f64();
    outcomes.push((format!("{} documents: {seconds:.1} s", paths.len()), None));
    Ok(outcomes)
}

fn generate(generator: &Path, path: &Path, out: &Path) -> Outcome {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let start = Instant::now();
    let output = Command::new(generator)
        .arg("generate")
        .arg(path)
        .args(["--skip-unsupported", "--name", "document", "--out"])
        .arg(out)
        .output();
    let seconds = start.elapsed().as_secs_f64();
    let (notes, failure) = match output {
        Err(error) => (String::new(), Some(error.to_string())),
        Ok(output) if !output.status.success() => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let reason = stderr.lines().last().unwrap_or("no error message");
            (String::new(), Some(reason.to_owned()))
        }
        Ok(output) => {
            let stdout = String::from_utf8_lossy(&output.stdout);
            let notes = stdout.trim().rsplit("; ").next().unwrap_or_default();
            let slow = (seconds > MAX_SECONDS).then(|| format!("took longer than {MAX_SECONDS} s"));
            (notes.to_owned(), slow)
        }
    };
    (format!("{name}: {seconds:.1} s, {notes}"), failure)
}
