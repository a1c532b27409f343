//! Initial handwritten files of a generated crate. Existing files are never overwritten.

use std::path::PathBuf;

use openapi_codegen::lower::Lowered;
use openapi_codegen::standalone::library;

use crate::project::{Api, Project};

/// Returns the handwritten files that the crate needs and that do not exist yet.
pub(crate) fn missing(project: &Project, api: &Api, lowered: &Lowered) -> Vec<(PathBuf, String)> {
    let info = &lowered.document["info"];
    let title = info["title"]
        .as_str()
        .unwrap_or(&api.name)
        .replace(['"', '\\', '\n'], " ");
    let folder = PathBuf::from("crates").join(&api.package);
    let files = [
        (folder.join("Cargo.toml"), manifest(&api.package, &title)),
        (folder.join("src").join("lib.rs"), library(&title, false)),
    ];
    files
        .into_iter()
        .filter(|(path, _)| !project.path(path).exists())
        .collect()
}

fn manifest(package: &str, title: &str) -> String {
    format!(
        r#"[package]
name = "{package}"
description = "Generated client of the {title}"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
keywords.workspace = true
categories.workspace = true

[lints]
workspace = true

[dependencies]
openapi-runtime.workspace = true
reqwest.workspace = true
schemars = {{ workspace = true, optional = true }}
serde.workspace = true
serde_json.workspace = true

[features]
## `schemars::JsonSchema` on the types.
schemars = ["dep:schemars", "openapi-runtime/schemars"]
"#
    )
}
