//! `check`: compares a generated crate with its document.

use std::process::ExitCode;

use clap::Args;
use openapi_codegen::{Result, report};
use serde_json::{Value, json};

use super::arguments::{Format, GeneratedCrate};
use super::output;

/// Check that a crate is what `generate` would write, with the same arguments. Writes nothing.
///
/// Prints a diff of each file that differs. Exit code: 0 if there is none, 1 if there is, 2 if the document is
/// rejected.
#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    krate: GeneratedCrate,
    /// Format of the report.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) fn run(arguments: &Check) -> Result<ExitCode> {
    let krate = &arguments.krate;
    let files = krate.files(&mut krate.lower()?)?;
    let changes = krate.with(|krate| krate.compare(files))?.changes;
    let mut text = String::new();
    match arguments.format {
        Format::Text => {
            for change in &changes {
                text.push_str(&format!("{change}\n{}", change.diff()));
            }
            let out = krate.out.display();
            text.push_str(&match changes.len() {
                0 => format!("{out} is up to date\n"),
                count => format!("{count} files in {out} are not up to date\n"),
            });
        }
        Format::Json => {
            let changes: Vec<Value> = changes
                .iter()
                .map(|change| json!({"path": change.path, "change": change.word()}))
                .collect();
            text.push_str(&format!("{:#}\n", json!({ "changes": changes })));
        }
    }
    report::print(&text)?;
    Ok(output::exit_code(changes.is_empty()))
}
