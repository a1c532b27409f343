//! A chat completion as an event stream.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use pinference_api::types::{
    ChatCompletionChunk, ChatCompletionChunkChoice, ChatCompletionDelta, FunctionCallDelta, Role,
    ToolCallDelta, Usage,
};
use serde::Serialize;
use tokio::time::{Sleep, sleep};

use crate::routes::chat::Completion;
use crate::routes::choice::Choice;
use crate::state::Shared;

/// The data of the last event.
const DONE: &str = "[DONE]";

pub(crate) fn respond(shared: Arc<Shared>, completion: Completion, usage: bool) -> Response {
    let events = EventStream {
        steps: steps(&completion, usage),
        produced: 0,
        billed: None,
        pause: None,
        completion,
        shared,
    };
    Sse::new(events).into_response()
}

/// The next event and the index of its choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Role(usize),
    Reasoning(usize, usize),
    Token(usize, usize),
    Refusal(usize),
    /// The start of a tool call: its ID and name.
    Call(usize, usize),
    Arguments(usize, usize, usize),
    Finish(usize),
    Usage,
    Done,
}

impl Step {
    /// Returns whether the event contains a generated token.
    fn is_token(self) -> bool {
        matches!(
            self,
            Self::Reasoning(..) | Self::Token(..) | Self::Arguments(..)
        )
    }
}

/// Returns the events of a completion. The choices alternate.
fn steps(completion: &Completion, usage: bool) -> VecDeque<Step> {
    let mut choices: Vec<_> = completion
        .choices
        .iter()
        .enumerate()
        .map(|(number, choice)| content(number, choice).into_iter())
        .collect();
    let mut steps: VecDeque<_> = (0..choices.len()).map(Step::Role).collect();
    loop {
        let before = steps.len();
        steps.extend(choices.iter_mut().filter_map(Iterator::next));
        if steps.len() == before {
            break;
        }
    }
    steps.extend((0..choices.len()).map(Step::Finish));
    steps.extend(usage.then_some(Step::Usage));
    steps.push_back(Step::Done);
    steps
}

/// Returns the content events of a choice.
fn content(number: usize, choice: &Choice) -> Vec<Step> {
    let reasoning = (0..choice.reasoning.len()).map(|token| Step::Reasoning(number, token));
    let text = (0..choice.tokens.len()).map(|token| Step::Token(number, token));
    let refusal = choice.refusal.iter().map(|_| Step::Refusal(number));
    let calls = choice.calls.iter().enumerate().flat_map(|(index, call)| {
        let arguments = 0..call.arguments.len();
        let arguments = arguments.map(move |token| Step::Arguments(number, index, token));
        std::iter::once(Step::Call(number, index)).chain(arguments)
    });
    reasoning.chain(text).chain(refusal).chain(calls).collect()
}

