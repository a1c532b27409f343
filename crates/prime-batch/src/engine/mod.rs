//! Asks many requests at once.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | [`Engine`]: yields the outcomes |
//! | `send` | decides which request is sent next, and when |
//! | `ask` | asks one request: records it as sent, then sends it and records its outcome |
//! | `ended` | keeps count of the attempts that have ended |
//! | `level` | finds the number of requests in flight that the service accepts |
//! | `disk` | checks that the answers fit on the disk |
//! | `one_line` | writes JSON in one line |

mod ask;
mod disk;
mod ended;
mod level;
mod one_line;
mod send;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::time::Duration;

use futures_core::Stream;
use prime_ext::{CallOptions, ChatResponse, Client, Cost, RetryPolicy};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::ask::{Attempt, Job, Recorded, Shared};
use self::disk::Disk;
use self::ended::{Waiting, is_overload};
use self::level::Level;
use self::send::next_request;
use crate::control::{Control, Pause};
use crate::error::Error;
use crate::ledger::{AskAgain, Decline, Ledger, State};
use crate::price::Models;
use crate::request::Request;

/// Options of an [`Engine`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Which requests are asked again. Default: none.
    pub again: AskAgain,
    /// Whether requests are sent under a budget although their cost has no upper bound. Default: `false`.
    pub allow_unpriced: bool,
    /// How often a request is sent again after the service refused it. Refusals of a service that answers no request at
    /// all do not count. Default: 10.
    pub max_retries: u32,
    /// How long a service may refuse all requests before the engine ends. Default: 10 minutes.
    pub patience: Duration,
    /// A directory that needs space for the answers. Default: not checked.
    pub directory: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            again: AskAgain::default(),
            allow_unpriced: false,
            max_retries: 10,
            patience: Duration::from_secs(600),
            directory: None,
        }
    }
}

/// The outcome of a request.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The request.
    pub request: Request,
    /// The state. [`State::Unsent`] if the request was not sent because its cost has no upper bound, or because the
    /// ledger declined it.
    pub state: State,
    /// Why the ledger declined to send the request, or to record its outcome. In the second case, there is a response or
    /// an error.
    pub declined: Option<Decline>,
    /// Whether the request ended in an earlier run. The ledger then has its answer.
    pub is_earlier: bool,
    /// The response.
    pub response: Option<Box<ChatResponse>>,
    /// The error.
    pub error: Option<Box<prime_ext::Error>>,
    /// The cost. `None` if nothing was billed in this run.
    pub cost: Option<Cost>,
    /// The time from sending the request to the end of its response.
    pub latency: Duration,
}

/// Why an engine ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum End {
    /// Every request ended.
    Complete,
    /// [`Control::stop`] was called.
    Stopped,
    /// The rest of the budget is smaller than the upper bound of the next request.
    Budget,
    /// The disk is too full for more answers.
    DiskFull,
    /// The service refused the key or the account.
    Refused(Box<prime_ext::Error>),
    /// The service refused all requests for as long as [`Options::patience`].
    Unavailable(Box<prime_ext::Error>),
}

/// Asks many requests at once. [`next`](Self::next) yields their outcomes as they arrive.
///
/// If the engine is dropped, requests in flight are cancelled. They may have been carried out: the ledger has them as
/// sent. Call [`Control::stop`] and read the outcomes to the end instead.
pub struct Engine<L> {
    shared: Arc<Shared<L>>,
    options: Options,
    control: Control,
    /// `None` after the last request.
    requests: Option<Requests>,
    /// Requests that are read, and not looked up in the ledger yet.
    unclaimed: Vec<Request>,
    ready: VecDeque<Job>,
    /// Refused requests, which wait before they are sent again.
    waiting: BinaryHeap<Reverse<Waiting>>,
    /// Requests that are being recorded as sent.
    recording: JoinSet<Recorded>,
    /// Requests that are recorded as sent, with their numbers, and leave as soon as others have their responses.
    recorded: VecDeque<(Job, i64)>,
    /// The longest time that it took lately to record a request as sent.
    recording_time: Duration,
    tasks: JoinSet<Attempt>,
    /// The times until which refused requests stay counted as in flight.
    penalties: BinaryHeap<Reverse<Instant>>,
    level: Level,
    saved_level: u32,
    disk: Disk,
    /// Nothing is sent before this time.
    paused: Option<(Instant, Pause)>,
    outcomes: VecDeque<Outcome>,
    /// The mean number of completion tokens, for the limit on tokens.
    mean_tokens: f64,
    /// When the service refused a request first, since the last answer.
    refusing_since: Option<Instant>,
    /// Why no more requests are sent.
    end: Option<End>,
}

type Requests = Pin<Box<dyn Stream<Item = Result<Request, Error>> + Send>>;

