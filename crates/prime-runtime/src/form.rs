//! Bodies of forms.

#![allow(clippy::result_large_err, reason = "the signature is progenitor's")]

use reqwest::RequestBuilder;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use crate::Error;

/// What generated code asks of a request builder beyond what reqwest gives.
pub trait RequestBuilderExt<E> {
    /// Sets the body of a form.
    ///
    /// # Errors
    /// If the value is no set of pairs.
    fn form_urlencoded<T: Serialize + ?Sized>(self, body: &T) -> Result<RequestBuilder, Error<E>>;
}

impl<E> RequestBuilderExt<E> for RequestBuilder {
    fn form_urlencoded<T: Serialize + ?Sized>(self, body: &T) -> Result<RequestBuilder, Error<E>> {
        let body = serde_urlencoded::to_string(body)
            .map_err(|e| Error::InvalidRequest(format!("the form cannot be written: {e}")))?;
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        Ok(self.header(CONTENT_TYPE, form).body(body))
    }
}
