//! Arguments that several commands have.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use openapi_codegen::files::Files;
use openapi_codegen::lower::{Lowered, Options};
use openapi_codegen::standalone::{Crate, Runtime};
use openapi_codegen::{Error, Generator, Result};

/// Format of a report.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Plain text.
    Text,
    /// JSON.
    Json,
}

/// A document that is lowered.
#[derive(Args)]
pub(crate) struct Document {
    /// The document, YAML or JSON.
    pub(crate) spec: PathBuf,
    /// An Overlay document to apply. Repeat the option to apply several, in order.
    #[arg(long = "overlay", value_name = "FILE")]
    overlays: Vec<PathBuf>,
    /// Drop and report operations that cannot be expressed, instead of failing.
    #[arg(long)]
    skip_unsupported: bool,
    /// Reject an invalid document instead of repairing it.
    #[arg(long)]
    strict: bool,
}

impl Document {
    /// Reads and lowers the document.
    pub(crate) fn lower(&self) -> Result<Lowered> {
        let options = Options::new()
            .strict(self.strict)
            .skip_unsupported(self.skip_unsupported);
        let generator = Generator::new(&self.spec).options(options);
        self.overlays
            .iter()
            .fold(generator, Generator::overlay)
            .lower()
    }
}

/// A generated crate.
#[derive(Args)]
pub(crate) struct GeneratedCrate {
    #[command(flatten)]
    document: Document,
    /// The folder of the crate.
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// The name of the crate. By default, that of the folder.
    #[arg(long)]
    name: Option<String>,
    /// Depend on the crate `openapi-runtime`, in a folder or of a version, instead of copying it into the crate.
    #[arg(long, value_name = "FOLDER|VERSION")]
    runtime: Option<Runtime>,
}

impl GeneratedCrate {
    /// Passes the description of the crate to a function.
    pub(crate) fn with<T>(&self, function: impl FnOnce(&Crate<'_>) -> Result<T>) -> Result<T> {
        // `..` has no name of its own.
        let folder = self.out.canonicalize();
        let folder = folder.or_else(|_| std::path::absolute(&self.out));
        let folder = folder.map_err(|e| Error::file(&self.out, &e))?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        function(&Crate {
            name: self.name.as_deref().unwrap_or(&name),
            source: &self.document.spec.display().to_string(),
            folder: &self.out,
            runtime: self.runtime.as_ref().unwrap_or(&Runtime::Embedded),
        })
    }

    /// Reads and lowers the document, unless the crate has an invalid name.
    pub(crate) fn lower(&self) -> Result<Lowered> {
        self.with(|krate| krate.check_name())?;
        self.document.lower()
    }

    /// Renders the files of the crate.
    pub(crate) fn files(&self, lowered: &mut Lowered) -> Result<Files> {
        self.with(|krate| krate.files(lowered, self.document.skip_unsupported))
    }
}
