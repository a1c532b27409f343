//! Retries transient failures with exponential backoff.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, ErrorKind};

/// The maximum wait, unless the first wait or `Retry-After` is longer.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// The maximum wait that a service can request with `Retry-After`.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Exponential backoff for consecutive failures.
#[derive(Debug)]
pub(super) struct Backoff {
    wait: Duration,
    max_wait: Duration,
    retry_for: Duration,
    /// The time from which `retry_for` counts: the first failure, or an earlier time.
    started: Option<Instant>,
}

impl Backoff {
    /// Retries for `retry_for`, counted from the first failure. `first` is the first wait.
    pub(super) fn new(first: Duration, retry_for: Duration) -> Self {
        Self {
            wait: first,
            max_wait: MAX_WAIT.max(first),
            retry_for,
            started: None,
        }
    }

    /// Retries for `retry_for`, counted from now.
    pub(super) fn from_now(first: Duration, retry_for: Duration) -> Self {
        Self {
            started: Some(Instant::now()),
            ..Self::new(first, retry_for)
        }
    }

    /// Waits before the next retry. Returns the error if it is not transient or the time for retries is over.
    pub(super) async fn wait_before_retry(&mut self, error: Error) -> Result<(), Error> {
        let now = Instant::now();
        // `None` if the clock cannot represent the deadline; retries are then unlimited.
        let deadline = self.started.get_or_insert(now).checked_add(self.retry_for);
        if !is_transient(&error) || deadline.is_some_and(|deadline| now >= deadline) {
            return Err(error);
        }
        let wait = with_jitter(self.wait).max(retry_after(&error));
        self.wait = self.wait.saturating_mul(2).min(self.max_wait);
        // The last retry is at the deadline, even if the wait would be longer.
        let left = deadline.map_or(Duration::MAX, |deadline| deadline - now);
        tokio::time::sleep(wait.min(left)).await;
        Ok(())
    }
}

/// Returns whether an idempotent call may succeed if it is retried. While a service restarts, connections are refused
/// or reset, or a proxy responds in its place.
fn is_transient(error: &Error) -> bool {
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

/// Returns the wait that the service requests.
fn retry_after(error: &Error) -> Duration {
    error.retry_after().unwrap_or_default().min(MAX_RETRY_AFTER)
}

/// Changes a time by up to 10 %, so that many clients do not retry at the same moment.
pub(super) fn with_jitter(time: Duration) -> Duration {
    time.saturating_mul(fastrand::u32(9_000..=11_000)) / 10_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_ten_percent() {
        let second = Duration::from_secs(1);
        let times: Vec<_> = (0..100).map(|_| with_jitter(second)).collect();
        let within = Duration::from_millis(900)..=Duration::from_millis(1_101);
        assert!(times.iter().all(|time| within.contains(time)), "{times:?}");
        assert!(times.iter().any(|time| *time != times[0]));
    }
}
