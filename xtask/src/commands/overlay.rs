//! `overlay`: a document with Overlay documents applied.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use openapi_pipeline::{document, overlay};
use serde_json::json;
use xtask::{Error, Result, inputs};

use super::output::{self, Format};

/// Apply Overlay documents (1.0 and 1.1) to a document and print the result.
///
/// An action whose target matches nothing is a warning, one that changes nothing is told, both on standard
/// error. Exit code: 0, or 2 if something is wrong.
#[derive(Args)]
pub(crate) struct Overlay {
    /// The document, YAML or JSON.
    spec: PathBuf,
    /// The overlays, in the order in which they apply.
    #[arg(required = true)]
    overlays: Vec<PathBuf>,
    /// Write the result to this file, as JSON if its name ends so, instead of printing YAML.
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Refuse an action whose target matches nothing.
    #[arg(long)]
    strict: bool,
    /// How what the actions did is told on standard error.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) fn run(arguments: &Overlay) -> Result<ExitCode> {
    let name = arguments.spec.display().to_string();
    let mut result = document::parse(&name, &inputs::text_of(&arguments.spec)?)?;
    let mut told = Vec::new();
    for path in &arguments.overlays {
        let name = path.display().to_string();
        let text = inputs::text_of(path)?;
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
                    eprintln!("warning: {place}: matches nothing");
                } else if !action.changed {
                    eprintln!("note: {place}: changes nothing; the document says so already");
                }
            }
            told.push(json!({
                "overlay": name,
                "action": action.action,
                "target": action.target,
                "matches": action.matches,
                "changed": action.changed,
            }));
        }
    }
    if arguments.format == Format::Json {
        eprintln!("{:#}", json!({ "actions": told }));
    }
    output::document_to(arguments.out.as_deref(), &result)?;
    Ok(ExitCode::SUCCESS)
}
