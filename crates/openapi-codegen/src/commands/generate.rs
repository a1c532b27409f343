//! `generate --spec`: generates a self-contained crate from any document.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use openapi_pipeline::lower::Options;
use serde_json::json;
use xtask::{Result, inputs, standalone};

use super::output::{self, Format};

/// Options that generate a self-contained crate.
#[derive(Args)]
pub(crate) struct Standalone {
    /// Generate a self-contained crate from this document (YAML or JSON) instead of this project's crates.
    #[arg(long, requires_all = ["name", "out"], conflicts_with = "check")]
    spec: Option<PathBuf>,
    /// An Overlay document to apply. Repeat the option to apply several, in order.
    #[arg(long = "overlay", requires = "spec")]
    overlays: Vec<PathBuf>,
    /// The name of the crate.
    #[arg(long, requires = "spec")]
    name: Option<String>,
    /// The output folder of the crate.
    #[arg(long, requires = "spec")]
    out: Option<PathBuf>,
    /// Depend on the runtime crate in this folder instead of copying it into the generated crate.
    #[arg(long, requires = "spec")]
    runtime: Option<PathBuf>,
    /// Drop and report operations that cannot be expressed, instead of failing.
    #[arg(long, requires = "spec")]
    skip_unsupported: bool,
    /// Format of the report.
    #[arg(long, value_enum, default_value = "text", requires = "spec")]
    format: Format,
}

/// Generates the crate if `--spec` is given; otherwise returns `None`.
pub(crate) fn run(arguments: &Standalone) -> Result<Option<ExitCode>> {
    let (Some(spec), Some(name), Some(out)) = (&arguments.spec, &arguments.name, &arguments.out)
    else {
        return Ok(None);
    };
    let options = Options::new().skip_unsupported(arguments.skip_unsupported);
    let mut lowered = inputs::read_files(spec, &arguments.overlays, &options)?;
    let source = spec.display().to_string();
    let krate = standalone::Crate {
        name,
        source: &source,
        runtime: arguments.runtime.as_deref(),
        own_workspace: standalone::is_in_workspace(out),
    };
    let files = standalone::files(&krate, &mut lowered, arguments.skip_unsupported);
    if arguments.format == Format::Text {
        for note in output::sorted(&lowered.notes) {
            eprintln!("note: {note}");
        }
    }
    let files = files?;
    standalone::write(out, &files)?;
    let text = match arguments.format {
        Format::Text => format!(
            "{} files in {}; {}\n",
            files.len(),
            out.display(),
            output::summary(&lowered.notes)
        ),
        Format::Json => {
            let report =
                json!({"files": files.len(), "notes": output::notes_as_json(&lowered.notes)});
            format!("{report:#}\n")
        }
    };
    output::print(&text)?;
    Ok(Some(ExitCode::SUCCESS))
}
