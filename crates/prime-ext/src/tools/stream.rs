//! Runs a tool loop.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use openapi_runtime::{ErrorKind, TextOrParts};
use pinference_api::types::{FinishReason, ToolChoice, ToolChoiceMode};
use tokio::time::{Instant, Sleep};

use super::calls::{self, Calls, Stopped};
use super::hook::Hook;
use super::tool_loop::{Limits, ToolLoop};
use super::transcript::{FinishedCall, LoopEnd, PendingCall, Round, Transcript};
use crate::chat::{ChatDelta, ChatRequest, ChatResponse, ChatStream};
use crate::cost::Meter;
use crate::error::Error;

/// A tool loop as a stream of events. Returned by [`ToolLoop::stream`].
///
/// The methods that return the next event are cancel safe: dropping their futures loses no event, and stops neither the
/// request nor the calls. While no event is read, calls that run go on, and nothing else happens. Dropping the stream
/// cancels the request and the calls that run.
///
/// ```no_run
/// use prime_ext::ChatDelta;
/// use prime_ext::tools::ToolEvent;
///
/// # async fn example(tools: prime_ext::tools::ToolLoop) -> Result<(), prime_ext::Error> {
/// let mut events = tools.stream();
/// while let Some(event) = events.try_next().await? {
///     match event {
///         ToolEvent::Delta(ChatDelta::Text(text)) => print!("{text}"),
///         ToolEvent::CallStarted(call) => println!("{} {}", call.name, call.arguments),
///         ToolEvent::CallFinished(result) => println!("{}: {}", result.name, result.content),
///         _ => {}
///     }
/// }
/// println!("{}", events.transcript().spent());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent before the first event is read"]
pub struct ToolStream {
    /// The request without its messages, which are in the transcript.
    request: ChatRequest,
    hook: Option<Hook>,
    limits: Limits,
    /// Whether the responses are streamed.
    streamed: bool,
    /// Counts the requests of this loop.
    meter: Meter,
    transcript: Transcript,
    time_limit: Option<Pin<Box<Sleep>>>,
    cancelled: Option<BoxFuture<'static, ()>>,
    /// Whether an event was read.
    has_begun: bool,
    /// Events that were not returned yet.
    events: VecDeque<ToolEvent>,
    /// The error of the loop, if it was not returned yet.
    failure: Option<Error>,
    state: State,
}

/// What happens in a tool loop.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ToolEvent {
    /// A fragment of a response.
    Delta(ChatDelta),
    /// A response is complete.
    Response(Box<ChatResponse>),
    /// A call begins to run.
    CallStarted(PendingCall),
    /// A call has its result. A call that cannot run, or is denied, has a result without having begun.
    CallFinished(FinishedCall),
}

