//! Limits on the requests and tokens of a minute, which workers share.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::connection::{count, run};
use super::{JobInfo, PostgresLedger};
use crate::ledger::{LedgerError, Limits};

/// The shortest slice.
const SLICE: Duration = Duration::from_secs(1);

/// How long after its end a slice is used if its requests were not sent in time.
const GRACE: Duration = Duration::from_secs(1);

/// Limits on the requests and tokens of a minute, which workers share. A worker takes a slice of the time from the ledger,
/// in which it alone sends requests, usually a second. So the ledger is asked once a second, and other limits apply
/// after a second.
#[derive(Debug, Default)]
pub(crate) struct SharedRate(Mutex<Slice>);

#[derive(Debug, Default)]
struct Slice {
    start: Option<Instant>,
    end: Option<Instant>,
    /// The requests and tokens that may still be sent in it.
    requests: f64,
    tokens: f64,
}

impl SharedRate {
    /// Takes a request with this many tokens. Returns how long to wait before the next try, or zero if it was taken.
    pub(super) async fn take(
        &self,
        ledger: &PostgresLedger,
        job: &JobInfo,
        limits: &Limits,
        tokens: u64,
    ) -> Result<Duration, LedgerError> {
        if limits.requests_per_minute.is_none() && limits.tokens_per_minute.is_none() {
            return Ok(Duration::ZERO);
        }
        #[allow(
            clippy::cast_precision_loss,
            reason = "a limit need not be exact beyond 2⁵³ tokens"
        )]
        let tokens = tokens as f64;
        let mut slice = self.0.lock().await;
        if !slice.has(tokens, Instant::now()) {
            *slice = next(ledger, job, limits, tokens).await?;
        }
        let now = Instant::now();
        if let Some(start) = slice.start.filter(|start| *start > now) {
            return Ok(start - now);
        }
        slice.requests -= 1.0;
        slice.tokens -= tokens;
        Ok(Duration::ZERO)
    }
}

impl Slice {
    fn has(&self, tokens: f64, now: Instant) -> bool {
        let is_current = self.end.is_some_and(|end| now < end + GRACE);
        is_current && self.requests >= 1.0 && self.tokens >= tokens
    }
}

/// Takes the next slice, which is long enough for a request with this many tokens.
async fn next(
    ledger: &PostgresLedger,
    job: &JobInfo,
    limits: &Limits,
    tokens: f64,
) -> Result<Slice, LedgerError> {
    let per_second = |limit: Option<u32>| limit.map(|limit| f64::from(limit.max(1)) / 60.0);
    let requests_per_second = per_second(limits.requests_per_minute);
    let tokens_per_second = per_second(limits.tokens_per_minute);
    let least = [
        Some(SLICE.as_secs_f64()),
        requests_per_second.map(|rate| 1.0 / rate),
        tokens_per_second.map(|rate| tokens / rate),
    ];
    let seconds = least.into_iter().flatten().fold(0.0, f64::max);
    let wait = run!(ledger.control(), |session, _is_repeated| {
        let sql = "UPDATE prime_batch.ledger SET rate_at = greatest(rate_at, clock_timestamp()) + $2::float8 * interval '1 second'
             WHERE ledger = $1
             RETURNING (1000 * extract(epoch FROM rate_at - $2::float8 * interval '1 second' - clock_timestamp()))::bigint
               AS wait";
        count(
            &session.query_one(sql, &[&job.ledger, &seconds]).await?,
            "wait",
        )
    });
    let start = Instant::now() + Duration::from_millis(wait?);
    // A little more than what is needed, because of rounding.
    let amount = |rate: Option<f64>| rate.map_or(f64::INFINITY, |rate| rate * seconds + 1e-6);
    Ok(Slice {
        start: Some(start),
        end: Some(start + Duration::from_secs_f64(seconds)),
        requests: amount(requests_per_second),
        tokens: amount(tokens_per_second),
    })
}
