//! The beginning of a stream. One that begins with an error, or breaks before its first event, was not
//! opened: another attempt may follow, as after an answer with the status of an error.

use std::collections::VecDeque;
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
use crate::events::{Decoder, Event, is_no_event_stream};

/// Reads up to the first event. Gives the stream as if nothing had been read of it, and why it is to be
/// taken for one that was not opened, if it is.
pub(super) async fn look<S, E>(
    mut pieces: S,
    head: &Head,
    operation: &Operation,
    limits: Limits,
) -> (ByteStream, Option<Failure>)
where
    S: Stream<Item = Result<Bytes, E>> + Send + Sync + Unpin + 'static,
    E: Into<BoxError>,
{
    let mut beginning = Box::<Beginning>::default();
    let first_event = beginning.read(&mut pieces, head, operation, limits);
    let failure = match Instant::now().checked_add(limits.idle) {
        None => first_event.await,
        Some(end) => match timeout_at(end, first_event).await {
            Ok(failure) => failure,
            Err(_) => {
                // Never tried again. Who reads it learns it without waiting for as long once more.
                beginning.broken = Some(Silence::Idle(limits.idle).into());
                None
            }
        },
    };
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
        limits: Limits,
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
                let event = event.ok()?;
                if !event.data.trim_ascii().is_empty() {
                    let error = || Error::in_stream(&event.data, head.clone().into());
                    return is_error(&event).then(|| Failure::begun_with(operation, error()));
                }
            }
            let piece = match pieces.next().await {
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
