//! Bodies of responses, which may still be to come.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

/// An error of any type that can cross threads.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The most bytes of a body that are read, unless another limit is set: 64 MiB.
pub(crate) const MAX_BODY: usize = 64 << 20;

/// The body of a response.
#[non_exhaustive]
pub enum Body {
    /// It is there.
    Whole(Bytes),
    /// It is still to come.
    Stream(ByteStream),
}

impl Body {
    /// The body as a stream.
    pub fn into_stream(self) -> ByteStream {
        match self {
            Self::Whole(bytes) => ByteStream::new(Once(Some(bytes))),
            Self::Stream(stream) => stream,
        }
    }
}

/// Reads a body from its pieces, up to a limit in bytes.
pub(crate) async fn read<S>(pieces: &mut S, limit: usize) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<Bytes, ReadError>> + Unpin,
{
    // Most bodies come in one piece, which is passed on as it is.
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    loop {
        let next = std::future::poll_fn(|cx| Pin::new(&mut *pieces).poll_next(cx)).await;
        let source = match next {
            None if rest.is_empty() => return Ok(first),
            None => return Ok(rest.freeze()),
            Some(Ok(piece)) if first.len() + rest.len() + piece.len() > limit => {
                ReadError::TooLong { limit }
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

/// Why a body could not be read further.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the response is longer than {limit} bytes; `CallOptions::max_body` sets the limit")]
    TooLong { limit: usize },
    #[error(transparent)]
    TimedOut(TimeoutError),
    #[error("the connection broke")]
    Broken(#[source] BoxError),
}

/// Why nothing was received, or a body not completed, in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TimeoutError {
    #[error("nothing was received for {0:?}")]
    Idle(Duration),
    #[error("it did not complete within {0:?}")]
    Total(Duration),
}

/// The error of a body that could not be read to its end.
pub(crate) struct BodyError {
    /// What had arrived.
    pub(crate) received: Bytes,
    /// Why nothing more did.
    pub(crate) source: ReadError,
}

/// The bytes of a body as they come.
pub struct ByteStream(Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send + Sync>>);

impl ByteStream {
    /// A body from a stream of its pieces.
    pub fn new<S, E>(pieces: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + Sync + Unpin + 'static,
        E: Into<BoxError> + 'static,
    {
        Self(Box::pin(Pieces(pieces)))
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
struct Pieces<S>(S);

impl<S, E> Stream for Pieces<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0)
            .poll_next(cx)
            .map(|next| next.map(|piece| piece.map_err(Into::into)))
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
