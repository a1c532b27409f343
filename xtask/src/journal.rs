//! Files replaced together, also if the machine stops in the middle.
//!
//! Before the first file is touched, what is there is copied to a journal, with a list that says which
//! files did not exist. The journal goes when all files are replaced. If it is still there when the next
//! command begins, that command puts everything back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::project::Project;
use crate::{Error, Result};

/// The journal's folder, from the project's root. Beside the files, so that a move is one step.
const JOURNAL: &str = ".xtask-journal";

/// Written last: a journal without it is not complete, and nothing was touched.
const COMPLETE: &str = "complete";

/// What a list in the journal says of a file that did not exist.
const ABSENT: &str = "absent ";
const PRESENT: &str = "present ";

/// Replaces files, all or none: `None` removes one.
///
/// # Errors
/// If a file cannot be written. Everything is then as it was.
pub fn replace(project: &Project, files: &BTreeMap<PathBuf, Option<String>>) -> Result<()> {
    let journal = project.path(JOURNAL);
    let fault = |path: &Path| {
        let path = path.to_owned();
        move |e: std::io::Error| Error::file(&path, &e)
    };
    let old = journal.join("old");
    fs::create_dir_all(&old).map_err(fault(&journal))?;
    let mut list = String::new();
    for (number, path) in files.keys().enumerate() {
        let there = project.path(path);
        if there.exists() {
            fs::copy(&there, old.join(number.to_string())).map_err(fault(&there))?;
        }
        list.push_str(if there.exists() { PRESENT } else { ABSENT });
        list.push_str(&format!("{}\n", path.display()));
    }
    write_to_disk(&journal.join("list"), &list).map_err(fault(&journal))?;
    write_to_disk(&journal.join(COMPLETE), "").map_err(fault(&journal))?;

    for (path, content) in files {
        let there = project.path(path);
        let done = match content {
            Some(content) => write_whole(&there, content),
            None => fs::remove_file(&there),
        };
        if let Err(e) = done {
            recover(project)?;
            return Err(Error::file(path, &e));
        }
    }
    fs::remove_file(journal.join(COMPLETE)).map_err(fault(&journal))?;
    fs::remove_dir_all(&journal).map_err(fault(&journal))
}

/// Puts back what an interrupted replacement touched; says whether there was one.
///
/// # Errors
/// If a file cannot be put back. The journal then stays, and the next command tries again.
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
            let put_back = if let Some(path) = line.strip_prefix(PRESENT) {
                let there = project.path(path);
                fs::copy(journal.join("old").join(number.to_string()), there).map(|_| ())
            } else if let Some(path) = line.strip_prefix(ABSENT) {
                let there = project.path(path);
                if there.exists() {
                    fs::remove_file(there)
                } else {
                    Ok(())
                }
            } else {
                Ok(())
            };
            put_back.map_err(|e| Error::new(format!("{}: {line}: {e}", journal.display())))?;
        }
        fs::remove_file(journal.join(COMPLETE)).map_err(|e| Error::file(&journal, &e))?;
    }
    fs::remove_dir_all(&journal).map_err(|e| Error::file(&journal, &e))?;
    Ok(interrupted)
}

/// Writes a file beside its place and moves it there: no reader meets half of it.
pub(crate) fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
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
