//! `generate`: generates a crate from a document.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use openapi_codegen::lower::Options;
use openapi_codegen::{Result, inputs, standalone};
use serde_json::json;

use super::output::{self, Format};

/// Generate a self-contained crate from a document.
#[derive(Args)]
pub(crate) struct Generate {
    /// The document, YAML or JSON.
    spec: PathBuf,
    /// An Overlay document to apply. Repeat the option to apply several, in order.
    #[arg(long = "overlay")]
    overlays: Vec<PathBuf>,
    /// The name of the crate.
    #[arg(long)]
    name: String,
    /// The output folder of the crate.
    #[arg(long)]
    out: PathBuf,
    /// Depend on the runtime crate in this folder instead of copying it into the generated crate.
    #[arg(long)]
    runtime: Option<PathBuf>,
    /// Drop and report operations that cannot be expressed, instead of failing.
    #[arg(long)]
    skip_unsupported: bool,
    /// Format of the report.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) fn run(arguments: &Generate) -> Result<ExitCode> {
    let Generate {
        spec, name, out, ..
    } = arguments;
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
    Ok(ExitCode::SUCCESS)
}
