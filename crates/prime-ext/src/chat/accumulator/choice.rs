//! One choice of a response while it is received.

use std::borrow::Cow;

use openapi_runtime::TextOrParts;
use pinference_api::types::{
    ChatCompletionChoice, ChatMessage, FinishReason, Logprobs, Role, ToolCall,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::calls::Calls;

use crate::chat::chunk::{self, Content, Text};
use crate::chat::{merge, reasoning};

#[derive(Debug, Default, Clone)]
pub(super) struct Choice {
    pub(super) index: i64,
    content: Option<TextOrParts>,
    /// Whether at least one of its chunks had no finish reason.
    had_no_reason: bool,
    role: Option<Role>,
    finish_reason: Option<FinishReason>,
    reasoning: Option<String>,
    reasoning_content: Option<String>,
    tool_calls: Option<Box<Calls>>,
    rare: Option<Box<Rare>>,
}

/// Fields that few choices have.
#[derive(Debug, Default, Clone)]
struct Rare {
    reasoning_details: Option<Vec<Value>>,
    refusal: Option<String>,
    logprobs: Option<Box<Logprobs>>,
    error: Option<Value>,
    /// The delta's fields that its type does not declare.
    message_extra: Map<String, Value>,
    /// The choice's fields that its type does not declare.
    extra: Map<String, Value>,
}

impl Choice {
    pub(super) fn new(index: i64) -> Self {
        Self {
            index,
            ..Self::default()
        }
    }

    pub(super) fn text(&self) -> Cow<'_, str> {
        let content = self.content.as_ref();
        content.map(TextOrParts::text).unwrap_or_default()
    }

    pub(super) fn reasoning(&self) -> Cow<'_, str> {
        let rare = self.rare.as_ref();
        reasoning::text(
            self.reasoning_content.as_deref(),
            self.reasoning.as_deref(),
            rare.and_then(|rare| rare.reasoning_details.as_deref()),
        )
    }

    /// Returns whether adding a chunk may need more memory for the undeclared fields of the choice.
    pub(super) fn grows_with(&self, choice: &chunk::Choice<'_>) -> bool {
        let empty = Map::new();
        choice.extra.as_ref().is_some_and(|extra| {
            let kept = self.rare.as_ref().map_or(&empty, |rare| &rare.extra);
            merge::grows(kept, extra)
        })
    }

    /// Adds a chunk. Returns how many bytes of text it has.
    pub(super) fn add(&mut self, choice: &chunk::Choice<'_>) -> usize {
        let mut bytes = 0;
        match choice.finish_reason.as_ref() {
            None => self.had_no_reason = true,
            // Some servers send the string instead of `null`.
            Some(Text(reason)) if reason == "null" => self.had_no_reason = true,
            Some(Text(reason)) if reason.is_empty() && self.finish_reason.is_some() => {}
            Some(Text(reason)) => {
                bytes = reason.len();
                self.finish_reason = Some(FinishReason::from(&**reason));
            }
        }
        if let Some(new) = &choice.logprobs {
            match &mut self.rare().logprobs {
                Some(kept) => join_logprobs(kept, new),
                none => *none = Some(new.clone()),
            }
        }
        if choice.error.is_some() {
            self.rare().error.clone_from(&choice.error);
        }
        if let Some(extra) = &choice.extra {
            merge::replace(&mut self.rare().extra, extra);
        }
        let Some(delta) = &choice.delta else {
            return bytes;
        };
        if let Some(role) = delta.role()
            && self.role.is_none()
        {
            self.role = Some(role);
            bytes += delta.role.as_ref().map_or(0, |role| role.0.len());
        }
        if let Some(extra) = &delta.extra {
            merge::add(&mut self.rare().message_extra, extra);
        }
        if let Some(details) = &delta.reasoning_details {
            let kept = &mut self.rare().reasoning_details;
            reasoning::join_details(kept.get_or_insert_default(), details);
        }
        for call in delta.tool_calls.iter().flatten() {
            self.tool_calls.get_or_insert_default().add(call);
        }
        let refusal = match text(&delta.refusal) {
            refusal @ Some(_) => append(&mut self.rare().refusal, refusal),
            None => 0,
        };
        append_content(&mut self.content, delta.content.as_ref())
            + append(&mut self.reasoning, text(&delta.reasoning))
            + append(&mut self.reasoning_content, text(&delta.reasoning_content))
            + refusal
            + bytes
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Returns whether the choice has a finish reason. An empty string counts only if some chunk had no reason: some
    /// servers send it only at the end, others in every chunk.
    pub(super) fn is_finished(&self) -> bool {
        let reason = self.finish_reason.as_ref();
        reason.is_some_and(|reason| self.had_no_reason || !reason.as_str().is_empty())
    }

    /// Returns whether it has a finish reason that is not empty.
    pub(super) fn has_finish_reason(&self) -> bool {
        let reason = self.finish_reason.as_ref();
        reason.is_some_and(|reason| !reason.as_str().is_empty())
    }

    /// Returns how many tool calls have begun.
    pub(super) fn count_calls(&self) -> usize {
        self.tool_calls.as_ref().map_or(0, |calls| calls.len())
    }

    /// Returns the tool calls received so far.
    pub(super) fn tool_calls(&self) -> Vec<ToolCall> {
        let calls = self.tool_calls.as_ref();
        calls.map(|calls| calls.to_vec()).unwrap_or_default()
    }

    pub(super) fn finish(mut self) -> ChatCompletionChoice {
        let mut message = ChatMessage::new(self.role.take().unwrap_or(Role::Assistant));
        let mut rare = self.rare.take().unwrap_or_default();
        // The type of a delta does not declare these rare members, but the type of a message does.
        message.annotations = take(&mut rare.message_extra, "annotations");
        message.audio = take(&mut rare.message_extra, "audio");
        message.function_call = take(&mut rare.message_extra, "function_call");
        message.extra = rare.message_extra;
        message.content = self.content.take();
        message.reasoning = self.reasoning.take();
        message.reasoning_content = self.reasoning_content.take();
        message.reasoning_details = rare.reasoning_details;
        message.refusal = rare.refusal;
        let mut choice = ChatCompletionChoice::default();
        choice.index = Some(self.index);
        choice.finish_reason = self.finish_reason.take();
        choice.logprobs = rare.logprobs.map(|logprobs| *logprobs);
        choice.error = rare.error;
        choice.extra = rare.extra;
        let calls = self.tool_calls();
        message.tool_calls = (!calls.is_empty()).then_some(calls);
        choice.message = Some(message);
        choice
    }
}

