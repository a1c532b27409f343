//! Specification and overlays of an API, read and lowered.

use std::path::Path;

use openapi_pipeline::lower::Lowered;
use openapi_pipeline::{document, lower, overlay};

use crate::project::{Api, Project};
use crate::{Error, Result};

/// Reads an API's specification, applies its overlays and lowers it.
///
/// # Errors
/// If a file is missing or wrong, with file, place and reason. An overlay action that changes nothing
/// is wrong too: the provider now says what it says.
pub fn lower(project: &Project, api: &Api) -> Result<Lowered> {
    let specs = Path::new("specs");
    let specification = specs.join(&api.specification);
    let name = specification.display().to_string();
    let mut document = document::parse(&name, &project.read(&specification)?)?;
    for file in &api.overlays {
        let file = specs.join(file);
        let overlay_name = file.display().to_string();
        let applied = overlay::apply(&mut document, &overlay_name, &project.read(&file)?)
            .map_err(|e| Error::new(e.to_string()))?;
        if let Some(redundant) = applied.iter().find(|applied| !applied.changed) {
            return Err(Error::new(format!(
                "{overlay_name}#/actions/{}: target {}: changes nothing; the specification says so \
                 already, remove the action",
                redundant.action, redundant.target
            )));
        }
    }
    lower::lower(&document).map_err(|e| Error::new(format!("{name}, overlays applied: {e}")))
}
