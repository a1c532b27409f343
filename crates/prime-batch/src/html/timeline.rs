//! What happened when, in a fixed number of intervals.

use std::collections::BTreeMap;

use prime_ext::UsdSum;

use super::histogram::Histogram;
use crate::ledger::Row;
use crate::ledger::State;

/// The largest number of slots of a timeline.
pub(super) const MAX_SLOTS: i64 = 240;

/// The shortest interval, in milliseconds.
const MIN_WIDTH: i64 = 250;

/// A longer time without any request is a pause: it takes few slots, however long it is.
const MIN_PAUSE: i64 = 60_000;

/// The number of slots of a pause. A time of fewer than six times as many slots is not shortened.
pub(super) const PAUSE_SLOTS: i64 = 4;

/// The end of the year 9999. Later times were not written by this crate.
const MAX_TIME: i64 = 253_402_300_799_999;

/// What happened when. The intervals have the same width, which doubles when there are too many of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Timeline {
    /// The width of an interval in milliseconds.
    width: i64,
    /// The intervals in which a request was done. The key is the number of the interval since 1970.
    intervals: BTreeMap<i64, Interval>,
}

/// The requests that were done in an interval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) answered: u64,
    pub(super) failed: u64,
    pub(super) ambiguous: u64,
    /// The latencies of the requests that were answered.
    pub(super) latencies: Histogram,
    pub(super) known_cost: UsdSum,
    pub(super) estimated_cost: UsdSum,
    pub(super) held: UsdSum,
}

/// An interval with its place on the time axis, or a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot<'a> {
    /// The first slot, counted from 0.
    pub(super) start: i64,
    /// The time of the beginning, in milliseconds since 1970.
    pub(super) time: i64,
    /// The duration in milliseconds.
    pub(super) duration: i64,
    /// What happened. `None` for a pause.
    pub(super) interval: Option<&'a Interval>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            width: MIN_WIDTH,
            intervals: BTreeMap::new(),
        }
    }
}

impl Interval {
    pub(super) fn done(&self) -> u64 {
        self.answered + self.failed + self.ambiguous
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.answered += other.answered;
        self.failed += other.failed;
        self.ambiguous += other.ambiguous;
        self.latencies.merge(&other.latencies);
        self.known_cost += other.known_cost;
        self.estimated_cost += other.estimated_cost;
        self.held += other.held;
    }

    fn add(&mut self, row: &Row) {
        match row.state {
            State::Answered => {
                self.answered += 1;
                if let Some(latency) = row.latency {
                    let latency = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
                    self.latencies.add(latency);
                }
            }
            State::Failed => self.failed += 1,
            State::Ambiguous => self.ambiguous += 1,
            State::Unsent | State::Sent => {}
        }
        self.known_cost += row.known_cost.unwrap_or_default();
        self.estimated_cost += row.estimated_cost.unwrap_or_default();
        self.held += row.held.unwrap_or_default();
    }
}

impl Timeline {
    /// Adds a request. A request in flight counts only if an earlier attempt has a cost.
    pub(super) fn add(&mut self, row: &Row) {
        let is_billed =
            row.known_cost.is_some() || row.estimated_cost.is_some() || row.held.is_some();
        if row.done_at.is_some() || is_billed {
            self.at(row.done_at.unwrap_or(row.sent_at)).add(row);
        }
    }

    fn at(&mut self, time: i64) -> &mut Interval {
        let time = time.clamp(0, MAX_TIME);
        if !self.intervals.contains_key(&(time / self.width)) {
            self.intervals
                .insert(time / self.width, Interval::default());
            while self.len() > MAX_SLOTS {
                self.widen();
            }
        }
        self.intervals.entry(time / self.width).or_default()
    }

    fn widen(&mut self) {
        self.width *= 2;
        for (number, interval) in std::mem::take(&mut self.intervals) {
            self.intervals
                .entry(number / 2)
                .or_default()
                .merge(&interval);
        }
    }

    /// Returns whether a time between two intervals is a pause.
    fn is_pause(&self, before: i64, after: i64) -> bool {
        let empty = after - before - 1;
        empty >= 6 * PAUSE_SLOTS && empty * self.width >= MIN_PAUSE
    }

    /// Returns the number of slots.
    pub(super) fn len(&self) -> i64 {
        self.slots()
            .last()
            .map_or(0, |slot| slot.start + slot.slots())
    }

    /// Returns the width of an interval in milliseconds.
    pub(super) fn width(&self) -> i64 {
        self.width
    }

