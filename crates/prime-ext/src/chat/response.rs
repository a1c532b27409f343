//! The answer, whole.

use std::borrow::Cow;
use std::ops::Deref;

use pinference_api::types::{ChatCompletionResponse, ChatMessage, FinishReason, ToolCall, Usage};

use bytes::Bytes;
use openapi_runtime::{ResponseMeta, TextOrParts};

use super::{StreamEnd, reasoning};
use crate::cost::Cost;

/// A whole answer, streamed or not. Everything that the service said is in the
/// [`ChatCompletionResponse`] to which it dereferences.
///
/// As large as a pointer, wherever it is kept.
#[derive(Clone)]
pub struct ChatResponse(Box<Answer>);

#[derive(Clone)]
struct Answer {
    response: ChatCompletionResponse,
    meta: ResponseMeta,
    body: Bytes,
    ending: Option<StreamEnd>,
}

impl ChatResponse {
    pub(crate) fn new(response: ChatCompletionResponse, meta: ResponseMeta, body: Bytes) -> Self {
        Self(Box::new(Answer {
            response,
            meta,
            body,
            ending: None,
        }))
    }

    /// The same as the end of a stream.
    pub(crate) fn ended(mut self, ending: StreamEnd) -> Self {
        self.0.ending = Some(ending);
        self
    }

    /// The text, or the texts of its parts; empty if the model asked for tools instead, or gave no
    /// answer.
    pub fn text(&self) -> Cow<'_, str> {
        let content = self.message().and_then(|message| message.content.as_ref());
        content.map(TextOrParts::text).unwrap_or_default()
    }

    /// The message, to be sent back with the next question. The first, if several were asked for.
    pub fn message(&self) -> Option<&ChatMessage> {
        self.0.response.choices.first()?.message.as_ref()
    }

    /// What the model thought before it answered, whichever of its spellings the service uses; empty if
    /// it does not say.
    pub fn reasoning(&self) -> Cow<'_, str> {
        self.message().map_or_else(Cow::default, |message| {
            reasoning::of(
                message.reasoning_content.as_deref(),
                message.reasoning.as_deref(),
                message.reasoning_details.as_deref(),
            )
        })
    }

    /// What the model asks to be called.
    pub fn tool_calls(&self) -> &[ToolCall] {
        self.message()
            .and_then(|message| message.tool_calls.as_deref())
            .unwrap_or_default()
    }

    /// Why the model stopped.
    pub fn finish_reason(&self) -> Option<&FinishReason> {
        self.0.response.choices.first()?.finish_reason.as_ref()
    }

    /// Tokens and cost, if the service said them.
    pub fn usage(&self) -> Option<&Usage> {
        self.0.response.usage.as_ref()
    }

    /// What it cost, if the service said so.
    pub fn cost(&self) -> Cost {
        Cost::of(self.usage())
    }

    /// How the stream ended that it came from; nothing if it was not streamed.
    pub fn stream_end(&self) -> Option<StreamEnd> {
        self.0.ending
    }

    /// Status, headers, request id, and how often the question was sent.
    pub fn meta(&self) -> &ResponseMeta {
        &self.0.meta
    }

    /// The body as it came. Empty if it was streamed.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// What the service said, as the specification has it.
    pub fn into_response(self) -> ChatCompletionResponse {
        self.0.response
    }
}

impl Deref for ChatResponse {
    type Target = ChatCompletionResponse;

    fn deref(&self) -> &ChatCompletionResponse {
        &self.0.response
    }
}

impl std::fmt::Debug for ChatResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ChatResponse")
            .field(&self.0.response)
            .finish()
    }
}
