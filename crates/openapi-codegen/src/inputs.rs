//! Reads documents and overlays from files.

use std::path::{Path, PathBuf};

use crate::lower::{Lowered, Options};
use crate::{Error, Result, document, lower, overlay};

/// Reads a document and overlays from files, applies them and lowers the result.
///
/// # Errors
/// Returns an error, with file, location and reason, if a file is missing or invalid, or if the target of
/// an overlay action matches nothing.
pub fn read_files(spec: &Path, overlays: &[PathBuf], options: &Options) -> Result<Lowered> {
    let name = spec.display().to_string();
    let mut document = document::parse(&name, &read_text(spec)?)?;
    for path in overlays {
        let overlay = path.display().to_string();
        overlay::apply(&mut document, &overlay, &read_text(path)?)
            .map_err(|e| Error::new(e.to_string()))?;
    }
    lower::lower_with(&document, options).map_err(|e| Error::new(format!("{name}: {e}")))
}

/// Reads a text file.
///
/// # Errors
/// Returns an error that names the file if it cannot be read or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|e| Error::file(path, &e))?;
    String::from_utf8(bytes).map_err(|_| Error::new(format!("{}: invalid UTF-8", path.display())))
}
