//! Responses to calls.

use std::fmt;

use bytes::Bytes;

use crate::meta::ResponseMeta;

/// The response to a call: its value, its metadata and its body.
///
/// As large as a pointer.
pub struct Response<T>(Box<Parts<T>>);

struct Parts<T> {
    value: T,
    meta: ResponseMeta,
    body: Bytes,
}

impl<T> Response<T> {
    /// A response of its parts.
    pub fn new(value: T, meta: ResponseMeta, body: Bytes) -> Self {
        Self(Box::new(Parts { value, meta, body }))
    }

    /// The value.
    pub fn value(&self) -> &T {
        &self.0.value
    }

    /// The value alone.
    pub fn into_value(self) -> T {
        self.0.value
    }

    /// Status, headers, and how often the request was sent.
    pub fn meta(&self) -> &ResponseMeta {
        &self.0.meta
    }

    /// The body as it came, with every field that the type of the value does not have. Empty for a stream.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// The same response with another value.
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Response<U> {
        let (value, meta, body) = self.into_parts();
        Response::new(map(value), meta, body)
    }

    /// Value, metadata and body.
    pub fn into_parts(self) -> (T, ResponseMeta, Bytes) {
        let Parts { value, meta, body } = *self.0;
        (value, meta, body)
    }
}

impl<T: Clone> Clone for Response<T> {
    fn clone(&self) -> Self {
        let Parts { value, meta, body } = &*self.0;
        Self::new(value.clone(), meta.clone(), body.clone())
    }
}

impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("value", &self.0.value)
            .field("meta", &self.0.meta)
            .finish_non_exhaustive()
    }
}
