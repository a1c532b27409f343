//! `lower`: the OpenAPI 3.0.3 document that a document becomes.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use openapi_pipeline::lower::Options;
use serde_json::json;
use xtask::project::Project;
use xtask::{Result, inputs};

use super::output::{self, Format};

/// Print the OpenAPI 3.0.3 document that a specification and its overlays become.
///
/// Exit code: 0, or 2 if the document is refused; the error names the place.
#[derive(Args)]
pub(crate) struct Lower {
    /// A document, YAML or JSON, or the name of an API in specs/apis.toml.
    spec: String,
    /// An Overlay document that applies to it; may stand several times, and in that order they apply.
    #[arg(long = "overlay")]
    overlays: Vec<PathBuf>,
    /// Write the result to this file, as JSON if its name ends so, instead of printing YAML.
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Print what was repaired, lost or dropped on the way, instead of the document.
    #[arg(long)]
    report: bool,
    /// Drop operations that cannot be expressed, and say so, instead of refusing the document.
    #[arg(long)]
    skip_unsupported: bool,
    /// Refuse a document that breaks its own standard, instead of repairing it.
    #[arg(long)]
    strict: bool,
    /// How the report is written.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) fn run(arguments: &Lower) -> Result<ExitCode> {
    let path = PathBuf::from(&arguments.spec);
    let lowered = if path.exists() {
        let options = Options::new()
            .strict(arguments.strict)
            .skip_unsupported(arguments.skip_unsupported);
        inputs::of_files(&path, &arguments.overlays, &options)?
    } else {
        let project = Project::find()?;
        inputs::read(&project, project.api(&arguments.spec)?)?.lowered
    };
    if !arguments.report {
        for note in &lowered.notes {
            eprintln!("note: {note}");
        }
        output::document_to(arguments.out.as_deref(), &lowered.document)?;
        return Ok(ExitCode::SUCCESS);
    }
    match arguments.format {
        Format::Json => {
            output::say(&format!(
                "{:#}\n",
                json!({"notes": output::notes_as_json(&lowered.notes)})
            ))?;
        }
        Format::Text => {
            for note in &lowered.notes {
                output::say(&format!("{note}\n"))?;
            }
            output::say(&format!("{} notes\n", lowered.notes.len()))?;
        }
    }
    if arguments.out.is_some() {
        output::document_to(arguments.out.as_deref(), &lowered.document)?;
    }
    Ok(ExitCode::SUCCESS)
}
