//! What can go wrong with a call of a generated client.

use std::fmt;

use bytes::Bytes;
use reqwest::StatusCode;
use serde::de::DeserializeOwned;

use crate::base_url::InvalidBaseUrl;
use crate::limits::OutOfLimits;
use crate::path::InvalidPathValue;
use crate::response::BodyError;
use crate::response::Head;
use crate::{BoxError, Response, ResponseValue};

/// What went wrong with a call. `E` is the error body that the specification documents.
///
/// Neither `Display` nor `Debug` shows a body, a header or a URL.
#[non_exhaustive]
pub enum Error<E = ()> {
    /// The request could not be built from what the caller gave; nothing was sent.
    InvalidRequest(String),
    /// The transport gave no answer; its own error, unchanged.
    Transport(BoxError),
    /// The service answered with an error that the specification documents.
    ErrorResponse(ResponseValue<E>),
    /// The answer's body could not be read to its end.
    Body(Box<BodyFailure>),
    /// The answer's body is not what the specification says.
    InvalidPayload(Box<InvalidPayload>),
    /// The service answered with a status that the specification does not list.
    UnexpectedResponse(Response),
}

/// An answer whose body could not be read to its end.
#[non_exhaustive]
pub struct BodyFailure {
    /// What came with the body.
    pub head: Head,
    /// What had arrived, and why nothing more did.
    pub source: BodyError,
}

/// An answer whose body is not what the specification says.
#[non_exhaustive]
pub struct InvalidPayload {
    /// What came with the body.
    pub head: Head,
    /// The body, whole: what it holds is not lost because a field was missing.
    pub bytes: Bytes,
    /// Where it differs.
    pub source: PayloadFault,
}

/// Where and how a JSON text is not what its type says, without a word of the text itself: a value in
/// the wrong place may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}, line {line} column {column}")]
#[non_exhaustive]
pub struct PayloadFault {
    /// The field, by its names on the wire: `recent_billings[3].amount_usd`; `.` is the whole.
    pub path: String,
    /// What is wrong: `missing field `id``, `invalid type: string, expected i64`.
    pub what: String,
    /// Line, from 1; 0 if it is not known.
    pub line: usize,
    /// Column, from 1; 0 if it is not known.
    pub column: usize,
}

impl PayloadFault {
    /// Why a JSON text is not a `T`. For one that could not be read: it is read once more, for the path.
    pub fn of<T: DeserializeOwned>(json: &[u8]) -> Self {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(e) => {
                let path = e.path().to_string();
                Self::at(path, e.inner())
            }
            // What is wrong comes after a value that is right.
            Ok(_) => {
                let what = "something stands behind the end".to_owned();
                Self {
                    path: ".".to_owned(),
                    what,
                    line: 0,
                    column: 0,
                }
            }
        }
    }

    fn at(path: String, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or(&text);
        // serde quotes what it found: `invalid type: string "…", expected i64`.
        let what = match text.split_once(": ") {
            Some((fault @ ("invalid type" | "invalid value"), found)) => {
                let kind: String = found
                    .chars()
                    .take_while(|c| c.is_alphabetic() || *c == ' ')
                    .collect();
                let expected = found
                    .rsplit_once(", expected ")
                    .map_or("", |(_, expected)| expected);
                format!("{fault}: {}, expected {expected}", kind.trim())
            }
            _ if error.is_data() && !text.starts_with("missing field") => {
                "a value is not of its type".to_owned()
            }
            _ => text.to_owned(),
        };
        Self {
            path,
            what,
            line: error.line(),
            column: error.column(),
        }
    }
}

impl fmt::Debug for BodyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyFailure")
            .field("status", &self.head.status)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for InvalidPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvalidPayload")
            .field("status", &self.head.status)
            .field("bytes", &self.bytes.len())
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl<E> Error<E> {
    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::InvalidRequest(_) | Self::Transport(_) => None,
            Self::ErrorResponse(response) => Some(response.status()),
            Self::Body(failure) => Some(failure.head.status),
            Self::InvalidPayload(payload) => Some(payload.head.status),
            Self::UnexpectedResponse(response) => Some(response.status()),
        }
    }
}

impl<E> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidRequest(reason) => write!(f, "the request is not valid: {reason}"),
            Self::Transport(_) => f.write_str("the request got no answer"),
            Self::ErrorResponse(response) => {
                write!(f, "the service answered with status {}", response.status())
            }
            Self::Body(failure) => {
                write!(f, "the answer (status {}) broke off", failure.head.status)
            }
            Self::InvalidPayload(payload) => write!(
                f,
                "the answer (status {}, {} bytes) is not what the specification says",
                payload.head.status,
                payload.bytes.len()
            ),
            Self::UnexpectedResponse(response) => write!(
                f,
                "the service answered with status {}, which the specification does not list",
                response.status()
            ),
        }
    }
}

impl<E> fmt::Debug for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidRequest(reason) => f.debug_tuple("InvalidRequest").field(reason).finish(),
            Self::Transport(source) => f.debug_tuple("Transport").field(source).finish(),
            Self::ErrorResponse(response) => f
                .debug_tuple("ErrorResponse")
                .field(&response.status())
                .finish(),
            Self::Body(failure) => f.debug_tuple("Body").field(&failure.source).finish(),
            Self::InvalidPayload(payload) => {
                f.debug_tuple("InvalidPayload").field(payload).finish()
            }
            Self::UnexpectedResponse(response) => {
                f.debug_tuple("UnexpectedResponse").field(response).finish()
            }
        }
    }
}

impl<E> std::error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(source) => Some(&**source),
            Self::Body(failure) => Some(&failure.source),
            Self::InvalidPayload(payload) => Some(&payload.source),
            _ => None,
        }
    }
}

impl<E> From<BoxError> for Error<E> {
    fn from(error: BoxError) -> Self {
        Self::Transport(error)
    }
}

/// Building a request fails with this; sending goes through the transport.
impl<E> From<reqwest::Error> for Error<E> {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            reason.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        Self::InvalidRequest(reason)
    }
}

impl<E> From<reqwest::header::InvalidHeaderValue> for Error<E> {
    fn from(error: reqwest::header::InvalidHeaderValue) -> Self {
        Self::InvalidRequest(error.to_string())
    }
}

impl<E> From<OutOfLimits> for Error<E> {
    fn from(error: OutOfLimits) -> Self {
        Self::InvalidRequest(error.to_string())
    }
}

impl<E> From<InvalidBaseUrl> for Error<E> {
    fn from(error: InvalidBaseUrl) -> Self {
        Self::InvalidRequest(error.to_string())
    }
}

impl<E> From<InvalidPathValue> for Error<E> {
    fn from(error: InvalidPathValue) -> Self {
        Self::InvalidRequest(error.to_string())
    }
}
