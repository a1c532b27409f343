//! Which failures are repeated: the one table.

use http::StatusCode;

use crate::operation::RetrySafety;

/// What went wrong with an attempt, and how far it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureClass {
    /// Nothing was sent.
    NotSent,
    /// The server said, in terms of HTTP/2, that it did not process the request.
    NotProcessed,
    /// The connection broke before the response was whole.
    Broken,
    /// Time ran out.
    TimedOut,
    /// The service answered with an error.
    Status {
        /// The status.
        status: StatusCode,
        /// Whether the service names a quota, which waiting does not lift.
        quota: bool,
        /// The value of `x-should-retry`.
        should_retry: Option<bool>,
    },
    /// Anything else: another attempt would fail in the same way.
    Final,
}

/// When a failure is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    Yes,
    No,
    /// If the policy allows duplicate billing.
    IfAllowed,
}

/// When a failure of an idempotent, a billable and a never repeated operation is repeated.
type Row = [Repeat; 3];

const ALWAYS: Row = [Repeat::Yes, Repeat::Yes, Repeat::Yes];
const NEVER: Row = [Repeat::No, Repeat::No, Repeat::No];
/// The server did not process the request.
const UNPROCESSED: Row = [Repeat::Yes, Repeat::Yes, Repeat::No];
/// The server may have processed the request.
const UNKNOWN: Row = [Repeat::Yes, Repeat::IfAllowed, Repeat::No];

impl FailureClass {
    /// The row of the table in the documentation of [`RetryPolicy`](super::RetryPolicy).
    fn row(self) -> Row {
        match self {
            Self::NotSent => ALWAYS,
            Self::NotProcessed => UNPROCESSED,
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
                408 | 429 | 503 | 521..=523 | 529 => UNPROCESSED,
                500 | 502 | 504 | 520 | 524 | 530 => UNKNOWN,
                409 if should_retry == Some(true) => UNPROCESSED,
                500..=599 if should_retry == Some(true) => UNKNOWN,
                _ => NEVER,
            },
        }
    }

    /// Whether another attempt may follow.
    pub fn is_repeated(self, safety: RetrySafety, allow_duplicate_billing: bool) -> bool {
        let [idempotent, billable, never] = self.row();
        let repeat = match safety {
            RetrySafety::Idempotent => idempotent,
            RetrySafety::Billable => billable,
            RetrySafety::Never => never,
        };
        match repeat {
            Repeat::Yes => true,
            Repeat::No => false,
            Repeat::IfAllowed => allow_duplicate_billing,
        }
    }
}

/// Whether a request that was answered with an error may have been carried out. A gateway that gave up may have passed
/// it on, and many a server answers what it has carried out with a redirect; 307 and 308 ask for the same request
/// elsewhere.
pub(crate) fn may_have_been_carried_out(status: StatusCode) -> bool {
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
    fn the_table() {
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
                let repeated = failure.is_repeated(safety, allow);
                assert_eq!(repeated, expected, "{failure:?}, {safety:?}, {allow}");
            }
        }
    }

    #[test]
    fn outcomes() {
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
                assert_eq!(may_have_been_carried_out(status), expected, "{code}");
            }
        }
    }
}
