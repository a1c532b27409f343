//! Reads a response as a stream of chunks.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, StatusCode};
use openapi_runtime::sse::EventStream;
use openapi_runtime::{
    ByteStream, CallOptions, Error as CallError, FailureClass, NotOpened, Response, ResponseMeta,
    StreamBody, Warning,
};
use pinference_api::types::{ChatCompletionChunk, ChatCompletionResponse, ToolCall, Usage};

use super::accumulator::ChatAccumulator;
use super::chunk::Chunk;
use super::delta::{ChatDelta, deltas};
use super::event::{self, EventKind, Failure};
use super::request::STREAM_OPERATION;
use super::shapes;
use super::trace::Trace;
use super::{ChatResponse, StreamEnd};
use crate::cost::MeterGuard;
use crate::error::Error;

/// A response as a stream of chunks. Returned by [`ChatRequest::stream`](crate::ChatRequest::stream).
///
/// The response is complete after `[DONE]`, or if the body ends cleanly and every requested choice has a finish reason.
/// Every other end but [`cancel`](Self::cancel) is an error, which carries the partial response
/// ([`Error::partial_response`]). [`StreamEnd`] lists all ends.
///
/// [`ChatRequest::stream`](crate::ChatRequest::stream) reads the first chunk. Every further chunk is read only when it
/// is requested, so that backpressure reaches the server. Dropping the stream ends the response: HTTP/1 closes the
/// connection, and HTTP/2 resets the stream. The methods that return the next part are cancel safe: dropping their
/// futures loses no data.
///
/// ```no_run
/// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// let mut stream = prime.chat("meta-llama/llama-3.1-70b-instruct").user("A story").stream().await?;
/// while let Some(text) = stream.next_text().await? {
///     print!("{text}");
/// }
/// let response = stream.finish().await?;
/// println!("{}", response.cost());
/// # Ok(())
/// # }
/// ```
///
/// [`next_delta`](Self::next_delta) also returns reasoning and tool calls:
///
/// ```no_run
/// use prime_ext::chat::ChatDelta;
///
/// # async fn example(mut stream: prime_ext::ChatStream) -> Result<(), prime_ext::Error> {
/// while let Some(delta) = stream.next_delta().await? {
///     match delta {
///         ChatDelta::Reasoning(text) => eprint!("{text}"),
///         ChatDelta::Text(text) => print!("{text}"),
///         ChatDelta::ToolCall(_) => eprintln!("{:?}", stream.tool_calls()),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// [`try_next`](Self::try_next) returns complete chunks, and [`chunk_json`](Self::chunk_json) the JSON of the last one.
/// `ChatStream` is also a [`Stream`] of chunks.
///
/// ```no_run
/// # async fn example(mut stream: prime_ext::ChatStream) -> Result<(), prime_ext::Error> {
/// while let Some(chunk) = stream.try_next().await? {
///     println!("{} choices in {:?}", chunk.choices.len(), stream.chunk_json());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "read the stream with `finish`, or end it with `cancel`"]
pub struct ChatStream {
    state: State,
    /// The number of bytes of events read since the task last yielded.
    bytes_since_yield: u32,
    /// The first chunk, which is read when the stream is opened. `None` after it was returned.
    first: Option<Box<ChatCompletionChunk>>,
    events: EventStream,
    accumulator: ChatAccumulator,
    expected: Expected,
    /// The deltas of the last chunk that were not returned yet.
    deltas: VecDeque<ChatDelta>,
    meta: ResponseMeta,
    guard: MeterGuard,
    /// `None` if the span is disabled.
    trace: Option<Box<Trace>>,
}

/// What the request asked for, and the limit of the response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// The maximum size of the response, in bytes.
    pub(crate) max_bytes: usize,
    /// The number of requested choices.
    pub(crate) choices: usize,
    /// Whether usage was requested.
    pub(crate) usage: bool,
}

/// The maximum number of events without content that one poll reads before the task yields.
const MAX_EMPTY_EVENTS: usize = 64;

