//! How an error is made.

use std::borrow::Cow;

use bytes::Bytes;
use http::StatusCode;
use openapi_runtime::error::InvalidPayload;
use openapi_runtime::{BoxError, Operation};

use super::{Answer, Envelope, Error, ErrorKind, Inner};
use crate::chat::ChatAnswer;
use crate::head::Head;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            outcome_unknown: false,
            unknown_before: 0,
            retryable: false,
            attempts: 0,
            answer: None,
            partial: None,
            source: None,
        }))
    }

    pub(crate) fn of(mut self, operation: &Operation) -> Self {
        self.0.operation = Some(operation.id.into());
        self
    }

    /// Names a call that is no operation of a specification.
    pub(crate) fn named(mut self, name: String) -> Self {
        self.0.operation = Some(name.into());
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

    /// How many attempts before the last may have been carried out.
    pub(crate) fn with_unknown_before(mut self, attempts: u32) -> Self {
        self.0.unknown_before = attempts;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Says more, in the same sentence.
    pub(crate) fn and(mut self, more: &str) -> Self {
        self.0.message.push_str("; ");
        self.0.message.push_str(more);
        self
    }

    pub(crate) fn set_kind(&mut self, kind: ErrorKind) {
        self.0.kind = kind;
    }

    pub(crate) fn with_partial(mut self, partial: ChatAnswer) -> Self {
        self.0.partial = Some(Box::new(partial));
        self
    }

    fn with_answer(mut self, answer: Answer) -> Self {
        self.0.attempts = answer.head.attempts();
        self.0.unknown_before = answer.head.unknown_before();
        self.0.answer = Some(answer);
        self
    }

    /// An answer that is an error.
    pub(crate) fn answered(operation: &Operation, head: Head, body: Bytes) -> Self {
        let hidden = head.hidden();
        let status = head.status();
        let envelope = Envelope::read(&body, hidden);
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
        if let Some(advice) = advice(status, &head, &envelope) {
            message.push_str("; ");
            message.push_str(&advice);
        }
        // A gateway that gave up may have passed the request on before it did, and many a server answers
        // what it has carried out with a redirect. Two of them ask for the same request elsewhere.
        let asks_elsewhere = matches!(status.as_u16(), 307 | 308);
        let refused = status.is_client_error() || asks_elsewhere;
        let unknown = operation.method != "GET" && !refused;
        let preview = Envelope::preview(&body, hidden);
        Self::new(ErrorKind::Api, message)
            .of(operation)
            .with_unknown_outcome(unknown)
            .with_answer(Answer {
                head,
                body,
                envelope,
                preview,
            })
    }

    /// An answer that is no error and not what was asked for; kept whole.
    pub(crate) fn unexpected(message: impl Into<String>, head: Head, body: Bytes) -> Self {
        let preview = Envelope::preview_of_success(&body, &head);
        Self::new(ErrorKind::UnexpectedAnswer, message).with_answer(Answer {
            head,
            body,
            envelope: Envelope::default(),
            preview,
        })
    }

    /// An error in the middle of a stream, with the data of its event.
    pub(crate) fn in_stream(data: &str, head: Head) -> Self {
        let body = Bytes::copy_from_slice(data.as_bytes());
        let mut error = Self::in_success(body, head);
        error
            .0
            .message
            .insert_str(0, "the service broke the answer off: ");
        error.0.kind = ErrorKind::StreamFailed;
        error
    }

    /// An error that came with a status that says that there is none.
    pub(crate) fn in_success(body: Bytes, head: Head) -> Self {
        let envelope = Envelope::read(&body, head.hidden());
        let said = [&envelope.code, &envelope.message];
        let said: Vec<&str> = said.into_iter().flatten().map(String::as_str).collect();
        let mut message = if said.is_empty() {
            "an error without words".to_owned()
        } else {
            said.join(": ")
        };
        let told = envelope.told_status();
        if let Some(advice) = told.and_then(|status| advice(status, &head, &envelope)) {
            message.push_str("; ");
            message.push_str(&advice);
        }
        let preview = Envelope::preview_of_success(&body, &head);
        Self::new(ErrorKind::Api, message).with_answer(Answer {
            head,
            body,
            envelope,
            preview,
        })
    }

    /// The error of a generated client.
    pub(crate) fn of_call<E>(operation: &Operation, error: openapi_runtime::Error<E>) -> Self {
        use openapi_runtime::Error as Runtime;
        match error {
            Runtime::InvalidRequest(reason) => Self::new(ErrorKind::Request, reason),
            Runtime::Transport(source) => match source.downcast::<Self>() {
                Ok(error) => *error,
                Err(source) => Self::new(ErrorKind::Disconnected, "no answer").because(source),
            },
            Runtime::InvalidPayload(payload) => {
                let InvalidPayload {
                    head,
                    bytes,
                    source,
                    ..
                } = *payload;
                Self::unreadable(operation, head.into(), bytes, source)
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

    /// A success whose body is not of its type.
    pub(crate) fn unreadable(
        operation: &Operation,
        head: Head,
        body: Bytes,
        fault: openapi_runtime::PayloadFault,
    ) -> Self {
        // Some gateways say what went wrong with a status that says that nothing did.
        let envelope = Envelope::of_success(&body, head.hidden());
        let message = format!(
            "the answer ({}, {} bytes) is not what the specification says: {fault}; it is kept in \
             `body()`",
            head.status(),
            body.len()
        );
        // Whatever it says: what came with a status of success may have been carried out.
        let mut error = Self::unexpected(message, head, body)
            .of(operation)
            .with_unknown_outcome(operation.method != "GET");
        if let Some(answer) = &mut error.0.answer {
            answer.envelope = envelope;
        }
        error.because(fault)
    }

    /// One of few different names for a trace: the status, or the kind.
    pub(crate) fn type_name(&self) -> Cow<'static, str> {
        match self.status() {
            Some(status) if !status.is_success() => status.as_str().to_owned().into(),
            _ => format!("{:?}", self.kind()).into(),
        }
    }

    /// What the service said, for what decides on a retry.
    pub(crate) fn answer(&self) -> Option<(&Head, &Envelope)> {
        self.0
            .answer
            .as_ref()
            .map(|answer| (&answer.head, &answer.envelope))
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
fn advice(status: StatusCode, head: &Head, envelope: &Envelope) -> Option<String> {
    let advice = match status {
        _ if envelope.names_context_overflow() => {
            "shorten the messages, or use a model with a larger context"
        }
        StatusCode::UNAUTHORIZED => {
            "check the API key: PRIME_API_KEY, or api_key in ~/.prime/config.json"
        }
        StatusCode::PAYMENT_REQUIRED => {
            "add funds, or have another account billed with `Client::team`"
        }
        StatusCode::FORBIDDEN => {
            "the key or its owner may not do this; check the key's permissions and the team"
        }
        StatusCode::NOT_FOUND if envelope.names_unknown_model() => {
            "`Client::models` lists the models that exist"
        }
        StatusCode::TOO_MANY_REQUESTS if envelope.names_quota() => {
            "a quota is used up, and waiting does not help; raise it, or have another account billed"
        }
        StatusCode::TOO_MANY_REQUESTS => "wait a while, or send fewer requests at once",
        status if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) => {
            let target = head
                .location()
                .map_or_else(|| "elsewhere".to_owned(), |to| format!("to {to}"));
            return Some(format!(
                "it points {target}, and redirects are not followed, since the key would go along; set \
                 the base URL to where the service is, or bring an HTTP client that follows them with \
                 `ClientBuilder::http_client`"
            ));
        }
        _ => return None,
    };
    Some(advice.to_owned())
}
