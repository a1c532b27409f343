//! `generate --spec`: a whole crate from any document.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use openapi_pipeline::lower::Options;
use serde_json::json;
use xtask::{Result, inputs, standalone};

use super::output::{self, Format};

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
    /// How it is told what was made.
    #[arg(long, value_enum, default_value = "text", requires = "spec")]
    format: Format,
}

/// Makes the crate, if one is asked for.
pub(crate) fn run(arguments: &Standalone) -> Result<Option<ExitCode>> {
    let (Some(spec), Some(name), Some(out)) = (&arguments.spec, &arguments.name, &arguments.out)
    else {
        return Ok(None);
    };
    let options = Options::new().skip_unsupported(arguments.skip_unsupported);
    let mut lowered = inputs::of_files(spec, &arguments.overlays, &options)?;
    let source = spec.display().to_string();
    let krate = standalone::Crate {
        name,
        source: &source,
        runtime: arguments.runtime.as_deref(),
        own_workspace: standalone::is_in_workspace(out),
    };
    let files = standalone::files(&krate, &mut lowered, arguments.skip_unsupported);
    if arguments.format == Format::Text {
        for note in &lowered.notes {
            eprintln!("note: {note}");
        }
    }
    let files = files?;
    standalone::write(out, &files)?;
    let text = match arguments.format {
        Format::Text => format!("{} files in {}\n", files.len(), out.display()),
        Format::Json => {
            let report =
                json!({"files": files.len(), "notes": output::notes_as_json(&lowered.notes)});
            format!("{report:#}\n")
        }
    };
    output::say(&text)?;
    Ok(Some(ExitCode::SUCCESS))
}
