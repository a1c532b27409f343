//! Checks that the answers of the requests in flight fit on the disk.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

/// What SQLite and the output need besides the answers: the write-ahead log has about 4 MiB.
const BASE: u64 = 6 << 20;

/// An answer is taken for at least this large until a larger one has arrived.
const LEAST_ANSWER: u64 = 16 << 10;

/// How often an answer is written: to the write-ahead log, the ledger and the output.
const COPIES: u64 = 3;

/// How long a measurement is used.
const MAX_AGE: Duration = Duration::from_millis(100);

/// How long a disk counts as full after a write failed.
const FULL_AGE: Duration = Duration::from_secs(1);

/// The space on the disk of a directory.
#[derive(Debug)]
pub(super) struct Disk {
    /// `None` if the space is not checked.
    directory: Option<PathBuf>,
    largest_answer: u64,
    measured: Option<(Instant, u64)>,
}

impl Disk {
    pub(super) fn new(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            largest_answer: LEAST_ANSWER,
            measured: None,
        }
    }

    /// Records the size of an answer.
    pub(super) fn record(&mut self, bytes: usize) {
        self.largest_answer = self.largest_answer.max(bytes as u64);
    }

    /// Records that a write failed because the disk is full.
    pub(super) fn is_full(&mut self) {
        self.measured = Some((Instant::now() + FULL_AGE, 0));
    }

    /// Returns whether the answers of this many requests fit. If the space cannot be measured, they do.
    pub(super) fn has_space_for(&mut self, requests: usize) -> bool {
        let now = Instant::now();
        let is_fresh = |&(at, _): &(Instant, u64)| now.saturating_duration_since(at) < MAX_AGE;
        let available = match (self.measured.filter(is_fresh), &self.directory) {
            (Some((_, available)), _) => available,
            (None, None) => return true,
            (None, Some(directory)) => {
                let available = fs4::available_space(directory).unwrap_or(u64::MAX);
                self.measured = Some((now, available));
                available
            }
        };
        available > BASE + COPIES * self.largest_answer * requests as u64
    }
}
