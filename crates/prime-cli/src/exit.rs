//! Exit codes, and the failures that lead to them.

use std::fmt;
use std::io;
use std::process::ExitCode;

use prime_ext::http::StatusCode;
use prime_ext::prime_platform_api::types::Run;
use prime_ext::{Error, ErrorKind, Timestamp};
use serde::Serialize;

/// The exit codes of failures. `--help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Exit {
    Failure = 1,
    Usage = 2,
    Auth = 3,
    Payment = 4,
    NotFound = 5,
    RateLimit = 6,
    OutcomeUnknown = 7,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The reader of standard output is gone. This is not reported.
    BrokenPipe,
    /// Anything else.
    Error(Box<Report>),
}

/// A failure as it is reported.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) kind: Exit,
    pub(crate) exit_code: u8,
    pub(crate) message: String,
    /// The status of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The error code of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// How long the service asks to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<f64>,
    outcome_unknown: bool,
    /// The runs that the call may have created. Absent if the call creates none, or if they could not be listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) possible_runs: Option<Vec<PossibleRun>>,
}

/// A run that a call with an unknown outcome may have created.
#[derive(Debug, Serialize)]
pub(crate) struct PossibleRun {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) status: String,
    pub(crate) created_at: Timestamp,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Error(Box::new(Report {
            kind: exit,
            exit_code: exit as u8,
            message: message.into(),
            status: None,
            code: None,
            request_id: None,
            retry_after_seconds: None,
            outcome_unknown: exit == Exit::OutcomeUnknown,
            possible_runs: None,
        }))
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(Exit::Failure, message)
    }

    pub(crate) fn interrupted(message: impl Into<String>) -> Self {
        Self::new(Exit::Interrupted, message)
    }

    /// The failure to write to standard output.
    pub(crate) fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::other(format!("cannot write to standard output: {error}")),
        }
    }

    /// Replaces the message.
    pub(crate) fn with_message(mut self, message: String) -> Self {
        if let Self::Error(report) = &mut self {
            report.message = message;
        }
        self
    }

    /// Names the place that the message is about.
    pub(crate) fn within(mut self, place: &str) -> Self {
        if let Self::Error(report) = &mut self {
            report.message = format!("{place}: {}", report.message);
        }
        self
    }

    /// Appends what to do next.
    pub(crate) fn with_note(mut self, note: &str) -> Self {
        if let Self::Error(report) = &mut self {
            report.message.push_str("; ");
            report.message.push_str(note);
        }
        self
    }

    /// Returns the exit code of the program.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::BrokenPipe => ExitCode::SUCCESS,
            Self::Error(report) => report.kind.into(),
        }
    }
}

impl PossibleRun {
    fn new(run: &Run) -> Self {
        Self {
            id: run.id.clone(),
            name: run.name.clone(),
            status: run.status.to_string(),
            created_at: run.created_at,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = exit_of(&error);
        let wait = error.retry_after();
        Self::Error(Box::new(Report {
            kind: exit,
            exit_code: exit as u8,
            message: message_of(&error),
            status: error.status().map(|status| status.as_u16()),
            code: error.code().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
            retry_after_seconds: wait.map(|wait| wait.as_secs_f64()),
            outcome_unknown: error.outcome_unknown(),
            possible_runs: error
                .possible_runs()
                .map(|runs| runs.iter().map(PossibleRun::new).collect()),
        }))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenPipe => f.write_str("the reader of the output is gone"),
            Self::Error(report) => f.write_str(&report.message),
        }
    }
}

fn exit_of(error: &Error) -> Exit {
    match error.kind() {
        _ if error.outcome_unknown() => Exit::OutcomeUnknown,
        _ if error.is_auth() => Exit::Auth,
        _ if error.is_payment_required() => Exit::Payment,
        _ if error.is_not_found() => Exit::NotFound,
        _ if error.is_rate_limited() || error.is_quota_exceeded() => Exit::RateLimit,
        ErrorKind::Request => Exit::Usage,
        _ => Exit::Failure,
    }
}

/// The library's message ends with advice to programmers. An error of the service is therefore written from its parts,
/// with advice to users of the command line.
fn message_of(error: &Error) -> String {
    if !matches!(error.kind(), ErrorKind::Api | ErrorKind::StreamFailed) {
        return with_sources(error);
    }
    let mut message = String::new();
    if let Some(operation) = error.operation() {
        message.push_str(&format!("{operation}: "));
    }
    match error.named_status() {
        Some(status) => message.push_str(&status.to_string()),
        None => message.push_str("the service reports an error"),
    }
    let texts = [error.code(), error.message().or(error.preview())];
    for text in texts.into_iter().flatten() {
        if !message.contains(text) {
            message.push_str(&format!(": {}", text.trim_end_matches('.')));
        }
    }
    if error.attempts() > 1 {
        message.push_str(&format!(" (after {} attempts)", error.attempts()));
    }
    if error.outcome_unknown() {
        message.push_str("; the call may have been carried out");
    }
    if let Some(advice) = advice(error) {
        message.push_str(&format!("; {advice}"));
    }
    message
}

/// The advice of the library, and that of this program.
const ALLOW_HTTP: (&str, &str) = (
    "`ClientBuilder::allow_plain_http`",
    "--allow-http or PRIME_RS_ALLOW_HTTP=1",
);

/// The messages of failed connections have their causes already.
fn with_sources(error: &Error) -> String {
    let mut message = error.to_string().replace(ALLOW_HTTP.0, ALLOW_HTTP.1);
    if !matches!(error.kind(), ErrorKind::Request | ErrorKind::Settings) {
        return message;
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let text = cause.to_string();
        if !message.contains(&text) {
            message.push_str(&format!(": {text}"));
        }
        source = cause.source();
    }
    message
}

fn advice(error: &Error) -> Option<&'static str> {
    Some(match error.named_status()? {
        _ if error.is_context_overflow() => {
            "shorten the messages, or use a model with a larger context"
        }
        StatusCode::UNAUTHORIZED => "the key is wrong or was revoked: run `prime-rs login`",
        StatusCode::PAYMENT_REQUIRED => {
            "add funds at https://app.primeintellect.ai/dashboard/billing, or use another account"
        }
        StatusCode::FORBIDDEN => {
            "the key is not allowed to do this: check its permissions and the team"
        }
        StatusCode::NOT_FOUND if error.is_unknown_model() => {
            "`prime-rs inference models` lists the models"
        }
        StatusCode::NOT_FOUND if error.operation().is_some_and(|name| name.contains("run")) => {
            "`prime-rs train list` lists the runs"
        }
        StatusCode::TOO_MANY_REQUESTS if error.is_quota_exceeded() => {
            "a quota is used up, and waiting does not help"
        }
        StatusCode::TOO_MANY_REQUESTS => "wait, or send fewer requests at once",
        _ => return None,
    })
}
