//! The answer as it comes.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use http::HeaderMap;
use openapi_runtime::ByteStream;
use pinference_api::operations::CREATE_CHAT_COMPLETION_STREAM as OPERATION;
use pinference_api::types::{ChatCompletionChunk, ChatCompletionResponse, ToolCall, Usage};

use super::assembly::Assembly;
use super::chunk::Chunk;
use super::event::{self, Failure, Said};
use super::piece::{Piece, pieces};
use super::trace::Trace;
use super::{ChatAnswer, Ending};
use crate::cost::Receipt;
use crate::error::Error;
use crate::events::{AT_ONCE, DEFAULT_MAX_EVENT, Events};
use crate::head::Head;
use crate::options::IDLE_TIMEOUT;
use crate::retry::What;

/// An answer as it comes. From [`ChatRequest::stream`](crate::ChatRequest::stream).
///
/// It is whole when the service says so: with `[DONE]`, or with a finish reason for every answer that
/// was asked for before a clean end. Every other end is an error, which carries what had arrived
/// ([`Error::partial_answer`]); [`Ending`] names them all.
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
/// use prime_ext::chat::Piece;
///
/// # async fn example(mut answer: prime_ext::ChatStream) -> Result<(), prime_ext::Error> {
/// while let Some(piece) = answer.next_piece().await? {
///     match piece {
///         Piece::Reasoning(thought) => eprint!("{thought}"),
///         Piece::Text(text) => print!("{text}"),
///         Piece::ToolCall(_) => eprintln!("{:?}", answer.tool_calls()),
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
#[must_use = "nothing is read until it is asked for"]
#[repr(C)] // what every chunk looks at lies together: see `Assembly`
pub struct ChatStream {
    /// Whether the first chunk, which was read when the stream was opened, was not given yet.
    first: bool,
    state: State,
    events: Events,
    assembly: Assembly,
    expected: Expected,
    /// Of a chunk that was taken apart.
    pieces: VecDeque<Piece>,
    head: Head,
    receipt: Receipt,
    /// If somebody listens.
    trace: Option<Box<Trace>>,
}

/// What is expected of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// The most bytes of the answer.
    pub(crate) max_answer: usize,
    /// How many answers were asked for.
    pub(crate) answers: usize,
    /// Whether usage was asked for.
    pub(crate) usage: bool,
    /// Whether the question may be asked again although it may have been answered.
    pub(crate) may_bill_twice: bool,
}

