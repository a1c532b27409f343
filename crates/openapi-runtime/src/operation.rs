//! Facts that a specification states about an operation.

use std::fmt;
use std::time::Duration;

/// The facts about an operation that a [`Caller`](crate::Caller) needs.
///
/// Generated code has a constant for each operation. For an operation that is not in a specification, use
/// [`Operation::new`]:
///
/// ```
/// use openapi_runtime::{Operation, RetrySafety};
///
/// const LIST_PODS: Operation = Operation::new("list_pods", "GET", "/pods");
/// assert_eq!(LIST_PODS.retry_safety, RetrySafety::Idempotent);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The `operationId`.
    pub id: &'static str,
    /// The HTTP method, in upper case.
    pub method: &'static str,
    /// The path template, such as `/models/{model_id}`.
    pub path: &'static str,
    /// Whether the body of a successful response is streamed instead of buffered.
    pub streams: bool,
    /// Whether the operation can be retried safely.
    pub retry_safety: RetrySafety,
    /// The default timeout of a call. [`CallOptions::timeout`](crate::CallOptions::timeout) overrides it.
    pub timeout: Option<Duration>,
    /// Where a request names its team. `None` if the operation does not support teams.
    pub team: Option<TeamLocation>,
    /// The names of request body properties that hold secrets, at any depth. Sorted.
    pub request_secrets: &'static [&'static str],
    /// The names of response body properties that hold secrets, at any depth, in successes and in errors. Sorted.
    pub response_secrets: &'static [&'static str],
}

/// Whether an operation can be retried safely. The retry safety decides which failures are retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetrySafety {
    /// Several identical requests have the same effect as one (RFC 9110, section 9.2.2). A call is retried even if an
    /// earlier request may have been carried out.
    ///
    /// The default for GET, HEAD, OPTIONS, PUT and DELETE.
    Idempotent,
    /// Each request costs money, and has no other effect. A call is retried if the service did not process the request,
    /// or rejected it with a status such as 429 or 503. After other failures, it is retried only if
    /// [`RetryPolicy::allow_duplicate_billing`](crate::RetryPolicy::allow_duplicate_billing) is set.
    Billable,
    /// A second request has an unwanted effect, such as a second order. A call is retried only if nothing was sent.
    ///
    /// The default for POST, PATCH and all other methods.
    Never,
}

/// Where a request names its team. The values are the names on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TeamLocation {
    /// In a header.
    Header(&'static str),
    /// In a query parameter.
    Query(&'static str),
    /// In a property of the JSON body.
    Body(&'static str),
}

impl RetrySafety {
    /// Returns the default retry safety of an HTTP method.
    const fn of_method(method: &str) -> Self {
        match method.as_bytes() {
            b"GET" | b"HEAD" | b"OPTIONS" | b"PUT" | b"DELETE" => Self::Idempotent,
            _ => Self::Never,
        }
    }
}

impl Operation {
    /// Creates an operation with the default retry safety of its method. Everything else is unset.
    pub const fn new(id: &'static str, method: &'static str, path: &'static str) -> Self {
        Self {
            id,
            method,
            path,
            streams: false,
            retry_safety: RetrySafety::of_method(method),
            timeout: None,
            team: None,
            request_secrets: &[],
            response_secrets: &[],
        }
    }

    /// Returns whether the method is safe (read-only): GET, HEAD or OPTIONS.
    pub fn is_safe(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS")
    }

    /// Streams the bodies of successful responses.
    #[must_use]
    pub const fn streaming(mut self) -> Self {
        self.streams = true;
        self
    }

    /// Sets the retry safety.
    #[must_use]
    pub const fn with_retry_safety(mut self, retry_safety: RetrySafety) -> Self {
        self.retry_safety = retry_safety;
        self
    }

    /// Sets the default timeout of a call.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets where requests name their team.
    #[must_use]
    pub const fn with_team(mut self, team: TeamLocation) -> Self {
        self.team = Some(team);
        self
    }

    /// Sets the names of request body properties that hold secrets. They must be sorted.
    #[must_use]
    pub const fn with_request_secrets(mut self, names: &'static [&'static str]) -> Self {
        self.request_secrets = names;
        self
    }

    /// Sets the names of response body properties that hold secrets. They must be sorted.
    #[must_use]
    pub const fn with_response_secrets(mut self, names: &'static [&'static str]) -> Self {
        self.response_secrets = names;
        self
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_decides_the_default_retry_safety() {
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
            let operation = Operation::new("o", method, "/");
            assert_eq!(operation.retry_safety, RetrySafety::Idempotent, "{method}");
        }
        for method in ["POST", "PATCH", "TRACE", "CONNECT", "get", ""] {
            let operation = Operation::new("o", method, "/");
            assert_eq!(operation.retry_safety, RetrySafety::Never, "{method}");
        }
    }
}
