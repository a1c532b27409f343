//! One choice of a response while it is received.

use std::borrow::Cow;

use openapi_runtime::TextOrParts;
use pinference_api::types::{
    ChatCompletionChoice, ChatMessage, FinishReason, Logprobs, Role, ToolCall,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::calls::Calls;

use crate::chat::chunk::{self, Content, RareOfChoice, RareOfDelta, Text};
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

/// What a chunk has added to a choice.
#[derive(Debug, Default)]
pub(super) struct Added {
    /// How many bytes of text.
    pub(super) text: usize,
    /// Whether it has added other values, which are estimated by the size of the chunk.
    pub(super) others: bool,
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

    /// Adds a chunk.
    pub(super) fn add(&mut self, choice: &chunk::Choice<'_>) -> Added {
        let mut added = Added::default();
        match choice.finish_reason.as_ref() {
            None => self.had_no_reason = true,
            // Some servers send the string instead of `null`.
            Some(Text(reason)) if reason == "null" => self.had_no_reason = true,
            Some(Text(reason)) if reason.is_empty() && self.finish_reason.is_some() => {}
            Some(Text(reason)) => {
                added.text = reason.len();
                self.finish_reason = Some(FinishReason::from(&**reason));
            }
        }
        if let Some(rare) = &choice.rare {
            added.others = self.add_rare(rare);
        }
        let Some(delta) = &choice.delta else {
            return added;
        };
        if let Some(role) = delta.role()
            && self.role.is_none()
        {
            self.role = Some(role);
            added.text += delta.role.as_ref().map_or(0, |role| role.0.len());
        }
        added.text += append_content(&mut self.content, delta.content.as_ref())
            + append(&mut self.reasoning, text(&delta.reasoning))
            + append(&mut self.reasoning_content, text(&delta.reasoning_content));
        added.others |= matches!(delta.content, Some(Content::Parts(_)));
        if let Some(rare) = &delta.rare {
            self.add_rare_of_delta(rare, &mut added);
        }
        added
    }

    /// Adds the rare fields of a chunk's choice. Returns whether they may need more memory.
    #[cold]
    fn add_rare(&mut self, rare: &RareOfChoice) -> bool {
        let RareOfChoice {
            error,
            logprobs,
            extra,
        } = rare;
        let kept = self.rare.get_or_insert_default();
        if error.is_some() {
            kept.error.clone_from(error);
        }
        if let Some(new) = logprobs {
            match &mut kept.logprobs {
                Some(kept) => join_logprobs(kept, new),
                none => *none = Some(Box::new(new.clone())),
            }
        }
        let grows = logprobs.is_some() || merge::grows(&kept.extra, extra);
        merge::replace(&mut kept.extra, extra);
        grows
    }

    /// Adds the rare fields of a delta. Out of line, to keep the path of most chunks short.
    #[inline(never)]
    fn add_rare_of_delta(&mut self, rare: &RareOfDelta, added: &mut Added) {
        let RareOfDelta {
            reasoning_details,
            refusal,
            tool_calls,
            extra,
        } = rare;
        let kept = self.rare.get_or_insert_default();
        merge::add(&mut kept.message_extra, extra);
        if let Some(details) = reasoning_details {
            let kept = kept.reasoning_details.get_or_insert_default();
            reasoning::join_details(kept, details);
        }
        added.text += append(&mut kept.refusal, refusal.as_deref());
        for call in tool_calls.iter().flatten() {
            self.tool_calls.get_or_insert_default().add(call);
        }
        added.others |= !extra.is_empty() || reasoning_details.is_some() || tool_calls.is_some();
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
