//! Simulated time.

use std::time::{Duration, Instant, SystemTime};

use openapi_runtime::Timestamp;

/// When every simulation begins, in seconds of Unix time: 2026-01-01T00:00:00Z. A fixed day, so that
/// answers are the same each time.
const BEGINNING: Duration = Duration::from_secs(1_767_225_600);

/// Further than this no one simulates, and no date overflows: 1000 years.
const END: Duration = Duration::from_secs(1000 * 365 * 24 * 60 * 60);

/// A clock that runs at its own speed and can be moved forwards.
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

    /// How much time has passed. Never less than before.
    pub(crate) fn now(&self) -> Duration {
        let passed = self.started.elapsed().as_secs_f64() * self.scale;
        Duration::try_from_secs_f64(passed)
            .unwrap_or(END)
            .saturating_add(self.advanced)
            .min(END)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by).min(END);
    }
}

/// The date of a time that the clock told.
pub(crate) fn timestamp(now: Duration) -> Timestamp {
    let micros = Duration::from_micros(u64::try_from(now.as_micros()).unwrap_or(u64::MAX));
    Timestamp::from(SystemTime::UNIX_EPOCH + BEGINNING + micros.min(END))
}

/// The date of a time before the clock began.
pub(crate) fn before(ago: Duration) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + BEGINNING.saturating_sub(ago))
}

/// The same in seconds of Unix time.
pub(crate) fn unix(now: Duration) -> i64 {
    i64::try_from((BEGINNING + now).as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_still_or_moves_as_told() {
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
    fn it_runs_at_its_scale_and_never_overflows() {
        let mut clock = Clock::new(1_000_000.0);
        std::thread::sleep(Duration::from_millis(2));
        let before = clock.now();
        assert!(before >= Duration::from_secs(2_000), "{before:?}");
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), END);
        assert!(timestamp(clock.now()).to_string().starts_with("3025-"));
        assert_eq!(Clock::new(f64::MAX).now(), END);
    }
}
