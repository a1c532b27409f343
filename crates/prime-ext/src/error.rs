//! What went wrong.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use prime_runtime::error::InvalidPayload;
use prime_runtime::{BoxError, Operation};

use crate::chat::{ChatAnswer, Ending};
use crate::envelope::{Envelope, FieldError};

/// What went wrong: a kind, the service's own words if it answered, and what to do next.
///
/// `Display` is one sentence. No key, prompt, header or body is in it, or in `Debug`; the body of an
/// answer is at [`body`](Self::body).
///
/// ```
/// # fn example(error: prime_ext::Error) {
/// if error.is_auth() {
///     eprintln!("check PRIME_API_KEY");
/// } else if error.outcome_unknown() {
///     eprintln!("it may have happened: look before you repeat it");
/// } else {
///     eprintln!("{error}");
/// }
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    operation: Option<&'static str>,
    outcome_unknown: bool,
    answer: Option<Answer>,
    partial: Option<Box<ChatAnswer>>,
    source: Option<BoxError>,
}

/// The answer that an error came from.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    envelope: Envelope,
}

/// The kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is missing or wrong. Nothing was sent.
    Settings,
    /// What the caller gave cannot be sent. Nothing was sent.
    Request,
    /// No connection. Nothing was sent.
    Connect,
    /// No answer in time.
    Timeout,
    /// The connection broke before the answer was whole.
    Disconnected,
    /// The service answered with an error.
    Api,
    /// The service answered with success and something that the specification does not say.
    UnexpectedAnswer,
    /// A stream ended before its answer did.
    CutOff,
    /// The service sent an error in the middle of a stream.
    StreamFailed,
    /// An event of a stream is not what the specification says, or is too large.
    MalformedEvent,
    /// What was read does not account for what the service says there is.
    Incomplete,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            outcome_unknown: false,
            answer: None,
            partial: None,
            source: None,
        }))
    }

    pub(crate) fn of(mut self, operation: &Operation) -> Self {
        self.0.operation = Some(operation.id);
        self
    }

    pub(crate) fn because(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_unknown_outcome(mut self, unknown: bool) -> Self {
        self.0.outcome_unknown = unknown;
        self
    }

    pub(crate) fn set_kind(&mut self, kind: ErrorKind) {
        self.0.kind = kind;
    }

    pub(crate) fn with_partial(mut self, partial: ChatAnswer) -> Self {
        self.0.partial = Some(Box::new(partial));
        self
    }

    /// An answer that is an error, with the key that it must not show.
    pub(crate) fn answered(
        operation: &Operation,
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
        key: Option<&str>,
    ) -> Self {
        let envelope = Envelope::read(&body, key);
        let mut message = status.to_string();
        // Some servers repeat the status as the code.
        let code = envelope
            .code
            .as_ref()
            .filter(|code| *code != status.as_str());
        for said in [code, envelope.message.as_ref()].into_iter().flatten() {
            message.push_str(": ");
            message.push_str(said);
        }
        if let Some(advice) = advice(status, &envelope) {
            message.push_str("; ");
            message.push_str(advice);
        }
        // A gateway that gave up may have passed the request on before it did.
        let unknown = operation.method != "GET" && status.is_server_error();
        let mut error = Self::new(ErrorKind::Api, message)
            .of(operation)
            .with_unknown_outcome(unknown);
        error.0.answer = Some(Answer {
            status,
            headers,
            body,
            envelope,
        });
        error
    }

    /// An answer that is no error and not what was asked for; kept whole.
    pub(crate) fn unexpected(
        message: impl Into<String>,
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        let mut error = Self::new(ErrorKind::UnexpectedAnswer, message);
        error.0.answer = Some(Answer {
            status,
            headers,
            body,
            envelope: Envelope::default(),
        });
        error
    }

    /// An error in the middle of a stream, with the data of its event and the key that it must not
    /// show.
    pub(crate) fn in_stream(data: &str, key: &str) -> Self {
        let body = Bytes::copy_from_slice(data.as_bytes());
        let mut error = Self::in_success(&body, HeaderMap::new(), key);
        error
            .0
            .message
            .insert_str(0, "the service broke the answer off: ");
        error.0.kind = ErrorKind::StreamFailed;
        error
    }

    /// An error that came with a status that says that there is none.
    pub(crate) fn in_success(body: &Bytes, headers: HeaderMap, key: &str) -> Self {
        let envelope = Envelope::read(body, Some(key));
        let said = [&envelope.code, &envelope.message];
        let said: Vec<&str> = said.into_iter().flatten().map(String::as_str).collect();
        let message = if said.is_empty() {
            "an error without words".to_owned()
        } else {
            said.join(": ")
        };
        let mut error = Self::new(ErrorKind::Api, message);
        let status = StatusCode::OK;
        error.0.answer = Some(Answer {
            status,
            headers,
            body: body.clone(),
            envelope,
        });
        error
    }

    /// The error of a generated client.
    pub(crate) fn of_call<E>(operation: &Operation, error: prime_runtime::Error<E>) -> Self {
        use prime_runtime::Error as Runtime;
        match error {
            Runtime::InvalidRequest(reason) => Self::new(ErrorKind::Request, reason),
            Runtime::Transport(source) => match source.downcast::<Self>() {
                Ok(error) => *error,
                Err(source) => Self::new(ErrorKind::Disconnected, "no answer").because(source),
            },
            Runtime::InvalidPayload(payload) => {
                let payload = *payload;
                let InvalidPayload {
                    status,
                    headers,
                    bytes,
                    source,
                    ..
                } = payload;
                // Some gateways say what went wrong with a status that says that nothing did.
                let envelope = Envelope::of_success(&bytes);
                let length = bytes.len();
                let message = format!(
                    "the answer ({status}, {length} bytes) is not what the specification says: \
                     {source}; it is kept in `body()`"
                );
                // Whatever it says: what came with a status of success may have been carried out.
                let mut error = Self::unexpected(message, status, headers, bytes)
                    .with_unknown_outcome(operation.method != "GET");
                if let Some(answer) = &mut error.0.answer {
                    answer.envelope = envelope;
                }
                error.because(source)
            }
            // The road reads every answer whole and makes errors of those that are none, so only a
            // new kind of error gets here.
            other => {
                let status = other.status().map(|status| format!(" ({status})"));
                let message = format!("an unexpected answer{}", status.unwrap_or_default());
                Self::new(ErrorKind::UnexpectedAnswer, message)
            }
        }
        .of(operation)
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed, by its name in the specification: `create_run`.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation
    }

    /// The answer's status, if there was an answer.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.answer.as_ref().map(|answer| answer.status)
    }

    /// The answer's headers, if there was an answer.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.answer.as_ref().map(|answer| &answer.headers)
    }

    /// The answer's body as it came, if there was an answer.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.answer.as_ref().map(|answer| &answer.body)
    }

    /// The service's name for the error, such as `model_not_found`.
    pub fn code(&self) -> Option<&str> {
        self.0.answer.as_ref()?.envelope.code.as_deref()
    }

    /// The service's own sentence.
    pub fn message(&self) -> Option<&str> {
        self.0.answer.as_ref()?.envelope.message.as_deref()
    }

    /// What the service says of single fields of the request.
    pub fn fields(&self) -> &[FieldError] {
        self.0
            .answer
            .as_ref()
            .map_or(&[], |answer| &answer.envelope.fields)
    }

    /// The part of a streamed answer that arrived before the error.
    pub fn partial_answer(&self) -> Option<&ChatAnswer> {
        self.0.partial.as_deref()
    }

    /// How the stream ended that broke off.
    pub fn ending(&self) -> Option<Ending> {
        self.partial_answer()?.ending()
    }

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

    /// Whether there were too many requests, or a quota is used up (429).
    pub fn is_rate_limited(&self) -> bool {
        self.has_status(&[StatusCode::TOO_MANY_REQUESTS])
    }

    /// Whether the service found fault with the request itself (400, 422).
    pub fn is_validation(&self) -> bool {
        self.has_status(&[StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY])
    }

    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == ErrorKind::Timeout
    }

    /// Whether the call may have been carried out although it failed. Look before you repeat it: no
    /// operation lists runs, but the wallet's training rows and the dashboard show them.
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    fn has_status(&self, statuses: &[StatusCode]) -> bool {
        self.0.kind == ErrorKind::Api && self.status().is_some_and(|s| statuses.contains(&s))
    }
}

