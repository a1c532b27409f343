//! Reads the lines of a file, with bounded memory.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

use sha2::{Digest as _, Sha256};

/// The largest line in bytes. Requests with images have some megabytes.
const MAX_LINE: u64 = 256 << 20;

/// Larger buffers are released after their line.
const KEPT_BUFFER: usize = 1 << 20;

/// The lines of a file, or of a part of it.
pub(super) struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    line: Vec<u8>,
    number: u64,
    /// The bytes of the line that was read last.
    bytes: Range<u64>,
    hasher: Sha256,
}

impl Lines {
    /// Reads the lines of a part of a file, which begins at a byte with the line of a number.
    pub(super) fn new(reader: Box<dyn Read + Send>, start: u64, first: u64) -> Self {
        Self {
            reader: BufReader::with_capacity(256 << 10, reader),
            line: Vec::new(),
            number: first - 1,
            bytes: start..start,
            hasher: Sha256::new(),
        }
    }

    /// Returns where the line that was read last is in the file.
    pub(super) fn bytes(&self) -> Range<u64> {
        self.bytes.clone()
    }

    /// Returns the next line without its end, and its number, counted from 1.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        self.line.clear();
        self.line.shrink_to(KEPT_BUFFER);
        let mut limited = self.reader.by_ref().take(MAX_LINE + 1);
        let read = limited.read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.bytes = self.bytes.end..self.bytes.end + read as u64;
        if read as u64 > MAX_LINE {
            let reason = format!("line {} has more than {} MiB", self.number, MAX_LINE >> 20);
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        self.hasher.update(&self.line);
        let mut line = self.line.as_slice();
        line = line.strip_suffix(b"\n").unwrap_or(line);
        line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.number == 1 {
            // A byte order mark.
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        Ok(Some((self.number, line)))
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        self.hasher.clone().finalize().into()
    }
}
