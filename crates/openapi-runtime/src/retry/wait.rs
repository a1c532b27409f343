//! How long to wait before a retry.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

use super::RetryPolicy;

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// This long.
    For(Duration),
    /// The service requests more than the policy allows.
    TooLong(Duration),
}

/// The wait before the retry of that number, from 1.
pub(crate) fn wait(policy: &RetryPolicy, retry: u32, asked: Option<Duration>) -> Wait {
    match asked {
        Some(asked) if asked > policy.longest_retry_after => Wait::TooLong(asked),
        // A little more than requested, so that those who were told the same do not come together.
        Some(asked) => Wait::For(
            asked
                .saturating_add(part(asked, 0.1))
                .max(backoff(policy, retry)),
        ),
        None => Wait::For(backoff(policy, retry)),
    }
}

/// Exponential backoff with full jitter.
fn backoff(policy: &RetryPolicy, retry: u32) -> Duration {
    let doubled = 2u32.saturating_pow(retry.saturating_sub(1));
    let longest = policy.first_backoff.saturating_mul(doubled);
    part(longest.min(policy.longest_backoff), 1.0)
}

/// A random part of a time, up to a share of it.
fn part(time: Duration, share: f64) -> Duration {
    let seconds = time.as_secs_f64() * share * fastrand::f64();
    Duration::try_from_secs_f64(seconds).unwrap_or(time)
}

/// How long the service asks to wait: `retry-after-ms`, or `Retry-After` as seconds or as a date.
pub(crate) fn requested_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str, unit: f64| {
        let number: f64 = text.parse().ok()?;
        let in_order = number.is_finite() && number >= 0.0;
        in_order.then(|| Duration::try_from_secs_f64(number * unit).unwrap_or(Duration::MAX))
    };
    if let Some(wait) = text("retry-after-ms").and_then(|ms| seconds(ms, 0.001)) {
        return Some(wait);
    }
    let after = text(RETRY_AFTER.as_str())?;
    seconds(after, 1.0).or_else(|| {
        let date = httpdate::parse_http_date(after).ok()?;
        // A date that has passed: at once.
        Some(date.duration_since(now).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asked(name: &'static str, value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).ok()?);
        // 1994-11-06 08:49:37
        requested_wait(
            &headers,
            SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
        )
    }

    #[test]
    fn every_way_to_ask() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(asked("retry-after", "7"), seconds(7));
        assert_eq!(
            asked("retry-after", " 0.5 "),
            Some(Duration::from_millis(500))
        );
        assert_eq!(
            asked("retry-after-ms", "1500"),
            Some(Duration::from_millis(1500))
        );
        assert_eq!(
            asked("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"),
            seconds(10)
        );
        assert_eq!(
            asked("retry-after", "Sun, 06 Nov 1994 08:49:27 GMT"),
            seconds(0),
            "passed"
        );
        assert_eq!(asked("retry-after", "1e300"), Some(Duration::MAX));
        for nonsense in ["", "soon", "-5", "nan", "inf"] {
            assert_eq!(asked("retry-after", nonsense), None, "{nonsense:?}");
        }
    }

    #[test]
    fn waits_grow_and_have_limits() {
        let policy = RetryPolicy::new();
        for (retry, most) in [(1, 500), (2, 1000), (3, 2000), (5, 8000), (40, 8000)] {
            for _ in 0..200 {
                let Wait::For(wait) = wait(&policy, retry, None) else {
                    unreachable!("nobody asked")
                };
                assert!(wait <= Duration::from_millis(most), "{retry}: {wait:?}");
            }
        }
        let asked = Duration::from_secs(60);
        assert!(matches!(wait(&policy, 1, Some(asked)), Wait::For(wait) if wait >= asked));
        let asked = Duration::from_secs(61);
        assert_eq!(wait(&policy, 1, Some(asked)), Wait::TooLong(asked));
        let huge = policy.longest_retry_after(Duration::MAX);
        for asked in [Duration::from_secs(1 << 40), Duration::MAX] {
            assert!(matches!(wait(&huge, 1, Some(asked)), Wait::For(_)));
        }
        let endless = huge.backoff(Duration::MAX, Duration::MAX);
        assert!(matches!(wait(&endless, 9, None), Wait::For(_)));
    }
}
