//! `diff`: compares two documents.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Args, ValueEnum};
use openapi_codegen::difference::Difference;
use openapi_codegen::rust_api::Bump;
use openapi_codegen::{Error, Result, files, report};
use openapi_codegen::{document, overlay};
use serde_json::Value;

use super::output;

/// Compare two documents: changes on the wire, changes for a Rust caller, and the resulting version bump.
///
/// Exit code: 0 on success, 1 if the --fail-on condition is met, 2 if a document cannot be read.
#[derive(Args)]
pub(crate) struct Diff {
    /// The old document: a file, or a file in a git revision (`HEAD~1:specs/api.yml`).
    old: String,
    /// The new document, in the same form.
    new: String,
    /// An Overlay document to apply to both; can be repeated.
    #[arg(long = "overlay")]
    overlays: Vec<PathBuf>,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Exit with 1 if there is a change of this kind, on the wire or for a Rust caller.
    #[arg(long, value_enum)]
    fail_on: Option<FailOn>,
    /// The current version of the crate, used to print the next one.
    #[arg(long, value_parser = version)]
    version: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Plain text.
    Text,
    /// Markdown for a pull request.
    Markdown,
    /// JSON.
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// A breaking change.
    Breaking,
    /// Any change.
    Any,
}

pub(crate) fn run(arguments: &Diff) -> Result<ExitCode> {
    let read = |source: &str| -> Result<Value> {
        let mut value = document::parse(source, &read_source(source)?)?;
        for path in &arguments.overlays {
            let name = path.display().to_string();
            overlay::apply_leniently(&mut value, &name, &files::read_text(path)?)
                .map_err(|e| Error::new(e.to_string()))?;
        }
        Ok(value)
    };
    let (old, new) = (read(&arguments.old)?, read(&arguments.new)?);
    let mut difference = Difference::of((&arguments.old, &arguments.new), &old, &new)?;
    difference.version = arguments.version.clone();
    report::print(&match arguments.format {
        Format::Text => difference.text(),
        Format::Markdown => difference.markdown(),
        Format::Json => format!("{:#}\n", difference.json()),
    })?;
    let fails = match arguments.fail_on {
        Some(FailOn::Breaking) => difference.is_breaking(),
        Some(FailOn::Any) => !difference.wire.is_empty() || !difference.rust.is_empty(),
        None => false,
    };
    Ok(output::exit_code(!fails))
}

/// Parses the version of a crate.
fn version(text: &str) -> Result<String, &'static str> {
    match Bump::None.after(text) {
        Some(version) => Ok(version),
        None => Err("three numbers are required, such as `0.3.1`"),
    }
}

/// Reads a file, or a file in a git revision.
fn read_source(source: &str) -> Result<String> {
    let path = Path::new(source);
    if path.exists() || !source.contains(':') || source.contains("://") {
        return files::read_text(path);
    }
    if source.starts_with('-') {
        return Err(Error::new(format!("{source}: invalid git revision")));
    }
    let output = Command::new("git")
        .args(["show", "--end-of-options", source])
        .output()
        .map_err(|e| Error::new(format!("cannot run git: {e}")))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(Error::new(format!("{source}: {}", stderr.trim())));
    }
    String::from_utf8(output.stdout).map_err(|_| Error::new(format!("{source}: invalid UTF-8")))
}
