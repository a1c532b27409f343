//! The engine that all chunks share, and which requests it has.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream;
use tokio::sync::mpsc;

use super::{ChunkEnd, Shared};
use crate::control::{Control, Progress};
use crate::engine::{End, Engine, Options, Outcome};
use crate::error::Error;
use crate::key::Key;
use crate::ledger::postgres::Held;
use crate::ledger::{Decline, LedgerError, State};
use crate::request::Request;

/// The engine that all chunks share, and which requests it has. The engine is started when it is needed, and again after
/// it ended, for example because the service refused the key.
pub(super) struct Feed {
    control: Control,
    state: Mutex<FeedState>,
}

struct FeedState {
    /// The chunks that this process asks, or is about to.
    chunks: HashMap<i64, Entry>,
    /// The requests that the engine has, and their chunks. A request of a chunk that was given back may still be there.
    queued: HashMap<Key, i64>,
    /// `None` if no engine runs, or if the one that runs ends when it has no more requests.
    requests: Option<mpsc::UnboundedSender<Result<Request, Error>>>,
    is_running: bool,
    is_stopping: bool,
    /// The options of the job. An engine has those with which it was started.
    options: Options,
}

/// A chunk.
#[derive(Default)]
struct Entry {
    /// `None` before the lease is taken.
    held: Option<Arc<Held>>,
    /// The requests without an outcome.
    rest: HashSet<Key>,
    /// Requests that were not sent because their cost has no upper bound.
    unpriced: u64,
    /// Why not all its requests are sent.
    end: Option<Result<ChunkEnd, Failure>>,
}

impl Entry {
    /// Sends no more requests.
    fn give_back(&mut self, end: ChunkEnd) {
        self.end.get_or_insert(Ok(end));
        if let Some(held) = &self.held {
            held.give_back();
        }
    }
}

/// Why an engine failed.
#[derive(Debug, Clone)]
enum Failure {
    Ledger(LedgerError),
    Other(String),
}

/// Whether a chunk can be asked.
pub(super) enum Entered {
    Yes,
    /// It is asked already, or the engine ends.
    Busy,
    Stopping,
}

/// What became of the requests of a chunk.
pub(super) struct Waited {
    pub(super) unpriced: u64,
    /// Why not all its requests were sent.
    pub(super) end: Option<Result<ChunkEnd, Error>>,
}

impl Feed {
    pub(super) fn new(options: Options) -> Self {
        Self {
            control: Control::new(),
            state: Mutex::new(FeedState {
                chunks: HashMap::new(),
                queued: HashMap::new(),
                requests: None,
                is_running: false,
                is_stopping: false,
                options,
            }),
        }
    }

    pub(super) fn progress(&self) -> Progress {
        self.control.progress()
    }

    /// Begins to ask a chunk. One call at a time asks it.
    pub(super) fn enter(&self, chunk: i64) -> Entered {
        let mut state = self.state();
        if state.is_stopping {
            return Entered::Stopping;
        }
        let is_ending = state.is_running && state.requests.is_none();
        if is_ending || state.chunks.contains_key(&chunk) {
            return Entered::Busy;
        }
        state.chunks.insert(chunk, Entry::default());
        Entered::Yes
    }

    pub(super) fn leave(&self, chunk: i64) {
        self.state().chunks.remove(&chunk);
    }

    /// Gives the requests of a chunk to the engine.
    pub(super) fn add(&self, shared: &Arc<Shared>, held: &Arc<Held>, requests: Vec<Request>) {
        let mut guard = self.state();
        let state = &mut *guard;
        let mut entry = state.chunks.remove(&held.chunk).unwrap_or_default();
        entry.held = Some(held.clone());
        if state.is_stopping {
            entry.give_back(ChunkEnd::Stopped);
        }
        // It may have been given back before the lease was taken.
        if entry.end.is_some() {
            held.give_back();
        } else {
            let sender = state.start(shared, &self.control);
            for request in requests {
                let key = request.key().clone();
                entry.rest.insert(key.clone());
                // A request is in the engine at most once. It is sent under the lease that it has then.
                if state.queued.insert(key, held.chunk).is_none() {
                    // If the engine has ended, the chunk ends, too.
                    let _ = sender.send(Ok(request));
                }
            }
        }
        state.chunks.insert(held.chunk, entry);
    }

    /// Waits until the requests of a chunk have ended, or no more are sent and those in flight have ended.
    pub(super) async fn wait(&self, held: &Held) -> Waited {
        loop {
            // It is notified even if that happens before it waits.
            if let Some(waited) = self.state().ended(held) {
                return waited;
            }
            held.changed.notified().await;
        }
    }

    /// Sends no more requests of a chunk.
    pub(super) fn give_back(&self, chunk: i64, end: ChunkEnd) {
        if let Some(entry) = self.state().chunks.get_mut(&chunk) {
            entry.give_back(end);
        }
    }

