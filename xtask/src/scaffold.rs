//! Initial handwritten files of a generated crate. Existing files are never overwritten.

use std::path::PathBuf;

use openapi_codegen::lower::Lowered;

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
        (folder.join("src").join("lib.rs"), library(&title)),
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

fn library(title: &str) -> String {
    format!(
        r#"//! Client of the {title}, generated from its specification.
//!
//! | module | contents |
//! |---|---|
//! | [`Client`] | one method per operation, which returns its builder |
//! | [`builder`] | the operations' builders: parameters, body, `send` |
//! | [`types`] | request and response types |
//! | [`operations`] | properties of each operation, from the specification |

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, unused_imports, unused_mut, unused_qualifications, reason = "generated")]
#[allow(clippy::all, clippy::unwrap_used, rustdoc::all, reason = "generated")]
mod generated;

#[doc(inline)]
pub use generated::{{Client, builder, operations, types}};
pub use openapi_runtime::{{
    ByteStream, CallContext, CallOptions, Caller, Error, IntoRequest, Operation, Response, Secret,
    TextOrParts, Timestamp, Transport, Usd, WithTeam,
}};
"#
    )
}
