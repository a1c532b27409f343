//! Limits on the requests and tokens of a minute.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::ledger::Limits;

/// Two token buckets, which refill continuously. A burst is at most what a second refills.
#[derive(Debug, Default)]
pub(crate) struct Rate(Mutex<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    refilled_at: Option<Instant>,
    requests: f64,
    tokens: f64,
}

impl Rate {
    /// Takes a request with this many tokens. Returns how long to wait before the next try, or zero if it was taken.
    ///
    /// A request that has more tokens than the bucket leaves a debt, for which the next requests wait.
    pub(crate) fn take(&self, limits: &Limits, tokens: u64) -> Duration {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let last = buckets.refilled_at.replace(now);
        let elapsed = last.map_or(1.0, |last| now.duration_since(last).as_secs_f64());
        let mut wait = 0.0_f64;
        let Buckets {
            requests: bucket,
            tokens: token_bucket,
            ..
        } = &mut *buckets;
        for (limit, bucket, least) in [
            (limits.requests_per_minute, bucket, 1.0),
            (limits.tokens_per_minute, token_bucket, f64::MIN_POSITIVE),
        ] {
            let Some(limit) = limit else {
                *bucket = 0.0;
                continue;
            };
            let per_second = (f64::from(limit) / 60.0).max(f64::MIN_POSITIVE);
            *bucket = (*bucket + elapsed * per_second).min(per_second.max(1.0));
            if *bucket < least {
                wait = wait.max((least - *bucket) / per_second);
            }
        }
        if wait > 0.0 {
            // At most a minute, because the limits may change meanwhile.
            return Duration::from_secs_f64(wait.clamp(0.001, 60.0));
        }
        buckets.requests -= 1.0;
        #[allow(
            clippy::cast_precision_loss,
            reason = "a limit need not be exact beyond 2⁵³ tokens"
        )]
        let tokens = tokens as f64;
        buckets.tokens -= tokens;
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how many requests were taken within a number of seconds.
    async fn taken(limits: Limits, tokens: u64, seconds: u64) -> u64 {
        let rate = Rate::default();
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut taken = 0;
        while Instant::now() < end {
            match rate.take(&limits, tokens) {
                Duration::ZERO => taken += 1,
                wait => tokio::time::sleep(wait).await,
            }
        }
        taken
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_has_no_more_than_its_limit() {
        let mut limits = Limits {
            requests_per_minute: Some(600),
            ..Limits::default()
        };
        assert!((600..=611).contains(&taken(limits, 5, 60).await));
        limits.requests_per_minute = None;
        limits.tokens_per_minute = Some(6_000);
        assert!((60..=62).contains(&taken(limits, 100, 60).await));
        // A request that is larger than the limit of a minute.
        assert!((1..=2).contains(&taken(limits, 60_000, 300).await));
        limits.requests_per_minute = Some(1);
        assert!((5..=6).contains(&taken(limits, 1, 300).await));
    }
}
