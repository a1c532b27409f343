//! Finds the number of requests in flight that the service accepts.

use std::time::Duration;

/// The level before anything is known about the service.
const INITIAL: u32 = 20;

/// A round has at least this many responses, and more if few of them are refusals: a small share needs many responses to
/// be meaningful.
const MIN_ROUND: (u32, u32) = (20, 100);

/// The latency that is assumed before the first answer.
const FIRST_LATENCY: Duration = Duration::from_millis(200);

/// The longest time that a refused request stays counted as in flight.
const MAX_PENALTY: Duration = Duration::from_secs(10);

/// A round is refused if more than this share of its requests is refused, and clearly more than at lower levels.
const TOLERANCE: f64 = 0.01;

/// The number of responses at accepted levels that is remembered. Before the first, some answers are assumed.
const HISTORY: (u32, u32) = (2_000, 20);

/// The number of rounds before the level is raised again after a refused round. It doubles with each refusal.
const HOLD: (u32, u32) = (16, 64);

/// If the level grows by this factor, the throughput must grow by at least a [`GAIN`] of it.
const GROWTH: f64 = 1.5;

/// See [`GROWTH`].
const GAIN: f64 = 0.2;

/// The number of requests in flight. It begins low and doubles with each round that the service accepts. When the
/// service refuses requests, or when more requests in flight only make each of them slower, the level returns to the
/// last one that was accepted, approaches the limit by halving the distance, and stays below it. Now and then it tries a
/// little more.
///
/// A round consists of as many responses as there are requests in flight. Only requests that were sent at the current
/// level count, so that a burst of refusals lowers the level once.
///
/// Some services refuse a share of the requests whatever the level. If a lower level does not lower that share, the
/// share is taken as given.
///
/// A refusal takes less time than an answer. A refused request stays counted as in flight for the time of an answer
/// ([`penalty`](Self::penalty)), so that a service that refuses much is not flooded.
#[derive(Debug)]
pub(crate) struct Level {
    min: u32,
    max: u32,
    level: u32,
    /// The largest level that was accepted.
    accepted: u32,
    /// The smallest level that was refused.
    refused: Option<u32>,
    /// How much the level is raised after an accepted round.
    step: u32,
    /// The number of rounds before the level is raised again, and the number after the next refusal.
    hold: (u32, u32),
    /// A level and its throughput in requests per second, with which higher levels are compared.
    reference: Option<(u32, f64)>,
    /// The last responses at accepted levels.
    history: Shares,
    /// The level before it was lowered on trial, and its round.
    trial: Option<(u32, Shares)>,
    /// The mean latency of the answers.
    latency: Option<Duration>,
    round: Round,
}

/// The responses to requests that were sent at the current level.
#[derive(Debug, Default)]
struct Round {
    number: u64,
    answered: u32,
    refused: u32,
    latency: Duration,
    /// Whether more requests would have been sent at a higher level.
    is_full: bool,
}

/// The responses of a round.
#[derive(Debug, Clone, Copy)]
struct Shares {
    answered: u32,
    refused: u32,
}

impl Shares {
    /// Returns the share of refusals.
    fn refused(self) -> f64 {
        f64::from(self.refused) / self.all()
    }

    fn all(self) -> f64 {
        f64::from(self.answered + self.refused).max(1.0)
    }

    /// Returns whether fewer requests were refused than in another round, and not only by chance: a test of two
    /// proportions.
    fn is_clearly_lower_than(self, other: Self) -> bool {
        let mean = f64::from(self.refused + other.refused) / (self.all() + other.all());
        let variance = mean * (1.0 - mean) * (1.0 / self.all() + 1.0 / other.all());
        other.refused() - self.refused() > 2.5 * variance.sqrt()
    }
}

impl Level {
    /// Begins at a level that was found earlier, or else low.
    pub(crate) fn new(min: u32, max: u32, earlier: Option<u32>) -> Self {
        let mut level = Self {
            min: 1,
            max: u32::MAX,
            level: earlier.unwrap_or(INITIAL),
            accepted: 0,
            refused: None,
            step: 0,
            hold: (0, HOLD.0),
            reference: None,
            history: Shares {
                answered: HISTORY.1,
                refused: 0,
            },
            trial: None,
            latency: None,
            round: Round::default(),
        };
        level.accepted = level.level;
        level.step = level.level;
        level.set_bounds(min, max);
        level
    }

