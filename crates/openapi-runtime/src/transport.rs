//! Sends a request and receives its response.
//!
//! Generated clients send their requests through a [`Transport`]. [`reqwest::Client`] implements it. Implement the
//! trait yourself to mock a service in a test, or to send requests in another way:
//!
//! ```
//! use openapi_runtime::{Transport, TransportError, TransportFuture, TransportResponse};
//!
//! /// Responds to each GET request with an empty list.
//! #[derive(Debug)]
//! struct Empty;
//!
//! impl Transport for Empty {
//!     fn send(&self, request: reqwest::Request) -> TransportFuture<'_> {
//!         Box::pin(async move {
//!             if request.method() != "GET" {
//!                 return Err(TransportError::not_sent("only GET is mocked"));
//!             }
//!             let response = http::Response::new(r#"{"data": []}"#);
//!             Ok(TransportResponse::from(response))
//!         })
//!     }
//! }
//! ```

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::iter;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use h2::Reason;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, StatusCode};
use reqwest::Url;

use crate::content_coding::{Gunzip, is_gzip};
use crate::redact::one_line;
use crate::response_body::{Body, BoxError, ByteStream};

/// The future that [`Transport::send`] returns.
pub type TransportFuture<'a> =
    Pin<Box<dyn Future<Output = Result<TransportResponse, TransportError>> + Send + 'a>>;

/// Sends HTTP requests.
///
/// A transport sends each request once. It should not retry, and it needs no timeout, because
/// [`Caller`](crate::Caller) applies retries, timeouts and limits.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends a request and returns the response, whatever its status.
    fn send(&self, request: reqwest::Request) -> TransportFuture<'_>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: reqwest::Request) -> TransportFuture<'_> {
        (**self).send(request)
    }
}

/// Creates a transport that returns the result of a function, for tests without a socket.
///
/// ```
/// use openapi_runtime::transport;
///
/// let transport = transport::from_fn(|request| {
///     assert_eq!(request.method(), "GET");
///     http::Response::new(r#"{"data": []}"#)
/// });
/// ```
pub fn from_fn<F, R>(respond: F) -> FromFn<F>
where
    F: Fn(reqwest::Request) -> R + Send + Sync,
    R: Into<TransportResponse>,
{
    FromFn(respond)
}

/// The transport that [`from_fn`] returns.
pub struct FromFn<F>(F);

impl<F, R> Transport for FromFn<F>
where
    F: Fn(reqwest::Request) -> R + Send + Sync,
    R: Into<TransportResponse>,
{
    fn send(&self, request: reqwest::Request) -> TransportFuture<'_> {
        Box::pin(std::future::ready(Ok((self.0)(request).into())))
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}

/// Sends requests with the settings of the client. The client may follow redirects. If a connection then fails, an
/// earlier request may have been sent.
impl Transport for reqwest::Client {
    fn send(&self, request: reqwest::Request) -> TransportFuture<'_> {
        let response = self.execute(request);
        Box::pin(async move { Ok(response.await?.into()) })
    }
}

/// An HTTP response. Its body may not have been received yet.
pub struct TransportResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// The length of the body in bytes, if it is known. A shorter body is an error.
    pub content_length: Option<u64>,
}

/// Decompresses the body if its content coding is gzip and the client has not decompressed it.
impl From<reqwest::Response> for TransportResponse {
    fn from(mut response: reqwest::Response) -> Self {
        let status = response.status();
        let mut headers = std::mem::take(response.headers_mut());
        let mut content_length = response.content_length();
        let mut body = ByteStream::new(response.bytes_stream());
        if is_gzip(&headers) {
            headers.remove(CONTENT_ENCODING);
            headers.remove(CONTENT_LENGTH);
            content_length = None;
            body = ByteStream::new(Gunzip::new(body));
        }
        Self {
            status,
            headers,
            body: Body::Stream(body),
            content_length,
        }
    }
}

impl<B: Into<Bytes>> From<http::Response<B>> for TransportResponse {
    fn from(response: http::Response<B>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status,
            headers: head.headers,
            body: Body::Buffered(body.into()),
            content_length: None,
        }
    }
}

/// Shows only the status, because headers may contain secrets.
impl fmt::Debug for TransportResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportResponse")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The error of a request that received no response.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    may_have_been_redirected: bool,
    source: BoxError,
}

/// Why a request received no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// Nothing was sent.
    NotSent,
    /// The TLS handshake failed, for example because the certificate is invalid. Nothing was sent. A retry
    /// would fail in the same way.
    Tls,
    /// The connection failed before the request was sent completely.
    Unfinished,
    /// The server reported that it did not process the request (HTTP/2, RFC 9113, section 8.7).
    NotProcessed,
    /// The connection failed. The request may have been sent. [`TransportError::new`] sets this kind.
    Broken,
    /// The request timed out. It may have been sent.
    TimedOut,
    /// The response headers are larger than the limit of the transport.
    HeadersTooLarge,
    /// The response headers are malformed or much too large.
    MalformedHeaders,
    /// There were too many redirects.
    TooManyRedirects,
    /// The request cannot be sent.
    InvalidRequest,
}

