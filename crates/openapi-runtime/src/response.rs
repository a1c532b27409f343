//! Answers: as they came, read, and unread.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::HeaderMap;
use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::error::{BodyFailure, InvalidPayload, PayloadFault};
use crate::{BoxError, Error};

/// The most bytes that are read of one answer: 64 MiB. A [`ByteStream`] has no limit.
pub const MAX_BODY: usize = 64 << 20;

/// What came with an answer's body.
#[derive(Clone)]
#[non_exhaustive]
pub struct Head {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// What the transport noted for the layers above it, such as how often it sent the request.
    pub notes: Option<Arc<dyn Any + Send + Sync>>,
}

impl Head {
    /// A head without notes.
    pub fn new(status: StatusCode, headers: HeaderMap) -> Self {
        Self {
            status,
            headers,
            notes: None,
        }
    }
}

/// The status alone: headers and notes may hold what nobody else is to see.
impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// An answer as it came: its head read, the body perhaps not.
pub struct Response {
    head: Head,
    body: Body,
}

/// The body of an answer.
#[non_exhaustive]
pub enum Body {
    /// Read already.
    Whole(Bytes),
    /// Still to come.
    Stream(ByteStream),
}

impl Response {
    /// An answer of its parts.
    pub fn new(head: Head, body: Body) -> Self {
        Self { head, body }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Takes the answer apart.
    pub fn into_parts(self) -> (Head, Body) {
        (self.head, self.body)
    }
}

impl From<reqwest::Response> for Response {
    fn from(mut response: reqwest::Response) -> Self {
        let headers = std::mem::take(response.headers_mut());
        Self {
            head: Head::new(response.status(), headers),
            body: Body::Stream(ByteStream::new(response.bytes_stream())),
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.head.status)
            .finish_non_exhaustive()
    }
}

impl Body {
    /// Reads the body whole, up to a limit in bytes.
    ///
    /// # Errors
    /// If the connection breaks or the limit is passed; with what had arrived.
    pub async fn read(self, limit: usize) -> Result<Bytes, BodyError> {
        match self {
            Self::Whole(bytes) => Ok(bytes),
            Self::Stream(mut stream) => read(&mut stream, limit).await,
        }
    }
}

/// Reads a body whole from its pieces, up to a limit in bytes.
///
/// # Errors
/// If the connection breaks or the limit is passed; with what had arrived.
pub async fn read<S, E>(pieces: &mut S, limit: usize) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    // Most bodies come in one piece, which is then handed on as it is.
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    loop {
        let next = std::future::poll_fn(|cx| Pin::new(&mut *pieces).poll_next(cx)).await;
        let source: BoxError = match next {
            None if rest.is_empty() => return Ok(first),
            None => return Ok(rest.freeze()),
            Some(Ok(piece)) if first.len() + rest.len() + piece.len() > limit => {
                TooLong { limit }.into()
            }
            Some(Ok(piece)) if first.is_empty() && rest.is_empty() => {
                first = piece;
                continue;
            }
            Some(Ok(piece)) => {
                if rest.is_empty() {
                    rest.extend_from_slice(&std::mem::take(&mut first));
                }
                rest.extend_from_slice(&piece);
                continue;
            }
            Some(Err(source)) => source.into(),
        };
        let received = if rest.is_empty() {
            first
        } else {
            rest.freeze()
        };
        return Err(BodyError { received, source });
    }
}

/// A body that is longer than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is longer than {limit} bytes")]
#[non_exhaustive]
pub struct TooLong {
    /// The most bytes that were to be read.
    pub limit: usize,
}

/// A body that could not be read to its end. Neither `Display` nor `Debug` shows what had arrived.
#[derive(thiserror::Error)]
#[error("the answer broke off after {} bytes", received.len())]
#[non_exhaustive]
pub struct BodyError {
    /// What had arrived.
    pub received: Bytes,
    /// Why nothing more did.
    pub source: BoxError,
}

