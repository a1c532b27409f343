//! How a streamed answer ended.

use std::fmt;

use crate::error::ErrorKind;

/// How a streamed answer ended: [`ChatResponse::ending`](crate::ChatResponse::ending),
/// [`Error::ending`](crate::Error::ending).
///
/// An answer is whole with `[DONE]`, or with a finish reason for every answer that was asked for before a
/// clean end; an empty reason, which some servers write into every chunk, counts only beside `[DONE]`. Every
/// other end is an error, which carries what had arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamEnd {
    /// Whole, with a finish reason, and with the usage if it was asked for.
    Complete,
    /// Whole, since `[DONE]` came, but no finish reason for each answer: why it ended is not known.
    NoFinishReason,
    /// Whole, but without the usage that was asked for: what it cost is not known.
    NoUsage,
    /// The stream, or the connection, ended before the answer did.
    CutOff,
    /// An event stream without a single chunk. Seen where the prompt was too long.
    Empty,
    /// Something else than an event stream came: a whole answer as JSON, a page of HTML.
    NotAStream,
    /// The service said that something went wrong.
    ServiceError,
    /// An event is no chunk of an answer.
    MalformedChunk,
    /// An event, or the answer, is larger than the limit.
    TooLarge,
    /// Nothing more came in time.
    Idle,
    /// The caller wanted no more: [`ChatStream::cancel`](crate::ChatStream::cancel).
    Cancelled,
}

impl StreamEnd {
    /// Whether the answer is whole.
    pub fn is_complete(self) -> bool {
        matches!(self, Self::Complete | Self::NoFinishReason | Self::NoUsage)
    }

    /// The kind of the error that tells it.
    pub(super) fn kind(self) -> ErrorKind {
        match self {
            Self::NotAStream => ErrorKind::UnexpectedResponse,
            Self::ServiceError => ErrorKind::StreamFailed,
            Self::MalformedChunk | Self::TooLarge => ErrorKind::MalformedEvent,
            Self::Idle => ErrorKind::Timeout,
            _ => ErrorKind::CutOff,
        }
    }
}

impl fmt::Display for StreamEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete",
            Self::NoFinishReason => "whole, without a finish reason",
            Self::NoUsage => "whole, without usage",
            Self::CutOff => "cut off",
            Self::Empty => "empty",
            Self::NotAStream => "not a stream",
            Self::ServiceError => "broken off by the service",
            Self::MalformedChunk => "broken off by an event that is no chunk",
            Self::TooLarge => "too large",
            Self::Idle => "idle for too long",
            Self::Cancelled => "cancelled",
        })
    }
}
