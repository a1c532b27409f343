//! What a chunk adds to a choice.

use std::borrow::Cow;

use openapi_runtime::TextOrParts;
use pinference_api::types::{ChatCompletionChunk, ToolCallDelta};

use super::reasoning;

/// What a chunk adds to the first choice. Returned by [`ChatStream::next_delta`](crate::ChatStream::next_delta).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ChatDelta {
    /// A fragment of the text.
    Text(String),
    /// A fragment of the reasoning, from whichever field the service uses for it.
    Reasoning(String),
    /// A fragment of the refusal: why the model declines the request.
    Refusal(String),
    /// A fragment of a tool call. [`ChatStream::tool_calls`](crate::ChatStream::tool_calls) returns the calls
    /// received so far.
    ToolCall(Box<ToolCallDelta>),
}

/// Returns the deltas of the choice with this index. Reasoning comes before text.
pub(super) fn deltas(chunk: ChatCompletionChunk, index: i64) -> impl Iterator<Item = ChatDelta> {
    let choices = chunk.choices.into_iter();
    let deltas = choices
        .filter(move |choice| choice.index.unwrap_or(0) == index)
        .filter_map(|choice| choice.delta);
    deltas.flat_map(|delta| {
        let reasoning = reasoning::text(
            delta.reasoning_content.as_deref(),
            delta.reasoning.as_deref(),
            delta.reasoning_details.as_deref(),
        );
        let reasoning = Some(reasoning.into_owned()).filter(|text| !text.is_empty());
        let content = delta.content.as_ref().map(TextOrParts::text);
        let text = content.map(Cow::into_owned).filter(|text| !text.is_empty());
        let refusal = delta.refusal.filter(|text| !text.is_empty());
        let calls = delta.tool_calls.into_iter().flatten();
        let texts = [
            reasoning.map(ChatDelta::Reasoning),
            text.map(ChatDelta::Text),
            refusal.map(ChatDelta::Refusal),
        ];
        texts
            .into_iter()
            .flatten()
            .chain(calls.map(|call| ChatDelta::ToolCall(Box::new(call))))
    })
}