    /// Returns the format of the time at which an interval begins.
    pub(super) fn time_format(&self) -> &'static str {
        match self.width {
            ..1_000 => "%H:%M:%S%.3f",
            _ => "%H:%M:%S",
        }
    }

    /// Returns the intervals in which something happened, and the pauses, in the order of time.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot<'_>> {
        let (mut next, mut before) = (0, None);
        self.intervals.iter().flat_map(move |(number, interval)| {
            let mut pause = None;
            if let Some(before) = before {
                if self.is_pause(before, *number) {
                    pause = Some(Slot {
                        start: next,
                        time: (before + 1) * self.width,
                        duration: (number - before - 1) * self.width,
                        interval: None,
                    });
                    next += PAUSE_SLOTS;
                } else {
                    next += number - before - 1;
                }
            }
            let slot = Slot {
                start: next,
                time: number * self.width,
                duration: self.width,
                interval: Some(interval),
            };
            (next, before) = (next + 1, Some(*number));
            pause.into_iter().chain([slot])
        })
    }

    /// Returns the time without pauses, in milliseconds.
    pub(super) fn active(&self) -> i64 {
        let pauses = self.slots().filter(|slot| slot.interval.is_none()).count();
        let pauses = i64::try_from(pauses).unwrap_or(0);
        (self.len() - pauses * PAUSE_SLOTS) * self.width
    }

    /// Returns what happened in the whole time.
    pub(super) fn total(&self) -> Interval {
        let mut total = Interval::default();
        self.intervals
            .values()
            .for_each(|interval| total.merge(interval));
        total
    }
}

impl Slot<'_> {
    /// Returns the number of slots that this takes.
    pub(super) fn slots(&self) -> i64 {
        match self.interval {
            Some(_) => 1,
            None => PAUSE_SLOTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A time in 2026, at the beginning of an interval of each width in these tests.
    const START: i64 = 1_800_000_000_000 / (1 << 20) * (1 << 20);

    fn timeline(times: impl IntoIterator<Item = i64>) -> Timeline {
        let mut timeline = Timeline::default();
        for time in times {
            let interval = timeline.at(time);
            interval.answered += 1;
            interval.latencies.add(10);
        }
        timeline
    }

    fn pauses(timeline: &Timeline) -> usize {
        timeline
            .slots()
            .filter(|slot| slot.interval.is_none())
            .count()
    }

    #[test]
    fn one_millisecond_is_one_interval() {
        let timeline = timeline([START; 1_000]);
        assert_eq!((timeline.len(), timeline.width()), (1, MIN_WIDTH));
        assert_eq!(timeline.total().done(), 1_000);
    }

    #[test]
    fn intervals_are_merged_as_time_grows() {
        for minutes in [1, 10, 100, 1_000, 100_000] {
            let end = minutes * 60_000;
            let timeline = timeline((0..10_000).map(|n| START + end * n / 10_000));
            let len = timeline.len();
            assert!(len > MAX_SLOTS / 2 - 2 && len <= MAX_SLOTS, "{len}");
            assert_eq!(timeline.total().done(), 10_000);
            assert_eq!(pauses(&timeline), 0);
            assert!(timeline.active().abs_diff(end) <= 2 * timeline.width() as u64);
        }
    }

    #[test]
    fn the_order_of_requests_does_not_matter() {
        let mut times: Vec<i64> = (0..3_000)
            .map(|n| START + n * n * 17 % 9_000_000 + n % 7 / 6 * 300_000_000)
            .collect();
        let forwards = timeline(times.iter().copied());
        times.reverse();
        assert_eq!(forwards, timeline(times.iter().copied()));
        fastrand::Rng::with_seed(7).shuffle(&mut times);
        assert_eq!(forwards, timeline(times));
    }

    /// A batch that ran for five minutes, and three days later for five more.
    #[test]
    fn pauses_take_little_space() {
        let day = 86_400_000;
        let timeline = timeline((0..3_000).flat_map(|n| [n * 100, 3 * day + n * 100]));
        assert_eq!(pauses(&timeline), 1);
        assert!(timeline.width() <= 4_000, "{}", timeline.width());
        let pause = timeline.slots().find(|slot| slot.interval.is_none());
        assert_eq!(pause.map(|slot| slot.duration / 3_600_000), Some(71));
        assert!(timeline.active() < 11 * 60_000);
    }

    #[test]
    fn rare_requests_are_no_sequence_of_pauses() {
        let timeline = timeline((0..240).map(|n| START + n * 3_600_000));
        assert_eq!(pauses(&timeline), 0);
        assert!(timeline.len() > MAX_SLOTS / 2 - 2);
    }

    #[test]
    fn impossible_times_are_accepted() {
        let timeline = timeline([i64::MIN, -1, 0, START, i64::MAX]);
        assert!(timeline.len() <= MAX_SLOTS);
        assert_eq!(timeline.total().done(), 5);
    }
}
