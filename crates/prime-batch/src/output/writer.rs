//! The thread that writes the output while a batch runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Output, write_errors};
use crate::error::Error;
use crate::ledger::SqliteLedger;
use crate::ledger::sqlite::LedgerReader;

/// How often the answers are written.
const INTERVAL: Duration = Duration::from_millis(200);

/// How often the thread waits until the output is on disk.
const SYNC_INTERVAL: Duration = Duration::from_secs(2);

/// How often the errors are written.
const ERRORS_INTERVAL: Duration = Duration::from_secs(30);

/// The thread that writes the output while a batch runs. It reads the answers from the ledger, so that they take no
/// memory meanwhile.
pub(crate) struct OutputWriter {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<Result<(), Error>>,
}

impl OutputWriter {
    pub(crate) fn start(
        output: Output,
        errors: PathBuf,
        ledger: Arc<SqliteLedger>,
        reader: LedgerReader,
    ) -> Result<Self, Error> {
        let (stop, stopped) = mpsc::channel();
        let path = errors.clone();
        let work = move || run(output, &errors, &ledger, &reader, &stopped);
        let thread = std::thread::Builder::new().name("batch-output".to_owned());
        let thread = thread.spawn(work).map_err(|e| Error::file(&path, e))?;
        Ok(Self { stop, thread })
    }

    /// Writes what is missing, and ends the thread.
    pub(crate) fn finish(self) -> Result<(), Error> {
        drop(self.stop);
        let ended = self.thread.join();
        ended.unwrap_or_else(|_| Err(Error::Task("the output could not be written".to_owned())))
    }
}

fn run(
    mut output: Output,
    errors: &std::path::Path,
    ledger: &SqliteLedger,
    reader: &LedgerReader,
    stopped: &mpsc::Receiver<()>,
) -> Result<(), Error> {
    let mut is_unsynced = true;
    let (mut synced_at, mut errors_at) = (Instant::now(), Instant::now());
    loop {
        let is_last = stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Disconnected);
        // If the disk is full, the answers are in the ledger: the next try writes them.
        let written = output.catch_up(reader);
        is_unsynced |= !matches!(written, Ok(false));
        if is_unsynced && (is_last || synced_at.elapsed() > SYNC_INTERVAL) && written.is_ok() {
            let (position, bytes) = output.sync()?;
            ledger.output_written(position, bytes);
            (is_unsynced, synced_at) = (false, Instant::now());
        }
        if is_last || errors_at.elapsed() > ERRORS_INTERVAL {
            let errors = write_errors(errors, reader);
            errors_at = Instant::now();
            if is_last {
                return written.and(errors).map(drop);
            }
        }
    }
}