/// The number of bytes of events after which the task yields. Without this limit, a server that sends without a pause
/// would keep other tasks from using the thread.
const MAX_BYTES_BEFORE_YIELD: u32 = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// `[DONE]` was received, but not yet the end of the body.
    Done,
    Ended(StreamEnd),
}

impl ChatStream {
    /// Opens a stream over the bytes of an event stream, such as a recording. The response is expected to have one
    /// choice and no usage.
    ///
    /// ```
    /// use prime_ext::{ChatStream, bytes::Bytes, pinference_api::ByteStream};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let recorded = "data: {\"choices\":[{\"delta\":{\"content\":\"Paris\"}}]}\n\ndata: [DONE]\n\n";
    /// let chunks = [Ok::<_, std::io::Error>(Bytes::from(recorded))];
    /// let stream = ChatStream::from_byte_stream(ByteStream::new(futures_util::stream::iter(chunks))).await?;
    /// assert_eq!(stream.finish().await?.text(), "Paris");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the body is not an event stream, or if reading it fails before the first chunk.
    pub async fn from_byte_stream(body: ByteStream) -> Result<Self, Error> {
        let options = CallOptions::new();
        let expected = Expected {
            max_bytes: options.get_max_body(),
            choices: 1,
            usage: false,
        };
        let (idle, max_event) = (options.get_idle_timeout(), options.get_max_event());
        let body = StreamBody::detect(body, max_event, expected.max_bytes, idle).await;
        let body = body.map_err(Error::from)?;
        let meta = ResponseMeta::new(StatusCode::OK, HeaderMap::new());
        Self::open(body, meta, expected)
            .await
            .map_err(|failed| failed.error)
    }

