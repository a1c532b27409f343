//! The answer as it comes.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, StatusCode};
use openapi_runtime::sse::EventStream;
use openapi_runtime::{
    ByteStream, CallOptions, Error as CallError, FailureClass, NotOpened, ResponseMeta, StreamBody,
};
use pinference_api::types::{ChatCompletionChunk, ChatCompletionResponse, ToolCall, Usage};

use super::accumulator::ChatAccumulator;
use super::chunk::Chunk;
use super::delta::{ChatDelta, deltas};
use super::event::{self, EventKind, Failure};
use super::request::STREAM_OPERATION;
use super::trace::Trace;
use super::{ChatResponse, StreamEnd};
use crate::cost::MeterGuard;
use crate::error::Error;

/// An answer as it comes. From [`ChatRequest::stream`](crate::ChatRequest::stream).
///
/// It is whole when the service says so: with `[DONE]`, or with a finish reason for every answer that
/// was asked for before a clean end. Every other end is an error, which carries what had arrived
/// ([`Error::partial_response`]); [`StreamEnd`] names them all.
///
/// Nothing is read ahead: who stops reading stops the service. Dropping it closes the connection. Every
/// `next…` can be dropped before it is ready, and nothing is lost.
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
///
/// With reasoning and tool calls, as they grow:
///
/// ```no_run
/// use prime_ext::chat::ChatDelta;
///
/// # async fn example(mut answer: prime_ext::ChatStream) -> Result<(), prime_ext::Error> {
/// while let Some(piece) = answer.next_delta().await? {
///     match piece {
///         ChatDelta::Reasoning(thought) => eprint!("{thought}"),
///         ChatDelta::Text(text) => print!("{text}"),
///         ChatDelta::ToolCall(_) => eprintln!("{:?}", answer.tool_calls()),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// As a [`Stream`] of chunks, with the JSON that each came as:
///
/// ```no_run
/// use futures_util::TryStreamExt as _;
///
/// # async fn example(mut answer: prime_ext::ChatStream) -> Result<(), prime_ext::Error> {
/// while let Some(chunk) = answer.try_next().await? {
///     println!("{} choices in {:?}", chunk.choices.len(), answer.raw());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read until it is polled"]
#[repr(C)] // what every chunk looks at comes first: see `ChatAccumulator`
pub struct ChatStream {
    state: State,
    /// How many bytes of events were read since the body was last waited for.
    unyielded: u32,
    /// The first chunk, which was read when the stream was opened, until it is given.
    first: Option<Box<ChatCompletionChunk>>,
    events: EventStream,
    answer: ChatAccumulator,
    expected: Expected,
    /// Of a chunk that was taken apart.
    pieces: VecDeque<ChatDelta>,
    meta: ResponseMeta,
    guard: MeterGuard,
    /// If a subscriber listens.
    trace: Option<Box<Trace>>,
}

/// What is expected of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// The most bytes of the answer.
    pub(crate) max_answer: usize,
    /// How many answers were requested.
    pub(crate) answers: usize,
    /// Whether usage was requested.
    pub(crate) usage: bool,
}

/// How many events without content are read in a poll before other tasks have their turn.
const MAX_EMPTY_EVENTS: usize = 64;

/// How many bytes of events are read before other tasks have their turn: a server that is always faster must not occupy a
/// thread of the runtime.
const MAX_UNYIELDED: u32 = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// `[DONE]` came; the end of the body has not been seen yet.
    Done,
    Over(StreamEnd),
}

impl ChatStream {
    /// Reads an answer from the bytes of an event stream, such as a recording. One answer is expected, and no usage.
    ///
    /// ```
    /// use prime_ext::{ChatStream, bytes::Bytes, pinference_api::ByteStream};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let recorded = "data: {\"choices\":[{\"delta\":{\"content\":\"Paris\"}}]}\n\ndata: [DONE]\n\n";
    /// let pieces = [Ok::<_, std::io::Error>(Bytes::from(recorded))];
    /// let stream = ChatStream::from_bytes(ByteStream::new(futures_util::stream::iter(pieces))).await?;
    /// assert_eq!(stream.finish().await?.text(), "Paris");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the stream begins with an error, or is none.
    pub async fn from_bytes(body: ByteStream) -> Result<Self, Error> {
        let options = CallOptions::new();
        let expected = Expected {
            max_answer: options.get_max_body(),
            answers: 1,
            usage: false,
        };
        let (idle, max_event) = (options.get_idle_timeout(), options.get_max_event());
        let body = StreamBody::of(body, max_event, expected.max_answer, idle).await;
        let body = body.map_err(Error::from)?;
        let meta = ResponseMeta::new(StatusCode::OK, HeaderMap::new());
        Self::open(body, meta, expected)
            .await
            .map_err(|not| not.error)
    }

