//! A file that is read in parts.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A file that is read in parts.
#[derive(Debug, Clone)]
pub(super) struct Source {
    path: PathBuf,
    size: u64,
}

impl Source {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            let reason =
                "not a regular file; the input is read twice, and again if the batch is resumed";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        Ok(Self {
            path: path.to_owned(),
            size: metadata.len(),
        })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Reads a range of bytes.
    pub(super) fn read(&self, bytes: Range<u64>) -> io::Result<Box<dyn Read + Send>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(bytes.start))?;
        Ok(Box::new(file.take(bytes.end.saturating_sub(bytes.start))))
    }
}
