//! Generates a crate of its own, or a module for a build script.
//!
//! By default, a crate contains a copy of the runtime as a module. It then depends only on crates from crates.io,
//! can be moved and published, and always has the runtime version that its code was generated for. Several
//! generated crates can share one runtime if they depend on it.
//!
//! | module | contents |
//! |---|---|
//! | `manifest` | renders `Cargo.toml` |
//! | `library` | renders `src/lib.rs` |
//! | `module` | adapts generated code to be a module at any place |
//! | `runtime` | the embedded runtime |
//! | `workspace` | whether a crate is a member of the workspace around it |

mod library;
mod manifest;
mod module;
mod runtime;
mod workspace;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::files::{self, Change, Files};
use crate::lower::Lowered;
use crate::{Error, Result, render};

pub use library::library;
pub(crate) use module::module;

/// The folders of a generated crate in which every file is generated.
const GENERATED: [&str; 2] = ["src/generated", "src/runtime"];

/// What the first line of each generated file contains. Files without it belong to the user.
const MARKER: &str = " by openapi-codegen";

/// Where a generated crate has its runtime from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runtime {
    /// A copy in the crate.
    Embedded,
    /// The crate `openapi-runtime` in a folder.
    Path(PathBuf),
    /// The crate `openapi-runtime` of a registry, with a version requirement.
    Version(String),
}

impl FromStr for Runtime {
    type Err = Error;

    /// Reads a folder or a version requirement such as `0.1`.
    fn from_str(text: &str) -> Result<Self> {
        if Path::new(text).join("Cargo.toml").is_file() {
            return Ok(Self::Path(text.into()));
        }
        let is_requirement = text.starts_with(|c: char| c.is_ascii_digit() || "^~=<>*".contains(c))
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "^~=<>*.,+- ".contains(c));
        match is_requirement {
            true => Ok(Self::Version(text.to_owned())),
            false => Err(Error::new(format!(
                "{text:?} is neither the folder of a crate nor a version requirement"
            ))),
        }
    }
}

/// The configuration of a generated crate.
#[derive(Debug, Clone)]
pub struct Crate<'a> {
    /// The name of the crate.
    pub name: &'a str,
    /// The name of the document in errors and in generated files, usually its file.
    pub source: &'a str,
    /// The folder of the crate.
    pub folder: &'a Path,
    /// Where the crate has its runtime from.
    pub runtime: &'a Runtime,
}

impl Crate<'_> {
    /// Checks the name of the crate.
    ///
    /// # Errors
    /// Returns an error if Cargo does not accept the name.
    pub fn check_name(&self) -> Result<()> {
        if is_package(self.name) {
            return Ok(());
        }
        let reason = "is not a valid crate name: use letters, digits, `-` and `_`, begin with a letter, and avoid keywords of Rust; set a name with `--name`";
        Err(Error::new(format!("{:?} {reason}", self.name)))
    }

    /// Renders the files of the crate, with their paths in its folder.
    ///
    /// # Errors
    /// Returns an error, with its location, if code cannot be generated from the document. With `skip`,
    /// operations that cannot be generated are dropped instead and reported in the notes of `lowered`.
    pub fn files(&self, lowered: &mut Lowered, skip: bool) -> Result<Files> {
        self.check_name()?;
        let mut files = Files::new();
        let rendered = if skip {
            render::render_supported(self.source, lowered)?
        } else {
            render::render(self.source, lowered)?
        };
        let banner = banner(self.source);
        for (path, text) in rendered {
            let path = Path::new("src/generated").join(path);
            files.insert(path, format!("{banner}\n{text}"));
        }
        if *self.runtime == Runtime::Embedded {
            for (path, text) in runtime::module() {
                files.insert(Path::new("src/runtime").join(path), text);
            }
        }
        let title = title(lowered, self.name);
        let library = library(&title, *self.runtime == Runtime::Embedded);
        let owned = "Remove this line to edit the file; it is then no longer replaced.";
        let first = format!("Generated{MARKER} {}. {owned}", env!("CARGO_PKG_VERSION"));
        files.insert("src/lib.rs".into(), format!("// {first}\n{library}"));
        let manifest = manifest::manifest(&title, self)?;
        files.insert("Cargo.toml".into(), format!("# {first}\n{manifest}"));
        Ok(files)
    }

    /// Compares the files with those in the crate's folder. `Cargo.toml` and `src/lib.rs` are kept if they are not
    /// marked as generated.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read, and if another file is not marked as generated but would be
    /// replaced or removed.
    pub fn compare(&self, mut files: Files) -> Result<Comparison> {
        let mut kept = Vec::new();
        for path in ["Cargo.toml", "src/lib.rs"].map(PathBuf::from) {
            let current = files::read_if_exists(&self.folder.join(&path))?;
            if current.is_some_and(|text| !is_generated(&text)) {
                files.remove(&path);
                kept.push(path);
            }
        }
        let changes = files::changes(self.folder, &files, &GENERATED.map(PathBuf::from))?;
        let foreign = changes.iter().find(|change| {
            // A process that was killed can leave files with the extension `new`.
            let is_rest = change
                .path
                .extension()
                .is_some_and(|ending| ending == "new");
            !is_rest && change.old.as_ref().is_some_and(|text| !is_generated(text))
        });
        if let Some(Change { path, .. }) = foreign {
            let reason =
                "is in the folder of generated files, but was not generated: move or delete it";
            let path = self.folder.join(path);
            return Err(Error::new(format!("{}: {reason}", path.display())));
        }
        Ok(Comparison { changes, kept })
    }

    /// Writes the files to the crate's folder, and removes obsolete ones.
    ///
    /// # Errors
    /// Returns the errors of [`compare`](Self::compare), and an error if a file cannot be written.
    pub fn write(&self, files: Files) -> Result<Comparison> {
        let comparison = self.compare(files)?;
        files::write(self.folder, &comparison.changes)?;
        Ok(comparison)
    }
}

/// What has to change in the folder of a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The files that differ.
    pub changes: Vec<Change>,
    /// The files that belong to the user and are not compared.
    pub kept: Vec<PathBuf>,
}

/// Returns the first line of the files that are generated from a document.
fn banner(source: &str) -> String {
    let name = Path::new(source).file_name().unwrap_or_default();
    let name = name.to_string_lossy().replace(char::is_control, " ");
    let version = env!("CARGO_PKG_VERSION");
    format!("// Generated{MARKER} {version} from {name}. Do not edit.\n")
}

fn is_generated(text: &str) -> bool {
    let first = text.lines().next();
    first.is_some_and(|line| line.contains(MARKER))
}

/// Returns the title of the document, or else the name, as a text for a comment and a string.
fn title(lowered: &Lowered, name: &str) -> String {
    let title = lowered.document["info"]["title"].as_str().unwrap_or(name);
    let is_unsafe = |c: char| c.is_control() || "\"\\".contains(c);
    title.replace(is_unsafe, " ")
}

fn is_package(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        && syn::parse_str::<syn::Ident>(&name.replace('-', "_")).is_ok()
        && !["test", "core", "std", "alloc", "proc-macro"].contains(&name)
}
