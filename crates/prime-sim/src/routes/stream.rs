//! A chat completion as an event stream.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use pinference_api::types::{FinishReason, Usage};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{Sleep, sleep};

use crate::replies::UsageReport;
use crate::routes::chat::Completion;
use crate::routes::message::{self, ChoiceBody, Delta};
use crate::shapes::ToolCallShape;
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

/// The next event. The number is the index of its choice.
#[derive(Debug)]
enum Step {
    Role(usize),
    Delta(usize, Delta),
    Finish(usize),
    Usage,
    Done,
}

impl Step {
    /// Returns whether the event contains a generated token.
    fn is_token(&self) -> bool {
        matches!(self, Self::Delta(_, delta) if delta.tokens > 0)
    }
}

/// Returns the events of a completion. The choices alternate.
fn steps(completion: &Completion, usage: bool) -> VecDeque<Step> {
    let choices = completion
        .choices
        .iter()
        .enumerate()
        .map(|(index, choice)| {
            let deltas = message::deltas(choice).into_iter();
            deltas.map(|delta| Step::Delta(index, delta)).collect()
        });
    let content = message::alternate(choices.collect());
    let all = 0..completion.choices.len();
    let mut steps: VecDeque<_> = all.clone().map(Step::Role).collect();
    steps.extend(content);
    steps.extend(all.map(Step::Finish));
    let usage = usage && completion.report != UsageReport::Missing;
    steps.extend(usage.then_some(Step::Usage));
    steps.push_back(Step::Done);
    steps
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
        match step {
            Step::Role(index) => {
                let delta = json!({ "role": "assistant", "content": "" });
                self.chunk(&[delta_choice(index, delta)], None)
            }
            Step::Delta(index, delta) => {
                self.produced += i64::try_from(delta.tokens).unwrap_or(i64::MAX);
                let mut choice = delta_choice(index, delta.body);
                choice.logprobs = delta.logprobs;
                let source = self.completion.choices.get(index);
                if source.is_some_and(|source| source.has(ToolCallShape::FinishOnEveryChunk)) {
                    choice.finish_reason = self.finish(index);
                }
                self.chunk(&[choice], None)
            }
            Step::Finish(index) => {
                // Bills first: a caller that has received this event must find the billing row.
                self.bill();
                let mut choice = delta_choice(index, json!({}));
                choice.finish_reason = self.finish(index);
                self.chunk(&[choice], None)
            }
            Step::Usage => {
                let usage = self.bill().clone();
                self.chunk(&[], self.completion.reported(usage))
            }
            Step::Done => Ok(Event::default().data(DONE)),
        }
    }

    fn finish(&self, index: usize) -> Option<FinishReason> {
        let choice = self.completion.choices.get(index)?;
        Some(choice.finish.clone())
    }

    fn chunk(&self, choices: &[ChoiceBody], usage: Option<Usage>) -> Result<Event, axum::Error> {
        Event::default().json_data(Chunk {
            id: &self.completion.id,
            object: "chat.completion.chunk",
            created: self.completion.created,
            model: &self.completion.model,
            choices,
            usage,
        })
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

fn delta_choice(index: usize, delta: Value) -> ChoiceBody {
    ChoiceBody {
        index,
        message: None,
        delta: Some(delta),
        logprobs: None,
        finish_reason: None,
    }
}

/// An event. Its deltas can have shapes that the specification does not allow.
#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: &'a [ChoiceBody],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}
