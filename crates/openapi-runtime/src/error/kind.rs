//! The kinds of errors.

/// The kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is missing or invalid. Nothing was sent.
    Settings,
    /// The request is invalid. Nothing was sent.
    Request,
    /// The connection could not be established. Nothing was sent.
    Connect,
    /// The call timed out.
    Timeout,
    /// The connection failed before the response was complete.
    Disconnected,
    /// The service returned an error status.
    Api,
    /// The service returned a success that does not match the specification, or is not what was requested.
    UnexpectedResponse,
    /// A stream ended before the response was complete.
    CutOff,
    /// The service sent an error event within a stream.
    StreamFailed,
    /// An event of a stream does not match the specification, or is too large.
    MalformedEvent,
    /// Fewer items were read than the service reports.
    Incomplete,
    /// A limit of the caller, or the caller itself, ended work of several calls before it was done.
    Stopped,
}
