//! What a specification says of an operation.

use std::fmt;
use std::time::Duration;

/// What a specification says of an operation, for a [`Transport`](crate::Transport) to branch on.
///
/// Generated code has a constant for each operation. An operation that no specification has is made by
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
    /// Its `operationId`.
    pub id: &'static str,
    /// Its HTTP method, in capitals.
    pub method: &'static str,
    /// Its path template, such as `/models/{model_id}`.
    pub path: &'static str,
    /// Whether the body of a success is not read whole, such as that of an event stream.
    pub streams: bool,
    /// What repeating it does.
    pub retry_safety: RetrySafety,
    /// How long a call may take, unless its caller says otherwise.
    pub timeout: Option<Duration>,
    /// Where a request names the team that it is made for. `None` if it cannot.
    pub team: Option<TeamLocation>,
    /// The names of the properties of the request body that hold secrets, at any depth. Sorted.
    pub request_secrets: &'static [&'static str],
    /// The names of the properties of response bodies, of successes and errors, that hold secrets, at any
    /// depth. Sorted.
    pub response_secrets: &'static [&'static str],
}

/// What repeating an operation does. It decides after which failures a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetrySafety {
    /// Repeating it has no effect beyond that of the first request (RFC 9110, section 9.2.2). It may be
    /// repeated even if the first request may have been carried out.
    ///
    /// The default for GET, HEAD, OPTIONS, PUT and DELETE.
    Idempotent,
    /// Repeating it costs money again, and has no other effect. It may be repeated if the service said that
    /// it did not carry out the first request; otherwise only if the caller accepts to pay twice.
    Billable,
    /// Repeating it has an effect that nobody asked for, such as a second order. It may only be repeated if
    /// the first request was not sent.
    ///
    /// The default for POST, PATCH and all other methods.
    Never,
}

/// Where a request names the team that it is made for, with the name on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TeamLocation {
    /// In a header.
    Header(&'static str),
    /// In a parameter of the query.
    Query(&'static str),
    /// In a property of the body.
    Body(&'static str),
}

impl RetrySafety {
    /// The retry safety of an operation of which nothing but its method is known.
    const fn of_method(method: &str) -> Self {
        match method.as_bytes() {
            b"GET" | b"HEAD" | b"OPTIONS" | b"PUT" | b"DELETE" => Self::Idempotent,
            _ => Self::Never,
        }
    }
}

impl Operation {
    /// An operation of which nothing else is known: its retry safety is that of its method.
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

    /// The same operation, the body of whose success is not read whole.
    #[must_use]
    pub const fn streaming(mut self) -> Self {
        self.streams = true;
        self
    }

    /// The same operation with another retry safety than that of its method.
    #[must_use]
    pub const fn with_retry_safety(mut self, retry_safety: RetrySafety) -> Self {
        self.retry_safety = retry_safety;
        self
    }

    /// The same operation with a default timeout.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The same operation with a place for a team.
    #[must_use]
    pub const fn with_team(mut self, team: TeamLocation) -> Self {
        self.team = Some(team);
        self
    }

    /// The same operation with secrets in its request body.
    #[must_use]
    pub const fn with_request_secrets(mut self, names: &'static [&'static str]) -> Self {
        self.request_secrets = names;
        self
    }

    /// The same operation with secrets in its response bodies.
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
