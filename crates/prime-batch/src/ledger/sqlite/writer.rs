//! The thread that writes the ledger.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use super::books::{Books, Fault};
use crate::ledger::LedgerError;

/// The largest number of changes in one transaction.
const MAX_GROUP: usize = 2_048;

/// How often the limits are read when nothing is written.
const IDLE: Duration = Duration::from_millis(500);

/// The thread that writes the ledger. It commits all changes that wait at once, so that many requests share the time
/// that the disk needs.
#[derive(Debug)]
pub(super) struct Writer {
    changes: Option<mpsc::Sender<Box<dyn Change>>>,
    thread: Option<JoinHandle<()>>,
}

/// A change of the ledger, and the future that waits for it.
trait Change: Send {
    fn apply(&mut self, books: &mut Books) -> Result<(), Fault>;

    /// Ends the future that waits. Called after the commit.
    fn finish(self: Box<Self>, committed: Result<(), LedgerError>);
}

struct Task<F, T> {
    change: Option<F>,
    value: Option<T>,
    reply: oneshot::Sender<Result<T, LedgerError>>,
}

impl<T: Send, F: FnOnce(&mut Books) -> Result<T, Fault> + Send> Change for Task<F, T> {
    fn apply(&mut self, books: &mut Books) -> Result<(), Fault> {
        if let Some(change) = self.change.take() {
            self.value = Some(change(books)?);
        }
        Ok(())
    }

    fn finish(self: Box<Self>, committed: Result<(), LedgerError>) {
        let result = match (committed, self.value) {
            (Ok(()), Some(value)) => Ok(value),
            (Ok(()), None) => return,
            (Err(error), _) => Err(error),
        };
        // Nobody waits if the request was cancelled.
        let _ = self.reply.send(result);
    }
}

impl Writer {
    pub(super) fn start(books: Books, path: &Path) -> Result<Self, LedgerError> {
        let (sender, changes) = mpsc::channel();
        let (path, thread) = (path.to_owned(), std::thread::Builder::new());
        let failed = LedgerError::Failed {
            path: path.display().to_string(),
            reason: "the thread that writes it cannot be started".to_owned(),
        };
        let thread = thread.name("batch-ledger".to_owned());
        let thread = thread.spawn(move || run(books, &changes, &path));
        Ok(Self {
            changes: Some(sender),
            thread: Some(thread.map_err(|_| failed)?),
        })
    }

    /// Applies a change. It is on disk when the future is ready. It is applied even if the future is dropped.
    pub(super) fn submit<T, F>(
        &self,
        change: F,
    ) -> impl Future<Output = Result<T, LedgerError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Books) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        let task = Task {
            change: Some(change),
            value: None,
            reply,
        };
        if let Some(changes) = &self.changes {
            // If the thread has ended, the reply is dropped.
            let _ = changes.send(Box::new(task));
        }
        async { result.await.unwrap_or(Err(LedgerError::LeaseLost)) }
    }
}

impl Drop for Writer {
    /// Waits until all changes are written.
    fn drop(&mut self) {
        self.changes = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(mut books: Books, changes: &mpsc::Receiver<Box<dyn Change>>, path: &Path) {
    let mut group = Vec::new();
    loop {
        match changes.recv_timeout(IDLE) {
            Ok(first) => group.push(first),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        group.extend(changes.try_iter().take(MAX_GROUP - 1));
        let committed = books.commit(&mut group, |change, books| change.apply(books));
        let committed = committed.map_err(|fault| fault.into_error(path));
        for change in group.drain(..) {
            change.finish(committed.clone());
        }
    }
}
