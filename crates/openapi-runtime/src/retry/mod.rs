//! Whether, when and how often a call is repeated.
//!
//! | file | what it contains |
//! |---|---|
//! | `table` | which failures are repeated, by the operation's [`RetrySafety`](crate::RetrySafety) |
//! | `wait` | how long to wait: `Retry-After`, or exponential backoff with full jitter |
//! | `budget` | [`RetryBudget`]: a limit of the retries of a client and its clones |

mod budget;
mod table;
mod wait;

use std::time::Duration;

pub use budget::RetryBudget;
pub use table::FailureClass;
pub(crate) use table::may_have_been_carried_out;
pub(crate) use wait::{Wait, requested_wait, wait};

/// Whether, when and how often a failed call is repeated.
///
/// What is repeated depends on the [retry safety](crate::RetrySafety) of the operation and on the failure:
///
/// | failure | idempotent | billable | never |
/// |---|---|---|---|
/// | not connected: nothing was sent | yes | yes | yes |
/// | HTTP/2: the server refused the stream, or went away, before it processed the request | yes | yes | no |
/// | 408, 429 (no quota), 503, 521, 522, 523, 529 | yes | yes | no |
/// | 500, 502, 504, 520, 524, 530; the connection broke before the response was whole | yes | with [`allow_duplicate_billing`](Self::allow_duplicate_billing) | no |
/// | 409 and other 5xx with `x-should-retry: true` | yes | 409: yes; others with `allow_duplicate_billing` | no |
/// | time ran out after sending | no | no | no |
/// | a quota, 402, any other status | no | no | no |
///
/// `x-should-retry: false` stops a retry that would be allowed. The first event of a stream counts as its response: an
/// error there is handled by the status that it names (500 if it names none), and a stream that breaks off before it is
/// a connection that broke. After the first event nothing is repeated.
///
/// A gateway may answer 503 although its upstream began to process the request. This is rare, and the table accepts it.
///
/// Sources: RFC 9110 and 9113; the clients of OpenAI (`x-should-retry`, `retry-after-ms`) and of Google Cloud (503);
/// Cloudflare's documentation (520 to 530); Anthropic's (529).
///
/// ```
/// use std::time::Duration;
/// use openapi_runtime::{CallOptions, RetryPolicy};
///
/// let patient = CallOptions::new().retry(RetryPolicy::new().retries(5).deadline(Duration::from_secs(120)));
/// let once = CallOptions::new().retry(RetryPolicy::none());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    pub(crate) retries: u32,
    pub(crate) first_backoff: Duration,
    pub(crate) longest_backoff: Duration,
    pub(crate) longest_retry_after: Duration,
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
        longest_retry_after: Duration::from_secs(60),
        deadline: None,
        allow_duplicate_billing: false,
    };

    /// The default: two retries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every call is sent once.
    pub fn none() -> Self {
        Self::default().retries(0)
    }

    /// How often a call is repeated at most. Default: 2, so that it is sent three times at most.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The longest wait before the first retry, which doubles with each, and the longest of all. The actual wait is
    /// random between zero and that. Default: 0.5 s and 8 s.
    #[must_use]
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.first_backoff = first;
        self.longest_backoff = longest.max(first);
        self
    }

    /// The longest wait that the service may request by `Retry-After`. If it requests more, the call fails at once, and
    /// the error says so. Default: 60 s.
    #[must_use]
    pub fn longest_retry_after(mut self, longest: Duration) -> Self {
        self.longest_retry_after = longest;
        self
    }

    /// The time from the first attempt after which nothing is sent again. Default: the call's own
    /// [timeout](crate::CallOptions::timeout).
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Repeats a billable operation also where the first request may have been carried out: after 500, 502, 504, 520,
    /// 524 and 530, and where the connection broke. **What is carried out twice is billed twice.** An operation that
    /// must never be repeated is not, whatever this says. Default: off.
    #[must_use]
    pub fn allow_duplicate_billing(mut self) -> Self {
        self.allow_duplicate_billing = true;
        self
    }
}
