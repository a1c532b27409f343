//! Whether, when and how often a call is repeated.
//!
//! | file | what it holds |
//! |---|---|
//! | `decision` | whether a failure may be repeated, by what the operation does and how far it got |
//! | `wait` | how long to wait: `Retry-After`, or exponential backoff with full jitter |
//! | `budget` | [`RetryBudget`]: what a client and its clones may repeat in all |

mod budget;
mod decision;
mod wait;

use std::time::Duration;

pub use budget::RetryBudget;
pub(crate) use decision::What;
pub(crate) use wait::{Wait, asked_wait, wait};

/// Whether, when and how often a failed call is repeated.
///
/// What is repeated depends on what the operation does, and on how far the call got:
///
/// | failure | GET, PUT, DELETE | chat completion | creating a run, other calls |
/// |---|---|---|---|
/// | no connection: nothing was sent | yes | yes | yes |
/// | HTTP/2: the server refused the stream, or went away, before it looked at the request | yes | yes | no |
/// | 429 that is no quota, 408, 503; 409 and 5xx with `x-should-retry: true` | yes | yes | no |
/// | 500, 502, 504, connection broke before the answer was whole | yes | with [`may_bill_twice`](Self::may_bill_twice) | no |
/// | time ran out after sending | no | no | no |
/// | a quota, 402, any other status | no | no | no |
///
/// Here, a stream is open when its first event has come: an error there goes by the status that it names (500
/// if it names none), and one that breaks off before it is a connection that broke. After the first event
/// nothing is repeated.
///
/// `x-should-retry: false` stops a repetition that would be allowed. Sources: the provider's own client
/// (POST after failures to connect only, never after a read timeout), OpenAI's clients
/// (`x-should-retry`, `retry-after-ms`).
///
/// ```
/// use std::time::Duration;
/// use prime_ext::{CallOptions, RetryPolicy};
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
    pub(crate) may_bill_twice: bool,
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
        may_bill_twice: false,
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

    /// The wait before the first retry, which doubles with each, and the longest. The actual wait is
    /// random between nothing and that. Default: 0.5 s and 8 s.
    #[must_use]
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.first_backoff = first;
        self.longest_backoff = longest.max(first);
        self
    }

    /// The longest wait that the service may ask for by `Retry-After`; if it asks for more, the call
    /// fails at once, and the error says so. Default: 60 s.
    #[must_use]
    pub fn longest_retry_after(mut self, longest: Duration) -> Self {
        self.longest_retry_after = longest;
        self
    }

    /// The time from the first sending after which nothing is sent again. Default: the call's own
    /// [timeout](crate::CallOptions::timeout), by which the headers of a stream are to have come.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Repeats a chat completion also where the first one may have been answered: after 500, 502 and
    /// 504, and where the connection broke. **What is answered twice is billed twice.** A run is never
    /// created again, whatever this says. Default: off.
    #[must_use]
    pub fn may_bill_twice(mut self) -> Self {
        self.may_bill_twice = true;
        self
    }
}
