//! The answer as it comes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, StatusCode};
use pinference_api::operations::CREATE_CHAT_COMPLETION_STREAM as OPERATION;
use pinference_api::types::{ChatCompletionChunk, Usage};
use prime_runtime::{BoxError, ByteStream, PayloadFault, Secret, TextOrParts};

use super::ChatAnswer;
use super::assembly::Assembly;
use crate::cost::Receipt;
use crate::envelope::Envelope;
use crate::error::{Error, ErrorKind};
use crate::events::{Events, EventsError};

/// An answer as it comes. From [`ChatRequest::stream`](crate::ChatRequest::stream).
///
/// It is whole when the service says so: with `[DONE]`, or with a finish reason for every answer that
/// was asked for before a clean end. Every other end is an error, which carries what had arrived
/// ([`Error::partial_answer`]).
///
/// Nothing is read ahead: who stops reading stops the service, and dropping it closes the connection.
///
/// ```no_run
/// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// let mut story = prime.chat("meta-llama/llama-3.1-70b-instruct").user("A story").stream().await?;
/// while let Some(text) = story.next_text().await? {
///     print!("{text}");
/// }
/// let whole = story.finish().await?;
/// println!("{}", whole.cost());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read until it is asked for"]
pub struct ChatStream {
    events: Events,
    assembly: Assembly,
    /// How many answers were asked for.
    answers: usize,
    headers: HeaderMap,
    key: Secret,
    first: Option<ChatCompletionChunk>,
    /// Bytes of all events.
    received: usize,
    state: State,
    receipt: Receipt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Whole,
    Failed(ErrorKind),
}

/// The most bytes of one answer, as of one that is not streamed: 64 MiB.
const MAX_ANSWER: usize = prime_runtime::response::MAX_BODY;

impl ChatStream {
    /// Reads up to the first chunk, so that an error there is an error of the call.
    pub(crate) async fn open(
        pieces: ByteStream,
        headers: HeaderMap,
        answers: usize,
        key: Secret,
        receipt: Receipt,
    ) -> Result<Self, Error> {
        let mut stream = Self {
            events: Events::new(pieces),
            assembly: Assembly::default(),
            answers,
            headers,
            key,
            first: None,
            received: 0,
            state: State::Open,
            receipt,
        };
        stream.first = stream.read().await?;
        Ok(stream)
    }

    /// The next chunk; nothing once the answer is whole.
    ///
    /// # Errors
    /// If the answer is cut off or broken off, or a chunk is not what the specification says.
    pub async fn next(&mut self) -> Result<Option<ChatCompletionChunk>, Error> {
        match self.first.take() {
            Some(chunk) => Ok(Some(chunk)),
            None => self.read().await,
        }
    }

