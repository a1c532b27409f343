//! Keeps count of the attempts that have ended.

use std::cmp::Reverse;
use std::sync::atomic::Ordering;
use std::time::Duration;

use prime_ext::Cost;
use tokio::time::Instant;

use super::ask::{Attempt, Job, Verdict};
use super::{End, Engine, Outcome, TICK};
use crate::control::Pause;
use crate::error::Error;
use crate::ledger::{Done, Ledger, State};

/// Waits before a refused request is sent again: at first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));

/// A refused request that waits.
pub(super) struct Waiting {
    pub(super) until: Instant,
    pub(super) job: Job,
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

impl<L: Ledger> Engine<L> {
    pub(super) fn finish(
        &mut self,
        attempt: Result<Attempt, tokio::task::JoinError>,
    ) -> Result<(), Error> {
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
                declined,
            } => {
                let is_overload = error.as_deref().is_some_and(is_overload);
                self.level.responded(round, latency, is_overload);
                self.ended(&done);
                self.outcomes.push_back(Outcome {
                    request: job.request,
                    state: done.state,
                    declined,
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
            Verdict::Declined(decline) => self.outcomes.push_back(Outcome {
                declined: Some(decline),
                ..Outcome::unsent(job.request, State::Unsent)
            }),
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

    pub(super) fn report(&self) {
        let in_flight = self.shared.in_flight.load(Ordering::Acquire);
        self.control.update(|progress| {
            progress.in_flight = in_flight;
            progress.level = self.level.current();
            progress.paused = self.paused.map(|(_, pause)| pause);
        });
    }
}

/// Returns whether the service has too many requests.
pub(super) fn is_overload(error: &prime_ext::Error) -> bool {
    let status = error.named_status().map(|status| status.as_u16());
    matches!(status, Some(429 | 503 | 529))
}

/// Returns how long a request waits after a number of refusals: a random part of a time that doubles.
fn backoff(refusals: u32) -> Duration {
    let (first, longest) = BACKOFF;
    let doubled = first.saturating_mul(1 << refusals.saturating_sub(1).min(16));
    doubled.min(longest).mul_f64(fastrand::f64())
}
