//! The reasoning of a model: its text, from whichever of three fields a server uses, and whether it is sent back.

use std::borrow::Cow;

use pinference_api::types::{ChatMessage, Role};
use serde_json::Value;

/// Whether requests contain the reasoning of earlier responses. Set by
/// [`ChatRequest::reasoning_history`](crate::ChatRequest::reasoning_history), and for each model by
/// [`ClientBuilder::reasoning_history`](crate::ClientBuilder::reasoning_history).
///
/// A service that does not need the reasoning usually ignores it. Without the reasoning that a service needs, the
/// request fails, or the model loses its train of thought between two tool calls.
///
/// | source | rule |
/// |---|---|
/// | [DeepSeek's documentation](https://api-docs.deepseek.com/guides/thinking_mode), "Tool Calls" | after a tool call, `reasoning_content` must be sent back; otherwise, the status is 400 |
/// | [OpenRouter's documentation](https://openrouter.ai/docs/use-cases/reasoning-tokens), "Preserving Reasoning Blocks" | `reasoning_details` must be sent back unchanged |
/// | DeepSeek's documentation of the older model `deepseek-reasoner` | a request with `reasoning_content` has the status 400 |
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReasoningHistory {
    /// Reasoning is sent back as it was received, in the same fields. This is the default.
    #[default]
    AsReceived,
    /// Reasoning is removed from the messages: `reasoning_content`, `reasoning` and `reasoning_details`.
    Omit,
}

impl ReasoningHistory {
    /// Applies this to the messages of a request.
    pub(super) fn apply(self, messages: &mut [ChatMessage]) {
        if self == Self::AsReceived {
            return;
        }
        for message in messages
            .iter_mut()
            .filter(|message| message.role == Role::Assistant)
        {
            message.reasoning_content = None;
            message.reasoning = None;
            message.reasoning_details = None;
        }
    }
}

/// Returns the reasoning text. Servers that fill several fields write the same text into each, so only the first
/// non-empty field is read.
pub(super) fn text<'a>(
    reasoning_content: Option<&'a str>,
    reasoning: Option<&'a str>,
    details: Option<&'a [Value]>,
) -> Cow<'a, str> {
    let texts = [reasoning_content, reasoning].into_iter().flatten();
    if let Some(text) = texts.into_iter().find(|text| !text.is_empty()) {
        return text.into();
    }
    let texts = details.unwrap_or_default().iter().filter_map(|detail| {
        detail["text"]
            .as_str()
            .or_else(|| detail["summary"].as_str())
    });
    texts.collect::<String>().into()
}
