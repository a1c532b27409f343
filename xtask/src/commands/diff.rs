//! `diff`: what a new document changes.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Args, ValueEnum};
use openapi_pipeline::{document, overlay};
use serde_json::Value;
use xtask::difference::Difference;
use xtask::{Error, Result, inputs};

use super::output;

/// Tell what changes from one document to another: on the wire, for a Rust caller, and the version that
/// makes.
///
/// Exit code: 0, 1 if --fail-on says so, or 2 if a document cannot be read.
#[derive(Args)]
pub(crate) struct Diff {
    /// The old document: a file, or a git revision and a file in it (`HEAD~1:specs/api.yml`).
    old: String,
    /// The new document, likewise.
    new: String,
    /// An Overlay document that applies to both; may stand several times.
    #[arg(long = "overlay")]
    overlays: Vec<PathBuf>,
    /// How it is told.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Exit with 1 if anything breaks, on the wire or for a Rust caller.
    #[arg(long, value_enum)]
    fail_on: Option<FailOn>,
    /// The crate's version now, to tell the next one.
    #[arg(long)]
    version: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For a pull request.
    Markdown,
    /// For machines.
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Anything that breaks.
    Breaking,
    /// Anything at all.
    Any,
}

pub(crate) fn run(arguments: &Diff) -> Result<ExitCode> {
    let read = |source: &str| -> Result<Value> {
        let mut value = document::parse(source, &text_of(source)?)?;
        for path in &arguments.overlays {
            let name = path.display().to_string();
            overlay::apply_leniently(&mut value, &name, &inputs::text_of(path)?)
                .map_err(|e| Error::new(e.to_string()))?;
        }
        Ok(value)
    };
    let (old, new) = (read(&arguments.old)?, read(&arguments.new)?);
    let mut difference = Difference::of((&arguments.old, &arguments.new), &old, &new)?;
    difference.version = arguments.version.clone();
    output::say(&match arguments.format {
        Format::Text => difference.text(),
        Format::Markdown => difference.markdown(),
        Format::Json => format!("{:#}\n", difference.json()),
    })?;
    let fails = match arguments.fail_on {
        Some(FailOn::Breaking) => difference.is_breaking(),
        Some(FailOn::Any) => !difference.wire.is_empty() || !difference.rust.is_empty(),
        None => false,
    };
    Ok(if fails {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The text of a file, or of a file in a revision.
fn text_of(source: &str) -> Result<String> {
    let path = Path::new(source);
    if path.exists() || !source.contains(':') {
        return inputs::text_of(path);
    }
    if source.starts_with('-') {
        return Err(Error::new(format!("{source}: no revision")));
    }
    let output = Command::new("git")
        .args(["show", "--end-of-options", source])
        .output()
        .map_err(|e| Error::new(format!("git cannot be run: {e}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error::new(format!("{source}: {}", said.trim())));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Error::new(format!("{source}: not a text in UTF-8")))
}