impl BodyError {
    /// What had arrived, and why nothing more did.
    pub fn new(received: Bytes, source: impl Into<BoxError>) -> Self {
        Self {
            received,
            source: source.into(),
        }
    }
}

impl fmt::Debug for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyError")
            .field("received", &self.received.len())
            .field("source", &self.source)
            .finish()
    }
}

/// A body that is still to come, piece by piece.
pub struct ByteStream(Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send + Sync>>);

impl ByteStream {
    /// A body from a stream of its pieces.
    pub fn new<S, E>(pieces: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + Sync + Unpin + 'static,
        E: Into<BoxError> + 'static,
    {
        Self(Box::pin(Pieces { pieces }))
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByteStream")
    }
}

/// Pieces whose error is boxed.
struct Pieces<S> {
    pieces: S,
}

impl<S, E> Stream for Pieces<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.pieces)
            .poll_next(cx)
            .map(|next| next.map(|piece| piece.map_err(Into::into)))
    }
}

/// An answer that was read: its value, and what came with it. Boxed: it is handed from call to call.
pub struct ResponseValue<T>(Box<Parts<T>>);

struct Parts<T> {
    value: T,
    head: Head,
    bytes: Bytes,
}

impl<T> ResponseValue<T> {
    fn new(value: T, head: Head, bytes: Bytes) -> Self {
        Self(Box::new(Parts { value, head, bytes }))
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.0.value
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.head.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.head.headers
    }

    /// Status, headers and what the transport noted.
    pub fn head(&self) -> &Head {
        &self.0.head
    }

    /// The body as it came, with every field that the value's type does not list. Empty for a
    /// stream.
    pub fn bytes(&self) -> &Bytes {
        &self.0.bytes
    }

    /// Value, head and body.
    pub fn into_parts(self) -> (T, Head, Bytes) {
        let Parts { value, head, bytes } = *self.0;
        (value, head, bytes)
    }
}

impl<T: DeserializeOwned> ResponseValue<T> {
    #[doc(hidden)]
    pub async fn from_response<E>(response: Response) -> Result<Self, Error<E>> {
        let (head, body) = response.into_parts();
        let read = match body {
            Body::Whole(bytes) => Ok(bytes),
            // Boxed: a body that was read already needs no room for the reading.
            Body::Stream(_) => Box::pin(body.read(MAX_BODY)).await,
        };
        match read {
            Ok(bytes) => Self::parse(head, bytes).map_err(Error::InvalidPayload),
            Err(source) => Err(Error::Body(Box::new(BodyFailure { head, source }))),
        }
    }

    fn parse(head: Head, bytes: Bytes) -> Result<Self, Box<InvalidPayload>> {
        // Where nothing is a documented answer, its type has a place for `null`.
        let json: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        match serde_json::from_slice(json) {
            Ok(value) => Ok(Self::new(value, head, bytes)),
            Err(_) => {
                let source = PayloadFault::of::<T>(&bytes);
                Err(Box::new(InvalidPayload {
                    head,
                    bytes,
                    source,
                }))
            }
        }
    }
}

impl ResponseValue<ByteStream> {
    #[doc(hidden)]
    pub fn stream(response: Response) -> Self {
        let (head, body) = response.into_parts();
        let value = match body {
            Body::Stream(stream) => stream,
            Body::Whole(bytes) => ByteStream::new(Once(Some(bytes))),
        };
        Self::new(value, head, Bytes::new())
    }
}

impl ResponseValue<()> {
    #[doc(hidden)]
    pub fn empty(response: Response) -> Self {
        let (head, _) = response.into_parts();
        Self::new((), head, Bytes::new())
    }
}

impl<T> Deref for ResponseValue<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: fmt::Debug> fmt::Debug for ResponseValue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseValue")
            .field("status", &self.0.head.status)
            .field("value", &self.0.value)
            .finish_non_exhaustive()
    }
}

/// One piece, then the end.
struct Once(Option<Bytes>);

impl Stream for Once {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}
