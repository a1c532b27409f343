//! Simulated time.

use std::time::{Duration, Instant, SystemTime};

use openapi_runtime::Timestamp;

/// The start of every simulation, as Unix time: 2026-01-01T00:00:00Z. The start is fixed, so that
/// responses are deterministic.
const START: Duration = Duration::from_secs(1_767_225_600);

/// The maximum simulated time: 1000 years. The limit prevents overflows of dates.
const MAX: Duration = Duration::from_secs(1000 * 365 * 24 * 60 * 60);

/// A clock with a configurable speed that can be moved forward.
pub(crate) struct Clock {
    started: Instant,
    scale: f64,
    advanced: Duration,
}

impl Clock {
    pub(crate) fn new(scale: f64) -> Self {
        Self {
            started: Instant::now(),
            scale,
            advanced: Duration::ZERO,
        }
    }

    /// Returns the simulated time since the start. It never decreases.
    pub(crate) fn now(&self) -> Duration {
        let passed = self.started.elapsed().as_secs_f64() * self.scale;
        Duration::try_from_secs_f64(passed)
            .unwrap_or(MAX)
            .saturating_add(self.advanced)
            .min(MAX)
    }

    /// Returns the simulated date.
    pub(crate) fn date(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + START + self.now()
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by).min(MAX);
    }
}

/// Converts a clock time to a date.
pub(crate) fn timestamp(now: Duration) -> Timestamp {
    let micros = Duration::from_micros(u64::try_from(now.as_micros()).unwrap_or(u64::MAX));
    Timestamp::from(SystemTime::UNIX_EPOCH + START + micros.min(MAX))
}

/// Returns the date `ago` before the start.
pub(crate) fn before(ago: Duration) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + START.saturating_sub(ago))
}

/// Converts a clock time to Unix seconds.
pub(crate) fn unix(now: Duration) -> i64 {
    i64::try_from((START + now).as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_with_scale_zero_moves_only_on_advance() {
        let mut clock = Clock::new(0.0);
        assert_eq!(clock.now(), Duration::ZERO);
        clock.advance(Duration::from_millis(1_500));
        assert_eq!(clock.now(), Duration::from_millis(1_500));
        assert_eq!(
            timestamp(clock.now()).to_string(),
            "2026-01-01T00:00:01.500Z"
        );
        assert_eq!(
            before(Duration::from_secs(60)).to_string(),
            "2025-12-31T23:59:00Z"
        );
        assert_eq!(unix(clock.now()), 1_767_225_601);
    }

    #[test]
    fn a_clock_follows_its_scale_and_does_not_overflow() {
        let mut clock = Clock::new(1_000_000.0);
        std::thread::sleep(Duration::from_millis(2));
        let before = clock.now();
        assert!(before >= Duration::from_secs(2_000), "{before:?}");
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), MAX);
        assert!(timestamp(clock.now()).to_string().starts_with("3025-"));
        assert_eq!(Clock::new(f64::MAX).now(), MAX);
    }
}
