//! `generate`: generates a crate from a document.

use std::process::ExitCode;

use clap::Args;
use openapi_codegen::{Result, report};
use serde_json::json;

use super::arguments::{Format, GeneratedCrate};

/// Generate a crate from a document, and report what it does not express.
///
/// The crate contains the code that makes its calls, unless --runtime is given. Files of the crate that are not
/// marked as generated are never replaced: Cargo.toml and src/lib.rs are kept, others are an error.
///
/// Exit code: 0 on success, 2 if the document is rejected or a file cannot be written.
#[derive(Args)]
pub(crate) struct Generate {
    #[command(flatten)]
    krate: GeneratedCrate,
    /// Format of the report.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) fn run(arguments: &Generate) -> Result<ExitCode> {
    let krate = &arguments.krate;
    let mut lowered = krate.lower()?;
    let rendered = krate.files(&mut lowered);
    if arguments.format == Format::Text {
        report::print_notes(&lowered.notes);
    }
    let rendered = rendered?;
    let count = rendered.len();
    let comparison = krate.with(|krate| krate.write(rendered))?;
    let out = krate.out.display();
    for path in &comparison.kept {
        let path = krate.out.join(path);
        report::print_error(&format!(
            "note: kept {}, which is not marked as generated\n",
            path.display()
        ));
    }
    report::print(&match arguments.format {
        Format::Text => {
            let summary = report::summary(&lowered.notes);
            format!("{count} files in {out}; {summary}\n")
        }
        Format::Json => {
            let report = json!({"files": count, "kept": comparison.kept, "notes": report::json(&lowered.notes)});
            format!("{report:#}\n")
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
