//! Reads and lowers an API's specification and overlays.

use std::path::Path;

use openapi_codegen::lower::{Lowered, NoteKind, Options};
use openapi_codegen::{document, lower, overlay};
use serde_json::Value;

use crate::project::{Api, Project};
use crate::{Error, Result};

/// An API's specification, with its overlays applied and lowered.
#[derive(Debug)]
pub struct Inputs {
    /// The specification as published by the provider.
    pub specification: Value,
    /// The specification with its overlays applied, before lowering (OpenAPI 3.1).
    pub document: Value,
    /// The lowered document, the input of code generation.
    pub lowered: Lowered,
    /// Notes for the user: redundant overlay actions, and constructs that lowering lost.
    pub notes: Vec<String>,
}

/// Reads an API's specification, applies its overlays and lowers it.
///
/// # Errors
/// Returns an error, with file, location and reason, if a file is missing or invalid, or if the target of
/// an overlay action matches nothing.
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
                "{name}#/actions/{}: target {}: changes nothing: the specification already has this \
                 value; remove the action",
                redundant.action, redundant.target
            ));
        }
    }
    // Strict, because an overlay can correct an invalid specification.
    let lowered = lower::lower_with(&document, &Options::new().strict(true))
        .map_err(|e| Error::new(format!("{name}, overlays applied: {e}")))?;
    // The documentation states the constraints that are not checked.
    notes.extend(
        lowered
            .notes
            .iter()
            .filter(|note| note.kind != NoteKind::Unchecked)
            .map(|note| format!("{name}{}: {}", note.place, note.what)),
    );
    Ok(Inputs {
        specification,
        document,
        lowered,
        notes,
    })
}

/// Reads the names and texts of an API's overlays.
///
/// # Errors
/// Returns an error if an overlay cannot be read.
pub fn overlays(project: &Project, api: &Api) -> Result<Vec<(String, String)>> {
    let paths = api
        .overlays
        .iter()
        .map(|file| Path::new("specs").join(file));
    paths
        .map(|path| Ok((path.display().to_string(), project.read(&path)?)))
        .collect()
}
