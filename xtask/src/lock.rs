//! `specs/specs.lock`: SHA-256 of every specification and overlay that code was generated from.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::project::Project;
use crate::{Error, Result};

/// The lock file, from the project's root.
pub const LOCK: &str = "specs/specs.lock";

/// The text that the lock file should hold now.
///
/// # Errors
/// If a specification or an overlay cannot be read.
pub fn text(project: &Project) -> Result<String> {
    let mut text = String::from(
        "# SHA-256 of what the generated crates were made from. Written by `cargo xtask generate`.\n",
    );
    for api in &project.apis {
        let _ = writeln!(text, "\n[{}]", api.name);
        for file in std::iter::once(&api.specification).chain(&api.overlays) {
            let path = Path::new("specs").join(file);
            let bytes = fs::read(project.path(&path)).map_err(|e| Error::file(&path, &e))?;
            let digest = Sha256::digest(&bytes);
            let _ = write!(text, "\"{}\" = \"", file.display());
            for byte in digest {
                let _ = write!(text, "{byte:02x}");
            }
            text.push_str("\"\n");
        }
    }
    Ok(text)
}