    /// Returns the number of requests that may be in flight.
    pub(crate) fn current(&self) -> u32 {
        self.level
    }

    /// Returns the largest level that the service accepted.
    pub(crate) fn accepted(&self) -> u32 {
        self.accepted.min(self.level)
    }

    /// Changes the bounds.
    pub(crate) fn set_bounds(&mut self, min: u32, max: u32) {
        let min = min.max(1);
        let max = max.max(min);
        if (min, max) != (self.min, self.max) {
            (self.min, self.max) = (min, max);
            self.accepted = self.accepted.clamp(min, max);
            self.go_to(self.level);
        }
    }

    /// Returns the current round, which a request keeps until its response.
    pub(crate) fn round(&self) -> u64 {
        self.round.number
    }

    /// Records that more requests would have been sent at a higher level.
    pub(crate) fn is_limiting(&mut self) {
        self.round.is_full = true;
    }

    /// Records a response. `round` is the round in which its request was sent.
    pub(crate) fn responded(&mut self, round: u64, latency: Duration, refused: bool) {
        if round != self.round.number {
            return;
        }
        if refused {
            self.round.refused += 1;
        } else {
            self.round.answered += 1;
            self.round.latency += latency;
            let mean = self.latency.unwrap_or(latency);
            self.latency = Some(mean.mul_f64(0.95) + latency.mul_f64(0.05));
        }
        let all = self.round.answered + self.round.refused;
        if self.round_is_refused_early() || all >= self.level.max(self.least_responses()) {
            self.end_round();
        }
    }

    /// Returns the number of responses that a round needs.
    fn least_responses(&self) -> u32 {
        let (least, least_with_few_refusals) = MIN_ROUND;
        let refusals = self
            .trial
            .map_or(self.round.refused, |(_, before)| before.refused);
        let is_share_small = refusals > 0 && refusals < least;
        if is_share_small {
            least_with_few_refusals
        } else {
            least
        }
    }

    /// Returns whether a level that is tried is refused so often that the round need not be complete.
    fn round_is_refused_early(&self) -> bool {
        let refused = self.round.refused;
        // The other responses are assumed to be answers.
        let answered = self.round.answered.max(self.level.saturating_sub(refused));
        self.level > self.accepted && refused > 2 && self.is_refused(Shares { answered, refused })
    }

    /// Returns whether a round has too many refusals.
    fn is_refused(&self, shares: Shares) -> bool {
        shares.refused() > TOLERANCE && self.history.is_clearly_lower_than(shares)
    }

    /// Returns how long a refused request stays counted as in flight.
    pub(crate) fn penalty(&self) -> Duration {
        self.latency().min(MAX_PENALTY)
    }

    /// Returns the mean latency of the answers.
    pub(crate) fn latency(&self) -> Duration {
        self.latency.unwrap_or(FIRST_LATENCY)
    }

    /// Returns whether most requests of this round were refused.
    pub(crate) fn is_overloaded(&self) -> bool {
        self.round.refused > self.round.answered.max(MIN_ROUND.0)
    }

    fn end_round(&mut self) {
        let Round {
            answered,
            refused,
            latency,
            is_full,
            ..
        } = self.round;
        let shares = Shares { answered, refused };
        if let Some((level, before)) = self.trial.take() {
            self.end_trial(level, before, shares);
        } else if self.is_refused(shares) {
            self.refuse(shares);
        } else {
            self.remember(shares);
            if is_full && answered > 0 {
                let latency = latency.as_secs_f64() / f64::from(answered);
                self.accept(f64::from(self.level) / latency.max(1e-6));
            } else {
                self.go_to(self.level);
            }
        }
    }

    /// Ends an accepted round. The throughput is in requests per second.
    fn accept(&mut self, throughput: f64) {
        if self.is_slower(throughput) {
            let (level, _) = self.reference.unwrap_or((self.accepted, 0.0));
            self.accepted = level;
            self.back_off(self.level);
        } else {
            self.accepted = self.level;
            self.raise();
        }
    }

