//! One HTTP exchange: a request goes out, a response comes back.
//!
//! [`Transport`] is the seam between the calls of generated clients and the network. [`reqwest::Client`] implements
//! it. A transport of your own can answer calls in a test, or send them another way:
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
use std::iter;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use h2::Reason;
use http::{HeaderMap, StatusCode};
use reqwest::Url;

use crate::response_body::{Body, BoxError, ByteStream};

/// The future of [`Transport::send`].
pub type TransportFuture<'a> =
    Pin<Box<dyn Future<Output = Result<TransportResponse, TransportError>> + Send + 'a>>;

/// Sends requests, each once.
///
/// Retries, timeouts and limits are the caller's: a transport should not repeat a request, and may wait for as long
/// as it takes.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends a request and gives the response, whatever its status.
    fn send(&self, request: reqwest::Request) -> TransportFuture<'_>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: reqwest::Request) -> TransportFuture<'_> {
        (**self).send(request)
    }
}

/// Sends with the client's own settings. It may follow redirects, so a connection that failed does not prove that
/// nothing was sent.
impl Transport for reqwest::Client {
    fn send(&self, request: reqwest::Request) -> TransportFuture<'_> {
        Box::pin(async move {
            check_url(request.url())?;
            Ok(self.execute(request).await?.into())
        })
    }
}

/// A response: its head, and a body that may still be to come.
pub struct TransportResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// How many bytes the body has, if the transport knows: a shorter body is an error.
    pub content_length: Option<u64>,
}

impl From<reqwest::Response> for TransportResponse {
    fn from(mut response: reqwest::Response) -> Self {
        Self {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            content_length: response.content_length(),
            body: Body::Stream(ByteStream::new(response.bytes_stream())),
        }
    }
}

impl<B: Into<Bytes>> From<http::Response<B>> for TransportResponse {
    fn from(response: http::Response<B>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status,
            headers: head.headers,
            body: Body::Whole(body.into()),
            content_length: None,
        }
    }
}

/// The status alone: headers may contain secrets.
impl fmt::Debug for TransportResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportResponse")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Why a request got no response.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    may_be_redirected: bool,
    source: BoxError,
}

/// How far a request got that was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// Nothing was sent.
    NotSent,
    /// The server said that it did not process the request (HTTP/2, RFC 9113, section 8.7).
    NotProcessed,
    /// It may have been sent, and the connection broke. The default.
    Broken,
    /// It may have been sent, and no response came in time.
    TimedOut,
    /// The response's head is larger than the transport reads.
    LargeHead,
    /// The response's head is malformed or much too large.
    MalformedHead,
    /// There were too many redirects.
    Redirects,
    /// The request cannot be sent.
    InvalidRequest,
}

impl TransportError {
    /// An error of a request that may have been sent.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self {
            kind: TransportErrorKind::Broken,
            may_be_redirected: false,
            source: source.into(),
        }
    }

    /// An error of a request of which nothing was sent.
    pub fn not_sent(source: impl Into<BoxError>) -> Self {
        Self::new(source).with_kind(TransportErrorKind::NotSent)
    }

    /// The same error of another kind.
    #[must_use]
    pub fn with_kind(mut self, kind: TransportErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// The same error of a transport that does not follow redirects: what it says of the last request holds for the
    /// first.
    #[must_use]
    pub fn without_redirects(mut self) -> Self {
        self.may_be_redirected = false;
        self
    }

    /// How far the request got.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether a redirect may have been followed before, so that an earlier request may have been carried out.
    pub(crate) fn may_be_redirected(&self) -> bool {
        self.may_be_redirected
    }

    pub(crate) fn into_source(self) -> BoxError {
        self.source
    }

    /// The innermost reason, such as `Connection refused (os error 111)`.
    pub(crate) fn reason(&self) -> String {
        let first: &(dyn StdError + 'static) = &*self.source;
        let sources = iter::successors(Some(first), |&error| error.source());
        sources.last().map(ToString::to_string).unwrap_or_default()
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::NotSent => "the request was not sent",
            TransportErrorKind::NotProcessed => "the server did not process the request",
            TransportErrorKind::Broken => "the connection broke before a response came",
            TransportErrorKind::TimedOut => "no response came in time",
            TransportErrorKind::LargeHead => "the head of the response is too large",
            TransportErrorKind::MalformedHead => {
                "the head of the response is malformed or too large"
            }
            TransportErrorKind::Redirects => "there were too many redirects",
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
        let error = error.without_url();
        let kind = if error.is_connect() {
            TransportErrorKind::NotSent
        } else if is_unprocessed(&error) {
            TransportErrorKind::NotProcessed
        } else if has_large_head(&error) {
            TransportErrorKind::LargeHead
        } else if is_refused_by_h2(&error) {
            TransportErrorKind::MalformedHead
        } else if error.is_timeout() {
            TransportErrorKind::TimedOut
        } else if error.is_builder() {
            // reqwest also says so of a redirect whose URL it cannot parse.
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

/// Checks that reqwest can send a request to this URL. An error that it gives later is one of the response.
///
/// # Errors
/// If the scheme is neither `http` nor `https`, or the URL is not valid in HTTP.
pub fn check_url(url: &Url) -> Result<(), TransportError> {
    let invalid = |source: BoxError| TransportError {
        kind: TransportErrorKind::InvalidRequest,
        may_be_redirected: false,
        source,
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("the scheme is neither http nor https".into()));
    }
    match http::Uri::try_from(url.as_str()) {
        Ok(_) => Ok(()),
        Err(error) => Err(invalid(error.into())),
    }
}

/// Whether the server said that it did not process the request, which may then be sent again. Source: RFC 9113,
/// section 8.7.
fn is_unprocessed(error: &reqwest::Error) -> bool {
    find_source::<h2::Error>(error).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
        let left = error.is_go_away() && error.reason() == Some(Reason::NO_ERROR);
        error.is_remote() && (refused || left)
    })
}

/// Whether the head of the response is larger than the HTTP client reads.
fn has_large_head(error: &reqwest::Error) -> bool {
    let http1 = find_source::<hyper::Error>(error);
    let http2 = find_source::<h2::Error>(error);
    // hyper says which of its parse errors it is only to servers, and in its message.
    http1.is_some_and(|error| error.is_parse() && error.to_string().contains("too large"))
        // This is how h2 refuses a large header list.
        || http2.is_some_and(|error| {
            error.is_library() && error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM)
        })
}

/// Whether h2 refused what the server sent: a head that is malformed or much too large. If it closed the connection,
/// the head may be that of another call.
fn is_refused_by_h2(error: &reqwest::Error) -> bool {
    let error = find_source::<h2::Error>(error);
    error.is_some_and(|error| error.is_library() && (error.is_reset() || error.is_go_away()))
}

/// The first of an error's sources that has a type.
fn find_source<E: StdError + 'static>(error: &reqwest::Error) -> Option<&E> {
    iter::successors(error.source(), |&error| error.source())
        .find_map(|error| error.downcast_ref::<E>())
}
