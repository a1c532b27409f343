//! Atomic replacement of several files, including recovery after a crash.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use xtask::journal;
use xtask::project::Project;

/// Creates a project with the files `a` and `b`.
fn project(name: &str) -> (Project, PathBuf) {
    let root = std::env::temp_dir().join(format!("xtask-journal-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(root.join("specs")).unwrap();
    fs::write(root.join("specs/apis.toml"), "api = []").unwrap();
    fs::write(root.join("a"), "old a").unwrap();
    fs::write(root.join("b"), "old b").unwrap();
    (Project::at(&root).unwrap(), root)
}

fn files(files: &[(&str, Option<&str>)]) -> BTreeMap<PathBuf, Option<String>> {
    files
        .iter()
        .map(|(path, text)| ((*path).into(), text.map(str::to_owned)))
        .collect()
}

#[test]
fn replaces_creates_and_removes_files() {
    let (project, root) = project("all");
    let new = files(&[
        ("a", Some("new a")),
        ("b", None),
        ("folder/c", Some("new c")),
    ]);
    journal::replace(&project, &new).unwrap();
    assert_eq!(fs::read_to_string(root.join("a")).unwrap(), "new a");
    assert_eq!(fs::read_to_string(root.join("folder/c")).unwrap(), "new c");
    assert!(!root.join("b").exists() && !root.join(".xtask-journal").exists());
    assert!(!journal::recover(&project).unwrap());
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn restores_all_files_if_one_cannot_be_written() {
    let (project, root) = project("failure");
    // `b` is a file, so `b/c` cannot be created.
    let new = files(&[
        ("a", Some("new a")),
        ("aa", Some("new aa")),
        ("b/c", Some("new c")),
    ]);
    let error = journal::replace(&project, &new).unwrap_err().to_string();
    assert!(error.starts_with("b/c: "), "{error}");
    assert_eq!(fs::read_to_string(root.join("a")).unwrap(), "old a");
    assert!(!root.join("aa").exists() && !root.join(".xtask-journal").exists());
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn recovers_from_an_interrupted_replacement() {
    let (project, root) = project("stop");
    let journal = root.join(".xtask-journal");
    fs::create_dir_all(journal.join("old")).unwrap();
    fs::write(journal.join("old/0"), "old a").unwrap();
    fs::write(journal.join("list"), "present a\nabsent c\n").unwrap();
    fs::write(journal.join("complete"), "").unwrap();
    fs::write(root.join("a"), "new a").unwrap();
    fs::write(root.join("c"), "new c").unwrap();

    assert!(journal::recover(&project).unwrap());
    assert_eq!(fs::read_to_string(root.join("a")).unwrap(), "old a");
    assert!(!root.join("c").exists() && !journal.exists());
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn ignores_an_incomplete_journal() {
    let (project, root) = project("begun");
    fs::create_dir_all(root.join(".xtask-journal/old")).unwrap();
    fs::write(root.join(".xtask-journal/list"), "present a\n").unwrap();
    assert!(!journal::recover(&project).unwrap());
    assert_eq!(fs::read_to_string(root.join("a")).unwrap(), "old a");
    assert!(!root.join(".xtask-journal").exists());
    fs::remove_dir_all(root).unwrap();
}
