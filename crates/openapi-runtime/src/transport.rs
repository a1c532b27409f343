//! One HTTP exchange: a request is sent, and a response is received.
//!
//! Generated clients send their requests through a [`Transport`]. [`reqwest::Client`] implements it. Implement it
//! yourself to mock a service in a test, or to send requests in another way:
//!
//! ```
//! use openapi_runtime::{Transport, TransportError, TransportFuture, TransportResponse};
//!
//! /// Answers every request with an empty list.
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
/// A transport sends each request once. It should not retry, and needs no timeout:
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

/// A transport that returns the result of a function, from [`from_fn`].
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

/// Sends requests with the settings of the client. The client may follow redirects, so a failed connection does not
/// prove that nothing was sent.
impl Transport for reqwest::Client {
    fn send(&self, request: reqwest::Request) -> TransportFuture<'_> {
        let response = self.execute(request);
        Box::pin(async move { Ok(response.await?.into()) })
    }
}

/// An HTTP response, whose body may not have been received yet.
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

/// Decodes a body with the content coding gzip, unless the client has decoded it.
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
    may_be_redirected: bool,
    source: BoxError,
}

/// How far a request got before it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// Nothing was sent.
    NotSent,
    /// The TLS handshake failed, for example because the certificate is invalid. Nothing was sent, and another attempt
    /// would fail in the same way.
    Tls,
    /// The connection failed before the request was sent completely.
    Unfinished,
    /// The server reported that it did not process the request (HTTP/2, RFC 9113, section 8.7).
    NotProcessed,
    /// The connection failed. The request may have been sent. The default.
    Broken,
    /// The request timed out. It may have been sent.
    TimedOut,
    /// The response header is larger than the transport's limit.
    LargeHead,
    /// The response header is malformed or much too large.
    MalformedHead,
    /// There were too many redirects.
    Redirects,
    /// The request cannot be sent.
    InvalidRequest,
}

impl TransportError {
    /// Creates the error of a request that may have been sent.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self {
            kind: TransportErrorKind::Broken,
            may_be_redirected: false,
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

    /// Marks this as an error of a transport that does not follow redirects. Its kind then describes the original
    /// request, not a redirected one.
    #[must_use]
    pub fn without_redirects(mut self) -> Self {
        self.may_be_redirected = false;
        self
    }

    /// Returns how far the request got.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Returns whether a redirect may have been followed, so that an earlier request may have been carried out.
    pub(crate) fn may_be_redirected(&self) -> bool {
        self.may_be_redirected
    }

    pub(crate) fn into_source(self) -> BoxError {
        self.source
    }

    /// Returns the text of the innermost source, such as `Connection refused (os error 111)`.
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
            TransportErrorKind::LargeHead => "the response header is too large",
            TransportErrorKind::MalformedHead => "the response header is malformed or too large",
            TransportErrorKind::Redirects => "too many redirects",
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
        // reqwest reports the redirect to a URL that it cannot use in the same way, but with the URL of the request.
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
        } else if has_large_header(&error) {
            TransportErrorKind::LargeHead
        } else if is_rejected_by_h2(&error) {
            TransportErrorKind::MalformedHead
        } else if error.is_timeout() {
            TransportErrorKind::TimedOut
        } else if is_unsendable {
            TransportErrorKind::InvalidRequest
        } else if error.is_builder() {
            TransportErrorKind::MalformedHead
        } else if error.is_redirect() {
            TransportErrorKind::Redirects
        } else {
            TransportErrorKind::Broken
        };
        Self {
            kind,
            may_be_redirected: true,
            source: error.into(),
        }
    }
}

/// Returns whether reqwest can send requests to a URL.
fn is_sendable(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && http::Uri::try_from(url.as_str()).is_ok()
}

/// Returns whether the handshake of rustls failed for another reason than the connection.
fn is_tls_fault(error: &reqwest::Error) -> bool {
    // An `io::Error` hides the one that it wraps from `source`.
    fn inner(error: &io::Error) -> Option<&io::Error> {
        error.get_ref()?.downcast_ref()
    }
    let io = find_source::<io::Error>(error);
    iter::successors(io, |&error| inner(error))
        .any(|error| error.kind() == io::ErrorKind::InvalidData)
}

/// Returns whether a part of an HTTP/1 request could not be sent.
fn is_unfinished(error: &reqwest::Error) -> bool {
    find_source::<hyper::Error>(error).is_some_and(|error| {
        let is_io = error
            .source()
            .is_some_and(|source| source.is::<io::Error>());
        // hyper shows this only in its message.
        is_io && error.to_string().starts_with("error writing a body")
    })
}

/// Returns whether the server reported that it did not process the request, which can then be retried (RFC 9113,
/// section 8.7).
fn is_unprocessed(error: &reqwest::Error) -> bool {
    find_source::<h2::Error>(error).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
        let going_away = error.is_go_away() && error.reason() == Some(Reason::NO_ERROR);
        error.is_remote() && (refused || going_away)
    })
}

/// Returns whether the response header is larger than the limit of the HTTP client.
fn has_large_header(error: &reqwest::Error) -> bool {
    let http1 = find_source::<hyper::Error>(error);
    let http2 = find_source::<h2::Error>(error);
    // For clients, hyper shows the cause of a parse error only in its message.
    http1.is_some_and(|error| error.is_parse() && error.to_string().contains("too large"))
        // h2 resets the stream like this if the header list is too large.
        || http2.is_some_and(|error| {
            error.is_library() && error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM)
        })
}

/// Returns whether h2 rejected a response header because it is malformed or much too large. If h2 closed the
/// connection, the header may belong to another call.
fn is_rejected_by_h2(error: &reqwest::Error) -> bool {
    let error = find_source::<h2::Error>(error);
    error.is_some_and(|error| error.is_library() && (error.is_reset() || error.is_go_away()))
}

/// Returns the first source of type `E`.
fn find_source<E: StdError + 'static>(error: &reqwest::Error) -> Option<&E> {
    iter::successors(error.source(), |&error| error.source())
        .find_map(|error| error.downcast_ref::<E>())
}
