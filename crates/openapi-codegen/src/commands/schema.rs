//! `schema`: prints JSON Schemas.

use std::process::ExitCode;

use clap::Args;
use openapi_codegen::{Result, json_schema, report};

use super::arguments::Document;

/// Print the JSON Schemas (2020-12) of the types that are generated from a document.
///
/// Exit code: 0 on success, 2 if the document is rejected.
#[derive(Args)]
pub(crate) struct Schema {
    #[command(flatten)]
    document: Document,
}

pub(crate) fn run(arguments: &Schema) -> Result<ExitCode> {
    let lowered = arguments.document.lower()?;
    report::print(&format!("{:#}\n", json_schema::of(&lowered)))?;
    Ok(ExitCode::SUCCESS)
}
