//! Responses to calls.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::lenient::Warning;
use crate::meta::ResponseMeta;

/// The response to a call: the value, the metadata and the body.
///
/// A `Response` has the size of a pointer.
pub struct Response<T>(Box<Parts<T>>);

struct Parts<T> {
    value: T,
    meta: ResponseMeta,
    body: Bytes,
}

impl<T> Response<T> {
    /// Creates a response from its parts.
    pub fn new(value: T, meta: ResponseMeta, body: Bytes) -> Self {
        Self(Box::new(Parts { value, meta, body }))
    }

    /// Returns the value.
    pub fn value(&self) -> &T {
        &self.0.value
    }

    /// Converts the response into its value.
    pub fn into_value(self) -> T {
        self.0.value
    }

    /// Returns the metadata: the status, the headers and the number of attempts.
    pub fn meta(&self) -> &ResponseMeta {
        &self.0.meta
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.0.meta.status()
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        self.0.meta.headers()
    }

    /// Returns the request id that the service assigned. Quote it in support requests.
    pub fn request_id(&self) -> Option<&str> {
        self.0.meta.request_id()
    }

    /// Returns a warning for each part of the response that does not match the specification. See
    /// [`ResponseMeta::warnings`].
    pub fn warnings(&self) -> &[Warning] {
        self.0.meta.warnings()
    }

    /// Returns the raw body. It includes fields that the type of the value does not have. It is empty for a stream.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// Adds warnings. See [`ResponseMeta::add_warnings`].
    pub fn add_warnings(&mut self, warnings: impl IntoIterator<Item = Warning>) {
        self.0.meta.add_warnings(warnings);
    }

    /// Applies a function to the value.
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Response<U> {
        let (value, meta, body) = self.into_parts();
        Response::new(map(value), meta, body)
    }

    /// Splits the response into value, metadata and body.
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
