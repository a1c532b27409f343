//! Content codings of responses. Bodies with gzip are decompressed.

use std::io::Write as _;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use flate2::write::MultiGzDecoder;
use futures_core::Stream;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, HeaderValue};

use crate::response_body::{BoxError, ByteStream};

/// Returns the content codings of a body, without `identity`. Names are case-insensitive (RFC 9110, section 8.4.1).
pub(crate) fn codings(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(CONTENT_ENCODING).into_iter();
    let names = values
        .map(HeaderValue::as_bytes)
        .map(String::from_utf8_lossy);
    names
        .collect::<Vec<_>>()
        .join(",")
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty() && name != "identity")
        .collect()
}

/// Returns whether gzip is the only content coding.
pub(crate) fn is_gzip(headers: &HeaderMap) -> bool {
    matches!(&codings(headers)[..], [name] if name == "gzip" || name == "x-gzip")
}

/// Decompresses gzip. A body may have several members, such as one for each event of a stream.
pub(crate) struct Gunzip {
    body: ByteStream,
    input: Bytes,
    /// `None` before the first byte. Some servers declare a coding for an empty body.
    decoder: Option<Box<MultiGzDecoder<Vec<u8>>>>,
    has_ended: bool,
}

impl Gunzip {
    pub(crate) fn new(body: ByteStream) -> Self {
        Self {
            body,
            input: Bytes::new(),
            decoder: None,
            has_ended: false,
        }
    }

    /// Decompresses a part of the input. The output is at most a few kilobytes larger than the input, even if the input
    /// expands to much more.
    fn decode(&mut self) -> Result<Bytes, BoxError> {
        let decoder = self
            .decoder
            .get_or_insert_with(|| Box::new(MultiGzDecoder::new(Vec::new())));
        let read = decoder.write(&self.input)?;
        self.input.advance(read);
        // An event is needed as soon as its last byte has arrived.
        decoder.flush()?;
        Ok(mem::take(decoder.get_mut()).into())
    }
}

impl Stream for Gunzip {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.has_ended {
            return Poll::Ready(None);
        }
        if this.input.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_next(cx)) {
                Some(Ok(chunk)) => this.input = chunk,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    this.has_ended = true;
                    // Fails if the last member is incomplete.
                    let finished = this.decoder.as_mut().map_or(Ok(()), |d| d.try_finish());
                    return Poll::Ready(finished.err().map(|error| Err(error.into())));
                }
            }
        }
        while !this.input.is_empty() {
            match this.decode() {
                Ok(decoded) if decoded.is_empty() => {}
                Ok(decoded) => return Poll::Ready(Some(Ok(decoded))),
                Err(error) => {
                    this.has_ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        // A body may expand to nothing for long, which must not keep timeouts from being noticed.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