    /// Sends no more requests of any chunk.
    pub(super) fn give_back_all(&self, end: &ChunkEnd) {
        for entry in self.state().chunks.values_mut() {
            entry.give_back(end.clone());
        }
    }

    pub(super) fn stop(&self) {
        self.state().is_stopping = true;
        self.give_back_all(&ChunkEnd::Stopped);
        self.control.stop();
    }

    /// Applies the options of the job. An engine with others ends when it has no more requests.
    pub(super) fn set_options(&self, options: &Options) {
        let mut state = self.state();
        if state.options != *options {
            state.options = options.clone();
            state.requests = None;
        }
    }

    /// Returns the leases of this process.
    pub(super) fn held(&self) -> Vec<Arc<Held>> {
        let state = self.state();
        let entries = state.chunks.values();
        entries.filter_map(|entry| entry.held.clone()).collect()
    }

    fn outcome(&self, outcome: &Outcome) {
        let mut state = self.state();
        let key = outcome.request.key();
        let chunk = state.queued.remove(key);
        let entry = chunk.and_then(|chunk| state.chunks.get_mut(&chunk));
        let Some(entry) = entry else { return };
        entry.rest.remove(key);
        match outcome.declined {
            Some(Decline::Budget) => {
                entry.end.get_or_insert(Ok(ChunkEnd::Budget));
            }
            None if outcome.state == State::Unsent => entry.unpriced += 1,
            _ => {}
        }
        if let Some(held) = entry.held.as_ref().filter(|_| entry.rest.is_empty()) {
            held.changed.notify_one();
        }
    }

    /// Records that the engine has ended. Requests that it still had are unsent.
    fn ended(&self, end: &Result<ChunkEnd, Failure>) {
        let mut state = self.state();
        state.is_running = false;
        state.requests = None;
        state.queued.clear();
        for entry in state.chunks.values_mut() {
            if !entry.rest.is_empty() {
                entry.end.get_or_insert(end.clone());
                entry.rest.clear();
            }
            if let Some(held) = &entry.held {
                held.changed.notify_one();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, FeedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FeedState {
    /// Returns the requests of the engine, which is started if none runs.
    fn start(
        &mut self,
        shared: &Arc<Shared>,
        control: &Control,
    ) -> mpsc::UnboundedSender<Result<Request, Error>> {
        if let Some(requests) = &self.requests {
            return requests.clone();
        }
        let (sender, requests) = mpsc::unbounded_channel();
        let requests = stream::unfold(requests, async |mut requests| {
            Some((requests.recv().await?, requests))
        });
        let engine = Engine::new(
            &shared.client,
            shared.leases.clone(),
            shared.models.clone(),
            requests,
            self.options.clone(),
            control.clone(),
        );
        self.requests = Some(sender.clone());
        self.is_running = true;
        tokio::spawn(run(shared.clone(), engine));
        sender
    }

    fn ended(&self, held: &Held) -> Option<Waited> {
        let Some(entry) = self.chunks.get(&held.chunk) else {
            return Some(Waited {
                unpriced: 0,
                end: None,
            });
        };
        let sends_no_more = held.is_lost() || held.is_given_back();
        let is_over = entry.rest.is_empty() || sends_no_more && held.is_idle();
        if !is_over {
            return None;
        }
        let end = match &entry.end {
            _ if held.is_lost() => Some(Ok(ChunkEnd::LeaseLost)),
            Some(Err(Failure::Ledger(error))) => Some(Err(Error::Ledger(error.clone()))),
            Some(Err(Failure::Other(reason))) => Some(Err(Error::Task(reason.clone()))),
            Some(Ok(end)) => Some(Ok(end.clone())),
            None => None,
        };
        Some(Waited {
            unpriced: entry.unpriced,
            end,
        })
    }
}

/// Runs an engine to its end.
async fn run(shared: Arc<Shared>, mut engine: Engine<crate::ledger::postgres::Leases>) {
    let mut failure = None;
    while let Some(outcome) = engine.next().await {
        match outcome {
            Ok(outcome) => shared.feed.outcome(&outcome),
            Err(Error::Ledger(error)) => {
                failure.get_or_insert(Failure::Ledger(error));
            }
            Err(error) => {
                failure.get_or_insert(Failure::Other(error.to_string()));
            }
        }
    }
    let end = match (failure, engine.end()) {
        (Some(failure), _) => Err(failure),
        (None, End::Complete) => Ok(ChunkEnd::Incomplete),
        (None, End::Stopped) => Ok(ChunkEnd::Stopped),
        (None, End::Budget) => Ok(ChunkEnd::Budget),
        (None, End::DiskFull) => Ok(ChunkEnd::DiskFull),
        (None, End::Refused(error)) => Ok(ChunkEnd::Refused(error.to_string())),
        (None, End::Unavailable(error)) => Ok(ChunkEnd::Unavailable(error.to_string())),
    };
    shared.feed.ended(&end);
}
