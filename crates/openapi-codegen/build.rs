//! Lists the files of the runtime, so that the library can embed them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let variable =
        |name| env::var_os(name).ok_or_else(|| io::Error::other(format!("{name} is not set")));
    let this = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    // In a checkout, `runtime` is a symbolic link to the second folder, and in a package it is a copy. Git can check
    // out a file instead of the link.
    let folders = [this.join("runtime"), this.join("../openapi-runtime/src")];
    let folder = folders.iter().find(|folder| folder.is_dir());
    let folder = folder.ok_or_else(|| io::Error::other("the folder `runtime` is missing"))?;
    let folder = folder.canonicalize()?;
    println!("cargo::rerun-if-changed={}", folder.display());

    let mut files = Vec::new();
    collect(&folder, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&folder).map_err(io::Error::other)?;
        let name: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
        let _ = writeln!(list, "    ({:?}, include_str!({file:?})),", name.join("/"));
    }
    list.push(']');
    fs::write(
        PathBuf::from(variable("OUT_DIR")?).join("runtime_files.rs"),
        list,
    )
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests.rs")
        {
            files.push(path);
        }
    }
    Ok(())
}