    /// Returns whether a much higher level has hardly more throughput. If not, this level becomes the reference.
    fn is_slower(&mut self, throughput: f64) -> bool {
        let Some((level, before)) = self.reference else {
            self.reference = Some((self.level, throughput));
            return false;
        };
        let growth = f64::from(self.level) / f64::from(level);
        if growth < 1.0 {
            self.reference = Some((self.level, throughput));
        } else if growth >= GROWTH {
            if throughput < before * (1.0 + GAIN * (growth - 1.0)) {
                return true;
            }
            self.reference = Some((self.level, throughput));
        }
        false
    }

    /// Raises the level after an accepted round.
    fn raise(&mut self) {
        let next = match self.refused {
            None => {
                let next = self.level.saturating_add(self.step);
                self.step = self.step.saturating_mul(2);
                next
            }
            Some(refused) => {
                let half = refused.saturating_sub(self.accepted) / 2;
                if half >= (self.accepted / 50).max(1) {
                    self.accepted + half
                } else if self.hold.0 > 0 {
                    self.hold.0 -= 1;
                    self.accepted
                } else {
                    // What was refused long ago may be accepted now.
                    self.refused = None;
                    self.step = (self.accepted / 16).max(1);
                    self.accepted + self.step
                }
            }
        };
        self.go_to(next);
    }

