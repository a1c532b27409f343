//! Decides which request is sent next, and when.

use std::cmp::Reverse;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

use super::ask::{Job, Recorded, ask, record_sent, withdraw};
use super::ended::Waiting;
use super::{End, Engine, Outcome, Requests, TICK};
use crate::control::Pause;
use crate::error::Error;
use crate::ledger::{Admission, Ledger, LedgerError, State};
use crate::request::Request;

/// The number of requests that are looked up in the ledger at once.
const CHUNK: usize = 256;

/// The number of outcomes that may wait for the ledger, beyond the requests in flight.
const UNRECORDED: usize = 512;

/// The largest share of the level that is recorded as sent before it may leave. If the process is killed, these requests
/// are ambiguous, too.
const MAX_EARLY: f64 = 0.25;

impl<L: Ledger> Engine<L> {
    /// Returns the number of requests that are recorded as sent before they may leave, or are about to be.
    pub(super) fn early(&self) -> usize {
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

    pub(super) fn needs_requests(&self) -> bool {
        self.end.is_none() && self.ready.len() < CHUNK / 2
    }

    /// Reads requests, as far as they are available, and looks them up in the ledger.
    pub(super) async fn fill(&mut self) -> Result<(), Error> {
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
    pub(super) fn ask_recorded(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let is_overloaded =
            |(until, pause): (Instant, Pause)| pause == Pause::Overloaded && until > now;
        if self.end.is_some() || self.paused.is_some_and(is_overloaded) {
            for (job, number) in self.recorded.drain(..) {
                self.tasks.spawn(withdraw(self.shared.clone(), job, number));
            }
            return None;
        }
        if !self.recorded.is_empty() && self.unrecorded().is_some() {
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

    /// Returns why outcomes cannot be recorded at the moment.
    fn unrecorded(&self) -> Option<Pause> {
        if self.shared.unrecorded.load(Ordering::Acquire) == 0 {
            return None;
        }
        match self.shared.is_unreachable.load(Ordering::Acquire) {
            true => Some(Pause::Ledger),
            false => Some(Pause::DiskFull),
        }
    }

    /// Handles a request that was recorded as sent.
    pub(super) fn recorded(
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
            Err(LedgerError::Unreachable { .. }) => {
                self.ready.push_front(job);
                self.paused = Some((Instant::now() + TICK, Pause::Ledger));
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
            Admission::Declined(decline) => self.outcomes.push_back(Outcome {
                declined: Some(decline),
                ..Outcome::unsent(job.request, State::Unsent)
            }),
        }
        Ok(())
    }

    /// Records as many requests as sent as may be in flight soon. Returns when to try again.
    pub(super) async fn send(&mut self) -> Result<Option<Instant>, Error> {
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
            if let Some(pause) = self.unrecorded() {
                self.paused = Some((now + TICK, pause));
                continue;
            }
            if !self.disk.has_space_for(started + 1) {
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

    /// Saves the level if it has changed much.
    pub(super) async fn save_level(&mut self) -> Result<(), Error> {
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
}

/// Reads a request. After the last one, `requests` is `None`.
pub(super) async fn next_request(
    requests: &mut Option<Requests>,
) -> Option<Result<Request, Error>> {
    let request = requests.as_mut()?.next().await;
    if request.is_none() {
        *requests = None;
    }
    request
}
