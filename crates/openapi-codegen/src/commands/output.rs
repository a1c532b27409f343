//! Output of several commands.

use std::path::Path;
use std::process::ExitCode;

use openapi_codegen::{Error, Result, document, report};
use serde_json::Value;

/// Returns the exit code of a check.
pub(crate) fn exit_code(success: bool) -> ExitCode {
    match success {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Writes a document to `out`, as JSON if the extension is `json` and as YAML otherwise. Without `out`, prints YAML.
pub(crate) fn write_document(out: Option<&Path>, value: &Value) -> Result<()> {
    let is_json = out.is_some_and(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    let text = if is_json {
        format!("{value:#}\n")
    } else {
        document::to_yaml(value)?
    };
    match out {
        Some(path) => std::fs::write(path, text).map_err(|e| Error::file(path, &e)),
        None => report::print(&text),
    }
}
