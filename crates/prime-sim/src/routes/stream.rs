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

use crate::routes::answer::Answer;
use crate::routes::chat::Completion;
use crate::state::Shared;

/// What ends every stream.
const DONE: &str = "[DONE]";

pub(crate) fn respond(shared: Arc<Shared>, completion: Completion, usage: bool) -> Response {
    let events = Events {
        steps: steps(&completion, usage),
        produced: 0,
        billed: None,
        pause: None,
        completion,
        shared,
    };
    Sse::new(events).into_response()
}

/// An event to come, and the answer it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Role(usize),
    Reasoning(usize, usize),
    Token(usize, usize),
    Refusal(usize),
    /// A call begins: its id and its name.
    Call(usize, usize),
    Arguments(usize, usize, usize),
    Finish(usize),
    Usage,
    Done,
}

impl Step {
    /// Whether a model needs time for it.
    fn takes_time(self) -> bool {
        matches!(
            self,
            Self::Reasoning(..) | Self::Token(..) | Self::Arguments(..)
        )
    }
}

/// Every event of a completion. Several answers take turns.
fn steps(completion: &Completion, usage: bool) -> VecDeque<Step> {
    let mut answers: Vec<_> = completion
        .answers
        .iter()
        .enumerate()
        .map(|(number, answer)| said(number, answer).into_iter())
        .collect();
    let mut steps: VecDeque<_> = (0..answers.len()).map(Step::Role).collect();
    loop {
        let before = steps.len();
        steps.extend(answers.iter_mut().filter_map(Iterator::next));
        if steps.len() == before {
            break;
        }
    }
    steps.extend((0..answers.len()).map(Step::Finish));
    steps.extend(usage.then_some(Step::Usage));
    steps.push_back(Step::Done);
    steps
}

/// What is said in an answer, piece by piece.
fn said(number: usize, answer: &Answer) -> Vec<Step> {
    let reasoning = (0..answer.reasoning.len()).map(|token| Step::Reasoning(number, token));
    let text = (0..answer.tokens.len()).map(|token| Step::Token(number, token));
    let refusal = answer.refusal.iter().map(|_| Step::Refusal(number));
    let calls = answer.calls.iter().enumerate().flat_map(|(place, call)| {
        let arguments = 0..call.arguments.len();
        let arguments = arguments.map(move |token| Step::Arguments(number, place, token));
        std::iter::once(Step::Call(number, place)).chain(arguments)
    });
    reasoning.chain(text).chain(refusal).chain(calls).collect()
}

/// The events of a stream, one after the other. Whoever goes away early pays for what there was.
struct Events {
    shared: Arc<Shared>,
    completion: Completion,
    steps: VecDeque<Step>,
    produced: i64,
    /// What was charged, once it was.
    billed: Option<Usage>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Events {
    /// Charges for what was produced, once.
    fn bill(&mut self) -> &Usage {
        self.billed.get_or_insert_with(|| {
            let usage = self.completion.usage(self.produced);
            self.completion.bill(&self.shared, &usage);
            usage
        })
    }

    fn event(&mut self, step: Step) -> Result<Event, axum::Error> {
        let mut delta = ChatCompletionDelta::default();
        if step.takes_time() {
            self.produced += 1;
        }
        let said = |answer: usize| self.completion.answers.get(answer);
        let choice = match step {
            Step::Role(answer) => {
                delta.role = Some(Role::Assistant);
                delta.content = Some("".into());
                choice(answer, delta)
            }
            Step::Reasoning(answer, token) => {
                delta.reasoning_content =
                    said(answer).and_then(|said| said.reasoning.get(token).cloned());
                choice(answer, delta)
            }
            Step::Token(answer, token) => {
                let said = said(answer);
                let text = said.and_then(|said| said.tokens.get(token..=token));
                delta.content = text.map(|text| text.concat().into());
                let mut choice = choice(answer, delta);
                choice.logprobs = said.zip(text).and_then(|(said, text)| said.logprobs(text));
                choice
            }
            Step::Refusal(answer) => {
                delta.refusal = said(answer).and_then(|said| said.refusal.clone());
                choice(answer, delta)
            }
            Step::Call(answer, place) => {
                let call = said(answer).and_then(|said| said.calls.get(place));
                let mut function = FunctionCallDelta::default();
                function.name = call.map(|call| call.name.clone());
                function.arguments = Some(String::new());
                let mut piece = call_piece(place, function);
                piece.id = call.map(|call| call.id.clone());
                piece.type_ = Some("function".to_owned());
                delta.tool_calls = Some(vec![piece]);
                choice(answer, delta)
            }
            Step::Arguments(answer, place, token) => {
                let call = said(answer).and_then(|said| said.calls.get(place));
                let mut function = FunctionCallDelta::default();
                function.arguments = call.and_then(|call| call.arguments.get(token).cloned());
                delta.tool_calls = Some(vec![call_piece(place, function)]);
                choice(answer, delta)
            }
            Step::Finish(answer) => {
                // Before the end is told: whoever has seen it finds the bill.
                self.bill();
                let finished = self.completion.answers.get(answer);
                let mut last = choice(answer, delta);
                last.finish_reason = finished.map(|answer| answer.finish.clone());
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

    /// What is the same in every event.
    fn chunk(&self) -> ChatCompletionChunk {
        let mut chunk = ChatCompletionChunk::default();
        chunk.id = Some(self.completion.id.clone());
        chunk.object = Some("chat.completion.chunk".to_owned());
        chunk.created = Some(self.completion.created);
        chunk.model = Some(self.completion.model.clone());
        chunk
    }
}

impl Stream for Events {
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
        let follows = this.steps.front().is_some_and(|next| next.takes_time());
        if step.takes_time() && follows && delay > Duration::ZERO {
            this.pause = Some(Box::pin(sleep(delay)));
        }
        Poll::Ready(Some(this.event(step)))
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.bill();
    }
}

fn choice(answer: usize, delta: ChatCompletionDelta) -> ChatCompletionChunkChoice {
    let mut choice = ChatCompletionChunkChoice::default();
    choice.index = Some(i64::try_from(answer).unwrap_or(i64::MAX));
    choice.delta = Some(delta);
    choice
}

fn call_piece(place: usize, function: FunctionCallDelta) -> ToolCallDelta {
    let mut piece = ToolCallDelta::default();
    piece.index = Some(i64::try_from(place).unwrap_or(i64::MAX));
    piece.function = Some(function);
    piece
}

/// The chunk of usage. The generated type leaves out an empty list; OpenAI's shape has it.
#[derive(Serialize)]
struct UsageChunk {
    choices: [ChatCompletionChunkChoice; 0],
    #[serde(flatten)]
    chunk: ChatCompletionChunk,
}
