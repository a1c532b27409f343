//! Computes the wait before a retry.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

use super::RetryPolicy;

/// The wait before a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Wait for this long.
    For(Duration),
    /// The service requests a longer wait than the policy allows.
    TooLong(Duration),
}

/// Returns the wait before a retry. `retry` starts at 1.
pub(crate) fn wait(policy: &RetryPolicy, retry: u32, requested: Option<Duration>) -> Wait {
    match requested {
        Some(requested) if requested > policy.max_retry_after => Wait::TooLong(requested),
        // Adds jitter, so that clients that were sent the same wait do not retry at the same time.
        Some(requested) => Wait::For(
            requested
                .saturating_add(jitter(requested, 0.1))
                .max(backoff(policy, retry)),
        ),
        None => Wait::For(backoff(policy, retry)),
    }
}

/// Exponential backoff with full jitter.
fn backoff(policy: &RetryPolicy, retry: u32) -> Duration {
    let doubled = 2u32.saturating_pow(retry.saturating_sub(1));
    let longest = policy.first_backoff.saturating_mul(doubled);
    jitter(longest.min(policy.longest_backoff), 1.0)
}

/// Returns a random duration between zero and `fraction` of a duration.
fn jitter(duration: Duration, fraction: f64) -> Duration {
    let seconds = duration.as_secs_f64() * fraction * fastrand::f64();
    Duration::try_from_secs_f64(seconds).unwrap_or(duration)
}

/// Returns how long the service asks to wait: from `retry-after-ms`, or from `Retry-After` in seconds or as a date.
pub(crate) fn requested_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str, unit: f64| {
        let number: f64 = text.parse().ok()?;
        let is_valid = number.is_finite() && number >= 0.0;
        is_valid.then(|| Duration::try_from_secs_f64(number * unit).unwrap_or(Duration::MAX))
    };
    if let Some(wait) = text("retry-after-ms").and_then(|ms| seconds(ms, 0.001)) {
        return Some(wait);
    }
    let after = text(RETRY_AFTER.as_str())?;
    seconds(after, 1.0).or_else(|| {
        let date = httpdate::parse_http_date(after).ok()?;
        // A date in the past means no wait.
        Some(date.duration_since(now).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn requested(name: &'static str, value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).ok()?);
        // 1994-11-06 08:49:37
        requested_wait(
            &headers,
            SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
        )
    }

    #[test]
    fn every_format_of_a_requested_wait() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(requested("retry-after", "7"), seconds(7));
        assert_eq!(
            requested("retry-after", " 0.5 "),
            Some(Duration::from_millis(500))
        );
        assert_eq!(
            requested("retry-after-ms", "1500"),
            Some(Duration::from_millis(1500))
        );
        assert_eq!(
            requested("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"),
            seconds(10)
        );
        assert_eq!(
            requested("retry-after", "Sun, 06 Nov 1994 08:49:27 GMT"),
            seconds(0),
            "passed"
        );
        assert_eq!(requested("retry-after", "1e300"), Some(Duration::MAX));
        for invalid in ["", "soon", "-5", "nan", "inf"] {
            assert_eq!(requested("retry-after", invalid), None, "{invalid:?}");
        }
    }

    #[test]
    fn waits_grow_and_have_limits() {
        let policy = RetryPolicy::new();
        for (retry, longest) in [(1, 500), (2, 1000), (3, 2000), (5, 8000), (40, 8000)] {
            for _ in 0..200 {
                let Wait::For(wait) = wait(&policy, retry, None) else {
                    unreachable!("no wait was requested")
                };
                assert!(wait <= Duration::from_millis(longest), "{retry}: {wait:?}");
            }
        }
        let requested = Duration::from_secs(60);
        assert!(matches!(wait(&policy, 1, Some(requested)), Wait::For(wait) if wait >= requested));
        let requested = Duration::from_secs(61);
        assert_eq!(wait(&policy, 1, Some(requested)), Wait::TooLong(requested));
        let huge = policy.max_retry_after(Duration::MAX);
        for requested in [Duration::from_secs(1 << 40), Duration::MAX] {
            assert!(matches!(wait(&huge, 1, Some(requested)), Wait::For(_)));
        }
        let endless = huge.backoff(Duration::MAX, Duration::MAX);
        assert!(matches!(wait(&endless, 9, None), Wait::For(_)));
    }
}
