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
    ChatCompletionChunk, ChatCompletionChunkChoice, ChatCompletionDelta, Role, Usage,
};
use serde::Serialize;
use tokio::time::{Sleep, sleep};

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
    Token(usize, usize),
    Finish(usize),
    Usage,
    Done,
}

/// Every event of a completion. Several answers take turns.
fn steps(completion: &Completion, usage: bool) -> VecDeque<Step> {
    let answers = || 0..completion.answers.len();
    let length = |answer: &usize| {
        completion
            .answers
            .get(*answer)
            .map_or(0, |a| a.tokens.len())
    };
    let longest = answers().map(|answer| length(&answer)).max().unwrap_or(0);
    let tokens = (0..longest).flat_map(|token| {
        answers()
            .filter(move |answer| token < length(answer))
            .map(move |answer| Step::Token(answer, token))
    });
    answers()
        .map(Step::Role)
        .chain(tokens)
        .chain(answers().map(Step::Finish))
        .chain(usage.then_some(Step::Usage))
        .chain([Step::Done])
        .collect()
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
        let choice = match step {
            Step::Role(answer) => {
                delta.role = Some(Role::Assistant);
                delta.content = Some("".into());
                choice(answer, delta)
            }
            Step::Token(answer, token) => {
                self.produced += 1;
                let answer_tokens = self.completion.answers.get(answer).map(|a| &a.tokens);
                let text = answer_tokens.and_then(|tokens| tokens.get(token));
                delta.content = text.map(|text| text.as_str().into());
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
        if let (Step::Token(..), Some(Step::Token(..))) = (step, this.steps.front())
            && delay > Duration::ZERO
        {
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

/// The chunk of usage. The generated type leaves out an empty list; OpenAI's shape has it.
#[derive(Serialize)]
struct UsageChunk {
    choices: [ChatCompletionChunkChoice; 0],
    #[serde(flatten)]
    chunk: ChatCompletionChunk,
}
