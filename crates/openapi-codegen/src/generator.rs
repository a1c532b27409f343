//! Generates a client from files, in one step.

use std::env;
use std::path::{Path, PathBuf};

use crate::files::{self, Files};
use crate::lower::{self, Lowered, NoteKind, Options};
use crate::{Error, Result, document, overlay, render, report, standalone};

/// The size in bytes of the stack on which documents are processed: recursively, and some are deeply nested.
pub(crate) const STACK_SIZE: usize = 256 << 20;

/// Generates a client from a document and overlays, which are files.
///
/// A build script needs one call, and the crate one line that includes the result:
///
/// ```no_run
/// // build.rs, with `openapi-codegen` as a build dependency
/// fn main() -> Result<(), openapi_codegen::Error> {
///     openapi_codegen::Generator::new("api.yml").build_script("api")
/// }
/// ```
///
/// ```ignore
/// // src/main.rs, with `openapi-runtime`, `reqwest`, `serde` and `serde_json` as dependencies
/// include!(concat!(env!("OUT_DIR"), "/api.rs"));
/// // The module `api` has `Client`, `builder`, `types` and `operations`.
/// ```
#[derive(Debug, Clone)]
pub struct Generator {
    document: PathBuf,
    overlays: Vec<PathBuf>,
    options: Options,
}

impl Generator {
    /// Creates a generator for the document in a file, YAML or JSON.
    pub fn new(document: impl Into<PathBuf>) -> Self {
        Self {
            document: document.into(),
            overlays: Vec::new(),
            options: Options::new(),
        }
    }

    /// Adds the Overlay document in a file. Overlays are applied in the order in which they are added.
    pub fn overlay(mut self, overlay: impl Into<PathBuf>) -> Self {
        self.overlays.push(overlay.into());
        self
    }

    /// Sets how invalid documents and unsupported operations are handled. By default, invalid parts are repaired,
    /// and an unsupported operation is an error.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Returns the name of the document in errors and in generated files.
    pub(crate) fn source(&self) -> String {
        self.document.display().to_string()
    }

    /// Reads the files, applies the overlays and lowers the document.
    ///
    /// # Errors
    /// Returns an error, with file, location and reason, if a file is missing or invalid, or if the target of an
    /// overlay action matches nothing.
    pub fn lower(&self) -> Result<Lowered> {
        let name = self.source();
        let mut document = document::parse(&name, &files::read_text(&self.document)?)?;
        for path in &self.overlays {
            let overlay = path.display().to_string();
            overlay::apply(&mut document, &overlay, &files::read_text(path)?)
                .map_err(|e| Error::new(e.to_string()))?;
        }
        lower::lower_with(&document, &self.options).map_err(|e| Error::new(format!("{name}: {e}")))
    }

    /// Renders the files of the client's module, with their paths in its folder. Their paths to the types begin
    /// with `crate::`, so the module must be re-exported at the root of its crate.
    ///
    /// # Errors
    /// Returns an error, with its location, if code cannot be generated from the document. If unsupported operations
    /// are skipped, they are removed from `lowered` and added to its notes.
    pub fn render(&self, lowered: &mut Lowered) -> Result<Vec<(String, String)>> {
        if self.options.skip_unsupported {
            render::render_supported(&self.source(), lowered)
        } else {
            render::render(&self.source(), lowered)
        }
    }

    /// Generates a module in a build script: writes the file `<module>.rs` to the folder `OUT_DIR`. It declares a
    /// public module of that name.
    ///
    /// Tells Cargo to run the build script again if a file changes. If the module does not express something, prints
    /// a warning with the file that has the [report](crate::report).
    ///
    /// # Errors
    /// Returns the errors of [`lower`](Self::lower) and [`render`](Self::render), and an error if this is not a build
    /// script or if a file cannot be written.
    pub fn build_script(&self, module: &str) -> Result<()> {
        let out = env::var_os("OUT_DIR").map(PathBuf::from);
        let out = out.ok_or_else(|| Error::new("OUT_DIR is not set: not run by a build script"))?;
        for path in std::iter::once(&self.document).chain(&self.overlays) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        // The types implement `schemars::JsonSchema` if the crate has this feature.
        println!("cargo::rustc-check-cfg=cfg(feature, values(\"schemars\"))");
        if let Some(warning) = on_large_stack(|| self.write_module(module, &out))? {
            println!("cargo::warning={warning}");
        }
        Ok(())
    }

    /// Writes a module and its report to a folder. Returns a warning if the module does not express something.
    fn write_module(&self, module: &str, folder: &Path) -> Result<Option<String>> {
        let mut lowered = self.lower()?;
        let rendered = self.render(&mut lowered)?;
        let mut files: Files = standalone::module(module, folder, rendered)?;
        let report = PathBuf::from(format!("{module}.report.txt"));
        files.insert(report.clone(), report::text(&lowered.notes));
        let changes = files::changes(folder, &files, &[PathBuf::from(module)])?;
        files::write(folder, &changes)?;
        let mut notes = lowered.notes.iter();
        let is_incomplete = notes.any(|note| note.kind != NoteKind::Unchecked);
        Ok(is_incomplete.then(|| {
            let (source, summary) = (self.source(), report::summary(&lowered.notes));
            format!("{source}: {summary}; see {}", folder.join(report).display())
        }))
    }
}

/// Runs a function on a thread with a stack that is large enough for deeply nested documents.
///
/// # Errors
/// Returns the error of the function, and an error if the function panics or if the thread cannot be started.
pub fn on_large_stack<T: Send>(function: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(STACK_SIZE);
        let thread = builder
            .spawn_scoped(scope, function)
            .map_err(|e| Error::new(format!("cannot start thread: {e}")))?;
        thread.join().unwrap_or_else(|_| {
            Err(Error::new(
                "internal error: a thread panicked (message above)",
            ))
        })
    })
}