/// Removes a member and returns it as its type. A member of another type stays.
fn take<T: DeserializeOwned>(members: &mut Map<String, Value>, name: &str) -> Option<T> {
    let value = T::deserialize(members.get(name)?).ok()?;
    members.remove(name);
    Some(value)
}

fn text<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_ref().map(|text| &*text.0)
}

/// Appends content: text to text, and parts to parts. A text next to parts becomes a part. Returns how many bytes of
/// text were added.
fn append_content(kept: &mut Option<TextOrParts>, new: Option<&Content<'_>>) -> usize {
    match (&mut *kept, new) {
        (_, None) => 0,
        (Some(TextOrParts::Text(text)), Some(Content::Text(more))) => {
            text.push_str(more);
            more.len()
        }
        (Some(TextOrParts::Parts(parts)), Some(Content::Text(more))) => {
            let last = parts.last_mut().and_then(Value::as_object_mut);
            let last = last.filter(|last| last.get("type").is_some_and(|ty| ty == "text"));
            match last.and_then(|last| last.get_mut("text")) {
                Some(Value::String(text)) => text.push_str(more),
                _ if more.is_empty() => {}
                _ => parts.push(part(more)),
            }
            more.len()
        }
        (Some(TextOrParts::Parts(parts)), Some(Content::Parts(more))) => {
            parts.extend_from_slice(more);
            0
        }
        (Some(TextOrParts::Text(text)), Some(Content::Parts(more))) if !text.is_empty() => {
            let parts = [part(text)].into_iter().chain(more.iter().cloned());
            *kept = Some(TextOrParts::Parts(parts.collect()));
            0
        }
        (_, Some(Content::Parts(more))) => {
            *kept = Some(TextOrParts::Parts(more.clone()));
            0
        }
        (_, Some(Content::Text(more))) => {
            *kept = Some(TextOrParts::Text(more.clone().into_owned()));
            more.len()
        }
    }
}

/// Returns a text as a content part.
fn part(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// Appends log probabilities, which belong to the tokens of the text.
fn join_logprobs(kept: &mut Logprobs, new: &Logprobs) {
    let join = |kept: &mut Option<Vec<_>>, new: &Option<Vec<_>>| {
        if let Some(new) = new {
            kept.get_or_insert_default().extend_from_slice(new);
        }
    };
    join(&mut kept.content, &new.content);
    join(&mut kept.refusal, &new.refusal);
    merge::join_lists(&mut kept.extra, &new.extra);
}

/// Appends a text. Returns how many bytes it has.
fn append(kept: &mut Option<String>, new: Option<&str>) -> usize {
    let Some(new) = new else { return 0 };
    kept.get_or_insert_default().push_str(new);
    new.len()
}
