//! Reads a settings file, and replaces it as a whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::exit::Failure;

/// The maximum size of a file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a file, or returns `None` if it does not exist. A failure shows no value of the file, which has the key.
pub(super) fn read(path: &Path) -> Result<Option<Map<String, Value>>, Failure> {
    let invalid = |reason: &str| Failure::other(format!("{}: {reason}", path.display()));
    let bytes = match bytes(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(invalid(&error.to_string())),
    };
    // Some Windows editors write a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(settings)) => Ok(Some(settings)),
        Ok(_) => Err(invalid("not a JSON object")),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Err(invalid(&format!(
                "invalid JSON at line {line} column {column}"
            )))
        }
    }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("larger than {MAX_BYTES} bytes")));
    }
    Ok(bytes)
}

/// Replaces a settings file.
pub(super) fn replace(path: &Path, settings: &Map<String, Value>) -> Result<(), Failure> {
    let failed =
        |error: io::Error| Failure::other(format!("cannot write {}: {error}", path.display()));
    let json = serde_json::to_string_pretty(settings).map_err(|error| failed(error.into()))?;
    replace_bytes(path, format!("{json}\n").as_bytes()).map_err(failed)
}

/// Replaces a file: another process sees the old file or the new one, even if this process is killed. Only the owner can
/// read the new file.
pub(crate) fn replace_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link keeps pointing to the file that is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if let Some(directory) = path.parent() {
        create_directory(directory)?;
    }
    let temporary = temporary(&path);
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        drop(fs::remove_file(&temporary));
    }
    written
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a killed process of the same id has left.
    drop(fs::remove_file(path));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
