//! What a client and its clones may repeat in all.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What a client and its clones may repeat in all, so that a thousand callers of a service in trouble
/// do not become a storm.
///
/// A bucket of retries: each retry takes one, each success gives a tenth back, and each second one, up
/// to the bucket's size. A call that finds it empty fails with the error it has. Shared by the clones
/// of a client, and by whatever else is given a clone of it.
#[derive(Debug, Clone)]
pub struct RetryBudget(Option<Arc<Mutex<Bucket>>>);

#[derive(Debug)]
struct Bucket {
    left: f64,
    size: f64,
    seen: Instant,
}

const PER_SUCCESS: f64 = 0.1;
const PER_SECOND: f64 = 1.0;

impl RetryBudget {
    /// A bucket of this many retries, full at first.
    pub fn new(retries: u32) -> Self {
        let size = f64::from(retries);
        Self(Some(Arc::new(Mutex::new(Bucket {
            left: size,
            size,
            seen: Instant::now(),
        }))))
    }

    /// No limit in all; the [policy](super::RetryPolicy) of each call still holds.
    pub fn unlimited() -> Self {
        Self(None)
    }

    /// Takes a retry out, if there is one.
    pub(crate) fn take(&self) -> bool {
        self.with(|bucket| {
            let now = Instant::now();
            let passed = now.duration_since(bucket.seen).as_secs_f64();
            bucket.seen = now;
            bucket.fill(passed * PER_SECOND);
            let enough = bucket.left >= 1.0;
            if enough {
                bucket.left -= 1.0;
            }
            enough
        })
        .unwrap_or(true)
    }

    pub(crate) fn succeeded(&self) {
        self.with(|bucket| bucket.fill(PER_SUCCESS));
    }

    fn with<T>(&self, act: impl FnOnce(&mut Bucket) -> T) -> Option<T> {
        let bucket = self.0.as_ref()?;
        Some(act(&mut bucket
            .lock()
            .unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Bucket {
    fn fill(&mut self, retries: f64) {
        self.left = (self.left + retries).min(self.size);
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
    fn an_empty_bucket_fills_by_successes() {
        let budget = RetryBudget::new(2);
        let shared = budget.clone();
        assert!(budget.take() && shared.take());
        assert!(!budget.take(), "both are gone");
        for _ in 0..11 {
            shared.succeeded();
        }
        assert!(budget.take());
        assert!(!RetryBudget::new(0).take());
        let unlimited = RetryBudget::unlimited();
        assert!((0..1000).all(|_| unlimited.take()));
    }
}
