//! Specification and overlays of an API, read and lowered.

use std::path::{Path, PathBuf};

use openapi_pipeline::lower::{Lowered, Options};
use openapi_pipeline::{document, lower, overlay};
use serde_json::Value;

use crate::project::{Api, Project};
use crate::{Error, Result};

/// What an API's specification and overlays become.
#[derive(Debug)]
pub struct Inputs {
    /// The specification as the provider publishes it.
    pub specification: Value,
    /// The same with its overlays applied, in OpenAPI 3.1 still.
    pub document: Value,
    /// The document that code is generated from.
    pub lowered: Lowered,
    /// What is worth a word: overlay actions that change nothing any more, what lowering lost.
    pub notes: Vec<String>,
}

/// Reads an API's specification, applies its overlays and lowers it.
///
/// # Errors
/// If a file is missing or wrong, with file, place and reason; also if an overlay action matches nothing.
pub fn read(project: &Project, api: &Api) -> Result<Inputs> {
    let path = Path::new("specs").join(&api.specification);
    let name = path.display().to_string();
    let specification = document::parse(&name, &project.read(&path)?)?;
    let mut document = specification.clone();
    let mut notes = Vec::new();
    for (name, text) in overlays(project, api)? {
        let applied =
            overlay::apply(&mut document, &name, &text).map_err(|e| Error::new(e.to_string()))?;
        for redundant in applied.iter().filter(|applied| !applied.changed) {
            notes.push(format!(
                "{name}#/actions/{}: target {}: changes nothing any more; the specification says so \
                 itself, remove the action",
                redundant.action, redundant.target
            ));
        }
    }
    // The specification is ours to mend, by an overlay.
    let lowered = lower::lower_with(&document, &Options::new().strict(true))
        .map_err(|e| Error::new(format!("{name}, overlays applied: {e}")))?;
    notes.extend(
        lowered
            .notes
            .iter()
            .map(|note| format!("{name}{}: {}", note.place, note.what)),
    );
    Ok(Inputs {
        specification,
        document,
        lowered,
        notes,
    })
}

/// The names and texts of an API's overlays.
///
/// # Errors
/// If one cannot be read.
pub fn overlays(project: &Project, api: &Api) -> Result<Vec<(String, String)>> {
    let paths = api
        .overlays
        .iter()
        .map(|file| Path::new("specs").join(file));
    paths
        .map(|path| Ok((path.display().to_string(), project.read(&path)?)))
        .collect()
}

/// Reads a document and overlays from files, applies them and lowers the result.
///
/// # Errors
/// If a file is missing or wrong, with file, place and reason; also if an overlay action matches nothing.
pub fn of_files(spec: &Path, overlays: &[PathBuf], options: &Options) -> Result<Lowered> {
    let name = spec.display().to_string();
    let mut document = document::parse(&name, &text_of(spec)?)?;
    for path in overlays {
        let overlay = path.display().to_string();
        overlay::apply(&mut document, &overlay, &text_of(path)?)
            .map_err(|e| Error::new(e.to_string()))?;
    }
    lower::lower_with(&document, options).map_err(|e| Error::new(format!("{name}: {e}")))
}

/// A file's text.
///
/// # Errors
/// If it cannot be read or is not UTF-8; the error names it.
pub fn text_of(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|e| Error::file(path, &e))?;
    String::from_utf8(bytes)
        .map_err(|_| Error::new(format!("{}: not a text in UTF-8", path.display())))
}
