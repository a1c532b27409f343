//! Whether a failure may be repeated.

use http::StatusCode;
use openapi_runtime::RetrySafety;

use crate::error::{Error, ErrorKind};

/// What went wrong, and how far the call got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Nothing was sent.
    Unsent,
    /// The server said, in HTTP/2's own words, that it did not look at the request.
    Unprocessed,
    /// The connection broke before the answer was whole.
    Broken,
    /// Time ran out.
    TimedOut,
    /// The service said no.
    Refused {
        status: StatusCode,
        /// Whether it named a quota, which no wait lifts.
        quota: bool,
        /// What `x-should-retry` said.
        advice: Option<bool>,
    },
    /// Anything else: it would go wrong again.
    Final,
}

impl What {
    /// Of a stream that failed at its beginning.
    pub(crate) fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::StreamFailed => Self::said_by(error),
            ErrorKind::CutOff => Self::Broken,
            ErrorKind::Timeout => Self::TimedOut,
            _ => Self::Final,
        }
    }

    /// By what the service said, with the status of an error or in a success.
    pub(crate) fn said_by(error: &Error) -> Self {
        let Some((head, _)) = error.answer() else {
            return Self::Final;
        };
        let told = error.told_status().filter(|status| !status.is_success());
        Self::Refused {
            status: told.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            quota: error.is_quota(),
            advice: match head.headers().get("x-should-retry").map(|v| v.as_bytes()) {
                // That of a success was said before anything went wrong.
                Some(b"true") if !head.status().is_success() => Some(true),
                Some(b"false") => Some(false),
                _ => None,
            },
        }
    }

    /// Whether a call that failed so may be sent again.
    pub(crate) fn may_be_repeated(self, safety: RetrySafety, may_bill_twice: bool) -> bool {
        let for_any_failure = match safety {
            RetrySafety::Idempotent => true,
            RetrySafety::Billable => may_bill_twice,
            RetrySafety::Never => false,
        };
        match self {
            Self::Unsent => true,
            // What must not be repeated is sent once, whatever was said.
            Self::Unprocessed => safety != RetrySafety::Never,
            Self::Broken => for_any_failure,
            Self::TimedOut | Self::Final => false,
            Self::Refused { quota: true, .. }
            | Self::Refused {
                advice: Some(false),
                ..
            } => false,
            Self::Refused { .. } if safety == RetrySafety::Never => false,
            Self::Refused {
                status,
                advice: Some(true),
                ..
            } => matches!(status.as_u16(), 408 | 409 | 429 | 500..=599),
            Self::Refused { status, .. } => match status.as_u16() {
                408 | 429 | 503 => true,
                500 | 502 | 504 => for_any_failure,
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use openapi_runtime::Operation;
    use pinference_api::operations::{CREATE_CHAT_COMPLETION, CREATE_CHAT_COMPLETION_STREAM};
    use prime_training_api::operations::{CREATE_RUN, DELETE_RUN, GET_WALLET};

    use super::*;

    fn refused(status: u16) -> What {
        What::Refused {
            status: StatusCode::from_u16(status).unwrap_or_default(),
            quota: false,
            advice: None,
        }
    }

    /// The table in the documentation of the policy.
    #[test]
    fn the_table() {
        let (yes, no) = (true, false);
        // failure, GET, chat, chat that may be billed twice, create
        let table = [
            (What::Unsent, yes, yes, yes, yes),
            (What::Unprocessed, yes, yes, yes, no),
            (refused(408), yes, yes, yes, no),
            (refused(429), yes, yes, yes, no),
            (refused(503), yes, yes, yes, no),
            (refused(500), yes, no, yes, no),
            (refused(502), yes, no, yes, no),
            (refused(504), yes, no, yes, no),
            (What::Broken, yes, no, yes, no),
            (What::TimedOut, no, no, no, no),
            (What::Final, no, no, no, no),
            (refused(401), no, no, no, no),
            (refused(402), no, no, no, no),
            (refused(404), no, no, no, no),
            (refused(409), no, no, no, no),
            (refused(422), no, no, no, no),
        ];
        for (what, get, chat, billed, create) in table {
            let of =
                |operation: Operation, twice| what.may_be_repeated(operation.retry_safety, twice);
            assert_eq!(of(GET_WALLET, false), get, "{what:?}");
            assert_eq!(of(DELETE_RUN, false), get, "{what:?}");
            assert_eq!(of(CREATE_CHAT_COMPLETION, false), chat, "{what:?}");
            assert_eq!(of(CREATE_CHAT_COMPLETION_STREAM, true), billed, "{what:?}");
            assert_eq!(of(CREATE_RUN, true), create, "{what:?}");
        }
    }

    #[test]
    fn the_service_may_say_so_itself() {
        let said = |status, quota, advice| What::Refused {
            status,
            quota,
            advice,
        };
        let chat = |what: What| what.may_be_repeated(RetrySafety::Billable, false);
        assert!(chat(said(StatusCode::BAD_GATEWAY, false, Some(true))));
        assert!(!chat(said(
            StatusCode::TOO_MANY_REQUESTS,
            false,
            Some(false)
        )));
        assert!(!chat(said(StatusCode::TOO_MANY_REQUESTS, true, Some(true))));
        let unavailable = said(StatusCode::SERVICE_UNAVAILABLE, false, Some(true));
        assert!(!unavailable.may_be_repeated(RetrySafety::Never, true));
    }
}
