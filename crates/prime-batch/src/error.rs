//! The error of a batch.

use std::path::{Path, PathBuf};

use crate::ledger::LedgerError;
use crate::request::InvalidRequest;

/// The error of a batch. What was answered before the error is in the ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input has errors. Nothing was sent.
    #[error("{}", invalid_input(.path, .faults, *.more))]
    Input {
        /// The path of the input.
        path: PathBuf,
        /// The first errors, with their lines.
        faults: Vec<Fault>,
        /// The number of errors that are not in `faults`.
        more: u64,
    },
    /// The input changed while it was read.
    #[error("{} changed while the batch ran; what was answered is kept. Run the same command again", .0.display())]
    InputChanged(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The output cannot be used.
    #[error("{}: {reason}", .path.display())]
    Output {
        /// The path of the file.
        path: PathBuf,
        /// The reason, and what to do.
        reason: String,
    },
    /// A request is invalid.
    #[error("{0}")]
    Request(#[from] InvalidRequest),
    /// An option is invalid.
    #[error("{0}")]
    Option(String),
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A request ended by a panic. Its outcome is unknown.
    #[error("a request ended unexpectedly: {0}")]
    Task(String),
    /// The models cannot be listed. Nothing was sent.
    #[error("the models cannot be listed: {0}")]
    Models(Box<prime_ext::Error>),
}

/// An error in a line of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The line, counted from 1.
    pub line: u64,
    /// The reason.
    pub reason: String,
}

impl Error {
    /// Returns whether the same call may succeed later without a change: the database or the service cannot be reached, or
    /// a disk is full, for example.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Ledger(error) => error.is_transient(),
            Self::Models(error) => error.is_retryable(),
            Self::File { source, .. } => !matches!(
                source.kind(),
                std::io::ErrorKind::NotFound
                    | std::io::ErrorKind::InvalidData
                    | std::io::ErrorKind::InvalidInput
                    | std::io::ErrorKind::PermissionDenied
                    | std::io::ErrorKind::Unsupported
            ),
            _ => false,
        }
    }

    pub(crate) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}

fn invalid_input(path: &Path, faults: &[Fault], more: u64) -> String {
    let mut text = format!("{} has errors; nothing was sent", path.display());
    for Fault { line, reason } in faults {
        text.push_str(&format!("\n  line {line}: {reason}"));
    }
    if more > 0 {
        text.push_str(&format!("\n  and {more} more"));
    }
    text
}
