//! What callers branch on. Decided by status and code, never by the words of a message.

use http::StatusCode;

use super::{Error, ErrorKind};

impl Error {
    /// Whether the key is missing, wrong or not allowed to do this (401, 403).
    pub fn is_auth(&self) -> bool {
        self.has_status(&[StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN])
    }

    /// Whether the account that would be billed has no funds (402).
    pub fn is_payment_required(&self) -> bool {
        self.has_status(&[StatusCode::PAYMENT_REQUIRED])
    }

    /// Whether the model, run or team does not exist (404).
    pub fn is_not_found(&self) -> bool {
        self.has_status(&[StatusCode::NOT_FOUND])
    }

    /// Whether what was asked for is at odds with what there is (409).
    pub fn is_conflict(&self) -> bool {
        self.has_status(&[StatusCode::CONFLICT])
    }

    /// Whether there were too many requests (429). It may be a quota, which no wait lifts: see
    /// [`is_quota`](Self::is_quota).
    pub fn is_rate_limited(&self) -> bool {
        self.has_status(&[StatusCode::TOO_MANY_REQUESTS])
    }

    /// Whether a quota is used up, by the service's own code: `insufficient_quota`, `quota_exceeded`.
    /// Waiting does not help.
    pub fn is_quota(&self) -> bool {
        self.0
            .answer
            .as_ref()
            .is_some_and(|answer| answer.envelope.names_quota())
    }

    /// Whether the service found fault with the request itself (400, 422).
    pub fn is_validation(&self) -> bool {
        self.has_status(&[StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY])
    }

    /// Whether the messages are longer than the model can take, by the service's own code:
    /// `context_length_exceeded` and the like.
    pub fn is_context_overflow(&self) -> bool {
        self.0
            .answer
            .as_ref()
            .is_some_and(|answer| answer.envelope.names_context_overflow())
    }

    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == ErrorKind::Timeout
    }

    /// Whether no connection came about. Nothing was sent.
    pub fn is_connect(&self) -> bool {
        self.0.kind == ErrorKind::Connect
    }

    /// Whether the same call may be made again without harm, and could then succeed: by the table of
    /// [`RetryPolicy`](crate::RetryPolicy), whose retries were used up, switched off or not allowed to
    /// wait this long.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the call may have been carried out although it failed. Look before you repeat it: no
    /// operation lists runs, but the wallet's training rows and the dashboard show them.
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown || self.0.unknown_before > 0
    }

    /// Whether the last attempt may have been carried out.
    pub(crate) fn last_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// How many attempts before the last may have been carried out.
    pub(crate) fn unknown_before(&self) -> u32 {
        self.0.unknown_before
    }

    /// Whether the service refused the question, and did not fail while it answered.
    pub(crate) fn is_refusal(&self) -> bool {
        self.told_status()
            .is_some_and(|status| status.is_client_error())
    }

    fn has_status(&self, statuses: &[StatusCode]) -> bool {
        let of_answer = matches!(self.0.kind, ErrorKind::Api | ErrorKind::StreamFailed);
        of_answer && self.told_status().is_some_and(|s| statuses.contains(&s))
    }

    /// The status of the answer, or, of an error that came with a success, the one that it names:
    /// gateways repeat as its code what the server behind them answered.
    pub(crate) fn told_status(&self) -> Option<StatusCode> {
        let status = self.status()?;
        if !status.is_success() {
            return Some(status);
        }
        let told = self
            .answer()
            .and_then(|(_, envelope)| envelope.told_status());
        Some(told.unwrap_or(status))
    }
}