    /// Opens a stream: reads up to the first chunk, so that an error there is an error of the call.
    pub(crate) async fn open(
        body: StreamBody,
        meta: ResponseMeta,
        expected: Expected,
    ) -> Result<Self, NotOpened<Error>> {
        let events = match body {
            StreamBody::Events(events) => events,
            StreamBody::Other(body) => {
                let (failure, arrived) = event::instead_of_stream(&body, meta.clone());
                return Err(NotOpened {
                    error: failed(failure, arrived, meta),
                    class: FailureClass::Final,
                });
            }
        };
        let mut stream = Self {
            state: State::Open,
            unyielded: 0,
            first: None,
            events,
            answer: ChatAccumulator::with_limits(expected.answers, expected.max_answer),
            expected,
            pieces: VecDeque::new(),
            meta,
            guard: MeterGuard::default(),
            trace: None,
        };
        let take = |chunk: &mut Chunk<'_>, _| Box::new(chunk.take());
        match std::future::poll_fn(|cx| stream.poll_chunk(cx, &take)).await {
            Ok(first) => {
                stream.first = first;
                stream.events.release();
                Ok(stream)
            }
            Err(failure) => {
                let class = stream.class_of(&failure);
                let arrived = std::mem::take(&mut stream.answer).finish();
                stream.state = State::Over(failure.0);
                let error = failed(failure, arrived, stream.meta.clone());
                Err(NotOpened { error, class })
            }
        }
    }

    /// What a failure at the beginning of the stream means for another attempt. Nothing is repeated once anything of an
    /// answer, or its cost, has come.
    fn class_of(&self, (ending, error): &Failure) -> FailureClass {
        let is_done = self.state == State::Done;
        match ending {
            _ if self.answer.has_content() || is_done => FailureClass::Final,
            StreamEnd::Empty => FailureClass::Broken,
            _ => FailureClass::of_stream(error),
        }
    }

    /// The same stream, which counts and traces what it reads.
    pub(crate) fn observed(mut self, guard: MeterGuard, trace: Option<Box<Trace>>) -> Self {
        self.guard = guard;
        self.trace = trace;
        self
    }

    /// The next chunk; nothing once the answer is whole.
    ///
    /// Of a chunk that [`next_delta`](Self::next_delta) has begun, this gives nothing more: what is left
    /// of it still comes from [`next_delta`](Self::next_delta) and [`next_text`](Self::next_text).
    ///
    /// # Errors
    /// If the answer is not whole, and there is nothing more of it.
    pub async fn next(&mut self) -> Result<Option<ChatCompletionChunk>, Error> {
        std::future::poll_fn(|cx| self.poll_next_chunk(cx)).await
    }

