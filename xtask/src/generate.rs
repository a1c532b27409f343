//! Writes or checks the generated files of all APIs.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::inputs::{self, Inputs};
use crate::project::Project;
use crate::{Error, Result, journal, lock, scaffold};
use openapi_codegen::render;

/// The folder of the documents that the simulator validates requests against: each specification with its
/// overlays, as JSON. They are copied here because a package can only contain files of its own crate.
pub const DOCUMENTS: &str = "crates/prime-sim/src/documents";

/// A generated file that is stale.
#[derive(Debug)]
pub struct Change {
    /// The path, relative to the project.
    pub path: PathBuf,
    /// The current contents. `None` if the file does not exist.
    pub old: Option<String>,
    /// The expected contents. `None` if the file should be removed.
    pub new: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (&self.old, &self.new) {
            (None, _) => "missing",
            (_, None) => "obsolete",
            _ => "differs",
        };
        write!(f, "{what}: {}", self.path.display())
    }
}

impl Change {
    /// Returns a unified diff from the current to the expected contents.
    pub fn diff(&self) -> String {
        const MAX_LINES: usize = 60;
        let (old, new) = (
            self.old.as_deref().unwrap_or(""),
            self.new.as_deref().unwrap_or(""),
        );
        let diff = TextDiff::from_lines(old, new)
            .unified_diff()
            .context_radius(2)
            .to_string();
        let mut lines: Vec<&str> = diff.lines().collect();
        let omitted = lines.len().saturating_sub(MAX_LINES);
        lines.truncate(MAX_LINES);
        let mut text = lines.join("\n");
        text.push('\n');
        if omitted > 0 {
            text.push_str(&format!("… {omitted} more lines\n"));
        }
        text
    }
}

/// Renders every generated file of the project, keyed by its path relative to the project.
///
/// # Errors
/// Returns an error if an input is missing or invalid, with file, location and reason.
pub fn render_all(project: &Project) -> Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
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
            eprintln!("note: {note}");
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
    let mut changes = Vec::new();
    for (path, new) in &files {
        let old = read_if_exists(&project.path(path))?;
        if old.as_deref() != Some(new) {
            changes.push(Change {
                path: path.clone(),
                old,
                new: Some(new.clone()),
            });
        }
    }
    let packages = project
        .apis
        .iter()
        .map(|api| generated_folder(&api.package));
    for folder in packages.chain([PathBuf::from(DOCUMENTS)]) {
        for path in files_below(project, &folder)? {
            if !files.contains_key(&path) {
                let old = read_if_exists(&project.path(&path))?;
                changes.push(Change {
                    path,
                    old,
                    new: None,
                });
            }
        }
    }
    Ok(changes)
}

/// Writes stale files, removes obsolete ones and returns the changes.
///
/// All files are rendered before the first one is replaced, and either all or none are replaced.
///
/// # Errors
/// Returns the errors of [`check`], and an error if a file cannot be written.
pub fn write(project: &Project) -> Result<Vec<Change>> {
    let changes = check(project)?;
    let files = changes
        .iter()
        .map(|change| (change.path.clone(), change.new.clone()))
        .collect();
    journal::replace(project, &files)?;
    Ok(changes)
}

/// Reads every generated file in its current state, keyed by its path relative to the project.
///
/// # Errors
/// Returns an error if a file cannot be read.
pub fn read_all(project: &Project) -> Result<BTreeMap<PathBuf, Option<String>>> {
    let mut paths = vec![PathBuf::from(lock::LOCK)];
    paths.extend(files_below(project, Path::new(DOCUMENTS))?);
    for api in &project.apis {
        paths.extend(files_below(project, &generated_folder(&api.package))?);
    }
    paths
        .into_iter()
        .map(|path| Ok((path.clone(), read_if_exists(&project.path(&path))?)))
        .collect()
}

fn generated_folder(package: &str) -> PathBuf {
    Path::new("crates")
        .join(package)
        .join("src")
        .join("generated")
}

pub(crate) fn read_if_exists(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::file(path, &e)),
    }
}

/// Lists the files below a folder of the project, recursively.
pub(crate) fn files_below(project: &Project, folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(project.path(folder)) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::file(folder, &e)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| Error::file(folder, &e))?;
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            files.extend(files_below(project, &path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
