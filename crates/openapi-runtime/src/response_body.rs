//! Response bodies, buffered or streamed.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use crate::options::DEFAULT_IDLE_TIMEOUT;
use crate::sse::{DEFAULT_MAX_EVENT, EventStream};

/// A boxed error of any type that is `Send` and `Sync`.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The default limit of a response body: 64 MiB.
pub(crate) const DEFAULT_MAX_BODY: usize = 64 << 20;

/// The body of a response.
#[non_exhaustive]
pub enum Body {
    /// The complete body.
    Buffered(Bytes),
    /// The chunks of a body that has not been read yet.
    Stream(ByteStream),
}

impl Body {
    /// Converts the body to a stream of its chunks.
    pub fn into_stream(self) -> ByteStream {
        match self {
            Self::Buffered(bytes) => ByteStream::new(Once(Some(bytes))),
            Self::Stream(stream) => stream,
        }
    }
}

/// Reads a complete body from its chunks. Fails if the body is longer than `limit` bytes.
pub(crate) async fn read<S>(chunks: &mut S, limit: usize) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<Bytes, ReadError>> + Unpin,
{
    // Most bodies have a single chunk, which is returned without a copy.
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    loop {
        let next = std::future::poll_fn(|cx| Pin::new(&mut *chunks).poll_next(cx)).await;
        let source = match next {
            None if rest.is_empty() => return Ok(first),
            None => return Ok(rest.freeze()),
            Some(Ok(chunk)) if first.len() + rest.len() + chunk.len() > limit => {
                ReadError::TooLong { limit }
            }
            Some(Ok(chunk)) if first.is_empty() && rest.is_empty() => {
                first = chunk;
                continue;
            }
            Some(Ok(chunk)) => {
                if rest.is_empty() {
                    rest.extend_from_slice(&std::mem::take(&mut first));
                }
                rest.extend_from_slice(&chunk);
                continue;
            }
            Some(Err(source)) => source,
        };
        let received = if rest.is_empty() {
            first
        } else {
            rest.freeze()
        };
        return Err(BodyError { received, source });
    }
}

/// Why reading a body failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(
        "the response is larger than {limit} bytes; raise the limit with `CallOptions::max_body`"
    )]
    TooLong { limit: usize },
    #[error(transparent)]
    TimedOut(TimeoutError),
    #[error("the connection failed")]
    Broken(#[source] BoxError),
}

/// The timeout that ended a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TimeoutError {
    #[error("no data received for {0:?}")]
    Idle(Duration),
    #[error("not complete within {0:?}")]
    Total(Duration),
}

/// The error of a body that could not be read completely.
pub(crate) struct BodyError {
    /// The part that was received.
    pub(crate) received: Bytes,
    /// Why the rest could not be read.
    pub(crate) source: ReadError,
}

/// A stream of the chunks of a body.
pub struct ByteStream(Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send + Sync>>);

impl ByteStream {
    /// Creates a body from a stream of its chunks.
    pub fn new<S, E>(chunks: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + Sync + Unpin + 'static,
        E: Into<BoxError> + 'static,
    {
        Self(Box::pin(BoxedErrors(chunks)))
    }

    /// Reads the body as server-sent events, with the default limits: 8 MiB for an event, and 10 minutes without one.
    /// [`EventStream::new`] sets others.
    pub fn into_events(self) -> EventStream {
        EventStream::new(self, DEFAULT_MAX_EVENT, DEFAULT_IDLE_TIMEOUT)
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

/// Boxes the errors of a stream.
struct BoxedErrors<S>(S);

impl<S, E> Stream for BoxedErrors<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0)
            .poll_next(cx)
            .map(|next| next.map(|chunk| chunk.map_err(Into::into)))
    }
}

/// A body that ends with an error if it is shorter than the declared length. With HTTP/2, the HTTP client can mistake a
/// truncated body for a complete one.
pub(crate) struct ExactLength {
    body: ByteStream,
    missing: u64,
}

impl ExactLength {
    pub(crate) fn new(body: ByteStream, length: u64) -> Self {
        Self {
            body,
            missing: length,
        }
    }
}

impl Stream for ExactLength {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.body).poll_next(cx));
        Poll::Ready(match next {
            Some(Ok(chunk)) => {
                self.missing = self.missing.saturating_sub(chunk.len() as u64);
                Some(Ok(chunk))
            }
            None if self.missing > 0 => {
                self.missing = 0;
                Some(Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()))
            }
            next => next,
        })
    }
}

/// A stream of one chunk.
struct Once(Option<Bytes>);

impl Stream for Once {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}
