//! A ledger in one SQLite file.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | [`SqliteLedger`]: the ledger of the process that runs the job |
//! | `schema.sql` | the tables, with a comment for each column |
//! | `file` | opens and creates files, and upgrades older versions |
//! | `lock` | lets one process at a time run the job |
//! | `writer` | the thread that writes: it commits the changes of many requests at once |
//! | `books` | the changes, and the sums that the budget needs |
//! | `merge` | combines the ledgers of several shards |
//! | `reader` | [`LedgerReader`]: reads a ledger, also while another process writes it |
//!
//! The file is only for one machine. Do not put it on a network file system: SQLite's locks do not work there.

mod books;
mod file;
mod lock;
mod merge;
mod reader;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rusqlite::params;

use self::books::{Books, Fault};
use self::lock::Lock;
use self::writer::Writer;
use super::{Admission, Done, Ledger, LedgerError, Limits, Sending, State};
use crate::key::{BodyHash, Key};
use crate::rate::Rate;

pub use super::job::{Job, JobRecord};
pub(crate) use books::now;
pub(crate) use merge::merge;
pub use reader::LedgerReader;

/// A ledger in one SQLite file, opened by the process that runs the job.
#[derive(Debug)]
pub struct SqliteLedger {
    path: PathBuf,
    writer: Writer,
    shared: Arc<Shared>,
    rate: Rate,
    job: Job,
    _lock: Lock,
}

/// What the thread that writes shares with the others.
#[derive(Debug, Default)]
struct Shared {
    limits: RwLock<Limits>,
    level: RwLock<Option<u32>>,
}

impl Shared {
    fn limits(&self) -> Limits {
        *self.limits.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_limits(&self, limits: Limits) {
        *self.limits.write().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    fn level(&self) -> Option<u32> {
        *self.level.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_level(&self, level: Option<u32>) {
        *self.level.write().unwrap_or_else(PoisonError::into_inner) = level;
    }
}

impl SqliteLedger {
    /// Opens the ledger of a job, or creates it with mode 0600. Requests that an earlier process sent, and whose
    /// outcome it did not record, are ambiguous from now on.
    ///
    /// # Errors
    /// Returns an error if another process runs the job, if the ledger belongs to another job, or if the file cannot be
    /// opened or is not a ledger.
    pub fn open(path: impl Into<PathBuf>, job: Job) -> Result<Self, LedgerError> {
        let path = path.into();
        let lock = Lock::acquire(&path)?;
        let (connection, token) = file::open(&path, &job)?;
        let shared = Arc::new(Shared::default());
        let books = Books::new(connection, token, shared.clone());
        let books = books.map_err(|fault| fault.into_error(&path))?;
        let writer = Writer::start(books, &path)?;
        Ok(Self {
            path,
            writer,
            shared,
            rate: Rate::default(),
            job,
            _lock: lock,
        })
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sets the limits.
    ///
    /// # Errors
    /// Returns an error if the ledger cannot be written.
    pub async fn set_limits(&self, limits: Limits) -> Result<(), LedgerError> {
        self.change(move |books| books.set_limits(&limits)).await
    }

    /// Returns the digest of the input that was read last.
    pub(crate) async fn input_digest(&self) -> Result<Option<BodyHash>, LedgerError> {
        self.change(|books| {
            let sql = "SELECT input_digest FROM job";
            let digest: Option<[u8; 32]> = books.query_row(sql, [], |row| row.get(0))?;
            Ok(digest.map(BodyHash))
        })
        .await
    }

    /// Begins to read an input that differs from the one before: no request is current until it was read again. Returns
    /// whether there are any requests.
    pub(crate) async fn begin_input(&self) -> Result<bool, LedgerError> {
        self.change(|books| {
            books.execute("UPDATE job SET input_digest = NULL, requests = NULL", [])?;
            books.execute("UPDATE request SET is_current = 0", [])?;
            let sql = "SELECT EXISTS (SELECT 1 FROM request)";
            books.query_row(sql, [], |row| row.get(0))
        })
        .await
    }

    /// Marks requests as current.
    pub(crate) async fn mark_current(&self, keys: Vec<Key>) -> Result<(), LedgerError> {
        self.change(move |books| {
            let sql = "UPDATE request SET is_current = 1 WHERE id = ?1 AND hash = ?2";
            keys.iter()
                .try_for_each(|key| books.execute(sql, params![key.id, key.hash.0]))
        })
        .await
    }

    /// Records that the whole input was read.
    pub(crate) async fn finish_input(
        &self,
        digest: BodyHash,
        requests: u64,
    ) -> Result<(), LedgerError> {
        let (input, discards) = (self.job.input.clone(), self.job.discards_content);
        self.change(move |books| {
            let sql = "UPDATE job SET input_digest = ?1, requests = ?2, input = ?3, discards_content = ?4";
            let requests = i64::try_from(requests).unwrap_or(i64::MAX);
            books.execute(sql, params![digest.0, requests, input, discards])
        })
        .await
    }

    /// Records that the answers up to a position are in the output file, and that the file is on disk.
    pub(crate) fn output_written(&self, position: i64, bytes: u64) {
        let discards = self.job.discards_content;
        // The change is made even if nobody waits for it.
        drop(self.writer.submit(move |books| {
            let sql = "UPDATE job SET output_position = ?1, output_bytes = ?2";
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            books.execute(sql, params![position, bytes])?;
            if discards {
                let sql = "UPDATE request SET answer = NULL, body = NULL
                     WHERE position <= ?1 AND answer IS NOT NULL AND state = 'answered'";
                books.execute(sql, [position])?;
            }
            Ok(())
        }));
    }

    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Books) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.writer.submit(change).await
    }
}

impl Ledger for SqliteLedger {
    async fn claim(&self, keys: Vec<Key>) -> Result<Vec<State>, LedgerError> {
        let states = move |books: &mut Books| keys.iter().map(|key| books.state(key)).collect();
        self.change(states).await
    }

    async fn sent(&self, mut sending: Sending) -> Result<Admission, LedgerError> {
        if self.job.discards_content {
            sending.body = None;
        }
        self.change(move |books| books.sent(&sending)).await
    }

    async fn unsent(&self, number: i64, unknown: bool) -> Result<(), LedgerError> {
        self.change(move |books| books.unsent(number, unknown))
            .await
    }

    async fn withdraw(&self, number: i64) -> Result<(), LedgerError> {
        self.change(move |books| books.withdraw(number)).await
    }

    async fn done(&self, done: Done) -> Result<(), LedgerError> {
        self.change(move |books| books.done(&done)).await
    }

    async fn take_rate(&self, tokens: u64) -> Result<Duration, LedgerError> {
        Ok(self.rate.take(&self.limits(), tokens))
    }

    async fn save_level(&self, level: u32) -> Result<(), LedgerError> {
        self.shared.set_level(Some(level));
        self.change(move |books| books.execute("UPDATE job SET level = ?1", [level]))
            .await
    }

    fn level(&self) -> Option<u32> {
        self.shared.level()
    }

    fn limits(&self) -> Limits {
        self.shared.limits()
    }
}
