//! The beginning of a stream. One that begins with an error, or breaks before its first event, was not
//! opened: another attempt may follow, as after an answer with the status of an error.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;
use openapi_runtime::{BoxError, ByteStream, Head, Operation};

use super::attempt::Limits;
use super::failure::Failure;
use super::idle::{Watch, is_timeout};
use crate::chat::{self, FirstEvent};
use crate::events::{Decoder, is_no_event_stream};

/// Reads up to the first event. Gives the stream as if nothing had been read of it, and why it is to be
/// taken for one that was not opened, if it is.
pub(super) async fn look<S, E>(
    mut pieces: S,
    head: &Head,
    operation: &Operation,
    limits: &Limits,
) -> (ByteStream, Option<Failure>)
where
    S: Stream<Item = Result<Bytes, E>> + Send + Sync + Unpin + 'static,
    E: Into<BoxError>,
{
    let mut beginning = Box::<Beginning>::default();
    // No time in all: a stream may take what it takes, as long as events come.
    let watch = Watch::new(limits.idle, None);
    let read = {
        let reading = pin!(beginning.read(&mut pieces, head, operation, limits));
        watch.over(reading).await
    };
    let failure = read.unwrap_or_else(|silence| {
        // Never tried again. Who reads it learns it without waiting for as long once more.
        beginning.broken = Some(silence.into());
        None
    });
    let replayed = Replayed {
        beginning: Some(beginning),
        pieces,
    };
    (ByteStream::new(replayed), failure)
}

/// What was read of a stream.
#[derive(Default)]
struct Beginning {
    pieces: VecDeque<Bytes>,
    /// What it broke off with.
    broken: Option<BoxError>,
}

impl Beginning {
    /// Reads the first event that says something.
    async fn read<S, E>(
        &mut self,
        pieces: &mut S,
        head: &Head,
        operation: &Operation,
        limits: &Limits,
    ) -> Option<Failure>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<BoxError>,
    {
        let mut decoder = Decoder::with_limit(limits.event);
        let mut kept = 0;
        loop {
            while let Some(event) = decoder.next() {
                // One that is too large is for its reader to tell.
                match chat::first_event(&event.ok()?, &head.clone().into()) {
                    FirstEvent::Begins => return None,
                    FirstEvent::Fails(error) => return Some(Failure::begun_with(operation, error)),
                    FirstEvent::SaysNothing => {}
                }
            }
            let piece = match pieces.next().await {
                Some(Ok(piece)) if piece.is_empty() => continue,
                Some(Ok(piece)) => piece,
                Some(Err(source)) => {
                    let source = source.into();
                    let in_time = !is_timeout(&source);
                    self.broken = Some(source);
                    return in_time.then(|| Failure::not_begun(operation));
                }
                None => {
                    // An end that lacks its blank line is one all the same.
                    let last = decoder.unterminated();
                    let ended = last.is_some_and(|event| event.data.trim_ascii() == "[DONE]");
                    return (!ended).then(|| Failure::not_begun(operation));
                }
            };
            kept += piece.len() + size_of::<Bytes>();
            self.pieces.push_back(piece.clone());
            // What is no event stream, or says nothing at length, is for its reader to tell.
            let is_none = self.pieces.len() == 1 && is_no_event_stream(&piece);
            if kept > limits.event || is_none {
                return None;
            }
            decoder.feed(piece);
        }
    }
}

/// What was read already, then the rest.
struct Replayed<S> {
    /// Nothing once it was given. Boxed: it is gone for most of the stream's time.
    beginning: Option<Box<Beginning>>,
    pieces: S,
}

impl<S, E> Stream for Replayed<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(beginning) = &mut self.beginning {
            if let Some(piece) = beginning.pieces.pop_front() {
                return Poll::Ready(Some(Ok(piece)));
            }
            if let Some(source) = beginning.broken.take() {
                return Poll::Ready(Some(Err(source)));
            }
            self.beginning = None;
        }
        let next = self.pieces.poll_next_unpin(cx);
        next.map(|next| next.map(|piece| piece.map_err(Into::into)))
    }
}
