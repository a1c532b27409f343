//! Replaces several files atomically, even across a crash.
//!
//! Before the first file is replaced, the current files are copied to a journal, together with a list that
//! records which files did not exist. The journal is removed after all files are replaced. If the journal
//! still exists when the next command starts, that command restores the files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::project::Project;
use crate::{Error, Result};

/// The journal's folder, relative to the project's root.
const JOURNAL: &str = ".xtask-journal";

/// The file that marks a complete journal. It is written last. Without it, no file has been replaced yet.
const COMPLETE: &str = "complete";

/// The prefixes of the lines in the list of the journal. They state whether the file existed.
const ABSENT: &str = "absent ";
const PRESENT: &str = "present ";

/// Replaces all files or none. `None` removes a file.
///
/// # Errors
/// Returns an error if a file cannot be written. All files are then unchanged.
pub fn replace(project: &Project, files: &BTreeMap<PathBuf, Option<String>>) -> Result<()> {
    let journal = project.path(JOURNAL);
    let error = |path: &Path| {
        let path = path.to_owned();
        move |e: std::io::Error| Error::file(&path, &e)
    };
    let old = journal.join("old");
    fs::create_dir_all(&old).map_err(error(&journal))?;
    let mut list = String::new();
    for (number, path) in files.keys().enumerate() {
        let target = project.path(path);
        if target.exists() {
            fs::copy(&target, old.join(number.to_string())).map_err(error(&target))?;
        }
        list.push_str(if target.exists() { PRESENT } else { ABSENT });
        list.push_str(&format!("{}\n", path.display()));
    }
    write_to_disk(&journal.join("list"), &list).map_err(error(&journal))?;
    write_to_disk(&journal.join(COMPLETE), "").map_err(error(&journal))?;

    for (path, content) in files {
        let target = project.path(path);
        let done = match content {
            Some(content) => write_atomically(&target, content),
            None => fs::remove_file(&target),
        };
        if let Err(e) = done {
            recover(project)?;
            return Err(Error::file(path, &e));
        }
    }
    fs::remove_file(journal.join(COMPLETE)).map_err(error(&journal))?;
    fs::remove_dir_all(&journal).map_err(error(&journal))
}

/// Restores the files of an interrupted replacement. Returns whether there was one.
///
/// # Errors
/// Returns an error if a file cannot be restored. The journal is then kept, and the next command tries again.
pub fn recover(project: &Project) -> Result<bool> {
    let journal = project.path(JOURNAL);
    if !journal.exists() {
        return Ok(false);
    }
    let interrupted = journal.join(COMPLETE).exists();
    if interrupted {
        let list = journal.join("list");
        let list = fs::read_to_string(&list).map_err(|e| Error::file(&list, &e))?;
        for (number, line) in list.lines().enumerate() {
            let restored = if let Some(path) = line.strip_prefix(PRESENT) {
                let target = project.path(path);
                fs::copy(journal.join("old").join(number.to_string()), target).map(|_| ())
            } else if let Some(path) = line.strip_prefix(ABSENT) {
                let target = project.path(path);
                if target.exists() {
                    fs::remove_file(target)
                } else {
                    Ok(())
                }
            } else {
                Ok(())
            };
            restored.map_err(|e| Error::new(format!("{}: {line}: {e}", journal.display())))?;
        }
        fs::remove_file(journal.join(COMPLETE)).map_err(|e| Error::file(&journal, &e))?;
    }
    fs::remove_dir_all(&journal).map_err(|e| Error::file(&journal, &e))?;
    Ok(interrupted)
}

/// Writes a temporary file and renames it, so that readers never see a partial file.
pub(crate) fn write_atomically(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = path.with_extension("new");
    write_to_disk(&new, text)?;
    fs::rename(&new, path)
}

fn write_to_disk(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut file = fs::File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
