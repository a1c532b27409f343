//! `lower`: converts a document to OpenAPI 3.0.3.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use openapi_codegen::{Result, report};
use serde_json::json;

use super::arguments::{Document, Format};
use super::output;

/// Print a document with its overlays, lowered to OpenAPI 3.0.3, or a report of what that loses.
///
/// Exit code: 0 on success, 2 if the document is rejected. The error names the location.
#[derive(Args)]
pub(crate) struct Lower {
    #[command(flatten)]
    document: Document,
    /// Write the result to this file instead of printing YAML. The format is JSON if the file name ends in `.json`.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print a report of repaired, lost and dropped constructs instead of the document.
    #[arg(long)]
    report: bool,
    /// Format of the report.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) fn run(arguments: &Lower) -> Result<ExitCode> {
    let lowered = arguments.document.lower()?;
    if arguments.report {
        report::print(&match arguments.format {
            Format::Json => format!("{:#}\n", json!({"notes": report::json(&lowered.notes)})),
            Format::Text => report::text(&lowered.notes),
        })?;
    } else {
        report::print_notes(&lowered.notes);
    }
    if arguments.out.is_some() || !arguments.report {
        output::write_document(arguments.out.as_deref(), &lowered.document)?;
    }
    Ok(ExitCode::SUCCESS)
}
