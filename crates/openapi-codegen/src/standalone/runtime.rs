//! The runtime, which is embedded in this library.

use std::path::{Path, PathBuf};

/// The files of the runtime without its tests: path and text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/runtime_files.rs"));

/// The dependencies of the runtime and of generated code, one on each line. They are those of this workspace.
const DEPENDENCIES: &str = include_str!("dependencies.toml");

/// The dependencies of generated code.
const OF_GENERATED_CODE: [&str; 4] = ["reqwest", "schemars", "serde", "serde_json"];

/// Returns the files of the runtime, adapted to be the module `runtime` of a crate. Omits tests.
pub(super) fn module() -> impl Iterator<Item = (PathBuf, String)> {
    FILES.iter().map(|(path, text)| {
        let text = text.split("\n#[cfg(test)]\n").next().unwrap_or(text);
        let text = text
            .replace("crate::", "crate::runtime::")
            .replace("pub(crate)", "pub(in crate::runtime)");
        let path = if *path == "lib.rs" { "mod.rs" } else { path };
        let path = Path::new(path).to_owned();
        (path, format!("{text}\n").replace("\n\n\n", "\n\n"))
    })
}

/// Returns the dependencies of generated code, and those of the runtime if it is a module.
pub(super) fn dependencies(with_runtime: bool) -> impl Iterator<Item = &'static str> {
    let name = |line: &'static str| line.split(' ').next().unwrap_or_default();
    DEPENDENCIES
        .lines()
        .filter(move |line| with_runtime || OF_GENERATED_CODE.contains(&name(line)))
}