    /// The next piece of the text of the first answer; nothing once the answer is whole. What is no text
    /// is skipped. Of several answers that were asked for, the first is that of index 0.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn next_text(&mut self) -> Result<Option<String>, Error> {
        std::future::poll_fn(|cx| self.poll_text(cx)).await
    }

    /// The texts as a [`Stream`]. The chunks in which there is no text can be seen in
    /// [`finish`](Self::finish) only.
    pub fn texts(&mut self) -> impl Stream<Item = Result<String, Error>> + Send + Unpin + '_ {
        futures_util::stream::poll_fn(|cx| self.poll_text(cx).map(Result::transpose))
    }

    /// The next piece of the first answer: text, reasoning, a tool call. Nothing once the answer is
    /// whole.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn next_delta(&mut self) -> Result<Option<ChatDelta>, Error> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Ok(Some(piece));
            }
            match self.next().await? {
                Some(chunk) => {
                    let index = self.answer.read_index();
                    self.pieces.extend(deltas(chunk, index));
                }
                None => return Ok(None),
            }
        }
    }

    /// The JSON of the chunk that was given last, as it came. Asked for between two chunks; nothing
    /// once the answer is whole, or broken off.
    pub fn raw(&self) -> Option<Cow<'_, str>> {
        let given = self.state == State::Open && self.answer.has_begun();
        given.then(|| self.events.last().data)
    }

    /// The text of the first answer, as far as it came.
    pub fn text(&self) -> Cow<'_, str> {
        self.answer.text()
    }

    /// The reasoning of the first answer, as far as it came, whichever way the service spells it.
    pub fn reasoning(&self) -> Cow<'_, str> {
        self.answer.reasoning()
    }

    /// The tool calls of the first answer, as far as they came: the last one may still grow.
    pub fn tool_calls(&self) -> Vec<ToolCall> {
        self.answer.tool_calls()
    }

    /// Tokens and cost, once the service has said them: usually at the end.
    pub fn usage(&self) -> Option<&Usage> {
        self.answer.usage()
    }

    /// How it ended; nothing as long as it goes on.
    pub fn stream_end(&self) -> Option<StreamEnd> {
        match self.state {
            State::Open => None,
            State::Done => Some(self.whole()),
            State::Over(ending) => Some(ending),
        }
    }

    /// Status, headers, request id, and how often the question was sent.
    pub fn meta(&self) -> &ResponseMeta {
        &self.meta
    }

    /// Reads to the end and gives the whole answer.
    ///
    /// # Errors
    /// If the answer is not whole, also if an earlier call said so already.
    pub async fn finish(mut self) -> Result<ChatResponse, Error> {
        self.first = None;
        while std::future::poll_fn(|cx| self.poll_read(cx, &|_, _| ()))
            .await?
            .is_some()
        {}
        let ending = self.stream_end().unwrap_or(StreamEnd::CutOff);
        if ending.is_complete() {
            return Ok(self.into_answer(ending));
        }
        let error = CallError::new(
            ending.kind(),
            format!("the answer is not complete: {ending}"),
        );
        Err(self.fail((ending, error)))
    }

    /// Stops reading: closes the connection, and gives what had arrived. Its [`ending`](ChatResponse::ending) is
    /// [`StreamEnd::Cancelled`], unless it had ended before.
    pub fn cancel(mut self) -> ChatResponse {
        self.events.close();
        let ending = self.stream_end().unwrap_or(StreamEnd::Cancelled);
        self.into_answer(ending)
    }

    fn into_answer(mut self, ending: StreamEnd) -> ChatResponse {
        self.settle();
        let answer = std::mem::take(&mut self.answer).finish();
        ChatResponse::new(answer, self.meta.clone(), Bytes::new()).with_stream_end(ending)
    }

    fn poll_next_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<ChatCompletionChunk>, Error>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Ok(Some(*first))),
            None => self.poll_read(cx, &|chunk: &mut Chunk<'_>, _| chunk.take()),
        }
    }

    fn poll_text(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<String>, Error>> {
        // What `next_delta` has left comes first.
        if let Some(first) = self.first.take() {
            let index = self.answer.read_index();
            self.pieces.extend(deltas(*first, index));
        }
        while let Some(piece) = self.pieces.pop_front() {
            if let ChatDelta::Text(text) = piece {
                return Poll::Ready(Ok(Some(text)));
            }
        }
        loop {
            match ready!(self.poll_read(cx, &|chunk: &mut Chunk<'_>, index| chunk.text(index)))? {
                Some(None) => {}
                Some(text) => return Poll::Ready(Ok(text)),
                None => return Poll::Ready(Ok(None)),
            }
        }
    }

    fn poll_read<T>(
        &mut self,
        cx: &mut Context<'_>,
        take: &impl Fn(&mut Chunk<'_>, i64) -> T,
    ) -> Poll<Result<Option<T>, Error>> {
        let read = ready!(self.poll_chunk(cx, take));
        Poll::Ready(read.map_err(|failure| self.fail(failure)))
    }

    /// Reads a chunk, and takes what is needed of it, which may depend on the index of the answer that is read.
    fn poll_chunk<T>(
        &mut self,
        cx: &mut Context<'_>,
        take: &impl Fn(&mut Chunk<'_>, i64) -> T,
    ) -> Poll<Result<Option<T>, Failure>> {
        let mut empty_events = 0;
        loop {
            match self.state {
                State::Open => {}
                State::Done => {
                    ready!(self.events.poll_drain(cx));
                    self.state = State::Over(self.whole());
                    return Poll::Ready(Ok(None));
                }
                State::Over(_) => return Poll::Ready(Ok(None)),
            }
            if empty_events == MAX_EMPTY_EVENTS {
                let error = ready!(self.events.poll_yield(cx));
                return Poll::Ready(Err(event::unread(error)));
            }
            if self.unyielded > MAX_UNYIELDED {
                self.unyielded = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            // What a chunk is added to is in no cache where there are many streams: requested now, it comes while the
            // body is polled.
            std::hint::black_box(self.answer.last_byte());
            let Poll::Ready(next) = self.events.poll_next(cx) else {
                self.unyielded = 0;
                return Poll::Pending;
            };
            match next {
                Ok(true) => {}
                Ok(false) => {
                    let ending = self.end()?;
                    self.state = State::Over(ending);
                    return Poll::Ready(Ok(None));
                }
                Err(error) => return Poll::Ready(Err(event::unread(error))),
            }
            let event = self.events.last();
            let bytes = event.data.len();
            self.unyielded = self
                .unyielded
                .saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
            let mut chunk = Chunk::default();
            match event::read(&event, &self.meta, &mut chunk)? {
                EventKind::Chunk => {
                    self.answer.add(&chunk, bytes);
                    if let Some(message) = self.answer.excess() {
                        let error = CallError::new(StreamEnd::TooLarge.kind(), message);
                        return Poll::Ready(Err((StreamEnd::TooLarge, error)));
                    }
                    let index = self.answer.read_index();
                    return Poll::Ready(Ok(Some(take(&mut chunk, index))));
                }
                EventKind::ChunkAndError(error) => {
                    self.answer.add(&chunk, bytes);
                    return Poll::Ready(Err((StreamEnd::ServiceError, error)));
                }
                EventKind::Nothing => empty_events += 1,
                EventKind::Done => {
                    self.state = State::Done;
                    if !self.answer.has_begun() {
                        let message = "the stream ended without a single chunk";
                        let error = CallError::new(StreamEnd::Empty.kind(), message);
                        return Poll::Ready(Err((StreamEnd::Empty, error)));
                    }
                }
            }
        }
    }

    /// How an answer ended that is whole.
    fn whole(&self) -> StreamEnd {
        if !self.answer.is_finished(self.expected.answers) {
            StreamEnd::NoFinishReason
        } else if self.expected.usage && self.answer.usage().is_none() {
            StreamEnd::NoUsage
        } else {
            StreamEnd::Complete
        }
    }

    /// How the answer ended at the end of the body, without `[DONE]`.
    fn end(&mut self) -> Result<StreamEnd, Failure> {
        let done = self.events.unterminated();
        let done = done.is_some_and(|event| event::is_done(&event.data));
        if self.answer.has_begun() && (done || self.answer.says_why(self.expected.answers)) {
            return Ok(self.whole());
        }
        if done {
            self.state = State::Done;
        }
        let (ending, message) = match self.answer.has_begun() {
            false => (StreamEnd::Empty, "the stream ended without a single chunk"),
            true => (
                StreamEnd::CutOff,
                "the stream was cut off: neither `[DONE]` nor a finish reason came",
            ),
        };
        Err((ending, CallError::new(ending.kind(), message)))
    }

    /// Counts and traces what has come, once.
    fn settle(&mut self) {
        let unknown_before = self.meta.unknown_attempts();
        self.guard.settle(self.answer.usage(), unknown_before);
        if self.trace.is_some() {
            self.end_trace(&self.answer.clone().finish());
        }
    }

    fn end_trace(&mut self, arrived: &ChatCompletionResponse) {
        if let Some(trace) = self.trace.take() {
            trace.answered(arrived);
            trace.ended(self.stream_end().unwrap_or(StreamEnd::Cancelled));
        }
    }

    /// Ends the stream with an error, which has what had arrived.
    fn fail(&mut self, failure: Failure) -> Error {
        self.state = State::Over(failure.0);
        self.events.close();
        let arrived = self.answer.clone().finish();
        let error = failed(failure, arrived.clone(), self.meta.clone());
        self.guard.fail(&error);
        if let Some(trace) = &self.trace {
            trace.failed(&error);
        }
        self.end_trace(&arrived);
        error
    }
}

/// The error of a stream, with what had arrived. If nothing had, it may still have been answered.
fn failed((ending, error): Failure, arrived: ChatCompletionResponse, meta: ResponseMeta) -> Error {
    let nothing = arrived.choices.is_empty() && arrived.usage.is_none();
    let unknown = nothing && !error.is_refusal();
    let error = error
        .with_operation(STREAM_OPERATION)
        .with_attempts(meta.attempts())
        .with_unknown_attempts(meta.unknown_attempts())
        .with_outcome_unknown(unknown);
    let partial = ChatResponse::new(arrived, meta, Bytes::new()).with_stream_end(ending);
    Error::from(error).with_partial(partial)
}

/// A stream that is dropped has cost what has come so far.
impl Drop for ChatStream {
    fn drop(&mut self) {
        self.settle();
    }
}

impl Stream for ChatStream {
    type Item = Result<ChatCompletionChunk, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_next_chunk(cx).map(Result::transpose)
    }
}

impl std::fmt::Debug for ChatStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatStream")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