impl TransportError {
    /// Creates the error of a request that may have been sent, of the kind [`TransportErrorKind::Broken`].
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self {
            kind: TransportErrorKind::Broken,
            may_have_been_redirected: false,
            source: source.into(),
        }
    }

    /// Creates the error of a request that was not sent.
    pub fn not_sent(source: impl Into<BoxError>) -> Self {
        Self::new(source).with_kind(TransportErrorKind::NotSent)
    }

    /// Sets the kind.
    #[must_use]
    pub fn with_kind(mut self, kind: TransportErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// States that the transport does not follow redirects. The kind then describes the original request, and not a
    /// redirected one.
    #[must_use]
    pub fn without_redirects(mut self) -> Self {
        self.may_have_been_redirected = false;
        self
    }

    /// Returns why the request received no response.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Returns whether the transport may have followed a redirect. The request before the redirect may then have been
    /// carried out.
    pub(crate) fn may_have_been_redirected(&self) -> bool {
        self.may_have_been_redirected
    }

    pub(crate) fn into_source(self) -> BoxError {
        self.source
    }

    /// Returns the message of the innermost source, such as `Connection refused (os error 111)`.
    pub(crate) fn reason(&self) -> String {
        let first: &(dyn StdError + 'static) = &*self.source;
        let sources = iter::successors(Some(first), |&error| error.source());
        let last = sources.last().map(ToString::to_string);
        one_line(&last.unwrap_or_default())
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::NotSent => "the request was not sent",
            TransportErrorKind::Tls => "the TLS handshake failed",
            TransportErrorKind::Unfinished => {
                "the connection failed before the request was sent completely"
            }
            TransportErrorKind::NotProcessed => "the server did not process the request",
            TransportErrorKind::Broken => "the connection failed before a response was received",
            TransportErrorKind::TimedOut => "the request timed out",
            TransportErrorKind::HeadersTooLarge => "the response header is too large",
            TransportErrorKind::MalformedHeaders => "the response header is malformed or too large",
            TransportErrorKind::TooManyRedirects => "too many redirects",
            TransportErrorKind::InvalidRequest => "the request cannot be sent",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        // For a redirect to a URL that it cannot use, reqwest also reports a builder error, but with the original URL.
        let is_unsendable = error.is_builder() && error.url().is_some_and(|url| !is_sendable(url));
        let error = error.without_url();
        let kind = if error.is_connect() && is_tls_fault(&error) {
            TransportErrorKind::Tls
        } else if error.is_connect() {
            TransportErrorKind::NotSent
        } else if is_unfinished(&error) {
            TransportErrorKind::Unfinished
        } else if is_unprocessed(&error) {
            TransportErrorKind::NotProcessed
        } else if has_large_headers(&error) {
            TransportErrorKind::HeadersTooLarge
        } else if is_rejected_by_h2(&error) {
            TransportErrorKind::MalformedHeaders
        } else if error.is_timeout() {
            TransportErrorKind::TimedOut
        } else if is_unsendable {
            TransportErrorKind::InvalidRequest
        } else if error.is_builder() {
            TransportErrorKind::MalformedHeaders
        } else if error.is_redirect() {
            TransportErrorKind::TooManyRedirects
        } else {
            TransportErrorKind::Broken
        };
        Self {
            kind,
            may_have_been_redirected: true,
            source: error.into(),
        }
    }
}

/// Returns whether reqwest can send requests to a URL.
fn is_sendable(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && http::Uri::try_from(url.as_str()).is_ok()
}

/// Returns whether the TLS handshake failed for a reason other than a failed connection.
fn is_tls_fault(error: &reqwest::Error) -> bool {
    // `source` does not return the `io::Error` that an `io::Error` wraps.
    fn inner(error: &io::Error) -> Option<&io::Error> {
        error.get_ref()?.downcast_ref()
    }
    let io = find_source::<io::Error>(error);
    iter::successors(io, |&error| inner(error))
        .any(|error| error.kind() == io::ErrorKind::InvalidData)
}

/// Returns whether the connection failed before an HTTP/1 request was sent completely.
fn is_unfinished(error: &reqwest::Error) -> bool {
    find_source::<hyper::Error>(error).is_some_and(|error| {
        let is_io = error
            .source()
            .is_some_and(|source| source.is::<io::Error>());
        // hyper shows this only in its message.
        is_io && error.to_string().starts_with("error writing a body")
    })
}

/// Returns whether the server reported that it did not process the request. The request can then be retried (RFC 9113,
/// section 8.7).
fn is_unprocessed(error: &reqwest::Error) -> bool {
    find_source::<h2::Error>(error).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
        let going_away = error.is_go_away() && error.reason() == Some(Reason::NO_ERROR);
        error.is_remote() && (refused || going_away)
    })
}

/// Returns whether the response headers are larger than the limit of the HTTP client.
fn has_large_headers(error: &reqwest::Error) -> bool {
    let http1 = find_source::<hyper::Error>(error);
    let http2 = find_source::<h2::Error>(error);
    // hyper shows a client the cause of a parse error only in the message.
    http1.is_some_and(|error| error.is_parse() && error.to_string().contains("too large"))
        // If the header list is too large, h2 resets the stream with this reason.
        || http2.is_some_and(|error| {
            error.is_library() && error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM)
        })
}

/// Returns whether h2 rejected response headers because they are malformed or much too large. If h2 closed the
/// connection, the headers may belong to another call.
fn is_rejected_by_h2(error: &reqwest::Error) -> bool {
    let error = find_source::<h2::Error>(error);
    error.is_some_and(|error| error.is_library() && (error.is_reset() || error.is_go_away()))
}

/// Returns the first source of type `E`.
fn find_source<E: StdError + 'static>(error: &reqwest::Error) -> Option<&E> {
    iter::successors(error.source(), |&error| error.source())
        .find_map(|error| error.downcast_ref::<E>())
}
