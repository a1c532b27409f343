//! How a stream ended.

use std::fmt;

use crate::error::ErrorKind;

/// How a stream ended. Returned by [`ChatResponse::stream_end`](crate::ChatResponse::stream_end) and
/// [`Error::stream_end`](crate::Error::stream_end).
///
/// A response is complete after `[DONE]`, or if the body ends cleanly and every requested choice has a finish reason.
/// Some servers write an empty finish reason into every chunk, so an empty one counts only together with `[DONE]`.
/// Every other end is an error, which carries the partial response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamEnd {
    /// Complete, with a finish reason for every choice, and with usage if it was requested.
    Complete,
    /// Complete, because `[DONE]` was received, but not every choice has a finish reason.
    NoFinishReason,
    /// Complete, but without the requested usage, so the cost is unknown.
    NoUsage,
    /// The stream or the connection ended before the response was complete.
    CutOff,
    /// The event stream had no chunk. Some services respond like this to prompts that are too long.
    Empty,
    /// The body is not an event stream but, for example, a complete response in JSON or an HTML page.
    NotAStream,
    /// The service reported an error.
    ServiceError,
    /// An event is not a valid chunk.
    MalformedChunk,
    /// An event or the response exceeds its limit.
    TooLarge,
    /// No event was received in time.
    Idle,
    /// The caller ended the stream with [`ChatStream::cancel`](crate::ChatStream::cancel).
    Cancelled,
}

impl StreamEnd {
    /// Returns whether the response is complete.
    pub fn is_complete(self) -> bool {
        matches!(self, Self::Complete | Self::NoFinishReason | Self::NoUsage)
    }

    /// Returns the kind of the error that reports this end.
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
            Self::NoFinishReason => "complete, without a finish reason",
            Self::NoUsage => "complete, without usage",
            Self::CutOff => "cut off",
            Self::Empty => "empty",
            Self::NotAStream => "not a stream",
            Self::ServiceError => "ended by a service error",
            Self::MalformedChunk => "ended by a malformed chunk",
            Self::TooLarge => "too large",
            Self::Idle => "idle for too long",
            Self::Cancelled => "cancelled",
        })
    }
}
