//! Methods that classify an error. They depend on the status and the code, never on the text of a message.

use std::borrow::Cow;

use http::StatusCode;

use super::envelope::Envelope;
use super::{Error, ErrorKind};

impl Error {
    /// Returns whether the API key is missing, invalid or lacks permission (401, 403).
    pub fn is_auth(&self) -> bool {
        self.has_status(&[StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN])
    }

    /// Returns whether the billed account has insufficient funds (402).
    pub fn is_payment_required(&self) -> bool {
        self.has_status(&[StatusCode::PAYMENT_REQUIRED])
    }

    /// Returns whether the model, run or team does not exist (404).
    pub fn is_not_found(&self) -> bool {
        self.has_status(&[StatusCode::NOT_FOUND])
    }

    /// Returns whether the request conflicts with the current state of the resource (409).
    pub fn is_conflict(&self) -> bool {
        self.has_status(&[StatusCode::CONFLICT])
    }

    /// Returns whether there were too many requests (429). The cause may be a quota, for which waiting does not help:
    /// see [`is_quota_exceeded`](Self::is_quota_exceeded).
    pub fn is_rate_limited(&self) -> bool {
        self.has_status(&[StatusCode::TOO_MANY_REQUESTS])
    }

    /// Returns whether a quota is exhausted, according to the error code of the service, such as `insufficient_quota`
    /// or `quota_exceeded`. Waiting does not help.
    pub fn is_quota_exceeded(&self) -> bool {
        self.envelope().is_some_and(Envelope::names_quota)
    }

    /// Returns whether the service rejected the request as invalid (400, 422).
    pub fn is_validation(&self) -> bool {
        self.has_status(&[StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY])
    }

    /// Returns whether the request exceeds the context length of the model, according to the error code of the service,
    /// such as `context_length_exceeded`.
    pub fn is_context_overflow(&self) -> bool {
        self.envelope()
            .is_some_and(Envelope::names_context_overflow)
    }

    /// Returns whether the model does not exist, according to the error code of the service:
    /// `model_not_found`.
    pub fn is_unknown_model(&self) -> bool {
        self.envelope().is_some_and(Envelope::names_unknown_model)
    }

    /// Returns whether the call timed out.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == ErrorKind::Timeout
    }

    /// Returns whether the connection could not be established. Nothing was sent.
    pub fn is_connect(&self) -> bool {
        self.0.kind == ErrorKind::Connect
    }

    /// Returns whether the call can be retried safely and may then succeed, according to the table of
    /// [`RetryPolicy`](crate::RetryPolicy). The call failed nevertheless, because its retries were exhausted or
    /// disabled, or because the wait was too long.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Returns whether the call may have been carried out although it failed. Check before you retry it.
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown || self.0.unknown_attempts > 0
    }

    /// Returns whether the last attempt may have been carried out.
    pub fn last_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// Returns how many attempts before the last may have been carried out.
    pub fn unknown_attempts(&self) -> u32 {
        self.0.unknown_attempts
    }

    /// Returns whether the service rejected the request (4xx).
    pub fn is_refusal(&self) -> bool {
        self.named_status()
            .is_some_and(|status| status.is_client_error())
    }

    fn has_status(&self, statuses: &[StatusCode]) -> bool {
        let is_error = matches!(self.0.kind, ErrorKind::Api | ErrorKind::StreamFailed);
        is_error && self.named_status().is_some_and(|s| statuses.contains(&s))
    }

    /// Returns the status of the response. For an error with a success status, returns the status that its body names:
    /// gateways report the status of the upstream server as the error code.
    pub fn named_status(&self) -> Option<StatusCode> {
        let status = self.status()?;
        if !status.is_success() {
            return Some(status);
        }
        let named = self.envelope().and_then(Envelope::named_status);
        Some(named.unwrap_or(status))
    }

    /// Returns a low-cardinality name for traces: the status, or else the kind.
    pub fn type_name(&self) -> Cow<'static, str> {
        match self.status() {
            Some(status) if !status.is_success() => status.as_str().to_owned().into(),
            _ => format!("{:?}", self.kind()).into(),
        }
    }
}
