//! The kinds of errors.

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
    UnexpectedResponse,
    /// A stream ended before its answer did.
    CutOff,
    /// The service sent an error in the middle of a stream.
    StreamFailed,
    /// An event of a stream is not what the specification says, or is too large.
    MalformedEvent,
    /// What was read does not account for what the service says there is.
    Incomplete,
}