    /// Opens a stream and reads its first chunk, so that an error before the first chunk is an error of the call.
    pub(crate) async fn open(
        body: StreamBody,
        meta: ResponseMeta,
        expected: Expected,
    ) -> Result<Self, NotOpened<Error>> {
        let mut meta = meta;
        let events = match body {
            StreamBody::Events(events) => events,
            StreamBody::Other(body) => match shapes::to_events(&body) {
                Some((events, warnings)) => {
                    let media = meta
                        .media_type()
                        .unwrap_or_else(|| "no media type".to_owned());
                    let reason = format!(
                        "expected an event stream, got {media}; the body was read as events"
                    );
                    meta.add_warnings([Warning::new("", reason)]);
                    meta.add_warnings(warnings);
                    let events = futures_util::stream::iter([Ok::<_, Infallible>(events.into())]);
                    EventStream::new(ByteStream::new(events), usize::MAX, Duration::MAX)
                }
                None => {
                    let (failure, partial) = event::not_a_stream(&body, meta.clone());
                    return Err(NotOpened {
                        error: into_error(failure, partial, meta),
                        class: FailureClass::Final,
                    });
                }
            },
        };
        let mut stream = Self {
            state: State::Open,
            bytes_since_yield: 0,
            first: None,
            events,
            accumulator: ChatAccumulator::with_limits(expected.choices, expected.max_bytes),
            expected,
            deltas: VecDeque::new(),
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
                let class = stream.failure_class(&failure);
                let partial = std::mem::take(&mut stream.accumulator).finish();
                stream.state = State::Ended(failure.0);
                let error = into_error(failure, partial, stream.meta.clone());
                Err(NotOpened { error, class })
            }
        }
    }

    /// Returns the class of a failure before the first chunk. A failure is final once a choice or usage was received,
    /// because a retry could then bill the request twice.
    fn failure_class(&self, (stream_end, error): &Failure) -> FailureClass {
        let is_done = self.state == State::Done;
        match stream_end {
            _ if self.accumulator.has_content() || is_done => FailureClass::Final,
            StreamEnd::Empty => FailureClass::Broken,
            _ => FailureClass::of_stream(error),
        }
    }

    /// Sets the meter guard and the trace of the request.
    pub(crate) fn observed(mut self, guard: MeterGuard, trace: Option<Box<Trace>>) -> Self {
        self.guard = guard;
        self.trace = trace;
        self
    }

    /// Adds warnings about the request.
    pub(crate) fn with_warnings(mut self, warnings: Vec<Warning>) -> Self {
        self.meta.add_warnings(warnings);
        self
    }

    /// Returns the next chunk, or `None` once the response is complete.
    ///
    /// If [`next_delta`](Self::next_delta) has returned only some of the deltas of a chunk, this method returns the
    /// chunk after it. The remaining deltas are still returned by [`next_delta`](Self::next_delta) and
    /// [`next_text`](Self::next_text).
    ///
    /// # Errors
    /// Returns an error if the stream ends before the response is complete.
    pub async fn try_next(&mut self) -> Result<Option<ChatCompletionChunk>, Error> {
        std::future::poll_fn(|cx| self.poll_next_chunk(cx)).await
    }

    /// Returns the next text of the first choice, or `None` once the response is complete. Everything else is skipped,
    /// but is part of the response that [`finish`](Self::finish) returns.
    ///
    /// If several choices were requested, the first choice is the one with index 0.
    ///
    /// # Errors
    /// Returns the same errors as [`try_next`](Self::try_next).
    pub async fn next_text(&mut self) -> Result<Option<String>, Error> {
        std::future::poll_fn(|cx| self.poll_text(cx)).await
    }

    /// Returns the texts of the first choice as a [`Stream`]. Everything else is skipped, but is part of the response
    /// that [`finish`](Self::finish) returns.
    pub fn texts(&mut self) -> impl Stream<Item = Result<String, Error>> + Send + Unpin + '_ {
        futures_util::stream::poll_fn(|cx| self.poll_text(cx).map(Result::transpose))
    }

    /// Returns the next delta of the first choice (text, reasoning, refusal or tool call), or `None` once the response
    /// is complete.
    ///
    /// # Errors
    /// Returns the same errors as [`try_next`](Self::try_next).
    pub async fn next_delta(&mut self) -> Result<Option<ChatDelta>, Error> {
        std::future::poll_fn(|cx| self.poll_delta(cx)).await
    }

    /// Returns the JSON of the last chunk, as received, or `None` once the stream has ended. Call it after
    /// [`try_next`](Self::try_next) has returned a chunk.
    pub fn chunk_json(&self) -> Option<Cow<'_, str>> {
        let has_chunk = self.state == State::Open && self.accumulator.has_begun();
        has_chunk.then(|| self.events.last().data)
    }

    /// Returns the text received so far for the first choice.
    pub fn text(&self) -> Cow<'_, str> {
        self.accumulator.text()
    }

    /// Returns the reasoning received so far for the first choice, from whichever field the service uses for it.
    pub fn reasoning(&self) -> Cow<'_, str> {
        self.accumulator.reasoning()
    }

    /// Returns the tool calls received so far for the first choice. The last one may be incomplete.
    pub fn tool_calls(&self) -> Vec<ToolCall> {
        self.accumulator.tool_calls()
    }

    /// Returns the tokens and the cost, or `None` if the service has not reported them yet. Most services report them
    /// at the end.
    pub fn usage(&self) -> Option<&Usage> {
        self.accumulator.usage()
    }

    /// Returns how the stream ended, or `None` if it has not ended.
    pub fn stream_end(&self) -> Option<StreamEnd> {
        match self.state {
            State::Open => None,
            State::Done => Some(self.completion()),
            State::Ended(stream_end) => Some(stream_end),
        }
    }

    /// Returns what so far was not read as the specification says. See [`ResponseMeta::warnings`].
    pub fn warnings(&self) -> &[Warning] {
        self.meta.warnings()
    }

    /// Returns the status, the headers, the request id and the number of attempts.
    pub fn meta(&self) -> &ResponseMeta {
        &self.meta
    }

    /// Reads the rest of the stream and returns the complete response.
    ///
    /// # Errors
    /// Returns an error if the stream ends, or has ended, before the response is complete.
    pub async fn finish(mut self) -> Result<ChatResponse, Error> {
        self.first = None;
        while std::future::poll_fn(|cx| self.poll_read(cx, &|_, _| ()))
            .await?
            .is_some()
        {}
        self.into_complete()
    }

    /// Converts a stream that has been read to its end into the complete response.
    pub(crate) fn into_complete(mut self) -> Result<ChatResponse, Error> {
        let stream_end = self.stream_end().unwrap_or(StreamEnd::CutOff);
        if stream_end.is_complete() {
            return Ok(self.into_response(stream_end));
        }
        let error = CallError::new(
            stream_end.kind(),
            format!("the response is incomplete: {stream_end}"),
        );
        Err(self.fail((stream_end, error)))
    }

    /// Ends the stream and returns the part of the response received so far. HTTP/1 closes the connection, and HTTP/2
    /// resets the stream. The [`stream_end`](ChatResponse::stream_end) of the response is [`StreamEnd::Cancelled`],
    /// unless the stream had already ended.
    pub fn cancel(mut self) -> ChatResponse {
        self.events.close();
        let stream_end = self.stream_end().unwrap_or(StreamEnd::Cancelled);
        self.into_response(stream_end)
    }

    fn into_response(mut self, stream_end: StreamEnd) -> ChatResponse {
        self.settle();
        let response = std::mem::take(&mut self.accumulator).finish();
        ChatResponse::new(Response::new(response, self.meta.clone(), Bytes::new()))
            .with_stream_end(stream_end)
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

    pub(crate) fn poll_delta(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<ChatDelta>, Error>> {
        loop {
            if let Some(delta) = self.deltas.pop_front() {
                return Poll::Ready(Ok(Some(delta)));
            }
            match ready!(self.poll_next_chunk(cx))? {
                Some(chunk) => {
                    let index = self.accumulator.primary_index();
                    self.deltas.extend(deltas(chunk, index));
                }
                None => return Poll::Ready(Ok(None)),
            }
        }
    }

    fn poll_text(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<String>, Error>> {
        // First return the text that `next_delta` has buffered.
        if let Some(first) = self.first.take() {
            let index = self.accumulator.primary_index();
            self.deltas.extend(deltas(*first, index));
        }
        while let Some(delta) = self.deltas.pop_front() {
            if let ChatDelta::Text(text) = delta {
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

    /// Reads a chunk and returns what `take` extracts from it. The second argument of `take` is the index of the first
    /// choice.
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
                    self.state = State::Ended(self.completion());
                    return Poll::Ready(Ok(None));
                }
                State::Ended(_) => return Poll::Ready(Ok(None)),
            }
            if empty_events == MAX_EMPTY_EVENTS {
                let error = ready!(self.events.poll_yield(cx));
                return Poll::Ready(Err(event::read_failure(error)));
            }
            if self.bytes_since_yield > MAX_BYTES_BEFORE_YIELD {
                self.bytes_since_yield = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let Poll::Ready(next) = self.events.poll_next(cx) else {
                self.bytes_since_yield = 0;
                return Poll::Pending;
            };
            let is_terminated = match next {
                Ok(true) => true,
                // Some servers omit the blank line after the last event.
                Ok(false) if self.events.unterminated().is_some() => false,
                Ok(false) => return Poll::Ready(self.end_of_body()),
                Err(error) => return Poll::Ready(Err(event::read_failure(error))),
            };
            let event = self.events.last();
            let bytes = event.data.len();
            self.bytes_since_yield = self
                .bytes_since_yield
                .saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
            let rewritten = OnceCell::new();
            let mut chunk = Chunk::default();
            let kind = match event::read(&event, &mut self.meta, &mut chunk, &rewritten) {
                Ok(kind) => kind,
                // The body ended within the event.
                Err((StreamEnd::MalformedChunk, _)) if !is_terminated => {
                    return Poll::Ready(self.end_of_body());
                }
                Err(failure) => return Poll::Ready(Err(failure)),
            };
            match kind {
                EventKind::Chunk => {
                    self.accumulator.add(&chunk, bytes);
                    if let Some(message) = self.accumulator.excess() {
                        let error = CallError::new(StreamEnd::TooLarge.kind(), message);
                        return Poll::Ready(Err((StreamEnd::TooLarge, error)));
                    }
                    let index = self.accumulator.primary_index();
                    return Poll::Ready(Ok(Some(take(&mut chunk, index))));
                }
                EventKind::ChunkAndError(error) => {
                    self.accumulator.add(&chunk, bytes);
                    return Poll::Ready(Err((StreamEnd::ServiceError, error)));
                }
                EventKind::KeepAlive => empty_events += 1,
                EventKind::Done => {
                    self.state = State::Done;
                    if !self.accumulator.has_begun() {
                        let message = "the stream ended without a single chunk";
                        let error = CallError::new(StreamEnd::Empty.kind(), message);
                        return Poll::Ready(Err((StreamEnd::Empty, error)));
                    }
                }
            }
        }
    }

    /// Returns how a response that is complete ended.
    fn completion(&self) -> StreamEnd {
        if !self.accumulator.is_finished(self.expected.choices) {
            StreamEnd::NoFinishReason
        } else if self.expected.usage && self.accumulator.usage().is_none() {
            StreamEnd::NoUsage
        } else {
            StreamEnd::Complete
        }
    }

    /// Ends the stream after the body has ended without `[DONE]`.
    fn end_of_body<T>(&mut self) -> Result<Option<T>, Failure> {
        if self.accumulator.has_finish_reasons(self.expected.choices) {
            self.state = State::Ended(self.completion());
            return Ok(None);
        }
        let (stream_end, message) = match self.accumulator.has_begun() {
            false => (StreamEnd::Empty, "the stream ended without a single chunk"),
            true => (
                StreamEnd::CutOff,
                "the stream was cut off: `[DONE]` was not received, and not every choice has a finish reason",
            ),
        };
        Err((stream_end, CallError::new(stream_end.kind(), message)))
    }

    /// Counts and traces what was received. Only the first call has an effect.
    fn settle(&mut self) {
        let unknown_attempts = self.meta.unknown_attempts();
        self.guard
            .settle(self.accumulator.usage(), unknown_attempts);
        if self.trace.is_some() {
            self.end_trace(&self.accumulator.clone().finish());
        }
    }

    fn end_trace(&mut self, response: &ChatCompletionResponse) {
        if let Some(trace) = self.trace.take() {
            trace.record_response(response);
            trace.record_stream_end(self.stream_end().unwrap_or(StreamEnd::Cancelled));
        }
    }

    /// Ends the stream with an error, which carries the partial response.
    fn fail(&mut self, failure: Failure) -> Error {
        self.state = State::Ended(failure.0);
        self.events.close();
        let partial = self.accumulator.clone().finish();
        let error = into_error(failure, partial.clone(), self.meta.clone());
        self.guard.fail(&error);
        if let Some(trace) = &self.trace {
            trace.record_error(&error);
        }
        self.end_trace(&partial);
        error
    }
}

/// Returns the error of a stream with its partial response. If the partial response has neither a choice nor usage, the
/// outcome is unknown, unless the service refused the request.
fn into_error((end, error): Failure, partial: ChatCompletionResponse, meta: ResponseMeta) -> Error {
    let is_empty = partial.choices.is_empty() && partial.usage.is_none();
    let unknown = is_empty && !error.is_refusal();
    let error = error
        .with_operation(STREAM_OPERATION)
        .with_attempts(meta.attempts())
        .with_unknown_attempts(meta.unknown_attempts())
        .with_outcome_unknown(unknown);
    let partial =
        ChatResponse::new(Response::new(partial, meta, Bytes::new())).with_stream_end(end);
    Error::from(error).with_partial(partial)
}

/// Counts the usage received so far.
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
