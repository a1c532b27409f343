//! The beginning of a stream. One that begins with an error, or breaks before its first event, was not
//! opened: another attempt may follow, as after an answer with the status of an error.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;
use prime_runtime::{BoxError, ByteStream, Head, Operation};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::time::{Instant, timeout_at};

use super::attempt::Limits;
use super::failure::Failure;
use super::idle::Silence;
use crate::error::{Envelope, Error};
use crate::events::{Decoder, Event};

/// Reads up to the first event. Gives the stream as if nothing had been read of it, and why it is to be
/// taken for one that was not opened, if it is.
pub(super) async fn look<S, E>(
    pieces: S,
    head: &Head,
    operation: &Operation,
    limits: Limits,
) -> (ByteStream, Option<Failure>)
where
    S: Stream<Item = Result<Bytes, E>> + Send + Sync + Unpin + 'static,
    E: Into<BoxError>,
{
    let mut stream = Replayed {
        seen: Vec::new(),
        broken: None,
        pieces,
    };
    let mut decoder = Decoder::with_limit(limits.event);
    let failure = match Instant::now().checked_add(limits.idle) {
        None => {
            stream
                .first_event(&mut decoder, head, operation, limits)
                .await
        }
        Some(end) => {
            let first = stream.first_event(&mut decoder, head, operation, limits);
            let first = timeout_at(end, first).await;
            first.unwrap_or_else(|_| {
                // Never tried again. Who reads it learns it without waiting for as long once more.
                stream.broken = Some(Silence::Idle(limits.idle).into());
                None
            })
        }
    };
    // What was seen last is given first.
    stream.seen.reverse();
    (ByteStream::new(stream), failure)
}

/// What was read already, then the rest.
struct Replayed<S> {
    seen: Vec<Bytes>,
    broken: Option<BoxError>,
    pieces: S,
}

impl<S, E> Replayed<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    /// Reads the first event that says something.
    async fn first_event(
        &mut self,
        decoder: &mut Decoder,
        head: &Head,
        operation: &Operation,
        limits: Limits,
    ) -> Option<Failure> {
        let mut kept = 0;
        loop {
            while let Some(event) = decoder.next() {
                // One that is too large is for its reader to tell.
                let event = event.ok()?;
                if !event.data.trim_ascii().is_empty() {
                    let error = || Error::in_stream(&event.data, head.clone().into());
                    return is_error(&event).then(|| Failure::begun_with(operation, error()));
                }
            }
            let piece = match self.pieces.next().await {
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
            kept += piece.len();
            self.seen.push(piece.clone());
            // What is no event stream, or says nothing at length, is for its reader to tell.
            let text = piece.trim_ascii_start();
            if kept > limits.event || self.seen.len() == 1 && text.starts_with(b"{") {
                return None;
            }
            decoder.feed(piece);
        }
    }
}

impl<S, E> Stream for Replayed<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(piece) = self.seen.pop() {
            if self.seen.is_empty() {
                self.seen = Vec::new();
            }
            return Poll::Ready(Some(Ok(piece)));
        }
        if let Some(source) = self.broken.take() {
            return Poll::Ready(Some(Err(source)));
        }
        Pin::new(&mut self.pieces)
            .poll_next(cx)
            .map(|next| next.map(|piece| piece.map_err(Into::into)))
    }
}

/// Whether an event says what went wrong, and nothing of an answer.
fn is_error(event: &Event<'_>) -> bool {
    #[derive(Deserialize)]
    struct Chunk {
        choices: Option<Vec<IgnoredAny>>,
    }
    let is_answer = || {
        let chunk = serde_json::from_str::<Chunk>(&event.data);
        chunk.is_ok_and(|chunk| chunk.choices.is_some_and(|choices| !choices.is_empty()))
    };
    event.name == "error" || !is_answer() && Envelope::is_error(event.data.as_bytes())
}

fn is_timeout(source: &BoxError) -> bool {
    let of_reqwest = source.downcast_ref::<reqwest::Error>();
    of_reqwest.is_some_and(reqwest::Error::is_timeout)
}
