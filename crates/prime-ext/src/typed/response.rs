//! A typed answer and its response.

use crate::chat::ChatResponse;

/// A typed answer and its response. Returned by [`TypedRequest::with_response`](super::TypedRequest::with_response) and
/// [`TypedStream::finish`](super::TypedStream::finish).
#[derive(Debug, Clone)]
pub struct TypedResponse<T> {
    value: T,
    response: ChatResponse,
}

impl<T> TypedResponse<T> {
    pub(super) fn new(value: T, response: ChatResponse) -> Self {
        Self { value, response }
    }

    /// Returns the answer.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Converts into the answer.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Returns the response, with its text, its cost and its warnings.
    pub fn response(&self) -> &ChatResponse {
        &self.response
    }

    /// Splits into the answer and the response.
    pub fn into_parts(self) -> (T, ChatResponse) {
        (self.value, self.response)
    }
}
