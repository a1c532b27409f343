//! `lower`: converts a document to OpenAPI 3.0.3.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use openapi_codegen::lower::Options;
use openapi_codegen::{Result, inputs};
use serde_json::json;

use super::output::{self, Format};

/// Print a specification with its overlays, lowered to OpenAPI 3.0.3.
///
/// Exit code: 0 on success, 2 if the document is rejected. The error names the location.
#[derive(Args)]
pub(crate) struct Lower {
    /// The document, YAML or JSON.
    spec: PathBuf,
    /// An Overlay document to apply; can be repeated, applied in order.
    #[arg(long = "overlay")]
    overlays: Vec<PathBuf>,
    /// Write the result to this file instead of printing YAML. The format is JSON if the file name ends in `.json`.
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Print a report of repaired, lost and dropped constructs instead of the document.
    #[arg(long)]
    report: bool,
    /// Drop and report operations that cannot be expressed, instead of failing.
    #[arg(long)]
    skip_unsupported: bool,
    /// Reject an invalid document instead of repairing it.
    #[arg(long)]
    strict: bool,
    /// Format of the report.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) fn run(arguments: &Lower) -> Result<ExitCode> {
    let options = Options::new()
        .strict(arguments.strict)
        .skip_unsupported(arguments.skip_unsupported);
    let lowered = inputs::read_files(&arguments.spec, &arguments.overlays, &options)?;
    if !arguments.report {
        for note in output::sorted(&lowered.notes) {
            eprintln!("note: {note}");
        }
        output::write_document(arguments.out.as_deref(), &lowered.document)?;
        return Ok(ExitCode::SUCCESS);
    }
    match arguments.format {
        Format::Json => {
            output::print(&format!(
                "{:#}\n",
                json!({"notes": output::notes_as_json(&lowered.notes)})
            ))?;
        }
        Format::Text => {
            for note in output::sorted(&lowered.notes) {
                output::print(&format!("{note}\n"))?;
            }
            output::print(&format!("{}\n", output::summary(&lowered.notes)))?;
        }
    }
    if arguments.out.is_some() {
        output::write_document(arguments.out.as_deref(), &lowered.document)?;
    }
    Ok(ExitCode::SUCCESS)
}
