//! `overlay`: applies Overlay documents.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use openapi_codegen::{Error, Result, document, files, overlay, report};
use serde_json::json;

use super::arguments::Format;
use super::output;

/// Apply Overlay documents (1.0 and 1.1) to a document and print the result.
///
/// Warns on standard error about actions whose target matches nothing or that change nothing. Exit code: 0 on
/// success, 2 on an error.
#[derive(Args)]
pub(crate) struct Overlay {
    /// The document, YAML or JSON.
    spec: PathBuf,
    /// The overlays, in order of application.
    #[arg(required = true)]
    overlays: Vec<PathBuf>,
    /// Write the result to this file instead of printing YAML. The format is JSON if the file name ends in `.json`.
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Reject an action whose target matches nothing.
    #[arg(long)]
    strict: bool,
    /// Format of the report on standard error.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) fn run(arguments: &Overlay) -> Result<ExitCode> {
    let name = arguments.spec.display().to_string();
    let mut result = document::parse(&name, &files::read_text(&arguments.spec)?)?;
    let mut actions = Vec::new();
    for path in &arguments.overlays {
        let name = path.display().to_string();
        let text = files::read_text(path)?;
        let applied = if arguments.strict {
            overlay::apply(&mut result, &name, &text)
        } else {
            overlay::apply_leniently(&mut result, &name, &text)
        };
        for action in applied.map_err(|e| Error::new(e.to_string()))? {
            let place = format!(
                "{name}#/actions/{}: target {}",
                action.action, action.target
            );
            if arguments.format == Format::Text {
                if action.matches == 0 {
                    report::print_error(&format!("warning: {place}: matches nothing\n"));
                } else if !action.changed {
                    report::print_error(&format!(
                        "note: {place}: changes nothing: the document already has this value\n"
                    ));
                }
            }
            actions.push(json!({
                "overlay": name,
                "action": action.action,
                "target": action.target,
                "matches": action.matches,
                "changed": action.changed,
            }));
        }
    }
    if arguments.format == Format::Json {
        report::print_error(&format!("{:#}\n", json!({ "actions": actions })));
    }
    output::write_document(arguments.out.as_deref(), &result)?;
    Ok(ExitCode::SUCCESS)
}
