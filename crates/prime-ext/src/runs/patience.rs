//! Which failures pass, and how long to wait for that.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, ErrorKind};

/// The longest wait, unless looks are further apart or the service asks for a longer one.
const LONGEST: Duration = Duration::from_secs(60);

/// The longest wait that a service can ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// Waits out failures in a row: each wait is twice the one before.
#[derive(Debug)]
pub(super) struct Patience {
    wait: Duration,
    longest: Duration,
    lasts: Duration,
    began: Option<Instant>,
}

impl Patience {
    /// The first wait, and how long failures in a row are waited out.
    pub(super) fn new(first: Duration, lasts: Duration) -> Self {
        Self {
            wait: first,
            longest: LONGEST.max(first),
            lasts,
            began: None,
        }
    }

    /// The same, counted from now on instead of the first failure.
    pub(super) fn from_now(first: Duration, lasts: Duration) -> Self {
        Self {
            began: Some(Instant::now()),
            ..Self::new(first, lasts)
        }
    }

    /// Waits if the failure may pass; gives it back if it does not, or has not for too long.
    pub(super) async fn wait_out(&mut self, error: Error) -> Result<(), Error> {
        let now = Instant::now();
        // Nothing, if it is beyond what a clock can tell: without end.
        let ends = self.began.get_or_insert(now).checked_add(self.lasts);
        if !may_pass(&error) || ends.is_some_and(|ends| now >= ends) {
            return Err(error);
        }
        let wait = with_jitter(self.wait).max(asked_wait(&error));
        self.wait = self.wait.saturating_mul(2).min(self.longest);
        // The last look is when patience ends, however long the wait would be.
        let left = ends.map_or(Duration::MAX, |ends| ends - now);
        tokio::time::sleep(wait.min(left)).await;
        Ok(())
    }
}

/// Whether a failure of a call that does no harm when repeated may be gone the next time: a service that
/// restarts refuses connections, breaks them, or has a proxy answer for it.
pub(super) fn may_pass(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Disconnected => true,
        ErrorKind::UnexpectedResponse => true,
        ErrorKind::Api => {
            error.is_rate_limited()
                || error
                    .status()
                    .is_some_and(|status| status.is_server_error() || status == 408)
        }
        _ => false,
    }
}

/// The wait that the service asks for.
fn asked_wait(error: &Error) -> Duration {
    error.retry_after().unwrap_or_default().min(LONGEST_ASKED)
}

/// A time up to a tenth longer or shorter, so that many who wait do not come at once.
pub(super) fn with_jitter(time: Duration) -> Duration {
    time.saturating_mul(fastrand::u32(9_000..=11_000)) / 10_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_a_tenth() {
        let second = Duration::from_secs(1);
        let times: Vec<_> = (0..100).map(|_| with_jitter(second)).collect();
        let within = Duration::from_millis(900)..=Duration::from_millis(1_101);
        assert!(times.iter().all(|time| within.contains(time)), "{times:?}");
        assert!(times.iter().any(|time| *time != times[0]));
    }
}
