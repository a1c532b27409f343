//! `generate --spec`: a whole crate from any document.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use openapi_pipeline::lower::Options;
use xtask::{Result, inputs, standalone};

/// A crate of its own from any document.
#[derive(Args)]
pub(crate) struct Standalone {
    /// Make a whole crate from this document, YAML or JSON, instead of this project's crates.
    #[arg(long, requires_all = ["name", "out"], conflicts_with = "check")]
    spec: Option<PathBuf>,
    /// An Overlay document that applies to it; may stand several times, and in that order they apply.
    #[arg(long = "overlay", requires = "spec")]
    overlays: Vec<PathBuf>,
    /// The crate's name.
    #[arg(long, requires = "spec")]
    name: Option<String>,
    /// The folder that the crate is written to.
    #[arg(long, requires = "spec")]
    out: Option<PathBuf>,
    /// Depend on the runtime in this folder; without this, the crate holds a copy of it.
    #[arg(long, requires = "spec")]
    runtime: Option<PathBuf>,
    /// Drop operations that cannot be expressed, and say so, instead of refusing the document.
    #[arg(long, requires = "spec")]
    skip_unsupported: bool,
}

/// Makes the crate, if one is asked for.
pub(crate) fn run(arguments: &Standalone) -> Result<Option<ExitCode>> {
    let (Some(spec), Some(name), Some(out)) = (&arguments.spec, &arguments.name, &arguments.out)
    else {
        return Ok(None);
    };
    let options = Options::new().skip_unsupported(arguments.skip_unsupported);
    let lowered = inputs::of_files(spec, &arguments.overlays, &options)?;
    for note in &lowered.notes {
        eprintln!("note: {note}");
    }
    let source = spec.display().to_string();
    let krate = standalone::Crate {
        name,
        source: &source,
        runtime: arguments.runtime.as_deref(),
        own_workspace: standalone::is_in_workspace(out),
    };
    let files = standalone::files(&krate, &lowered)?;
    standalone::write(out, &files)?;
    Ok(Some(ExitCode::SUCCESS))
}