enum State {
    /// The next request is to be sent.
    Ready,
    /// A request whose response is not streamed.
    Requesting(BoxFuture<'static, Result<ChatResponse, Error>>),
    /// A request whose response is streamed, before its first chunk.
    Opening(BoxFuture<'static, Result<ChatStream, Error>>),
    Reading(Box<ChatStream>),
    Calling(Box<Calls>),
    Ended,
}

impl ToolStream {
    pub(super) fn new(settings: ToolLoop, streamed: bool) -> Self {
        let ToolLoop {
            mut request,
            hook,
            cancelled,
            limits,
        } = settings;
        let meter = Meter::child(request.client.meter());
        request.client = request.client.with_meter(&meter);
        if limits.cost.is_some() {
            request = request.include_cost();
        }
        let messages = std::mem::take(&mut request.body.messages);
        Self {
            request,
            hook,
            limits,
            streamed,
            meter,
            transcript: Transcript::new(messages),
            time_limit: None,
            cancelled,
            has_begun: false,
            events: VecDeque::new(),
            failure: None,
            state: State::Ready,
        }
    }

    /// Returns the next event, or `None` once the loop has ended.
    ///
    /// # Errors
    /// Returns an error if the loop ends before the model is done. [`Error::transcript`] has what was done until then.
    pub async fn try_next(&mut self) -> Result<Option<ToolEvent>, Error> {
        std::future::poll_fn(|cx| self.poll_event(cx)).await
    }

    /// Returns the next text of a response, or `None` once the loop has ended. Everything else is skipped, but is part
    /// of the [`transcript`](Self::transcript). Nothing separates the texts of two responses.
    ///
    /// # Errors
    /// Returns the same errors as [`try_next`](Self::try_next).
    pub async fn next_text(&mut self) -> Result<Option<String>, Error> {
        loop {
            match self.try_next().await? {
                Some(ToolEvent::Delta(ChatDelta::Text(text))) => return Ok(Some(text)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// Returns what has happened so far.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Runs the loop to its end and returns the transcript.
    ///
    /// # Errors
    /// Returns an error if the loop ends, or has ended, before the model is done. [`Error::transcript`] has what was
    /// done until then.
    pub async fn finish(mut self) -> Result<Transcript, Error> {
        while self.try_next().await?.is_some() {}
        match self.transcript.end.unwrap_or(LoopEnd::Failed) {
            LoopEnd::Finished => Ok(self.transcript),
            end => Err(self.fail(end, None)),
        }
    }

    /// Ends the loop, and returns what was done until now. The request and the calls that run are dropped. The end is
    /// [`LoopEnd::Cancelled`], unless the loop had already ended.
    pub fn cancel(mut self) -> Transcript {
        if self.transcript.end.is_none() {
            self.close(LoopEnd::Cancelled);
        }
        self.transcript
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<ToolEvent>, Error>> {
        if !self.has_begun {
            self.has_begun = true;
            let time = self.limits.time;
            self.time_limit = time.map(|time| Box::pin(tokio::time::sleep(time)));
        }
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(Ok(Some(event)));
            }
            if let State::Ended = self.state {
                return Poll::Ready(match self.failure.take() {
                    Some(error) => Err(error),
                    None => Ok(None),
                });
            }
            let step = match self.poll_interruption(cx) {
                Some(end) => Err((end, None)),
                None => ready!(self.poll_step(cx)),
            };
            if let Err((end, error)) = step {
                self.failure = Some(self.fail(end, error));
            }
        }
    }

    /// Returns how the loop ends if its time is over or the caller cancels it.
    fn poll_interruption(&mut self, cx: &mut Context<'_>) -> Option<LoopEnd> {
        let cancelled = self.cancelled.as_mut();
        if cancelled.is_some_and(|cancelled| cancelled.poll_unpin(cx).is_ready()) {
            return Some(LoopEnd::Cancelled);
        }
        let limit = self.time_limit.as_mut()?;
        // The timer may be late, for example if a tool has blocked the thread.
        let is_over = limit.as_mut().poll(cx).is_ready() || limit.deadline() <= Instant::now();
        is_over.then_some(LoopEnd::TimeLimit)
    }

    /// Makes one step, which may add events.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let failed = |error| (LoopEnd::Failed, Some(error));
        match &mut self.state {
            State::Ready => self.state = self.send().map_err(failed)?,
            State::Requesting(response) => {
                let response = ready!(response.poll_unpin(cx)).map_err(failed)?;
                self.receive(response)?;
            }
            State::Opening(stream) => {
                let stream = ready!(stream.poll_unpin(cx)).map_err(failed)?;
                self.state = State::Reading(Box::new(stream));
            }
            State::Reading(stream) => match ready!(stream.poll_delta(cx)).map_err(failed)? {
                Some(delta) => self.events.push_back(ToolEvent::Delta(delta)),
                None => {
                    if let State::Reading(stream) = std::mem::replace(&mut self.state, State::Ready)
                    {
                        self.receive(stream.into_complete().map_err(failed)?)?;
                    }
                }
            },
            State::Calling(calls) => {
                let limits = &self.limits;
                let (parallel, timeout) = (limits.max_concurrent_calls, limits.call_timeout);
                match ready!(calls.poll_event(cx, &mut self.hook, parallel, timeout)) {
                    Ok(Some(event)) => self.events.push_back(event),
                    Ok(None) => self.leave_state(""),
                    Err(Stopped) => return Poll::Ready(Err((LoopEnd::Stopped, None))),
                }
            }
            State::Ended => {}
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the next request.
    fn send(&self) -> Result<State, Error> {
        let mut request = self.request.clone();
        let body = &mut request.body;
        if body.n.is_some_and(|choices| choices > 1) {
            let message = "a tool loop reads one choice: do not set `n`";
            return Err(Error::new(ErrorKind::Request, message));
        }
        if body.tools.as_ref().map_or(0, Vec::len) != request.tools.len() {
            let message = "a tool loop runs the tools of `ChatRequest::tools`: do not add others";
            return Err(Error::new(ErrorKind::Request, message));
        }
        body.messages.clone_from(&self.transcript.messages);
        if !self.transcript.rounds.is_empty() {
            body.tool_choice = body.tool_choice.take().and_then(not_forced);
        }
        Ok(if self.streamed {
            State::Opening(request.stream().boxed())
        } else {
            State::Requesting(request.into_future())
        })
    }

    /// Adds a complete response to the transcript, and begins its calls.
    fn receive(&mut self, response: ChatResponse) -> Result<(), Failure> {
        let round = u32::try_from(self.transcript.rounds.len() + 1).unwrap_or(u32::MAX);
        let mut calls = Calls::default();
        if let Some(mut message) = response.message().cloned() {
            calls::move_function_call(&mut message);
            calls::assign_ids(&mut message, round);
            let requested = message.tool_calls.as_deref().unwrap_or_default();
            calls = Calls::new(requested, &self.request.tools, round);
            calls::replace_invalid_arguments(&mut message);
            self.transcript.messages.push(message);
        }
        let cost = self.meter.cost(&self.request.body.model, response.usage());
        self.events
            .push_back(ToolEvent::Response(Box::new(response.clone())));
        self.transcript.rounds.push(Round {
            response,
            calls: Vec::new(),
            cost,
        });
        self.transcript.spent = self.meter.total();
        let end = self.end_of_round(round, !calls.is_empty());
        let finished = calls.finished().cloned();
        self.events.extend(finished.map(ToolEvent::CallFinished));
        self.state = State::Calling(Box::new(calls));
        match end {
            None => Ok(()),
            Some(LoopEnd::Finished) => {
                self.close(LoopEnd::Finished);
                Ok(())
            }
            Some(end) => Err((end, None)),
        }
    }

    /// Returns how the loop ends after the response of a round, or `None` if its calls are to run.
    fn end_of_round(&self, round: u32, has_calls: bool) -> Option<LoopEnd> {
        let (limits, spent) = (&self.limits, &self.transcript.spent);
        if limits.cost.is_some() && spent.with_unknown_cost > 0 {
            return Some(LoopEnd::CostUnknown);
        }
        if limits.tokens.is_some() && spent.without_tokens > 0 {
            return Some(LoopEnd::TokensUnknown);
        }
        let response = self.transcript.response()?;
        let reason = response.finish_reason();
        let is_truncated = matches!(
            reason,
            Some(FinishReason::Length | FinishReason::ContentFilter)
        );
        if !has_calls {
            return Some(if is_truncated && !limits.accept_truncated {
                LoopEnd::Truncated
            } else if is_answer(response) || is_truncated {
                LoopEnd::Finished
            } else {
                LoopEnd::NoAnswer
            });
        }
        let mut cost = spent.known;
        cost += spent.estimated;
        let tokens = spent.prompt_tokens.saturating_add(spent.completion_tokens);
        if is_truncated {
            Some(LoopEnd::Truncated)
        } else if limits.cost.is_some_and(|limit| cost.usd() >= limit) {
            Some(LoopEnd::CostLimit)
        } else if limits.tokens.is_some_and(|limit| tokens >= limit) {
            Some(LoopEnd::TokenLimit)
        } else if round >= limits.rounds {
            Some(LoopEnd::RoundLimit)
        } else {
            None
        }
    }

    /// Ends the loop, and adds what it was doing to the transcript.
    fn close(&mut self, end: LoopEnd) {
        self.leave_state(end.reason());
        self.state = State::Ended;
        self.transcript.end = Some(end);
        self.transcript.spent = self.meter.total();
    }

    /// Adds the results of the calls, or the incomplete response, to the transcript. `reason` is why the loop ends, if
    /// it does.
    fn leave_state(&mut self, reason: &str) {
        match std::mem::replace(&mut self.state, State::Ready) {
            State::Calling(calls) => {
                let finished = calls.into_finished(reason);
                let messages = finished.iter().map(FinishedCall::message);
                self.transcript.messages.extend(messages);
                if let Some(round) = self.transcript.rounds.last_mut() {
                    round.calls = finished;
                }
            }
            State::Reading(stream) => self.transcript.incomplete = Some(Box::new(stream.cancel())),
            State::Ready | State::Requesting(_) | State::Opening(_) | State::Ended => {}
        }
    }

    /// Ends the loop and returns its error, which carries the transcript.
    fn fail(&mut self, end: LoopEnd, error: Option<Error>) -> Error {
        let unknown = self.meter.total().with_unknown_cost;
        self.close(end);
        let error = match error {
            Some(error) => {
                if let Some(partial) = error.partial_response() {
                    self.transcript.incomplete = Some(Box::new(partial.clone()));
                }
                error
            }
            None => {
                let kind = match end {
                    LoopEnd::NoAnswer => ErrorKind::UnexpectedResponse,
                    _ => ErrorKind::Stopped,
                };
                let message = format!("the tool loop ended before the model was done: {end}");
                // A request that was dropped may have been carried out.
                let is_lost = self.transcript.spent.with_unknown_cost > unknown;
                Error::new(kind, message).with_outcome_unknown(is_lost)
            }
        };
        error.with_transcript(self.transcript.clone())
    }
}

/// How the loop ends, and the error of a failed request.
type Failure = (LoopEnd, Option<Error>);

/// Returns whether a response answers: with a text, other contents such as images, audio, or a refusal.
fn is_answer(response: &ChatResponse) -> bool {
    let message = response.message();
    let parts = message.is_some_and(
        |message| matches!(&message.content, Some(TextOrParts::Parts(parts)) if !parts.is_empty()),
    );
    parts
        || !response.text().is_empty()
        || response.refusal().is_some()
        || response.audio().is_some()
}

/// Returns a tool choice without what forces the model to call a tool.
fn not_forced(choice: ToolChoice) -> Option<ToolChoice> {
    match choice {
        ToolChoice::Mode(ToolChoiceMode::Auto | ToolChoiceMode::None) => Some(choice),
        ToolChoice::NamedToolChoice(mut named) => {
            let allowed = named.allowed_tools.as_mut()?;
            allowed.mode = ToolChoiceMode::Auto;
            Some(ToolChoice::NamedToolChoice(named))
        }
        _ => None,
    }
}

impl Stream for ToolStream {
    type Item = Result<ToolEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(cx).map(Result::transpose)
    }
}

impl fmt::Debug for ToolStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolStream")
            .field("transcript", &self.transcript)
            .finish_non_exhaustive()
    }
}
