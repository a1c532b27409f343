//! Asks many requests at once.
//!
//! | file | contents |
//! |---|---|
//! | `mod` | [`Engine`]: decides what is sent next, and yields the outcomes |
//! | `ask` | asks one request: records it as sent, then sends it and records its outcome |
//! | `level` | finds the number of requests in flight that the service accepts |
//! | `disk` | checks that the answers fit on the disk |
//! | `one_line` | writes JSON in one line |

mod ask;
mod disk;
mod level;
mod one_line;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use futures_core::Stream;
use futures_util::{FutureExt as _, StreamExt as _};
use prime_ext::{CallOptions, ChatResponse, Client, Cost, RetryPolicy};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::ask::{Attempt, Job, Recorded, Shared, Verdict, ask, record_sent, withdraw};
use self::disk::Disk;
use self::level::Level;
use crate::control::{Control, Pause};
use crate::error::Error;
use crate::ledger::{Admission, AskAgain, Done, Ledger, LedgerError, State};
use crate::price::Models;
use crate::request::Request;

/// Options of an [`Engine`].
#[derive(Debug, Clone)]
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
    /// The state. [`State::Unsent`] if the request was not sent because its cost has no upper bound.
    pub state: State,
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

/// A refused request that waits.
struct Waiting {
    until: Instant,
    job: Job,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.until == other.until
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.until.cmp(&other.until)
    }
}

/// The number of requests that are looked up in the ledger at once.
const CHUNK: usize = 256;

/// The number of outcomes that may wait for the ledger, beyond the requests in flight.
const UNRECORDED: usize = 512;

/// The largest share of the level that is recorded as sent before it may leave. If the process is killed, these requests
/// are ambiguous, too.
const MAX_EARLY: f64 = 0.25;

/// The longest time between two looks at the limits and the disk.
const TICK: Duration = Duration::from_secs(1);