/// The longest time between two looks at the limits and the disk.
const TICK: Duration = Duration::from_secs(1);

impl<L: Ledger> Engine<L> {
    /// Creates an engine. The requests are read as they are needed.
    pub fn new(
        client: &Client,
        ledger: Arc<L>,
        models: Arc<Models>,
        requests: impl Stream<Item = Result<Request, Error>> + Send + 'static,
        options: Options,
        control: Control,
    ) -> Self {
        // The engine repeats requests itself, so that it sees each refusal.
        let mut policy = RetryPolicy::none();
        if options.again.ambiguous {
            policy = policy.allow_duplicate_billing();
        }
        let limits = ledger.limits();
        let level = Level::new(
            limits.min_concurrency,
            limits.max_concurrency,
            ledger.level(),
        );
        Self {
            shared: Arc::new(Shared {
                client: client.with_options(CallOptions::new().retry(policy)),
                ledger,
                models,
                again: options.again,
                in_flight: AtomicU32::new(0),
                answers: AtomicU64::new(0),
                max_retries: options.max_retries,
                responded: Notify::new(),
                unrecorded: AtomicU32::new(0),
                is_unreachable: AtomicBool::new(false),
            }),
            disk: Disk::new(options.directory.clone()),
            options,
            control,
            requests: Some(Box::pin(requests)),
            unclaimed: Vec::new(),
            ready: VecDeque::new(),
            waiting: BinaryHeap::new(),
            recording: JoinSet::new(),
            recorded: VecDeque::new(),
            recording_time: Duration::ZERO,
            tasks: JoinSet::new(),
            penalties: BinaryHeap::new(),
            saved_level: 0,
            level,
            paused: None,
            outcomes: VecDeque::new(),
            mean_tokens: 0.0,
            refusing_since: None,
            end: None,
        }
    }

    /// Returns the next outcome. Returns `None` when no more will come; [`end`](Self::end) then says why.
    ///
    /// If the future is dropped, nothing is lost: the next call continues.
    ///
    /// # Errors
    /// Returns an error if the input cannot be read or the ledger cannot be written. Requests in flight continue, and
    /// further calls return their outcomes.
    pub async fn next(&mut self) -> Option<Result<Outcome, Error>> {
        loop {
            if let Some(outcome) = self.outcomes.pop_front() {
                return Some(Ok(outcome));
            }
            if let Err(error) = self.advance().await {
                self.end.get_or_insert(End::Stopped);
                return Some(Err(error));
            }
            if self.outcomes.is_empty() && self.is_done() {
                return None;
            }
        }
    }

    /// Returns why the engine ended.
    pub fn end(self) -> End {
        self.end.unwrap_or(End::Complete)
    }

    fn is_done(&self) -> bool {
        let is_empty = self.requests.is_none()
            && self.unclaimed.is_empty()
            && self.ready.is_empty()
            && self.waiting.is_empty();
        self.is_idle() && (self.end.is_some() || is_empty)
    }

    /// Returns whether no request is recorded as sent, or about to be.
    fn is_idle(&self) -> bool {
        self.early() == 0 && self.tasks.is_empty()
    }

    /// Sends what may be sent, and waits until something happens.
    async fn advance(&mut self) -> Result<(), Error> {
        if self.control.is_stopping() {
            self.end.get_or_insert(End::Stopped);
        }
        self.fill().await?;
        let places = self.ask_recorded();
        let wake = self.send().await?;
        let wake = places.into_iter().chain(wake).min();
        self.save_level().await?;
        self.report();
        if !self.outcomes.is_empty() || self.is_done() {
            return Ok(());
        }
        let wake = wake.unwrap_or_else(|| Instant::now() + TICK);
        let (shared, control) = (self.shared.clone(), self.control.clone());
        let needs_requests = self.needs_requests();
        let requests = &mut self.requests;
        tokio::select! {
            Some(attempt) = self.tasks.join_next() => self.finish(attempt)?,
            Some(recorded) = self.recording.join_next() => self.recorded(recorded)?,
            () = shared.responded.notified() => {}
            () = tokio::time::sleep_until(wake) => {}
            () = control.changed() => {}
            Some(request) = next_request(requests), if needs_requests => {
                self.unclaimed.push(request?);
            }
        }
        // Attempts that have ended meanwhile.
        while let Some(attempt) = self.tasks.try_join_next() {
            self.finish(attempt)?;
        }
        while let Some(recorded) = self.recording.try_join_next() {
            self.recorded(recorded)?;
        }
        Ok(())
    }
}

impl Outcome {
    /// The outcome of a request that was not sent.
    fn unsent(request: Request, state: State) -> Self {
        Self {
            request,
            state,
            declined: None,
            is_earlier: false,
            response: None,
            error: None,
            cost: None,
            latency: Duration::ZERO,
        }
    }
}
