//! Lets one process at a time run a job.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::reader;
use crate::ledger::LedgerError;

/// An exclusive lock of the operating system. It ends with the process, however the process ends.
#[derive(Debug)]
pub(super) struct Lock(#[allow(dead_code, reason = "the lock ends when the file is closed")] File);

/// How often the lock is tried. `status` holds it for a moment.
const TRIES: u32 = 20;

impl Lock {
    pub(super) fn acquire(ledger: &Path) -> Result<Self, LedgerError> {
        let failed = |error: std::io::Error| LedgerError::Failed {
            path: path(ledger).display().to_string(),
            reason: error.to_string(),
        };
        let file = open(ledger).map_err(failed)?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(25)),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Err(LedgerError::InUse {
            path: ledger.display().to_string(),
            owner: reader::owner(ledger).unwrap_or_else(|| "another process".to_owned()),
        })
    }
}

/// Returns whether a process holds the lock.
pub(super) fn is_held(ledger: &Path) -> bool {
    let Ok(file) = File::open(path(ledger)) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// The lock is on a file of its own, because closing a second handle of the database would release SQLite's locks.
fn path(ledger: &Path) -> PathBuf {
    let mut path = ledger.as_os_str().to_owned();
    path.push("-lock");
    path.into()
}

fn open(ledger: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path(ledger))
}
