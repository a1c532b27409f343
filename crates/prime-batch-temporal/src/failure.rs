//! Failures and exit codes, which are those of `prime-rs`.

use std::fmt;

use prime_batch::Error;
use prime_batch::ledger::LedgerError;
use serde_json::json;

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
}

/// The exit codes of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Failure = 1,
    Usage = 2,
    Auth = 3,
    NotFound = 5,
    OutcomeUnknown = 7,
}

impl Exit {
    /// Returns the exit code of a command that ends with an error.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Input { .. } | Error::Request(_) | Error::Option(_) | Error::Output { .. } => {
                Self::Usage
            }
            Error::Ledger(LedgerError::OtherJob { .. }) => Self::Usage,
            Error::Ledger(LedgerError::NoJob { .. }) => Self::NotFound,
            Error::Models(refused) => match refused.status().map(|status| status.as_u16()) {
                Some(401 | 403) => Self::Auth,
                _ => Self::Failure,
            },
            _ => Self::Failure,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Usage => "usage",
            Self::Auth => "auth",
            Self::NotFound => "not_found",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(Exit::Failure, message)
    }

    pub(crate) fn code(&self) -> u8 {
        self.exit as u8
    }

    /// Returns the failure as `prime-rs` writes it with `-o json`.
    pub(crate) fn json(&self) -> serde_json::Value {
        json!({"error": {
            "kind": self.exit.name(),
            "exit_code": self.code(),
            "message": self.message,
            "outcome_unknown": self.exit == Exit::OutcomeUnknown,
        }})
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(Exit::of(&error), error.to_string())
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Error::from(error).into()
    }
}
