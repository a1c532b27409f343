//! The project's root and its list of APIs.

use std::path::{Component, Path, PathBuf};
use std::{env, fs};

use serde::Deserialize;

use crate::{Error, Result};

/// The list of APIs, relative to the project's root.
const APIS: &str = "specs/apis.toml";

/// The project: a folder with `specs/apis.toml`.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    /// The APIs, in the order of `specs/apis.toml`.
    pub apis: Vec<Api>,
}

/// An entry of the list of APIs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// The name used in commands.
    pub name: String,
    /// The specification, a file in `specs/`.
    pub specification: PathBuf,
    /// The overlays, files in `specs/`, in order of application.
    #[serde(default)]
    pub overlays: Vec<PathBuf>,
    /// The generated crate, a folder in `crates/`.
    #[serde(rename = "crate")]
    pub package: String,
}

impl Api {
    /// Returns the path of the specification, relative to the project's root.
    pub fn source(&self) -> String {
        format!("specs/{}", self.specification.display())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Apis {
    api: Vec<Api>,
}

/// Returns the project's root.
///
/// Prefers `CARGO_MANIFEST_DIR` at run time over the compiled-in path: the checkout may have moved, and two
/// checkouts may share a target directory. Without cargo, searches upwards from the current folder and falls
/// back to the compiled-in path.
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
    /// Finds the project at [`root`].
    ///
    /// # Errors
    /// Returns an error if there is no project, or if its list of APIs is invalid.
    pub fn find() -> Result<Self> {
        Self::at(&root())
    }

    /// Opens the project in a folder.
    ///
    /// # Errors
    /// Returns an error if the list of APIs is missing or invalid.
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
                let reason = format!("{APIS}: api {:?}: duplicate name or crate", api.name);
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
                        "{APIS}: api {:?}: path {:?} is outside its folder",
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

    /// Returns the API with the given name.
    ///
    /// # Errors
    /// Returns an error if there is no such API; the error lists the names.
    pub fn api(&self, name: &str) -> Result<&Api> {
        self.apis
            .iter()
            .find(|api| api.name == name)
            .ok_or_else(|| {
                let names: Vec<&str> = self.apis.iter().map(|api| api.name.as_str()).collect();
                Error::new(format!(
                    "unknown API {name:?}; {APIS} lists: {}",
                    names.join(", ")
                ))
            })
    }

    /// Returns the path of a file given relative to the project's root.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Returns cargo's target directory.
    pub fn target(&self) -> PathBuf {
        let set = env::var_os("CARGO_TARGET_DIR");
        self.path(set.unwrap_or_else(|| "target".into()))
    }

    /// Reads a text file of the project.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub fn read(&self, relative: impl AsRef<Path>) -> Result<String> {
        let relative = relative.as_ref();
        fs::read_to_string(self.path(relative)).map_err(|e| Error::file(relative, &e))
    }
}
