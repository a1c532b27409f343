//! The table of failures that are retried.

use http::StatusCode;

use crate::operation::RetrySafety;

/// The class of a failed attempt. It decides whether the call is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureClass {
    /// Nothing was sent.
    NotSent,
    /// The server did not receive the complete request, or it reported over HTTP/2 that it did not process the request.
    NotProcessed,
    /// The connection failed before the response was complete.
    Broken,
    /// The attempt timed out.
    TimedOut,
    /// The service returned an error.
    Status {
        /// The status.
        status: StatusCode,
        /// Whether a quota is exhausted. Waiting does not help then.
        quota: bool,
        /// Whether the service asks to retry the call, according to the header `x-should-retry`. `None` if the service
        /// does not say.
        should_retry: Option<bool>,
    },
    /// Any other failure. It is not retried: the retry would fail in the same way, or the call could be billed twice.
    Final,
}

/// Whether a failure is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retry {
    Yes,
    No,
    /// Only if the policy allows duplicate billing.
    IfAllowed,
}

/// Whether a failure is retried, for each [`RetrySafety`]: `Idempotent`, `Billable` and `Never`.
type Row = [Retry; 3];

const ALWAYS: Row = [Retry::Yes, Retry::Yes, Retry::Yes];
const NEVER: Row = [Retry::No, Retry::No, Retry::No];
/// The server did not process the request, or rejected it. A gateway may reject a request although its upstream server
/// began to process it, but this is rare. A billable request is therefore retried, and others with side effects are
/// not.
const REJECTED: Row = [Retry::Yes, Retry::Yes, Retry::No];
/// The server may have processed the request.
const UNKNOWN: Row = [Retry::Yes, Retry::IfAllowed, Retry::No];

impl FailureClass {
    /// Returns the row of this failure in the table of [`RetryPolicy`](super::RetryPolicy).
    fn row(self) -> Row {
        match self {
            Self::NotSent => ALWAYS,
            Self::NotProcessed => REJECTED,
            Self::Broken => UNKNOWN,
            Self::TimedOut | Self::Final => NEVER,
            Self::Status { quota: true, .. } => NEVER,
            Self::Status {
                should_retry: Some(false),
                ..
            } => NEVER,
            Self::Status {
                status,
                should_retry,
                ..
            } => match status.as_u16() {
                408 | 429 | 503 | 521..=523 | 529 => REJECTED,
                500 | 502 | 504 | 520 | 524 | 530 => UNKNOWN,
                409 if should_retry == Some(true) => REJECTED,
                500..=599 if should_retry == Some(true) => UNKNOWN,
                _ => NEVER,
            },
        }
    }

    /// Returns whether the failure may be retried.
    pub fn may_be_retried(self, safety: RetrySafety, allow_duplicate_billing: bool) -> bool {
        let [idempotent, billable, never] = self.row();
        let retry = match safety {
            RetrySafety::Idempotent => idempotent,
            RetrySafety::Billable => billable,
            RetrySafety::Never => never,
        };
        match retry {
            Retry::Yes => true,
            Retry::No => false,
            Retry::IfAllowed => allow_duplicate_billing,
        }
    }
}

/// Returns whether the server may have processed a request to which it responded with an error status. A failing
/// gateway may have forwarded the request, and many servers process a request before they redirect it. However, 307 and
/// 308 ask the client to send the same request to another URL.
pub(crate) fn may_have_been_processed(status: StatusCode) -> bool {
    let unprocessed = matches!(status.as_u16(), 307 | 308 | 521..=523 | 529);
    !status.is_client_error() && !unprocessed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, should_retry: Option<bool>) -> FailureClass {
        FailureClass::Status {
            status: StatusCode::from_u16(status).unwrap_or_default(),
            quota: false,
            should_retry,
        }
    }

    #[test]
    fn each_failure_is_retried_as_documented() {
        let (yes, no) = (true, false);
        // failure, idempotent, billable, billable with duplicate billing, never
        let mut table = vec![
            (FailureClass::NotSent, [yes, yes, yes, yes]),
            (FailureClass::NotProcessed, [yes, yes, yes, no]),
            (FailureClass::Broken, [yes, no, yes, no]),
            (FailureClass::TimedOut, [no, no, no, no]),
            (FailureClass::Final, [no, no, no, no]),
        ];
        for (statuses, row) in [
            (
                &[408, 429, 503, 521, 522, 523, 529][..],
                [yes, yes, yes, no],
            ),
            (&[500, 502, 504, 520, 524, 530], [yes, no, yes, no]),
            (
                &[400, 401, 402, 403, 404, 409, 413, 422, 301, 501, 505, 525],
                [no; 4],
            ),
        ] {
            table.extend(statuses.iter().map(|code| (status(*code, None), row)));
        }
        for (code, row) in [
            (409, [yes, yes, yes, no]),
            (503, [yes, yes, yes, no]),
            (529, [yes, yes, yes, no]),
            (500, [yes, no, yes, no]),
            (501, [yes, no, yes, no]),
            (502, [yes, no, yes, no]),
            (400, [no; 4]),
            (402, [no; 4]),
            (404, [no; 4]),
        ] {
            table.push((status(code, Some(true)), row));
            table.push((status(code, Some(false)), [no; 4]));
        }
        let quota = FailureClass::Status {
            status: StatusCode::TOO_MANY_REQUESTS,
            quota: true,
            should_retry: Some(true),
        };
        table.push((quota, [no; 4]));
        for (failure, [idempotent, billable, allowed, never]) in table {
            for (safety, allow, expected) in [
                (RetrySafety::Idempotent, false, idempotent),
                (RetrySafety::Billable, false, billable),
                (RetrySafety::Billable, true, allowed),
                (RetrySafety::Never, true, never),
            ] {
                let retried = failure.may_be_retried(safety, allow);
                assert_eq!(retried, expected, "{failure:?}, {safety:?}, {allow}");
            }
        }
    }

    #[test]
    fn some_statuses_mean_that_the_request_was_not_processed() {
        for (codes, expected) in [
            (
                &[500, 501, 502, 503, 504, 520, 524, 530, 301, 302, 303][..],
                true,
            ),
            (
                &[400, 401, 404, 408, 409, 429, 307, 308, 521, 522, 523, 529],
                false,
            ),
        ] {
            for code in codes {
                let status = StatusCode::from_u16(*code).unwrap_or_default();
                assert_eq!(may_have_been_processed(status), expected, "{code}");
            }
        }
    }
}
