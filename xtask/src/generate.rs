//! The files of all APIs, written or compared.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::inputs::{self, Inputs};
use crate::project::Project;
use crate::{Error, Result, journal, lock, render, scaffold};

/// Where the documents go that the simulator checks requests against: each specification with its
/// overlays, as JSON. Specifications outside of a crate are not in its package.
pub const DOCUMENTS: &str = "crates/prime-sim/src/documents";

/// A file that is not what the specifications say.
#[derive(Debug)]
pub struct Change {
    /// Its path inside the project.
    pub path: PathBuf,
    /// What stands there now, if anything.
    pub old: Option<String>,
    /// What should stand there; nothing if the file should go.
    pub new: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (&self.old, &self.new) {
            (None, _) => "missing",
            (_, None) => "left over",
            _ => "differs",
        };
        write!(f, "{what}: {}", self.path.display())
    }
}

impl Change {
    /// What differs, as a unified diff, from the file as it is to the file as it should be.
    pub fn diff(&self) -> String {
        const LINES: usize = 60;
        let (old, new) = (
            self.old.as_deref().unwrap_or(""),
            self.new.as_deref().unwrap_or(""),
        );
        let diff = TextDiff::from_lines(old, new)
            .unified_diff()
            .context_radius(2)
            .to_string();
        let mut lines: Vec<&str> = diff.lines().collect();
        let left_out = lines.len().saturating_sub(LINES);
        lines.truncate(LINES);
        let mut text = lines.join("\n");
        text.push('\n');
        if left_out > 0 {
            text.push_str(&format!("… {left_out} more lines\n"));
        }
        text
    }
}

/// Every generated file of the project, by its path inside the project.
///
/// # Errors
/// If an input is missing or wrong, with file, place and reason.
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

/// The files that are stale, all of them.
///
/// # Errors
/// As [`render_all`], and if a generated file cannot be read.
pub fn check(project: &Project) -> Result<Vec<Change>> {
    let files = render_all(project)?;
    let mut changes = Vec::new();
    for (path, new) in &files {
        let old = read_if_there(&project.path(path))?;
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
                let old = read_if_there(&project.path(&path))?;
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

/// Writes the files that are stale and removes those left over; says which.
///
/// Everything is rendered before the first file is touched, and all files are replaced or none.
///
/// # Errors
/// As [`check`], and if a file cannot be written.
pub fn write(project: &Project) -> Result<Vec<Change>> {
    let changes = check(project)?;
    let files = changes
        .iter()
        .map(|change| (change.path.clone(), change.new.clone()))
        .collect();
    journal::replace(project, &files)?;
    Ok(changes)
}

/// Every generated file as it stands now, by its path inside the project.
///
/// # Errors
/// If one cannot be read.
pub fn read_all(project: &Project) -> Result<BTreeMap<PathBuf, Option<String>>> {
    let mut paths = vec![PathBuf::from(lock::LOCK)];
    paths.extend(files_below(project, Path::new(DOCUMENTS))?);
    for api in &project.apis {
        paths.extend(files_below(project, &generated_folder(&api.package))?);
    }
    paths
        .into_iter()
        .map(|path| Ok((path.clone(), read_if_there(&project.path(&path))?)))
        .collect()
}

fn generated_folder(package: &str) -> PathBuf {
    Path::new("crates")
        .join(package)
        .join("src")
        .join("generated")
}

pub(crate) fn read_if_there(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::file(path, &e)),
    }
}

/// The paths of the files in a folder of the project and below it.
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
