//! Writes or checks the generated files of all APIs.

use std::path::{Path, PathBuf};

use openapi_codegen::files::{self, Change, Files};
use openapi_codegen::{render, report};

use crate::inputs::{self, Inputs};
use crate::project::Project;
use crate::{Result, lock, scaffold};

/// The folder of the documents that the simulator validates requests against: each specification with its
/// overlays, as JSON. They are copied here because a package can only contain files of its own crate.
pub const DOCUMENTS: &str = "crates/prime-sim/src/documents";

/// Renders every generated file of the project, keyed by its path relative to the project.
///
/// # Errors
/// Returns an error if an input is missing or invalid, with file, location and reason.
pub fn render_all(project: &Project) -> Result<Files> {
    let mut files = Files::new();
    for api in &project.apis {
        let Inputs {
            document,
            lowered,
            notes,
            ..
        } = inputs::read(project, api)?;
        let path = Path::new(DOCUMENTS).join(format!("{}.json", api.name));
        files.insert(path, format!("{document:#}\n"));
        for note in notes {
            report::print_error(&format!("note: {note}\n"));
        }
        files.extend(scaffold::missing(project, api, &lowered));
        let folder = generated_folder(&api.package);
        let banner = lock::banner(project, api)?;
        for (name, text) in render::render(&api.source(), &lowered)? {
            files.insert(folder.join(name), format!("{banner}\n{text}"));
        }
    }
    files.insert(PathBuf::from(lock::LOCK), lock::text(project)?);
    Ok(files)
}

/// Returns all stale files.
///
/// # Errors
/// Returns the errors of [`render_all`], and an error if a generated file cannot be read.
pub fn check(project: &Project) -> Result<Vec<Change>> {
    let files = render_all(project)?;
    files::changes(&project.path(""), &files, &folders(project))
}

/// Returns the folders in which every file is generated, relative to the project.
pub(crate) fn folders(project: &Project) -> Vec<PathBuf> {
    let packages = project.apis.iter();
    let folders = packages.map(|api| generated_folder(&api.package));
    folders.chain([PathBuf::from(DOCUMENTS)]).collect()
}

/// Writes stale files, removes obsolete ones and returns the changes.
///
/// All files are rendered before the first one is replaced. Each is replaced as a whole.
///
/// # Errors
/// Returns the errors of [`check`], and an error if a file cannot be written.
pub fn write(project: &Project) -> Result<Vec<Change>> {
    let changes = check(project)?;
    files::write(&project.path(""), &changes)?;
    Ok(changes)
}

/// Reads every generated file in its current state, keyed by its path relative to the project.
///
/// # Errors
/// Returns an error if a file cannot be read.
pub fn read_all(project: &Project) -> Result<Files> {
    let mut paths = vec![PathBuf::from(lock::LOCK)];
    for folder in folders(project) {
        paths.extend(files::below(&project.path(""), &folder)?);
    }
    read(project, paths)
}

/// Reads those of the files that exist, keyed by their paths relative to the project.
pub(crate) fn read(project: &Project, paths: Vec<PathBuf>) -> Result<Files> {
    let mut files = Files::new();
    for path in paths {
        if let Some(text) = files::read_if_exists(&project.path(&path))? {
            files.insert(path, text);
        }
    }
    Ok(files)
}

fn generated_folder(package: &str) -> PathBuf {
    Path::new("crates")
        .join(package)
        .join("src")
        .join("generated")
}
