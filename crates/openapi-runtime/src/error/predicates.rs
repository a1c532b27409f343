//! What callers branch on. The status and the code decide, never the words of a message.

use std::borrow::Cow;

use http::StatusCode;

use super::envelope::Envelope;
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

    /// Whether a quota is used up, by the service's code: `insufficient_quota`, `quota_exceeded`. Waiting does not
    /// help.
    pub fn is_quota(&self) -> bool {
        self.envelope().is_some_and(Envelope::names_quota)
    }

    /// Whether the service found fault with the request itself (400, 422).
    pub fn is_validation(&self) -> bool {
        self.has_status(&[StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY])
    }

    /// Whether the request is longer than the model can take, by the service's code: `context_length_exceeded` and
    /// the like.
    pub fn is_context_overflow(&self) -> bool {
        self.envelope()
            .is_some_and(Envelope::names_context_overflow)
    }

    /// Whether there is no such model, by the service's code: `model_not_found`.
    pub fn is_unknown_model(&self) -> bool {
        self.envelope().is_some_and(Envelope::names_unknown_model)
    }

    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == ErrorKind::Timeout
    }

    /// Whether no connection came about. Nothing was sent.
    pub fn is_connect(&self) -> bool {
        self.0.kind == ErrorKind::Connect
    }

    /// Whether the same call may be made again without harm, and may then succeed, by the table of
    /// [`RetryPolicy`](crate::RetryPolicy). Its retries were used up, disabled, or not allowed to wait as long.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the call may have been carried out although it failed. Look before you repeat it.
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown || self.0.unknown_before > 0
    }

    /// Whether the last attempt may have been carried out.
    pub fn last_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// How many attempts before the last may have been carried out.
    pub fn unknown_attempts(&self) -> u32 {
        self.0.unknown_before
    }

    /// Whether the service refused the request (4xx), and did not fail while it processed it.
    pub fn is_refusal(&self) -> bool {
        self.named_status()
            .is_some_and(|status| status.is_client_error())
    }

    fn has_status(&self, statuses: &[StatusCode]) -> bool {
        let is_error = matches!(self.0.kind, ErrorKind::Api | ErrorKind::StreamFailed);
        is_error && self.named_status().is_some_and(|s| statuses.contains(&s))
    }

    /// The status of the response; for an error that came with the status of a success, the one that it names: gateways
    /// repeat as its code what the server behind them answered.
    pub fn named_status(&self) -> Option<StatusCode> {
        let status = self.status()?;
        if !status.is_success() {
            return Some(status);
        }
        let named = self.envelope().and_then(Envelope::named_status);
        Some(named.unwrap_or(status))
    }

    /// A name for traces, of which there are few: the status, or the kind.
    pub fn type_name(&self) -> Cow<'static, str> {
        match self.status() {
            Some(status) if !status.is_success() => status.as_str().to_owned().into(),
            _ => format!("{:?}", self.kind()).into(),
        }
    }
}