/// Refuses extra fields that the specification lists: they would stand in the request twice, and a
/// service takes whichever it likes.
pub(crate) fn unlisted(
    extra: &serde_json::Map<String, serde_json::Value>,
    listed: &[&str],
) -> Result<(), Error> {
    match extra.keys().find(|key| listed.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let message = format!("{key:?} is no extra field: set the field of the request itself");
            Err(Error::new(ErrorKind::Request, message))
        }
    }
}

/// What the caller can do next.
fn advice(status: StatusCode, envelope: &Envelope) -> Option<&'static str> {
    Some(match status.as_u16() {
        401 => "check the API key: PRIME_API_KEY, or api_key in ~/.prime/config.json",
        402 => "add funds, or have another account billed with `Client::team`",
        403 => "the key or its owner may not do this; check the key's permissions and the team",
        404 if envelope.code.as_deref() == Some("model_not_found") => {
            "`Client::models` lists the models that exist"
        }
        429 => "wait a while; if it says so of a quota, waiting does not help",
        300..=399 => "redirects are not followed; set the base URL to where the service is",
        _ => return None,
    })
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.0.message)?;
        if self.0.outcome_unknown {
            f.write_str("; it may have been carried out all the same")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("operation", &self.0.operation)
            .field("status", &self.status())
            .field("message", &self.0.message)
            .field("outcome_unknown", &self.0.outcome_unknown)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .source
            .as_ref()
            .map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}