    /// Ends a round with too many refusals.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "less than the level"
    )]
    fn refuse(&mut self, shares: Shares) {
        if self.level > self.accepted {
            self.back_off(self.level);
        } else {
            self.trial = Some((self.level, shares));
            // What the service accepted of this round.
            let accepted = f64::from(self.level) * (1.0 - shares.refused()) * 0.95;
            self.go_to(accepted as u32);
        }
    }

    /// Ends a round at a level that was lowered. If it has not clearly fewer refusals, their share does not depend on
    /// the level.
    fn end_trial(&mut self, level: u32, before: Shares, shares: Shares) {
        if shares.is_clearly_lower_than(before) {
            self.remember(shares);
            self.accepted = self.level;
            self.reference = None;
            self.back_off(level);
        } else {
            self.remember(before);
            self.remember(shares);
            self.go_to(level);
        }
    }

    /// Adds the responses of a round to those of accepted levels.
    fn remember(&mut self, shares: Shares) {
        let Shares { answered, refused } = &mut self.history;
        *answered += shares.answered;
        *refused += shares.refused;
        if *answered + *refused > HISTORY.0 {
            (*answered, *refused) = (*answered / 2, *refused / 2);
        }
    }

    /// Returns to the accepted level.
    fn back_off(&mut self, refused: u32) {
        self.refused = Some(refused);
        self.hold = (self.hold.1, (self.hold.1 * 2).min(HOLD.1));
        self.go_to(self.accepted);
    }

    /// Begins a round.
    fn go_to(&mut self, level: u32) {
        self.level = level.clamp(self.min, self.max);
        self.round = Round {
            number: self.round.number + 1,
            ..Round::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service in a simulated time of steps of a millisecond. Each request takes `latency` steps.
    struct Service {
        /// The number of requests that are accepted at once.
        capacity: u32,
        /// The number of requests that are served at once. The others wait.
        parallel: u32,
        latency: u32,
        /// The share of requests that is refused at random.
        faults: f64,
    }

    struct Outcome {
        answered: u32,
        refused: u32,
        highest: u32,
    }

    impl Service {
        fn run(&self, level: &mut Level, steps: u32) -> Outcome {
            let mut random = fastrand::Rng::with_seed(7);
            let mut in_flight: Vec<(u64, u32, u32, bool)> = Vec::new();
            let mut outcome = Outcome {
                answered: 0,
                refused: 0,
                highest: 0,
            };
            for now in 0..steps {
                let (done, rest) = in_flight
                    .into_iter()
                    .partition(|&(_, _, end, _)| end <= now);
                in_flight = rest;
                let done: Vec<(u64, u32, u32, bool)> = done;
                for (round, start, _, refused) in done {
                    let latency = Duration::from_millis(u64::from(now - start));
                    level.responded(round, latency, refused);
                    *(if refused {
                        &mut outcome.refused
                    } else {
                        &mut outcome.answered
                    }) += 1;
                }
                while in_flight.len() < level.current() as usize {
                    let active = in_flight.iter().filter(|request| !request.3).count() as u32;
                    let refused = active >= self.capacity || random.f64() < self.faults;
                    let slowdown = (f64::from(active + 1) / f64::from(self.parallel)).max(1.0);
                    // Latencies vary by half.
                    let took = f64::from(self.latency) * slowdown * (0.75 + 0.5 * random.f64());
                    let took = if refused {
                        level.penalty().as_millis() as u32
                    } else {
                        took as u32
                    };
                    in_flight.push((level.round(), now, now + took, refused));
                }
                level.is_limiting();
                outcome.highest = outcome.highest.max(level.current());
            }
            outcome
        }
    }

    const STEPS: u32 = 20_000;

    #[test]
    fn the_limit_of_a_service_is_found() {
        for capacity in [5, 20, 64, 100, 333] {
            let service = Service {
                capacity,
                parallel: u32::MAX,
                latency: 200,
                faults: 0.0,
            };
            let mut level = Level::new(1, 512, None);
            service.run(&mut level, 3_000);
            let Outcome {
                answered, refused, ..
            } = service.run(&mut level, STEPS);
            let ideal = f64::from(capacity) * f64::from(STEPS) / 200.0;
            assert!(
                f64::from(answered) > 0.9 * ideal,
                "{capacity}: {answered} of {ideal}"
            );
            assert!(
                f64::from(refused) < 0.02 * f64::from(answered),
                "{capacity}: {refused}"
            );
        }
    }

    #[test]
    fn refusals_at_random_do_not_lower_the_level() {
        for faults in [0.0, 0.02, 0.1] {
            let service = Service {
                capacity: u32::MAX,
                parallel: u32::MAX,
                latency: 200,
                faults,
            };
            let mut level = Level::new(1, 512, None);
            service.run(&mut level, 6_000);
            let outcome = service.run(&mut level, STEPS);
            let ideal = 512.0 * f64::from(STEPS) / 200.0 * (1.0 - faults);
            assert!(
                f64::from(outcome.answered) > 0.9 * ideal,
                "{faults}: {}",
                outcome.answered
            );
        }
    }

    #[test]
    fn a_service_that_only_gets_slower_is_not_flooded() {
        let service = Service {
            capacity: u32::MAX,
            parallel: 40,
            latency: 200,
            faults: 0.0,
        };
        let mut level = Level::new(1, 100_000, None);
        let outcome = service.run(&mut level, 2 * STEPS);
        assert!(outcome.highest < 40 * 6, "{}", outcome.highest);
        let ideal = 40.0 * f64::from(STEPS) / 100.0;
        assert!(
            f64::from(outcome.answered) > 0.8 * ideal,
            "{}",
            outcome.answered
        );
    }

    #[test]
    fn a_limit_that_changes_is_followed() {
        let mut service = Service {
            capacity: 200,
            parallel: u32::MAX,
            latency: 200,
            faults: 0.0,
        };
        let mut level = Level::new(1, 512, Some(200));
        for capacity in [200, 50, 400] {
            service.capacity = capacity;
            service.run(&mut level, 2 * STEPS);
            let outcome = service.run(&mut level, STEPS);
            let ideal = f64::from(capacity) * f64::from(STEPS) / 200.0;
            assert!(
                f64::from(outcome.answered) > 0.85 * ideal,
                "{capacity}: {}",
                outcome.answered
            );
        }
    }

    #[test]
    fn the_bounds_hold() {
        let service = Service {
            capacity: 3,
            parallel: u32::MAX,
            latency: 20,
            faults: 0.0,
        };
        let mut level = Level::new(8, 10, None);
        assert_eq!(level.current(), 10);
        service.run(&mut level, STEPS);
        assert!((8..=10).contains(&level.current()));
        level.set_bounds(2, 4);
        assert_eq!(level.current(), 4);
        level.set_bounds(0, 0);
        assert_eq!(level.current(), 1);
    }
}
