//! The runtime, which is embedded in this library.

use std::path::PathBuf;

use super::MARKER;

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
        let banner = format!(
            "// Copied{MARKER} {}. Do not edit.\n",
            env!("CARGO_PKG_VERSION")
        );
        let text = format!("{banner}\n{text}\n").replace("\n\n\n", "\n\n");
        (path.into(), text)
    })
}

/// Returns the dependencies of generated code, and those of the runtime if it is a module.
pub(super) fn dependencies(with_runtime: bool) -> impl Iterator<Item = &'static str> {
    let name = |line: &'static str| line.split(' ').next().unwrap_or_default();
    DEPENDENCIES
        .lines()
        .filter(move |line| with_runtime || OF_GENERATED_CODE.contains(&name(line)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::path::Path;

    use toml::{Table, Value};

    use super::*;

    fn root() -> &'static Path {
        let this = Path::new(env!("CARGO_MANIFEST_DIR"));
        this.parent().unwrap().parent().unwrap()
    }

    /// The folder of the library is a link in a checkout, which can be replaced by a copy.
    #[test]
    fn all_files_of_the_runtime_are_embedded() {
        let folder = root().join("crates/openapi-runtime/src");
        let files = crate::files::below(&folder, Path::new("")).unwrap();
        let files: Vec<(String, String)> = files
            .iter()
            .filter(|path| !path.ends_with("tests.rs"))
            .map(|path| {
                let text = fs::read_to_string(folder.join(path)).unwrap();
                (path.display().to_string().replace('\\', "/"), text)
            })
            .collect();
        let embedded: Vec<(String, String)> = FILES
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        assert_eq!(files.len(), embedded.len());
        for (file, embedded) in files.iter().zip(&embedded) {
            assert!(file == embedded, "{} is stale or missing", file.0);
        }
    }

    #[test]
    fn dependencies_are_those_of_the_runtime() {
        let read = |path: &str| -> Table {
            toml::from_str(&fs::read_to_string(root().join(path)).unwrap()).unwrap()
        };
        let shared = read("Cargo.toml");
        let shared = shared["workspace"]["dependencies"].as_table().unwrap();
        let runtime = read("crates/openapi-runtime/Cargo.toml");
        let table = |value: &Value| match value {
            Value::Table(table) => table.clone(),
            version => Table::from_iter([("version".to_owned(), version.clone())]),
        };
        let mut expected = Table::new();
        for (name, own) in runtime["dependencies"].as_table().unwrap() {
            let mut merged = table(&shared[name]);
            for (key, value) in table(own).into_iter().filter(|(key, _)| key != "workspace") {
                match (merged.get_mut(&key), value) {
                    (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
                    (_, value) => drop(merged.insert(key, value)),
                }
            }
            expected.insert(name.clone(), merged.into());
        }
        let written: Table = toml::from_str(DEPENDENCIES).unwrap();
        let written: Table = written
            .iter()
            .map(|(name, value)| (name.clone(), table(value).into()))
            .collect();
        assert_eq!(written, expected, "update dependencies.toml");
        assert_eq!(
            dependencies(true).count(),
            written.len(),
            "one on each line"
        );
        assert_eq!(dependencies(false).count(), OF_GENERATED_CODE.len());
    }
}
