//! Reads files, and compares generated files with those in a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use similar::TextDiff;

use crate::{Error, Result};

/// Generated files: paths relative to a folder, and texts.
pub type Files = BTreeMap<PathBuf, String>;

/// A file that differs from what is generated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The path, relative to the folder.
    pub path: PathBuf,
    /// The current contents. `None` if the file does not exist.
    pub old: Option<String>,
    /// The generated contents. `None` if the file should be removed.
    pub new: Option<String>,
}

impl Change {
    /// Returns `missing`, `obsolete` or `differs`.
    pub fn word(&self) -> &'static str {
        match (&self.old, &self.new) {
            (None, _) => "missing",
            (_, None) => "obsolete",
            _ => "differs",
        }
    }

    /// Returns a unified diff from the current to the generated contents, without its end if it is long.
    pub fn diff(&self) -> String {
        const MAX_LINES: usize = 60;
        let text = |side: &Option<String>| side.clone().unwrap_or_default();
        let diff = TextDiff::from_lines(text(&self.old), text(&self.new))
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

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word(), self.path.display())
    }
}

/// Returns the files in `folder` that differ from `files`. Other files below the folders `generated`, which are
/// relative to `folder`, are obsolete.
///
/// # Errors
/// Returns an error if a file or folder cannot be read.
pub fn changes(folder: &Path, files: &Files, generated: &[PathBuf]) -> Result<Vec<Change>> {
    let mut paths: BTreeSet<PathBuf> = files.keys().cloned().collect();
    for inner in generated {
        paths.extend(below(folder, inner)?);
    }
    let mut changes = Vec::new();
    for path in paths {
        let old = read_if_exists(&folder.join(&path))?;
        let new = files.get(&path).cloned();
        if old != new {
            changes.push(Change { path, old, new });
        }
    }
    Ok(changes)
}

/// Replaces, creates and removes files. First writes all new contents next to the files, with the extension
/// `.new`, and then renames them. No file is ever incomplete. If the process ends between two renames, some
/// files have their old contents; writing them again completes the change.
///
/// # Errors
/// Returns an error if a file cannot be written. If this happens before the first rename, for example because
/// the disk is full, no file has changed.
pub fn write(folder: &Path, changes: &[Change]) -> Result<()> {
    let mut written = Vec::new();
    for change in changes {
        if let Some(text) = &change.new {
            let path = folder.join(&change.path);
            let new = temporary(&path);
            let result = create(&new, text);
            written.push((new, path));
            if let Err(e) = result {
                for (new, _) in &written {
                    let _ = fs::remove_file(new);
                }
                return Err(Error::file(&folder.join(&change.path), &e));
            }
        }
    }
    for (new, path) in written {
        fs::rename(&new, &path).map_err(|e| Error::file(&path, &e))?;
    }
    for change in changes.iter().filter(|change| change.new.is_none()) {
        let path = folder.join(&change.path);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(Error::file(&path, &e)),
            _ => {}
        }
        // Folders that are empty now. Removing any other folder fails.
        let inner = change.path.ancestors().skip(1);
        let inner = inner.filter(|inner| !inner.as_os_str().is_empty());
        for inner in inner {
            let _ = fs::remove_dir(folder.join(inner));
        }
    }
    Ok(())
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    use io::Write as _;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Lists the files below a folder, recursively. `inner` and the results are relative to `folder`.
///
/// # Errors
/// Returns an error if a folder cannot be read. A folder that does not exist has no files.
pub fn below(folder: &Path, inner: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder.join(inner)) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::file(&folder.join(inner), &e)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| Error::file(&folder.join(inner), &e))?;
        let path = inner.join(entry.file_name());
        if entry.path().is_dir() {
            files.extend(below(folder, &path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a file, or returns `None` if it does not exist. Invalid UTF-8 is replaced.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn read_if_exists(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::file(path, &e)),
    }
}

/// Reads a text file.
///
/// # Errors
/// Returns an error that names the file if it cannot be read or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let name = path.display().to_string();
    if name.contains("://") {
        let reason = "URLs are not supported; download the document and pass the file";
        return Err(Error::new(format!("{name}: {reason}")));
    }
    let bytes = fs::read(path).map_err(|e| Error::file(path, &e))?;
    String::from_utf8(bytes).map_err(|_| Error::new(format!("{name}: invalid UTF-8")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Creates a folder with the files `a` and `b`.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("files-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a"), "old a").unwrap();
        fs::write(folder.join("b"), "old b").unwrap();
        folder
    }

    fn change(path: &str, new: Option<&str>) -> Change {
        Change {
            path: path.into(),
            old: None,
            new: new.map(str::to_owned),
        }
    }

    #[test]
    fn replaces_creates_and_removes_files() {
        let folder = folder("all");
        fs::create_dir_all(folder.join("inner/deep")).unwrap();
        fs::write(folder.join("inner/deep/old"), "").unwrap();
        let files = Files::from([
            ("a".into(), "new a".to_owned()),
            ("b".into(), "old b".to_owned()),
            ("inner/c".into(), "new c".to_owned()),
        ]);
        let found = changes(&folder, &files, &["inner".into()]).unwrap();
        let words: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            words,
            ["differs: a", "missing: inner/c", "obsolete: inner/deep/old"]
        );
        write(&folder, &found).unwrap();
        let text = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
        assert_eq!(
            (text("a"), text("b"), text("inner/c")),
            ("new a".into(), "old b".into(), "new c".into())
        );
        assert!(
            changes(&folder, &files, &["inner".into()])
                .unwrap()
                .is_empty()
        );
        assert_eq!(below(&folder, Path::new("")).unwrap().len(), 3);
        assert!(!folder.join("inner/deep").exists());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn changes_no_file_if_one_cannot_be_created() {
        let folder = folder("failure");
        // `b` is a file, so `b/c` cannot be created.
        let list = [
            change("a", Some("new a")),
            change("aa", Some("new aa")),
            change("b/c", Some("new c")),
        ];
        let error = write(&folder, &list).unwrap_err().to_string();
        assert!(error.contains("b/c: "), "{error}");
        assert_eq!(fs::read_to_string(folder.join("a")).unwrap(), "old a");
        assert_eq!(below(&folder, Path::new("")).unwrap().len(), 2);
        fs::remove_dir_all(folder).unwrap();
    }
}
