//! Request builders for generated code.

use std::fmt::Display;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use reqwest::{Body, Request, Url};
use serde::Serialize;

use crate::error::Error;
use crate::form;

/// Creates requests. Generated code uses this type where the generator expects an HTTP client.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestFactory;

macro_rules! methods {
    ($($name:ident $method:ident),*) => {$(
        #[doc = concat!("Creates a ", stringify!($method), " request.")]
        pub fn $name(self, url: Url) -> RequestBuilder {
            RequestBuilder(Ok(Request::new(Method::$method, url)))
        }
    )*};
}

impl RequestFactory {
    methods!(get GET, head HEAD, post POST, put PUT, patch PATCH, delete DELETE);

    /// Creates a request with any method.
    pub fn request(self, method: Method, url: Url) -> RequestBuilder {
        RequestBuilder(Ok(Request::new(method, url)))
    }
}

/// Builds a request. The form methods return their errors immediately. [`build`](Self::build) returns the first error
/// of the other methods.
#[derive(Debug)]
pub struct RequestBuilder(Result<Request, Error>);

impl RequestBuilder {
    /// Adds a header.
    pub fn header<V>(self, name: HeaderName, value: V) -> Self
    where
        V: TryInto<HeaderValue, Error: Display>,
    {
        self.and_then(|request| {
            let value = value
                .try_into()
                .map_err(|e| Error::invalid_request(format!("invalid header {name}: {e}")))?;
            request.headers_mut().append(name, value);
            Ok(())
        })
    }

    /// Adds headers. Each replaces the headers of the same name.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.and_then(|request| {
            match request.headers().is_empty() {
                true => *request.headers_mut() = headers,
                false => request.headers_mut().extend(headers),
            }
            Ok(())
        })
    }

    /// Adds query parameters. Commas are not encoded: they separate the items of a list in one parameter.
    pub fn query<T: Serialize + ?Sized>(self, parameters: &T) -> Self {
        self.and_then(|request| {
            let query = serde_urlencoded::to_string(parameters)
                .map_err(|e| Error::invalid_request(format!("invalid query: {e}")))?
                .replace("%2C", ",");
            if !query.is_empty() {
                let url = request.url_mut();
                let query = match url.query() {
                    Some(first) if !first.is_empty() => format!("{first}&{query}"),
                    _ => query,
                };
                url.set_query(Some(&query));
            }
            Ok(())
        })
    }

    /// Sets a JSON body.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        self.and_then(|request| {
            let body = serde_json::to_vec(body)
                .map_err(|e| Error::invalid_request(format!("invalid body: {e}")))?;
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().entry(CONTENT_TYPE).or_insert(json);
            *request.body_mut() = Some(body.into());
            Ok(())
        })
    }

    /// Sets the body.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.and_then(|request| {
            *request.body_mut() = Some(body.into());
            Ok(())
        })
    }

    /// Sets a form body. A scalar becomes one pair, a list one pair for each item, and `None` is omitted.
    ///
    /// # Errors
    /// If the value is not an object, or a field is or contains an object.
    pub fn form_urlencoded<T: Serialize + ?Sized>(self, body: &T) -> Result<Self, Error> {
        self.form_with_brackets(body, &[])
    }

    /// Like `form_urlencoded`, but writes the fields named in `brackets` as `tags[]=a`, `owner[name]=b` and
    /// `items[0][price]=c`.
    ///
    /// # Errors
    /// If the value is not an object, or another field is or contains an object.
    pub fn form_with_brackets<T: Serialize + ?Sized>(
        self,
        body: &T,
        brackets: &[&str],
    ) -> Result<Self, Error> {
        let form = form::encode(body, brackets)
            .map_err(|e| Error::invalid_request(format!("invalid form: {e}")))?;
        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        Ok(self.and_then(|request| {
            request.headers_mut().insert(CONTENT_TYPE, content_type);
            *request.body_mut() = Some(form.into());
            Ok(())
        }))
    }

    /// Returns the request.
    ///
    /// # Errors
    /// If a part of the request is invalid.
    pub fn build(self) -> Result<Request, Error> {
        self.0
    }

    fn and_then(mut self, change: impl FnOnce(&mut Request) -> Result<(), Error>) -> Self {
        if let Ok(request) = &mut self.0
            && let Err(error) = change(request)
        {
            self.0 = Err(error);
        }
        self
    }
}

/// Converts a generated builder into a request.
pub trait IntoRequest {
    /// The operation that the request calls.
    const OPERATION: crate::Operation;

    /// Builds the request.
    ///
    /// # Errors
    /// If a parameter is missing or invalid.
    fn into_request(self) -> Result<Request, Error>;
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_a_query_are_not_encoded() {
        let factory = RequestFactory.get("http://localhost/runs?a=1".parse::<Url>().unwrap());
        let request = factory
            .query(&[("kinds", "one,two"), ("text", "a&b")])
            .build();
        assert_eq!(
            request.unwrap().url().query(),
            Some("a=1&kinds=one,two&text=a%26b")
        );
    }
}
