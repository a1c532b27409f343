//! Writes the output and the errors.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | [`Output`]: the answers, in the order in which they arrived |
//! | `line` | a line of OpenAI's batch format |
//! | `errors` | the file of errors |
//! | `writer` | the thread that writes the output while a batch runs |
//!
//! The ledger has the truth. The output is written from it, and can be written again.

mod errors;
pub(crate) mod line;
mod writer;

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::ledger::sqlite::LedgerReader;

pub(crate) use errors::write_errors;
pub(crate) use writer::OutputWriter;

/// The answers of a batch, in the order in which they arrived.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
    file: File,
    /// The position of the last answer in the file.
    position: i64,
    /// The size of the file up to the end of that answer.
    bytes: u64,
}

/// The size of the answers that are read from the ledger at once.
const CHUNK: usize = 1 << 20;

impl Output {
    /// Opens the output of a batch, and adds what is missing, such as the rest of a line that was not written
    /// completely. `rewrite` writes the whole file again.
    pub(crate) fn open(path: &Path, ledger: &LedgerReader, rewrite: bool) -> Result<Self, Error> {
        let job = ledger.job()?;
        let size = match std::fs::metadata(path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(Error::file(path, error)),
        };
        let is_shorter = size < job.output_bytes;
        if (is_shorter || rewrite) && job.output_bytes > 0 {
            if !job.job.discards_content {
                return Self::rewrite(path, ledger);
            }
            if is_shorter {
                let reason = "lines are missing, and the ledger does not keep answers (`discard_content`): restore the file";
                return Err(Self::unusable(path, reason));
            }
        }
        let in_file = |error| Error::file(path, error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(in_file)?;
        ends_in_line_break(&mut file, job.output_bytes)
            .map_err(in_file)?
            .then_some(())
            .ok_or_else(|| Self::foreign(path))?;
        let mut output = Self {
            path: path.to_owned(),
            file,
            position: job.output_position,
            bytes: job.output_bytes,
        };
        output.skip_written(ledger, size)?;
        output.catch_up(ledger)?;
        Ok(output)
    }

    /// Writes all answers to a new file, which replaces the old one.
    fn rewrite(path: &Path, ledger: &LedgerReader) -> Result<Self, Error> {
        let temporary = temporary(path);
        let file = File::create(&temporary).map_err(|e| Error::file(&temporary, e))?;
        let mut output = Self {
            path: path.to_owned(),
            file,
            position: 0,
            bytes: 0,
        };
        output.catch_up(ledger)?;
        output.sync()?;
        std::fs::rename(&temporary, path).map_err(|e| Error::file(path, e))?;
        Ok(output)
    }

    /// Skips the answers that were written before the process was killed, and removes the part of a line after them.
    /// Anything else in the file was not written by this batch.
    fn skip_written(&mut self, ledger: &LedgerReader, size: u64) -> Result<(), Error> {
        let in_file = |path: &Path, error| Error::file(path, error);
        let start = SeekFrom::Start(self.bytes);
        self.file.seek(start).map_err(|e| in_file(&self.path, e))?;
        let mut rest = BufReader::new(self.file.try_clone().map_err(|e| in_file(&self.path, e))?);
        while self.bytes < size {
            let answers = ledger.answers_after(self.position, CHUNK)?;
            if answers.is_empty() {
                // After a power failure, the end of a file may consist of zeros.
                let zeros = only_zeros(&mut rest).map_err(|e| in_file(&self.path, e))?;
                return match zeros {
                    true => self.truncate(),
                    false => Err(Self::foreign(&self.path)),
                };
            }
            for answer in &answers {
                let line = line::answer(answer);
                let mut written = Vec::with_capacity(line.len());
                let mut part = rest.by_ref().take(line.len() as u64);
                part.read_to_end(&mut written)
                    .map_err(|e| in_file(&self.path, e))?;
                if written == line {
                    self.position = answer.position.unwrap_or(self.position);
                    self.bytes += line.len() as u64;
                    continue;
                }
                let common = line
                    .iter()
                    .zip(&written)
                    .take_while(|(a, b)| a == b)
                    .count();
                let is_end = written[common..].iter().all(|byte| *byte == 0)
                    && only_zeros(&mut rest).map_err(|e| in_file(&self.path, e))?;
                return match is_end {
                    true => self.truncate(),
                    false => Err(Self::foreign(&self.path)),
                };
            }
        }
        Ok(())
    }

    fn truncate(&self) -> Result<(), Error> {
        let truncated = self.file.set_len(self.bytes);
        truncated.map_err(|e| Error::file(&self.path, e))
    }

    fn unusable(path: &Path, reason: &str) -> Error {
        Error::Output {
            path: path.to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// The error of a file that something else wrote.
    pub(crate) fn foreign(path: &Path) -> Error {
        let reason = "the file has lines that this batch did not write: move it away, or use another output file";
        Self::unusable(path, reason)
    }

    /// Writes the answers that are not in the file yet. Returns whether there were any.
    pub(crate) fn catch_up(&mut self, ledger: &LedgerReader) -> Result<bool, Error> {
        let mut any = false;
        loop {
            let answers = ledger.answers_after(self.position, CHUNK)?;
            let Some(last) = answers.last() else {
                return Ok(any);
            };
            let position = last.position.unwrap_or(self.position);
            let lines: Vec<u8> = answers.iter().flat_map(line::answer).collect();
            self.append(&lines)
                .map_err(|e| Error::file(&self.path, e))?;
            self.position = position;
            any = true;
        }
    }

    /// Appends lines, completely or not at all.
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.bytes))?;
        if let Err(error) = self.file.write_all(lines) {
            // A part of a line may have been written.
            self.file.set_len(self.bytes)?;
            return Err(error);
        }
        self.bytes += lines.len() as u64;
        Ok(())
    }

    /// Waits until the file is on disk. Returns the position and the size up to which it is.
    pub(crate) fn sync(&self) -> Result<(i64, u64), Error> {
        let synced = self.file.sync_data();
        synced.map_err(|e| Error::file(&self.path, e))?;
        Ok((self.position, self.bytes))
    }
}

/// Returns whether a file ends in a line break at this size.
fn ends_in_line_break(file: &mut File, size: u64) -> io::Result<bool> {
    let Some(last) = size.checked_sub(1) else {
        return Ok(true);
    };
    file.seek(SeekFrom::Start(last))?;
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(byte == *b"\n")
}

fn only_zeros(reader: &mut impl io::Read) -> io::Result<bool> {
    let mut buffer = [0; 8 << 10];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(true),
            read if buffer[..read].iter().any(|byte| *byte != 0) => return Ok(false),
            _ => {}
        }
    }
}

/// Returns the path of a file that will replace another.
pub(crate) fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}
