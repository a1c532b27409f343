//! Bytes in, events out. Knows nothing of chat.

use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use futures_core::Stream as _;
use prime_runtime::{BoxError, ByteStream};
use sse_core::{MessageEvent, SseDecoder, SseEvent};

/// The most bytes of one event: 8 MiB.
const MAX_EVENT: NonZeroUsize = NonZeroUsize::new(8 << 20).unwrap();

/// What ends a stream before its end.
#[derive(Debug)]
pub(crate) enum EventsError {
    /// The connection broke.
    Broken(BoxError),
    /// An event is larger than [`MAX_EVENT`].
    TooLarge,
}

/// The events of a body, as the WHATWG event-stream format has them.
pub(crate) struct Events {
    pieces: ByteStream,
    piece: Bytes,
    decoder: SseDecoder,
    last_piece_seen: bool,
}

impl Events {
    pub(crate) fn new(pieces: ByteStream) -> Self {
        Self {
            pieces,
            piece: Bytes::new(),
            decoder: SseDecoder::with_limit(MAX_EVENT),
            last_piece_seen: false,
        }
    }

    /// The next event; nothing at a clean end.
    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<MessageEvent, EventsError>>> {
        loop {
            while let Some(event) = self.decoder.next(&mut self.piece) {
                match event {
                    Ok(SseEvent::Message(event)) => return Poll::Ready(Some(Ok(event))),
                    // When to connect again: an answer is not asked for twice.
                    Ok(SseEvent::Retry(_)) => {}
                    Err(_) => return Poll::Ready(Some(Err(EventsError::TooLarge))),
                }
            }
            if self.last_piece_seen {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut self.pieces).poll_next(cx)) {
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(source)) => {
                    self.last_piece_seen = true;
                    return Poll::Ready(Some(Err(EventsError::Broken(source))));
                }
                None => {
                    self.last_piece_seen = true;
                    return Poll::Ready(None);
                }
            }
        }
    }

    /// The data of an event that the end of the body left without its blank line. The format says to
    /// drop it; a caller who knows better can look at it.
    pub(crate) fn unterminated(&mut self) -> Option<String> {
        debug_assert!(self.last_piece_seen && !self.piece.has_remaining());
        match self.decoder.next(&mut Bytes::from_static(b"\n\n")) {
            Some(Ok(SseEvent::Message(event))) => Some(event.data),
            _ => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The data of a body's events, the body cut into pieces of `size` bytes.
    fn events(body: &[u8], size: usize) -> Vec<String> {
        let pieces: Vec<Result<Bytes, BoxError>> = body
            .chunks(size)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        let mut events = Events::new(ByteStream::new(futures_util::stream::iter(pieces)));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut data = Vec::new();
        while let Poll::Ready(Some(event)) = events.poll_next(&mut cx) {
            data.push(event.unwrap().data);
        }
        data
    }

    #[test]
    fn every_cut_gives_the_same_events() {
        let body = "\u{feff}: ping\r\n\r\ndata: {\"a\":\"ä\u{1f600}\"}\r\n\r\nevent: x\rdata:one\rdata: two\r\rdata\n\nid: 7\ndata: [DONE]\n\ndata: lost";
        let expected = ["{\"a\":\"ä\u{1f600}\"}", "one\ntwo", "", "[DONE]"];
        for size in 1..=body.len() {
            let events = events(body.as_bytes(), size);
            let events: Vec<&str> = events.iter().map(String::as_str).collect();
            assert_eq!(events, expected, "pieces of {size}");
        }
    }

    #[test]
    fn an_endless_line_is_an_error_and_not_memory() {
        let piece = Bytes::from(vec![b'x'; 1 << 20]);
        let mut body = vec![Ok::<_, BoxError>(Bytes::from_static(b"data: "))];
        body.extend((0..20).map(|_| Ok(piece.clone())));
        let mut events = Events::new(ByteStream::new(futures_util::stream::iter(body)));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let first = events.poll_next(&mut cx);
        assert!(matches!(
            first,
            Poll::Ready(Some(Err(EventsError::TooLarge)))
        ));
    }

    #[test]
    fn an_unterminated_event_can_be_looked_at() {
        let body = vec![Ok::<_, BoxError>(Bytes::from_static(b"data: [DONE]"))];
        let mut events = Events::new(ByteStream::new(futures_util::stream::iter(body)));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(matches!(events.poll_next(&mut cx), Poll::Ready(None)));
        assert_eq!(events.unterminated().as_deref(), Some("[DONE]"));
    }
}
