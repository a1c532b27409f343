//! What is new in a chunk.

use std::borrow::Cow;

use openapi_runtime::TextOrParts;
use pinference_api::types::{ChatCompletionChunk, ToolCallDelta};

use super::reasoning;

/// What a chunk adds to the first answer. From [`ChatStream::next_delta`](crate::ChatStream::next_delta).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ChatDelta {
    /// Text.
    Text(String),
    /// What the model thinks, whichever of its spellings the service uses.
    Reasoning(String),
    /// Why the model will not answer.
    Refusal(String),
    /// A piece of a tool call. What has come of the calls so far is at
    /// [`ChatStream::tool_calls`](crate::ChatStream::tool_calls).
    ToolCall(Box<ToolCallDelta>),
}

/// The pieces of an answer in a chunk, the reasoning before the text.
pub(super) fn deltas(chunk: ChatCompletionChunk, index: i64) -> impl Iterator<Item = ChatDelta> {
    let choices = chunk.choices.into_iter();
    let deltas = choices
        .filter(move |choice| choice.index.unwrap_or(0) == index)
        .filter_map(|choice| choice.delta);
    deltas.flat_map(|delta| {
        let thought = reasoning::of(
            delta.reasoning_content.as_deref(),
            delta.reasoning.as_deref(),
            delta.reasoning_details.as_deref(),
        );
        let thought = Some(thought.into_owned()).filter(|text| !text.is_empty());
        let content = delta.content.as_ref().map(TextOrParts::text);
        let text = content.map(Cow::into_owned).filter(|text| !text.is_empty());
        let refusal = delta.refusal.filter(|text| !text.is_empty());
        let calls = delta.tool_calls.into_iter().flatten();
        let texts = [
            thought.map(ChatDelta::Reasoning),
            text.map(ChatDelta::Text),
            refusal.map(ChatDelta::Refusal),
        ];
        texts
            .into_iter()
            .flatten()
            .chain(calls.map(|call| ChatDelta::ToolCall(Box::new(call))))
    })
}
