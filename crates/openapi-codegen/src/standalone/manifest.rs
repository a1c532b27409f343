//! Renders `Cargo.toml`.

use std::path::{Component, Path, PathBuf};

use super::{Crate, Runtime, runtime, workspace};
use crate::{Error, Result};

/// Returns the manifest of a crate.
pub(super) fn manifest(title: &str, krate: &Crate<'_>) -> Result<String> {
    let workspace = if workspace::is_foreign(krate.folder) {
        "\n# This crate does not belong to the workspace around it.\n[workspace]\n"
    } else {
        ""
    };
    let schemars = match krate.runtime {
        Runtime::Embedded => "[\"dep:schemars\"]",
        _ => "[\"dep:schemars\", \"openapi-runtime/schemars\"]",
    };
    Ok(format!(
        r#"[package]
name = "{name}"
description = "Generated client of the {title}"
version = "0.1.0"
edition = "2024"
rust-version = "1.89"

[lib]
# Examples in the documentation of an API are no Rust code.
doctest = false

[dependencies]
{dependencies}
[features]
## TLS backend: rustls or native-tls. Without either, only plain HTTP works.
rustls = ["reqwest/rustls"]
native-tls = ["reqwest/native-tls"]
## `schemars::JsonSchema` on the types.
schemars = {schemars}
{workspace}"#,
        name = krate.name,
        dependencies = dependencies(krate)?,
    ))
}

/// Returns the dependencies of a crate, one on each line.
fn dependencies(krate: &Crate<'_>) -> Result<String> {
    let own = runtime::dependencies(*krate.runtime == Runtime::Embedded);
    let mut lines: String = own.map(|line| format!("{line}\n")).collect();
    match krate.runtime {
        Runtime::Embedded => {}
        Runtime::Version(version) => lines.push_str(&format!("openapi-runtime = {version:?}\n")),
        Runtime::Path(path) => {
            let path = relative(krate.folder, path)?;
            let path = path.to_string_lossy().replace('\\', "/");
            lines.push_str(&format!("openapi-runtime = {{ path = {path:?} }}\n"));
        }
    }
    Ok(lines)
}

/// Returns the path from a folder to another one, so that both can be moved together.
fn relative(from: &Path, to: &Path) -> Result<PathBuf> {
    let absolute = |path: &Path| {
        let absolute = std::path::absolute(path).map_err(|e| Error::file(path, &e))?;
        let mut plain = PathBuf::new();
        for part in absolute.components() {
            match part {
                Component::ParentDir => drop(plain.pop()),
                part => plain.push(part),
            }
        }
        Ok::<_, Error>(plain)
    };
    let (from, to) = (absolute(from)?, absolute(to)?);
    let shared = from.components().zip(to.components());
    let shared = shared.take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return Ok(to);
    }
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    Ok(up.chain(to.components().skip(shared)).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn path_of_the_runtime_is_relative() {
        let path = |from: &str, to: &str| relative(Path::new(from), Path::new(to)).unwrap();
        assert_eq!(path("/a/b/c", "/a/d"), Path::new("../../d"));
        assert_eq!(path("/a/b/../c", "/a/d"), Path::new("../d"));
        assert_eq!(path("x/api", "runtime"), Path::new("../../runtime"));
    }
}
