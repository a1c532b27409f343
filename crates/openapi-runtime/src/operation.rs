//! What a specification says of an operation.

use std::fmt;

/// What a specification says of an operation, for a [`Transport`](crate::Transport) to branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// Its `operationId`.
    pub id: &'static str,
    /// Its HTTP method, in capitals.
    pub method: &'static str,
    /// Its path template, such as `/models/{model_id}`.
    pub path: &'static str,
    /// Whether a success is a body that is not read whole, such as an event stream.
    pub streams: bool,
}

impl Operation {
    /// An operation. Generated code makes them.
    #[doc(hidden)]
    pub const fn new(
        id: &'static str,
        method: &'static str,
        path: &'static str,
        streams: bool,
    ) -> Self {
        Self {
            id,
            method,
            path,
            streams,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}