/// Waits before a refused request is sent again: at first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));

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
                waiting_for_disk: AtomicU32::new(0),
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

    /// Returns the number of requests that are recorded as sent before they may leave, or are about to be.
    fn early(&self) -> usize {
        self.recording.len() + self.recorded.len()
    }

    /// Returns how many requests are recorded as sent before they may leave. While a request is recorded, which takes
    /// some milliseconds and now and then much longer, at most this many others get their responses, so that the next
    /// one can leave immediately.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "less than the level"
    )]
    fn early_limit(&self) -> usize {
        let latency = self.level.latency().as_secs_f64().max(0.001);
        let share = (self.recording_time.as_secs_f64() / latency).min(MAX_EARLY);
        (f64::from(self.level.current()) * share).ceil() as usize
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

    fn needs_requests(&self) -> bool {
        self.end.is_none() && self.ready.len() < CHUNK / 2
    }

    /// Reads requests, as far as they are available, and looks them up in the ledger.
    async fn fill(&mut self) -> Result<(), Error> {
        if !self.needs_requests() {
            return Ok(());
        }
        while self.unclaimed.len() < CHUNK && self.requests.is_some() {
            match next_request(&mut self.requests).now_or_never() {
                Some(Some(request)) => self.unclaimed.push(request?),
                Some(None) | None => break,
            }
        }
        if self.unclaimed.is_empty() {
            return Ok(());
        }
        let keys = self.unclaimed.iter().map(|request| request.key().clone());
        let states = self.shared.ledger.claim(keys.collect()).await?;
        for (request, state) in self.unclaimed.drain(..).zip(states) {
            if !self.options.again.allows(state) {
                self.outcomes.push_back(Outcome {
                    is_earlier: true,
                    ..Outcome::unsent(request, state)
                });
                self.control.update(|progress| progress.earlier += 1);
                continue;
            }
            let bound = self.shared.models.bound(&request);
            self.ready.push_back(Job {
                request,
                bound,
                refusals: 0,
                answers_before: 0,
            });
        }
        Ok(())
    }

    /// Sends requests that are recorded as sent, as many as may be in flight. Returns when there may be a place for more.
    /// If no more are sent now, they are withdrawn: meanwhile, the process may be killed or lose its lease.
    fn ask_recorded(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let is_overloaded =
            |(until, pause): (Instant, Pause)| pause == Pause::Overloaded && until > now;
        if self.end.is_some() || self.paused.is_some_and(is_overloaded) {
            for (job, number) in self.recorded.drain(..) {
                self.tasks.spawn(withdraw(self.shared.clone(), job, number));
            }
            return None;
        }
        if !self.recorded.is_empty() && self.is_waiting_for_disk() {
            return Some(now + TICK);
        }
        while !self.recorded.is_empty() {
            if self.in_flight(now) >= self.level.current() as usize {
                return self.penalties.peek().map(|until| until.0);
            }
            let (job, number) = self.recorded.pop_front()?;
            self.control.start();
            self.shared.in_flight.fetch_add(1, Ordering::AcqRel);
            let asked = ask(self.shared.clone(), job, number, self.level.round());
            self.tasks.spawn(asked);
        }
        None
    }

    /// Returns the number of requests in flight. Refused ones count for the time of an answer.
    fn in_flight(&mut self, now: Instant) -> usize {
        while self.penalties.peek().is_some_and(|until| until.0 <= now) {
            self.penalties.pop();
        }
        self.shared.in_flight.load(Ordering::Acquire) as usize + self.penalties.len()
    }

    /// Returns whether an outcome cannot be recorded because the disk is full.
    fn is_waiting_for_disk(&self) -> bool {
        self.shared.waiting_for_disk.load(Ordering::Acquire) > 0
    }

    /// Handles a request that was recorded as sent.
    fn recorded(
        &mut self,
        recorded: Result<Recorded, tokio::task::JoinError>,
    ) -> Result<(), Error> {
        let Recorded {
            job,
            took,
            admission,
        } = recorded.map_err(|error| Error::Task(error.to_string()))?;
        self.recording_time = took.max(self.recording_time.mul_f64(0.9995));
        let admission = match admission {
            Ok(admission) => admission,
            Err(LedgerError::DiskFull { .. }) => {
                self.ready.push_front(job);
                self.disk.is_full();
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        match admission {
            Admission::Admitted(number) => self.recorded.push_back((job, number)),
            Admission::OverBudget => {
                self.ready.push_front(job);
                if self.is_idle() {
                    self.end.get_or_insert(End::Budget);
                } else {
                    // Requests in flight may cost less than was reserved.
                    self.paused = Some((Instant::now() + TICK, Pause::Budget));
                }
            }
            Admission::NotAllowed(state) => self.outcomes.push_back(Outcome {
                is_earlier: true,
                ..Outcome::unsent(job.request, state)
            }),
        }
        Ok(())
    }

    /// Records as many requests as sent as may be in flight soon. Returns when to try again.
    async fn send(&mut self) -> Result<Option<Instant>, Error> {
        if self.end.is_some() {
            return Ok(None);
        }
        let limits = self.shared.ledger.limits();
        self.level
            .set_bounds(limits.min_concurrency, limits.max_concurrency);
        loop {
            let now = Instant::now();
            if let Some((until, _)) = self.paused {
                if until > now {
                    return Ok(Some(until));
                }
                self.paused = None;
            }
            let is_waiting = |job: &Reverse<Waiting>| job.0.until <= now;
            let is_retry = self.waiting.peek().is_some_and(is_waiting);
            if !is_retry && self.ready.is_empty() {
                return Ok(self.waiting.peek().map(|job| job.0.until));
            }
            let level = self.level.current() as usize;
            if self.in_flight(now) + self.early() >= level + self.early_limit() {
                self.level.is_limiting();
                return Ok(self.penalties.peek().map(|until| until.0));
            }
            let started = self.tasks.len() + self.early();
            if started >= level + UNRECORDED {
                return Ok(None);
            }
            if self.is_waiting_for_disk() || !self.disk.has_space_for(started + 1) {
                if started == 0 {
                    self.end = Some(End::DiskFull);
                    return Ok(None);
                }
                self.paused = Some((now + TICK, Pause::DiskFull));
                continue;
            }
            let job = match is_retry {
                true => self.waiting.pop().map(|waiting| waiting.0.job),
                false => self.ready.pop_front(),
            };
            let Some(job) = job else { return Ok(None) };
            if limits.budget.is_some() && job.bound.is_none() && !self.options.allow_unpriced {
                self.control.update(|progress| progress.unpriced += 1);
                self.outcomes
                    .push_back(Outcome::unsent(job.request, State::Unsent));
                continue;
            }
            let tokens = self.tokens(&job.request);
            // Put back before waiting, so that a dropped future loses nothing.
            self.ready.push_front(job);
            let wait = self.shared.ledger.take_rate(tokens).await?;
            if wait > Duration::ZERO {
                self.paused = Some((now + wait.min(TICK), Pause::RateLimit));
                continue;
            }
            if let Some(job) = self.ready.pop_front() {
                self.recording.spawn(record_sent(self.shared.clone(), job));
            }
        }
    }

    /// Estimates the tokens of a request.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates"
    )]
    fn tokens(&self, request: &Request) -> u64 {
        request.body().len() as u64 / 4 + self.mean_tokens as u64
    }

    fn finish(&mut self, attempt: Result<Attempt, tokio::task::JoinError>) -> Result<(), Error> {
        let attempt = match attempt {
            Ok(attempt) => attempt,
            // The request stays recorded as sent.
            Err(error) => return Err(Error::Task(error.to_string())),
        };
        let Attempt {
            job,
            round,
            latency,
            verdict,
        } = attempt;
        match verdict? {
            Verdict::Ended {
                done,
                response,
                error,
            } => {
                let is_overload = error.as_deref().is_some_and(is_overload);
                self.level.responded(round, latency, is_overload);
                self.ended(&done);
                self.outcomes.push_back(Outcome {
                    request: job.request,
                    state: done.state,
                    is_earlier: false,
                    response,
                    error,
                    cost: done.cost,
                    latency,
                });
            }
            Verdict::Refused(error) => self.refused(job, round, error),
            Verdict::Stop(error) => {
                self.ready.push_front(job);
                self.end.get_or_insert(End::Refused(error));
            }
            Verdict::Withdrawn => self.ready.push_front(job),
        }
        Ok(())
    }

    #[allow(clippy::cast_precision_loss, reason = "a mean need not be exact")]
    fn ended(&mut self, done: &Done) {
        if done.state != State::Ambiguous {
            self.shared.answers.fetch_add(1, Ordering::AcqRel);
            self.refusing_since = None;
        }
        if matches!(self.paused, Some((_, Pause::Budget))) {
            self.paused = None;
        }
        self.disk
            .record(done.answer.as_ref().map_or(0, |answer| answer.len()));
        if let Some(tokens) = done.completion_tokens {
            self.mean_tokens += 0.05 * (tokens as f64 - self.mean_tokens);
        }
        self.control.update(|progress| {
            match done.state {
                State::Answered => progress.answered += 1,
                State::Ambiguous => progress.ambiguous += 1,
                _ => progress.failed += 1,
            }
            if let Some(code) = &done.error_code {
                *progress.errors.entry(code.clone()).or_default() += 1;
            }
            progress.prompt_tokens += done.prompt_tokens.unwrap_or(0);
            progress.completion_tokens += done.completion_tokens.unwrap_or(0);
            match done.cost {
                Some(Cost::Known(amount)) => progress.known_cost += amount,
                Some(Cost::Estimated(amount)) => progress.estimated_cost += amount,
                Some(_) => progress.with_unknown_cost += 1,
                None => {}
            }
        });
    }

    /// Handles a request that the service did not carry out.
    fn refused(&mut self, mut job: Job, round: u64, error: Box<prime_ext::Error>) {
        let is_overload = is_overload(&error);
        if is_overload {
            self.level.responded(round, Duration::ZERO, true);
        }
        self.control.update(|progress| progress.retries += 1);
        let now = Instant::now();
        if is_overload {
            self.penalties.push(Reverse(now + self.level.penalty()));
        }
        let since = *self.refusing_since.get_or_insert(now);
        if now.duration_since(since) > self.options.patience {
            self.ready.push_front(job);
            self.end.get_or_insert(End::Unavailable(error));
            return;
        }
        // A service that answers others refuses this request.
        let answers = self.shared.answers.load(Ordering::Acquire);
        if answers > job.answers_before || job.refusals == 0 {
            job.refusals += 1;
        }
        job.answers_before = answers;
        let mut wait = backoff(job.refusals);
        if let Some(requested) = error.retry_after() {
            wait = wait.max(requested);
            if is_overload && self.level.is_overloaded() {
                let until = now + requested.min(BACKOFF.1);
                self.paused = Some((until, Pause::Overloaded));
            }
        }
        if !self.shared.client.caller().retry_budget().take() {
            // The budget gets a token each second.
            wait += TICK;
        }
        let until = now + wait;
        self.waiting.push(Reverse(Waiting { until, job }));
    }

    /// Saves the level if it has changed much.
    async fn save_level(&mut self) -> Result<(), Error> {
        let level = self.level.accepted();
        if level.abs_diff(self.saved_level) * 10 > self.saved_level {
            self.saved_level = level;
            match self.shared.ledger.save_level(level).await {
                // It is saved again when it changes.
                Ok(()) | Err(LedgerError::DiskFull { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn report(&self) {
        let in_flight = self.shared.in_flight.load(Ordering::Acquire);
        self.control.update(|progress| {
            progress.in_flight = in_flight;
            progress.level = self.level.current();
            progress.paused = self.paused.map(|(_, pause)| pause);
        });
    }
}

impl Outcome {
    /// The outcome of a request that was not sent.
    fn unsent(request: Request, state: State) -> Self {
        Self {
            request,
            state,
            is_earlier: false,
            response: None,
            error: None,
            cost: None,
            latency: Duration::ZERO,
        }
    }
}

/// Reads a request. After the last one, `requests` is `None`.
async fn next_request(requests: &mut Option<Requests>) -> Option<Result<Request, Error>> {
    let request = requests.as_mut()?.next().await;
    if request.is_none() {
        *requests = None;
    }
    request
}

/// Returns whether the service has too many requests.
fn is_overload(error: &prime_ext::Error) -> bool {
    let status = error.named_status().map(|status| status.as_u16());
    matches!(status, Some(429 | 503 | 529))
}

/// Returns how long a request waits after a number of refusals: a random part of a time that doubles.
fn backoff(refusals: u32) -> Duration {
    let (first, longest) = BACKOFF;
    let doubled = first.saturating_mul(1 << refusals.saturating_sub(1).min(16));
    doubled.min(longest).mul_f64(fastrand::f64())
}
