//! A complete response.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use openapi_runtime::{Response, ResponseMeta, TextOrParts, Warning};
use pinference_api::types::{
    Annotation, ChatCompletionResponse, ChatMessage, FinishReason, Logprobs, MessageAudio,
    ToolCall, Usage,
};
use serde::de::IgnoredAny;

use super::accumulator::is_empty_usage;
use super::{StreamEnd, reasoning};
use crate::cost::Cost;

/// A chat response, streamed or not. The accessors read the first choice; [`raw`](Self::raw) has everything.
#[derive(Clone)]
pub struct ChatResponse {
    response: Response<ChatCompletionResponse>,
    stream_end: Option<StreamEnd>,
}

impl ChatResponse {
    pub(crate) fn new(mut response: Response<ChatCompletionResponse>) -> Self {
        let warnings = tool_call_warnings(response.value());
        let cost = Cost::warning(response.value().usage.as_ref());
        response.add_warnings(warnings.into_iter().chain(cost));
        Self {
            response,
            stream_end: None,
        }
    }

    /// Sets how the stream of this response ended.
    pub(crate) fn with_stream_end(mut self, stream_end: StreamEnd) -> Self {
        self.stream_end = Some(stream_end);
        self
    }

    pub(crate) fn with_warnings(mut self, warnings: impl IntoIterator<Item = Warning>) -> Self {
        self.response.add_warnings(warnings);
        self
    }

    /// Returns the text. If the content has parts, their texts are joined. The text is empty if the model only called
    /// tools, or if there is no choice.
    pub fn text(&self) -> Cow<'_, str> {
        let content = self.message().and_then(|message| message.content.as_ref());
        content.map(TextOrParts::text).unwrap_or_default()
    }

    /// Returns the message of the first choice, to send back with the next request
    /// ([`ChatRequest::message`](crate::ChatRequest::message)).
    pub fn message(&self) -> Option<&ChatMessage> {
        self.raw().choices.first()?.message.as_ref()
    }

    /// Returns the reasoning that precedes the text, from whichever field the service uses for it. Empty if there is
    /// none.
    pub fn reasoning(&self) -> Cow<'_, str> {
        self.message().map_or_else(Cow::default, |message| {
            reasoning::text(
                message.reasoning_content.as_deref(),
                message.reasoning.as_deref(),
                message.reasoning_details.as_deref(),
            )
        })
    }

    /// Returns the tool calls that the model requests.
    pub fn tool_calls(&self) -> &[ToolCall] {
        self.message()
            .and_then(|message| message.tool_calls.as_deref())
            .unwrap_or_default()
    }

    /// Returns the reason why the model refuses to respond, if it does.
    pub fn refusal(&self) -> Option<&str> {
        let refusal = self.message()?.refusal.as_deref();
        refusal.filter(|refusal| !refusal.is_empty())
    }

    /// Returns the annotations of the text, such as the web pages that it refers to.
    pub fn annotations(&self) -> &[Annotation] {
        self.message()
            .and_then(|message| message.annotations.as_deref())
            .unwrap_or_default()
    }

    /// Returns the generated audio. If the response was streamed, its data are the joined data of the chunks.
    pub fn audio(&self) -> Option<&MessageAudio> {
        self.message()?.audio.as_ref()
    }

    /// Returns the log probabilities of the tokens, if they were requested
    /// ([`ChatRequest::logprobs`](crate::ChatRequest::logprobs)).
    pub fn logprobs(&self) -> Option<&Logprobs> {
        self.raw().choices.first()?.logprobs.as_ref()
    }

    /// Returns the model that answered, as the service names it.
    pub fn model(&self) -> Option<&str> {
        self.raw().model.as_deref()
    }

    /// Returns the reason why the model stopped.
    pub fn finish_reason(&self) -> Option<&FinishReason> {
        self.raw().choices.first()?.finish_reason.as_ref()
    }

    /// Returns the tokens and the cost, if the service reports them.
    pub fn usage(&self) -> Option<&Usage> {
        let usage = self.raw().usage.as_ref();
        usage.filter(|usage| !is_empty_usage(usage))
    }

    /// Returns the cost in US dollars, if the service reports it.
    pub fn cost(&self) -> Cost {
        Cost::of(self.usage())
    }

    /// Returns how the stream of this response ended, or `None` if the response was not streamed.
    pub fn stream_end(&self) -> Option<StreamEnd> {
        self.stream_end
    }

    /// Returns what was not read as the specification says, tool calls whose arguments are empty or not valid JSON, and
    /// what was not sent as requested, such as `strict`.
    /// The [`body`](Self::body) of a response that was not streamed has everything as received.
    pub fn warnings(&self) -> &[Warning] {
        self.meta().warnings()
    }

    /// Returns the status, the headers, the request id and the number of attempts.
    pub fn meta(&self) -> &ResponseMeta {
        self.response.meta()
    }

    /// Returns the body as received. It is empty if the response was streamed.
    pub fn body(&self) -> &Bytes {
        self.response.body()
    }

    /// Returns the generated type, with every field and every choice.
    pub fn raw(&self) -> &ChatCompletionResponse {
        self.response.value()
    }

    /// Converts this response into the generated type.
    pub fn into_raw(self) -> ChatCompletionResponse {
        self.response.into_value()
    }
}

impl fmt::Debug for ChatResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChatResponse").field(self.raw()).finish()
    }
}

/// Returns a warning for each tool call that must not be executed as it is: its arguments are empty, or not valid JSON.
fn tool_call_warnings(raw: &ChatCompletionResponse) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (choice, message) in raw.choices.iter().map(|choice| &choice.message).enumerate() {
        let calls = message
            .iter()
            .flat_map(|message| message.tool_calls.iter().flatten());
        for (index, call) in calls.enumerate() {
            let Some(function) = &call.function else {
                continue;
            };
            let arguments = function.arguments.as_deref().unwrap_or_default().trim();
            let reason = if arguments.is_empty() {
                "empty"
            } else if serde_json::from_str::<IgnoredAny>(arguments).is_err() {
                "not valid JSON; do not execute the call"
            } else {
                continue;
            };
            let path = format!("choices[{choice}].message.tool_calls[{index}].function.arguments");
            warnings.push(Warning::new(path, reason));
        }
    }
    warnings
}