    /// The next piece of the text of the first answer; nothing once the answer is whole.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn next_text(&mut self) -> Result<Option<String>, Error> {
        while let Some(chunk) = self.next().await? {
            let mut pieces = chunk
                .choices
                .into_iter()
                .filter(|choice| choice.index.unwrap_or(0) == 0)
                .filter_map(|choice| match choice.delta?.content? {
                    TextOrParts::Text(text) => Some(text),
                    parts => Some(parts.text().into_owned()),
                })
                .filter(|text| !text.is_empty());
            if let Some(text) = pieces.next() {
                return Ok(Some(pieces.fold(text, |text, more| text + &more)));
            }
        }
        Ok(None)
    }

    /// Reads to the end and gives the whole answer.
    ///
    /// # Errors
    /// If the answer is not whole, also if an earlier call said so already.
    pub async fn finish(mut self) -> Result<ChatAnswer, Error> {
        while self.next().await?.is_some() {}
        if let State::Failed(kind) = self.state {
            return Err(self.failure(Error::new(kind, "the answer is not whole")));
        }
        Ok(self.answer())
    }

    /// Tokens and cost, once the service has said them: usually at the end.
    pub fn usage(&self) -> Option<&Usage> {
        self.assembly.usage()
    }

    /// The headers that came with it.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    fn answer(&self) -> ChatAnswer {
        ChatAnswer::new(self.assembly.answer(), self.headers.clone())
    }

    async fn read(&mut self) -> Result<Option<ChatCompletionChunk>, Error> {
        std::future::poll_fn(|cx| self.poll_read(cx))
            .await
            .transpose()
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<ChatCompletionChunk, Error>>> {
        if self.state != State::Open {
            return Poll::Ready(None);
        }
        let result = match ready!(self.events.poll_next(cx)) {
            Some(Ok(event)) => self.event(&event.event, &event.data),
            Some(Err(EventsError::Broken(source))) => Err(broken(source)),
            Some(Err(EventsError::TooLarge)) => Err(Error::new(
                ErrorKind::MalformedEvent,
                "an event of the stream is too large",
            )),
            None => self.end(),
        };
        Poll::Ready(match result {
            Ok(Some(chunk)) => Some(Ok(chunk)),
            Ok(None) => {
                self.state = State::Whole;
                self.settle();
                None
            }
            Err(error) => {
                self.state = State::Failed(error.kind());
                self.settle();
                Some(Err(self.failure(error)))
            }
        })
    }

    /// An event: a chunk, the end, or an error.
    fn event(&mut self, name: &str, data: &str) -> Result<Option<ChatCompletionChunk>, Error> {
        if data == DONE {
            return Ok(None);
        }
        self.received += data.len();
        if self.received > MAX_ANSWER {
            let message = format!("the answer is longer than {MAX_ANSWER} bytes");
            return Err(Error::new(ErrorKind::MalformedEvent, message));
        }
        if name == "error" {
            return Err(Error::in_stream(data, self.key.expose()));
        }
        let chunk: ChatCompletionChunk = match serde_json::from_str(data) {
            Ok(chunk) => chunk,
            Err(_) => return Err(self.malformed(data)),
        };
        self.assembly.add(&chunk);
        let errors = chunk
            .choices
            .iter()
            .map(|choice| &choice.error)
            .chain([&chunk.error]);
        let says_error = errors.flatten().any(|error| !error.is_null());
        if says_error || says_nothing(&chunk) && is_error(data) {
            return Err(Error::in_stream(data, self.key.expose()));
        }
        Ok(Some(chunk))
    }

    /// An event that is no chunk. It may be an error all the same.
    fn malformed(&self, data: &str) -> Error {
        if is_error(data) {
            return Error::in_stream(data, self.key.expose());
        }
        let fault = PayloadFault::of::<ChatCompletionChunk>(data.as_bytes());
        let message = format!("an event of the stream is no chunk of an answer: {fault}");
        let body = Bytes::copy_from_slice(data.as_bytes());
        let mut error = Error::unexpected(message, StatusCode::OK, HeaderMap::new(), body);
        error.set_kind(ErrorKind::MalformedEvent);
        error
    }

    /// The end of the body, without `[DONE]`.
    fn end(&mut self) -> Result<Option<ChatCompletionChunk>, Error> {
        let whole = self.events.unterminated().is_some_and(|data| data == DONE)
            || self.assembly.is_finished(self.answers);
        if whole {
            return Ok(None);
        }
        let message =
            "the stream ended before the answer did: neither `[DONE]` nor a finish reason came";
        Err(Error::new(ErrorKind::CutOff, message))
    }

    /// Counts what was said, once.
    fn settle(&mut self) {
        self.receipt.settle(self.assembly.usage());
    }

    fn failure(&self, error: Error) -> Error {
        error
            .of(&OPERATION)
            .with_unknown_outcome(false)
            .with_partial(self.answer())
    }
}

const DONE: &str = "[DONE]";

/// Whether an event that is no chunk says what went wrong.
fn is_error(data: &str) -> bool {
    Envelope::of_success(data.as_bytes()).says_something()
}

/// Whether a chunk has nothing that a chunk has.
fn says_nothing(chunk: &ChatCompletionChunk) -> bool {
    chunk.choices.is_empty() && chunk.usage.is_none() && chunk.id.is_none() && chunk.model.is_none()
}

fn broken(source: BoxError) -> Error {
    let timeout = source
        .downcast_ref::<reqwest::Error>()
        .is_some_and(reqwest::Error::is_timeout);
    let (kind, message) = if timeout {
        (
            ErrorKind::Timeout,
            "nothing more of the stream came in time",
        )
    } else {
        (
            ErrorKind::CutOff,
            "the connection broke before the answer was whole",
        )
    };
    Error::new(kind, message).because(source)
}

impl Drop for ChatStream {
    fn drop(&mut self) {
        self.settle();
    }
}

impl Stream for ChatStream {
    type Item = Result<ChatCompletionChunk, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.first.take() {
            Some(chunk) => Poll::Ready(Some(Ok(chunk))),
            None => self.poll_read(cx),
        }
    }
}

impl std::fmt::Debug for ChatStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatStream")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
