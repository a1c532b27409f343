//! Decides whether, when and how often a failed call is retried.
//!
//! | file | what it contains |
//! |---|---|
//! | `table` | which failures are retried, depending on the operation's [`RetrySafety`](crate::RetrySafety) |
//! | `wait` | the wait before a retry: `Retry-After`, or exponential backoff with full jitter |
//! | `budget` | [`RetryBudget`]: limits the retries of a client and its clones |

mod budget;
mod table;
mod wait;

use std::time::Duration;

pub use budget::RetryBudget;
pub use table::FailureClass;
pub(crate) use table::may_have_been_processed;
pub(crate) use wait::{Wait, requested_wait, wait};

/// Decides whether, when and how often a failed call is retried.
///
/// Which failures are retried depends on the [retry safety](crate::RetrySafety) of the operation:
///
/// | failure | idempotent | billable | never |
/// |---|---|---|---|
/// | the connection failed, and nothing was sent | yes | yes | yes |
/// | the TLS handshake failed, for example because the certificate is invalid | no | no | no |
/// | HTTP/1: the connection failed before the request was sent completely | yes | yes | no |
/// | HTTP/2: the server reset the stream or sent GOAWAY before processing the request | yes | yes | no |
/// | 408, 429 (except an exhausted quota), 503, 521, 522, 523, 529 | yes | yes | no |
/// | 500, 502, 504, 520, 524, 530; the connection failed before the response was complete | yes | with [`allow_duplicate_billing`](Self::allow_duplicate_billing) | no |
/// | 409 and other 5xx with `x-should-retry: true` | yes | 409: yes; others with `allow_duplicate_billing` | no |
/// | the call timed out, even while connecting | no | no | no |
/// | an exhausted quota, 402, any other status | no | no | no |
///
/// `x-should-retry: false` prevents any retry after an error response. A stream is retried only until its
/// first event. If that is an error event, the failure is handled like the status that the event names, or like 500 if
/// it names none. A stream that ends before its first event is handled like a failed connection.
///
/// A gateway may return 503 although its upstream server began to process the request. This is rare, and the policy
/// accepts the risk.
///
/// Sources: RFC 9110 and 9113; the OpenAI client (`x-should-retry`, `retry-after-ms`); the Google Cloud client (503);
/// the documentation of Cloudflare (520 to 530) and Anthropic (529).
///
/// ```
/// use std::time::Duration;
/// use openapi_runtime::{CallOptions, RetryPolicy};
///
/// let patient = CallOptions::new().retry(RetryPolicy::new().max_retries(5).deadline(Duration::from_secs(120)));
/// let once = CallOptions::new().retry(RetryPolicy::none());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    pub(crate) retries: u32,
    pub(crate) first_backoff: Duration,
    pub(crate) longest_backoff: Duration,
    pub(crate) max_retry_after: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) allow_duplicate_billing: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl RetryPolicy {
    pub(crate) const DEFAULT: Self = Self {
        retries: 2,
        first_backoff: Duration::from_millis(500),
        longest_backoff: Duration::from_secs(8),
        max_retry_after: Duration::from_secs(60),
        deadline: None,
        allow_duplicate_billing: false,
    };

    /// Creates the default policy: two retries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a policy without retries.
    pub fn none() -> Self {
        Self::default().max_retries(0)
    }

    /// Sets the maximum number of retries. Default: 2, which allows three attempts.
    #[must_use]
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the exponential backoff. Each wait is random between zero and an upper bound. The upper bound is `first`
    /// before the first retry, doubles with each retry, and never exceeds `longest`. A wait that the service requests
    /// may be longer. Default: 0.5 s and 8 s.
    #[must_use]
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.first_backoff = first;
        self.longest_backoff = longest.max(first);
        self
    }

    /// Sets the longest wait that the service may request with `Retry-After`. If it requests a longer one, the call
    /// fails immediately, and the error says why. Default: 60 s.
    #[must_use]
    pub fn max_retry_after(mut self, longest: Duration) -> Self {
        self.max_retry_after = longest;
        self
    }

    /// Sets the time since the start of the call after which no retry is sent. Default: the
    /// [timeout](crate::CallOptions::timeout) of the call.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Allows retries of a billable operation that may have been carried out: after 500, 502, 504, 520, 524 and 530,
    /// and after the connection failed. **A request that is carried out twice is billed twice.** Operations with
    /// [`RetrySafety::Never`](crate::RetrySafety::Never) are not affected. Default: off.
    #[must_use]
    pub fn allow_duplicate_billing(mut self) -> Self {
        self.allow_duplicate_billing = true;
        self
    }
}