impl Default for Expected {
    fn default() -> Self {
        Self {
            answers: 1,
            usage: false,
            // As of an answer that is not streamed.
            max_answer: openapi_runtime::response::MAX_BODY,
            may_bill_twice: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// `[DONE]` came; the end of the body has not been seen yet.
    Done,
    Over(Ending),
}

impl ChatStream {
    /// Reads an answer from the bytes of an event stream: a recording, or what the generated client of
    /// the API alone gives. One answer is expected, and no usage.
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
        let events = Events::new(body, DEFAULT_MAX_EVENT, IDLE_TIMEOUT);
        let (head, expected) = (Head::of_recording(), Expected::default());
        let mut stream = Self::new(events, head, expected, Receipt::default(), None);
        stream.begin().await?;
        Ok(stream)
    }

    /// A stream of which nothing was read yet.
    pub(crate) fn new(
        events: Events,
        head: Head,
        expected: Expected,
        receipt: Receipt,
        trace: Option<Box<Trace>>,
    ) -> Self {
        Self {
            events,
            assembly: Assembly::new(expected.answers, expected.max_answer),
            expected,
            head,
            first: false,
            pieces: VecDeque::new(),
            state: State::Open,
            receipt,
            trace,
        }
    }

    /// Reads up to the first chunk, so that an error there is an error of the call.
    pub(crate) async fn begin(&mut self) -> Result<(), Error> {
        let limit = self.assembly.limit();
        match self.events.unless_events(limit).await {
            Ok(None) => {}
            Ok(Some(Ok(body))) => {
                let (failure, answer) = event::in_place_of_a_stream(&body, self.head.clone());
                return Err(self.fail_with(failure, answer));
            }
            Ok(Some(Err(broken))) => {
                let message = "what came in the place of a stream could not be read to its end";
                let error = Error::new(Ending::CutOff.kind(), message).because(broken);
                return Err(self.fail((Ending::CutOff, error)));
            }
            Err(error) => return Err(self.fail(event::unread(error))),
        }
        self.first = self.read(|_, _| ()).await?.is_some();
        self.events.release();
        Ok(())
    }

    /// The next chunk; nothing once the answer is whole.
    ///
    /// Of a chunk that [`next_piece`](Self::next_piece) has begun, this gives nothing more: what is left
    /// of it still comes from [`next_piece`](Self::next_piece) and [`next_text`](Self::next_text).
    ///
    /// # Errors
    /// If the answer is not whole, and there is nothing more of it.
    pub async fn next(&mut self) -> Result<Option<ChatCompletionChunk>, Error> {
        self.read(|chunk, _| chunk.take()).await
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
    pub async fn next_piece(&mut self) -> Result<Option<Piece>, Error> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Ok(Some(piece));
            }
            match self.next().await? {
                Some(chunk) => {
                    let first = self.assembly.read_index();
                    self.pieces.extend(pieces(chunk, first));
                }
                None => return Ok(None),
            }
        }
    }

    /// The JSON of the chunk that was given last, as it came. Asked for between two chunks; nothing
    /// once the answer is whole, or broken off.
    pub fn raw(&self) -> Option<Cow<'_, str>> {
        let given = self.state == State::Open && self.assembly.has_begun();
        given.then(|| self.events.last().data)
    }

    /// The text of the first answer, as far as it came.
    pub fn text(&self) -> Cow<'_, str> {
        self.assembly.text()
    }

    /// The reasoning of the first answer, as far as it came, whichever way the service spells it.
    pub fn reasoning(&self) -> Cow<'_, str> {
        self.assembly.reasoning()
    }

    /// The tool calls of the first answer, as far as they came: the last one may still grow.
    pub fn tool_calls(&self) -> Vec<ToolCall> {
        self.assembly.tool_calls()
    }

    /// Tokens and cost, once the service has said them: usually at the end.
    pub fn usage(&self) -> Option<&Usage> {
        self.assembly.usage()
    }

    /// How it ended; nothing as long as it goes on.
    pub fn ending(&self) -> Option<Ending> {
        match self.state {
            State::Open => None,
            State::Done => Some(self.whole()),
            State::Over(ending) => Some(ending),
        }
    }

    /// The headers that came with it.
    pub fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }

    /// Status, headers, request id, and how often the question was sent.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Reads to the end and gives the whole answer.
    ///
    /// # Errors
    /// If the answer is not whole, also if an earlier call said so already.
    pub async fn finish(mut self) -> Result<ChatAnswer, Error> {
        self.first = false;
        while self.read(|_, _| ()).await?.is_some() {}
        let ending = self.ending().unwrap_or(Ending::CutOff);
        if ending.is_whole() {
            return Ok(self.into_answer(ending));
        }
        let error = Error::new(ending.kind(), format!("the answer is not whole: {ending}"));
        Err(self.fail((ending, error)))
    }

    /// Wants no more: closes the connection, and gives what had arrived. Its
    /// [`ending`](ChatAnswer::ending) is [`Ending::Cancelled`], unless it had ended before.
    pub fn cancel(mut self) -> ChatAnswer {
        self.events.close();
        let ending = self.ending().unwrap_or(Ending::Cancelled);
        self.into_answer(ending)
    }

    fn into_answer(mut self, ending: Ending) -> ChatAnswer {
        self.settle();
        let assembly = std::mem::take(&mut self.assembly);
        ChatAnswer::new(assembly.finished(), self.head.clone()).ended(ending)
    }

    async fn read<T>(
        &mut self,
        take: impl Fn(&mut Chunk<'_>, i64) -> T,
    ) -> Result<Option<T>, Error> {
        std::future::poll_fn(|cx| self.poll_read(cx, &take)).await
    }

    fn poll_text(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<String>, Error>> {
        // What `next_piece` has left over comes first.
        while let Some(piece) = self.pieces.pop_front() {
            if let Piece::Text(text) = piece {
                return Poll::Ready(Ok(Some(text)));
            }
        }
        loop {
            match ready!(self.poll_read(cx, &|chunk: &mut Chunk<'_>, first| chunk.text(first)))? {
                Some(None) => {}
                Some(text) => return Poll::Ready(Ok(text)),
                None => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// Reads a chunk, and takes of it what is wanted, which may depend on the index of the answer that is read.
    fn poll_read<T>(
        &mut self,
        cx: &mut Context<'_>,
        take: &impl Fn(&mut Chunk<'_>, i64) -> T,
    ) -> Poll<Result<Option<T>, Error>> {
        if self.first {
            self.first = false;
            if let Some(taken) = self.last_again(take) {
                return Poll::Ready(Ok(Some(taken)));
            }
        }
        let mut said_nothing = 0;
        let failure: Failure = loop {
            if said_nothing == AT_ONCE {
                break event::unread(ready!(self.events.yield_now(cx)));
            }
            match self.state {
                State::Open => {}
                State::Done => {
                    ready!(self.events.poll_drain(cx));
                    self.state = State::Over(self.whole());
                    return Poll::Ready(Ok(None));
                }
                State::Over(_) => return Poll::Ready(Ok(None)),
            }
            // What a chunk is added to is in no cache where there are many streams: asked for now, it comes
            // while the body is polled.
            std::hint::black_box(self.assembly.last_byte());
            match ready!(self.events.poll_next(cx)) {
                Ok(true) => {}
                Ok(false) => match self.end() {
                    Ok(ending) => {
                        self.state = State::Over(ending);
                        return Poll::Ready(Ok(None));
                    }
                    Err(failure) => break failure,
                },
                Err(error) => break event::unread(error),
            }
            let event = self.events.last();
            let mut chunk = Chunk::default();
            match event::read(&event, &self.head, &mut chunk) {
                Ok(Said::Chunk) => {
                    self.assembly.add(&chunk, event.data.len());
                    if let Some(message) = self.assembly.excess() {
                        let error = Error::new(Ending::TooLarge.kind(), message);
                        break (Ending::TooLarge, error);
                    }
                    let first = self.assembly.read_index();
                    return Poll::Ready(Ok(Some(take(&mut chunk, first))));
                }
                Ok(Said::ChunkAndError(error)) => {
                    self.assembly.add(&chunk, event.data.len());
                    break (Ending::ServiceError, error);
                }
                Ok(Said::Nothing) => said_nothing += 1,
                Ok(Said::Done) if !self.assembly.has_begun() => {
                    let message = "the stream is at its end without a single chunk";
                    break (Ending::Empty, Error::new(Ending::Empty.kind(), message));
                }
                Ok(Said::Done) => self.state = State::Done,
                Err(failure) => break failure,
            }
        };
        Poll::Ready(Err(self.fail(failure)))
    }

    /// Takes once more of the chunk that was read last: a stream that waits to be read keeps the text
    /// of its first chunk, and not what that is read into, which is several times as large.
    fn last_again<T>(&self, take: &impl Fn(&mut Chunk<'_>, i64) -> T) -> Option<T> {
        let event = self.events.last();
        let mut chunk = Chunk::default();
        event::read(&event, &self.head, &mut chunk).ok()?;
        Some(take(&mut chunk, self.assembly.read_index()))
    }

    /// How an answer ended that is whole.
    fn whole(&self) -> Ending {
        if !self.assembly.is_finished(self.expected.answers) {
            Ending::NoFinishReason
        } else if self.expected.usage && self.assembly.usage().is_none() {
            Ending::NoUsage
        } else {
            Ending::Complete
        }
    }

    /// The end of the body, without `[DONE]`.
    fn end(&mut self) -> Result<Ending, Failure> {
        let done = self.events.unterminated();
        let done = done.is_some_and(|event| event::is_done(&event.data));
        if self.assembly.has_begun() && (done || self.assembly.says_why(self.expected.answers)) {
            return Ok(self.whole());
        }
        let (ending, message) = if !self.assembly.has_begun() {
            (Ending::Empty, "the stream ended without a single chunk")
        } else {
            let message =
                "the stream ended before the answer did: neither `[DONE]` nor a finish reason came";
            (Ending::CutOff, message)
        };
        Err((ending, Error::new(ending.kind(), message)))
    }

    /// Counts and traces what was said, once.
    fn settle(&mut self) {
        let unknown_before = self.head.unknown_before();
        self.receipt.settle(self.assembly.usage(), unknown_before);
        if self.trace.is_some() {
            self.end_trace(&self.assembly.clone().finished());
        }
    }

    fn end_trace(&mut self, arrived: &ChatCompletionResponse) {
        if let Some(trace) = self.trace.take() {
            trace.answered(arrived);
            trace.ended(self.ending().unwrap_or(Ending::Cancelled));
        }
    }

    /// Nothing more is read; what had arrived is in the error. Where nothing of an answer had, it is told as
    /// an answer with the status of an error would be.
    fn fail(&mut self, failure: Failure) -> Error {
        let arrived = self.assembly.clone().finished();
        let nothing = arrived.choices.is_empty() && arrived.usage.is_none();
        let error = self.fail_with(failure, arrived);
        if !nothing {
            return error;
        }
        let again =
            What::of(&error).may_be_repeated(OPERATION.retry_safety, self.expected.may_bill_twice);
        let unknown = !error.is_refusal();
        let error = error.with_retryable(again).with_unknown_outcome(unknown);
        match self.head.gave_up() {
            Some(why) => error.and(why),
            None => error,
        }
    }

    /// The same of what arrived in another way.
    fn fail_with(
        &mut self,
        (ending, mut error): Failure,
        arrived: ChatCompletionResponse,
    ) -> Error {
        self.state = State::Over(ending);
        error.set_kind(ending.kind());
        let unknown_before = self.head.unknown_before();
        if arrived.choices.is_empty() && arrived.usage.is_none() && error.is_refusal() {
            self.receipt.refused(unknown_before);
        } else {
            self.receipt.settle(arrived.usage.as_ref(), unknown_before);
        }
        if let Some(trace) = &self.trace {
            trace.failed(&error);
        }
        self.end_trace(&arrived);
        self.events.close();
        let partial = ChatAnswer::new(arrived, self.head.clone()).ended(ending);
        error
            .of(&OPERATION)
            .with_attempts(self.head.attempts())
            .with_unknown_outcome(false)
            .with_unknown_before(unknown_before)
            .with_partial(partial)
    }
}

/// Who wants no more of it has spent what was said so far.
impl Drop for ChatStream {
    fn drop(&mut self) {
        self.settle();
    }
}

impl Stream for ChatStream {
    type Item = Result<ChatCompletionChunk, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.poll_read(cx, &|chunk: &mut Chunk<'_>, _| chunk.take());
        next.map(Result::transpose)
    }
}

impl std::fmt::Debug for ChatStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatStream")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