/// The event stream of a completion. A caller that disconnects early pays for the tokens that were
/// sent.
struct EventStream {
    shared: Arc<Shared>,
    completion: Completion,
    steps: VecDeque<Step>,
    produced: i64,
    /// The billed usage, if any.
    billed: Option<Usage>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl EventStream {
    /// Bills the produced tokens once.
    fn bill(&mut self) -> &Usage {
        self.billed.get_or_insert_with(|| {
            let usage = self.completion.usage(self.produced);
            self.completion.bill(&self.shared, &usage);
            usage
        })
    }

    fn event(&mut self, step: Step) -> Result<Event, axum::Error> {
        let mut delta = ChatCompletionDelta::default();
        if step.is_token() {
            self.produced += 1;
        }
        let find = |index: usize| self.completion.choices.get(index);
        let choice = match step {
            Step::Role(index) => {
                delta.role = Some(Role::Assistant);
                delta.content = Some("".into());
                delta_choice(index, delta)
            }
            Step::Reasoning(index, token) => {
                delta.reasoning_content =
                    find(index).and_then(|source| source.reasoning.get(token).cloned());
                delta_choice(index, delta)
            }
            Step::Token(index, token) => {
                let source = find(index);
                let text = source.and_then(|source| source.tokens.get(token..=token));
                delta.content = text.map(|text| text.concat().into());
                let mut choice = delta_choice(index, delta);
                choice.logprobs = source
                    .zip(text)
                    .and_then(|(source, text)| source.logprobs(text));
                choice
            }
            Step::Refusal(index) => {
                delta.refusal = find(index).and_then(|source| source.refusal.clone());
                delta_choice(index, delta)
            }
            Step::Call(index, call) => {
                let source = find(index).and_then(|source| source.calls.get(call));
                let mut function = FunctionCallDelta::default();
                function.name = source.map(|call| call.name.clone());
                function.arguments = Some(String::new());
                let mut tool_call = tool_call_delta(call, function);
                tool_call.id = source.map(|call| call.id.clone());
                tool_call.type_ = Some("function".to_owned());
                delta.tool_calls = Some(vec![tool_call]);
                delta_choice(index, delta)
            }
            Step::Arguments(index, call, token) => {
                let source = find(index).and_then(|source| source.calls.get(call));
                let mut function = FunctionCallDelta::default();
                function.arguments = source.and_then(|call| call.arguments.get(token).cloned());
                delta.tool_calls = Some(vec![tool_call_delta(call, function)]);
                delta_choice(index, delta)
            }
            Step::Finish(index) => {
                // Bills first: a caller that has received this event must find the billing row.
                self.bill();
                let finished = self.completion.choices.get(index);
                let mut last = delta_choice(index, delta);
                last.finish_reason = finished.map(|choice| choice.finish.clone());
                last
            }
            Step::Usage => {
                let usage = self.bill().clone();
                let mut chunk = self.chunk();
                chunk.usage = Some(usage);
                return Event::default().json_data(UsageChunk { choices: [], chunk });
            }
            Step::Done => return Ok(Event::default().data(DONE)),
        };
        let mut chunk = self.chunk();
        chunk.choices = vec![choice];
        Event::default().json_data(chunk)
    }

    /// Returns a chunk with the fields that all events share.
    fn chunk(&self) -> ChatCompletionChunk {
        let mut chunk = ChatCompletionChunk::default();
        chunk.id = Some(self.completion.id.clone());
        chunk.object = Some("chat.completion.chunk".to_owned());
        chunk.created = Some(self.completion.created);
        chunk.model = Some(self.completion.model.clone());
        chunk
    }
}

impl Stream for EventStream {
    type Item = Result<Event, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(pause) = &mut this.pause {
            ready!(pause.as_mut().poll(cx));
            this.pause = None;
        }
        let Some(step) = this.steps.pop_front() else {
            return Poll::Ready(None);
        };
        let delay = this.shared.token_delay;
        let follows = this.steps.front().is_some_and(|next| next.is_token());
        if step.is_token() && follows && delay > Duration::ZERO {
            this.pause = Some(Box::pin(sleep(delay)));
        }
        Poll::Ready(Some(this.event(step)))
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.bill();
    }
}

fn delta_choice(index: usize, delta: ChatCompletionDelta) -> ChatCompletionChunkChoice {
    let mut choice = ChatCompletionChunkChoice::default();
    choice.index = Some(i64::try_from(index).unwrap_or(i64::MAX));
    choice.delta = Some(delta);
    choice
}

fn tool_call_delta(index: usize, function: FunctionCallDelta) -> ToolCallDelta {
    let mut tool_call = ToolCallDelta::default();
    tool_call.index = Some(i64::try_from(index).unwrap_or(i64::MAX));
    tool_call.function = Some(function);
    tool_call
}

/// The chunk with usage. The generated type would omit the empty `choices`, which OpenAI sends.
#[derive(Serialize)]
struct UsageChunk {
    choices: [ChatCompletionChunkChoice; 0],
    #[serde(flatten)]
    chunk: ChatCompletionChunk,
}
