//! Limits the retries of a client and its clones.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Limits the retries of a client and its clones, to prevent a retry storm when a service fails.
///
/// It is a token bucket. Each retry takes one token. Each success returns a tenth of a token, and each second returns
/// one, up to the size of the bucket. If the bucket is empty, a call fails without another retry. Clones share the
/// bucket.
#[derive(Debug, Clone)]
pub struct RetryBudget(Option<Arc<Mutex<Bucket>>>);

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    size: f64,
    refilled_at: Instant,
}

const TOKENS_PER_SUCCESS: f64 = 0.1;
const TOKENS_PER_SECOND: f64 = 1.0;

impl RetryBudget {
    /// Creates a full bucket of this many retries.
    pub fn new(retries: u32) -> Self {
        let size = f64::from(retries);
        Self(Some(Arc::new(Mutex::new(Bucket {
            tokens: size,
            size,
            refilled_at: Instant::now(),
        }))))
    }

    /// Creates a budget without a limit. The [policy](super::RetryPolicy) of each call still applies.
    pub fn unlimited() -> Self {
        Self(None)
    }

    /// Takes a token for a retry, and returns whether there was one. A program that repeats calls itself takes a token
    /// for each repetition.
    #[must_use]
    pub fn take(&self) -> bool {
        self.with_bucket(|bucket| {
            let now = Instant::now();
            let elapsed = now.duration_since(bucket.refilled_at).as_secs_f64();
            bucket.refilled_at = now;
            bucket.refill(elapsed * TOKENS_PER_SECOND);
            let available = bucket.tokens >= 1.0;
            if available {
                bucket.tokens -= 1.0;
            }
            available
        })
        .unwrap_or(true)
    }

    pub(crate) fn succeeded(&self) {
        self.with_bucket(|bucket| bucket.refill(TOKENS_PER_SUCCESS));
    }

    fn with_bucket<T>(&self, f: impl FnOnce(&mut Bucket) -> T) -> Option<T> {
        let bucket = self.0.as_ref()?;
        Some(f(&mut bucket
            .lock()
            .unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Bucket {
    fn refill(&mut self, tokens: f64) {
        self.tokens = (self.tokens + tokens).min(self.size);
    }
}

/// 100 retries.
impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successes_refill_an_empty_bucket() {
        let budget = RetryBudget::new(2);
        let shared = budget.clone();
        assert!(budget.take() && shared.take());
        assert!(!budget.take(), "the bucket is empty");
        for _ in 0..11 {
            shared.succeeded();
        }
        assert!(budget.take());
        assert!(!RetryBudget::new(0).take());
        let unlimited = RetryBudget::unlimited();
        assert!((0..1000).all(|_| unlimited.take()));
    }
}
