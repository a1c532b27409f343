//! Where the project is, and its list of APIs.

use std::path::{Component, Path, PathBuf};
use std::{env, fs};

use serde::Deserialize;

use crate::{Error, Result};

/// The list of APIs, from the project's root.
const APIS: &str = "specs/apis.toml";

/// The project: a folder with `specs/apis.toml`.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    /// The APIs, in the order of their list.
    pub apis: Vec<Api>,
}

/// One API of the list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Its name in commands.
    pub name: String,
    /// Its specification, a file in `specs/`.
    pub specification: PathBuf,
    /// Its overlays, files in `specs/`, in the order in which they apply.
    #[serde(default)]
    pub overlays: Vec<PathBuf>,
    /// The crate that is generated from it, a folder in `crates/`.
    #[serde(rename = "crate")]
    pub package: String,
}

impl Api {
    /// Where its specification stands, from the project's root.
    pub fn source(&self) -> String {
        format!("specs/{}", self.specification.display())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Apis {
    api: Vec<Api>,
}

/// The project's folder.
///
/// Cargo says at run time which package it runs, and that is the project it was started for. What was
/// compiled in can be another: a checkout may have moved since, and two may share a target directory. Without
/// cargo, the project is the one around the current folder, or else the one that this was compiled in.
pub fn root() -> PathBuf {
    let run_by_cargo = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let folders = run_by_cargo.into_iter().chain(env::current_dir());
    let mut roots = folders.filter_map(|folder| {
        let mut above = folder.ancestors();
        above
            .find(|folder| folder.join(APIS).is_file())
            .map(Path::to_owned)
    });
    roots.next().unwrap_or_else(|| {
        let compiled_in = Path::new(env!("CARGO_MANIFEST_DIR"));
        compiled_in.parent().unwrap_or(compiled_in).to_owned()
    })
}

impl Project {
    /// Finds the project, at its [`root`].
    ///
    /// # Errors
    /// If there is none, or its list of APIs is wrong.
    pub fn find() -> Result<Self> {
        Self::at(&root())
    }

    /// Reads the project in a folder.
    ///
    /// # Errors
    /// If its list of APIs is missing or wrong.
    pub fn at(root: &Path) -> Result<Self> {
        let path = root.join(APIS);
        let text = fs::read_to_string(&path).map_err(|e| Error::file(&path, &e))?;
        let Apis { api: apis } =
            toml::from_str(&text).map_err(|e| Error::new(format!("{APIS}: {e}")))?;
        for (index, api) in apis.iter().enumerate() {
            if apis
                .iter()
                .take(index)
                .any(|a| a.name == api.name || a.package == api.package)
            {
                let reason = format!("{APIS}: api {:?}: its name or crate stands twice", api.name);
                return Err(Error::new(reason));
            }
            for file in api
                .overlays
                .iter()
                .chain([&api.specification, &(&api.package).into()])
            {
                if !file
                    .components()
                    .all(|part| matches!(part, Component::Normal(_)))
                {
                    let reason = format!(
                        "{APIS}: api {:?}: {:?} leaves its folder",
                        api.name,
                        file.display()
                    );
                    return Err(Error::new(reason));
                }
            }
        }
        Ok(Self {
            root: root.to_owned(),
            apis,
        })
    }

    /// The API of a name.
    ///
    /// # Errors
    /// If there is none; the error lists the names.
    pub fn api(&self, name: &str) -> Result<&Api> {
        self.apis
            .iter()
            .find(|api| api.name == name)
            .ok_or_else(|| {
                let names: Vec<&str> = self.apis.iter().map(|api| api.name.as_str()).collect();
                Error::new(format!(
                    "no API {name:?} in {APIS}; there are: {}",
                    names.join(", ")
                ))
            })
    }

    /// A file's path from the path it has inside the project.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.root.join(inside)
    }

    /// Reads a text of the project.
    ///
    /// # Errors
    /// If it cannot be read; the error names it.
    pub fn read(&self, inside: impl AsRef<Path>) -> Result<String> {
        let inside = inside.as_ref();
        fs::read_to_string(self.path(inside)).map_err(|e| Error::file(inside, &e))
    }
}
