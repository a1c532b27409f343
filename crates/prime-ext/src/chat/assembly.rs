//! Chunks put together to the answer that they are pieces of.

use std::borrow::Cow;

use pinference_api::types::{
    ChatCompletionChoice, ChatCompletionResponse, ChatMessage, FinishReason, FunctionCall, Role,
    ToolCall, ToolCallDelta, Usage,
};
use prime_runtime::TextOrParts;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::chunk::{self, Chunk, Content, Text};
use super::merge;

/// An answer in the making. As small as it can be: what seldom comes has no place before it does. And
/// in this order: what every chunk looks at lies together, since with a thousand streams at once, nothing
/// of it is in the cache.
#[derive(Debug, Default, Clone)]
#[repr(C)]
pub(crate) struct Assembly {
    /// By their indices.
    choices: Vec<Choice>,
    chunks: usize,
    kept: usize,
    created: Option<i64>,
    id: Option<Box<str>>,
    model: Option<Box<str>>,
    service_tier: Option<Box<str>>,
    system_fingerprint: Option<Box<str>>,
    usage: Option<Box<Usage>>,
    error: Option<Box<Value>>,
    /// What the chunk's type does not list.
    extra: Option<Box<Map<String, Value>>>,
}

#[derive(Debug, Default, Clone)]
#[repr(C)]
struct Choice {
    index: i64,
    content: Option<TextOrParts>,
    /// Whether a piece of it came without a finish reason.
    went_on: bool,
    role: Option<Role>,
    finish_reason: Option<FinishReason>,
    reasoning: Option<String>,
    reasoning_content: Option<String>,
    tool_calls: Vec<Call>,
    rare: Option<Box<Rare>>,
}

/// What few choices have.
#[derive(Debug, Default, Clone)]
struct Rare {
    reasoning_details: Option<Vec<Value>>,
    refusal: Option<String>,
    logprobs: Option<Value>,
    error: Option<Value>,
    /// What the delta's type does not list.
    message_extra: Map<String, Value>,
    /// What the choice's type does not list.
    extra: Map<String, Value>,
}

#[derive(Debug, Default, Clone)]
struct Call {
    index: Option<i64>,
    id: Option<String>,
    kind: Option<String>,
    function: Option<FunctionCall>,
    extra: Map<String, Value>,
}

impl Assembly {
    /// Takes in a chunk, which was so many bytes of JSON.
    pub(crate) fn add(&mut self, chunk: &Chunk<'_>, bytes: usize) {
        self.chunks += 1;
        self.kept += keep_first(&mut self.id, chunk.id.as_ref())
            + keep_first(&mut self.model, chunk.model.as_ref())
            + keep_first(&mut self.service_tier, chunk.service_tier.as_ref())
            + keep_first(
                &mut self.system_fingerprint,
                chunk.system_fingerprint.as_ref(),
            );
        self.created = self.created.or_else(|| chunk.created());
        // Some servers count as they go: the last count is the whole.
        if chunk.usage.is_some() {
            self.usage.clone_from(&chunk.usage);
        }
        if let Some(error) = &chunk.error {
            self.error = Some(Box::new(error.clone()));
        }
        let mut grows = false;
        if let Some(extra) = &chunk.extra {
            let kept = self.extra.get_or_insert_default();
            grows = merge::grows(kept, extra);
            merge::replace(kept, extra);
        }
        for choice in chunk.choices() {
            let kept = self.choice(choice.index.unwrap_or(0));
            grows |= choice.logprobs.is_some() || kept.grows_with(choice);
            self.kept += kept.add(choice);
            if let Some(delta) = &choice.delta {
                grows |= delta.extra.is_some()
                    || delta.tool_calls.is_some()
                    || delta.reasoning_details.is_some()
                    || matches!(delta.content, Some(Content::Parts(_)));
            }
        }
        if grows {
            self.kept += bytes;
        }
    }

    fn choice(&mut self, index: i64) -> &mut Choice {
        let at = match self
            .choices
            .binary_search_by_key(&index, |choice| choice.index)
        {
            Ok(at) => at,
            Err(at) => {
                let choice = Choice {
                    index,
                    ..Choice::default()
                };
                // Nearly always one.
                if !self.choices.is_empty() {
                    self.kept += size_of::<Choice>();
                }
                self.choices.reserve_exact(1);
                self.choices.insert(at, choice);
                at
            }
        };
        &mut self.choices[at]
    }

    /// How many chunks came.
    pub(crate) fn chunks(&self) -> usize {
        self.chunks
    }

    /// About how many bytes of them are kept, at most. More answers than anybody asks for are too many,
    /// however small.
    pub(crate) fn kept(&self) -> usize {
        match self.choices.len() > chunk::MAX_CHOICES {
            true => usize::MAX,
            false => self.kept,
        }
    }

    /// Whether at least `asked` choices have begun and all that have begun have ended.
    pub(crate) fn is_finished(&self, asked: usize) -> bool {
        self.all_have(asked, Choice::is_finished)
    }

    /// Whether they have ended beyond doubt, also where nothing else says so: each said why.
    pub(crate) fn says_why(&self, asked: usize) -> bool {
        self.all_have(asked, Choice::says_why)
    }

    fn all_have(&self, asked: usize, ended: impl Fn(&Choice) -> bool) -> bool {
        self.choices.len() >= asked.max(1) && self.choices.iter().all(ended)
    }

    /// Tokens and cost, as far as they were said.
    pub(crate) fn usage(&self) -> Option<&Usage> {
        self.usage.as_deref()
    }

    /// The text of the first choice, as far as it came.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        let content = self
            .choices
            .first()
            .and_then(|first| first.content.as_ref());
        content.map(TextOrParts::text).unwrap_or_default()
    }

    /// The reasoning of the first choice, as far as it came.
    pub(crate) fn reasoning(&self) -> Cow<'_, str> {
        self.choices.first().map_or_else(Cow::default, |first| {
            super::reasoning::of(
                first.reasoning_content.as_deref(),
                first.reasoning.as_deref(),
                first
                    .rare
                    .as_ref()
                    .and_then(|rare| rare.reasoning_details.as_deref()),
            )
        })
    }

    /// The tool calls of the first choice, as far as they came.
    pub(crate) fn tool_calls(&self) -> Vec<ToolCall> {
        self.choices
            .first()
            .map(|first| first.clone().finished_calls())
            .unwrap_or_default()
    }

    /// The answer as far as it came.
    pub(crate) fn finished(self) -> ChatCompletionResponse {
        let choices = self.choices.into_iter().map(Choice::finished);
        let mut answer = ChatCompletionResponse::new(choices.collect());
        answer.object = Some("chat.completion".to_owned());
        answer.id = self.id.map(String::from);
        answer.model = self.model.map(String::from);
        answer.created = self.created;
        answer.service_tier = self.service_tier.map(String::from);
        answer.system_fingerprint = self.system_fingerprint.map(String::from);
        answer.usage = self.usage.map(|usage| *usage);
        answer.error = self.error.map(|error| *error);
        answer.extra = self.extra.map(|extra| *extra).unwrap_or_default();
        answer
    }
}

impl Choice {
    /// Whether what is not listed takes more memory with a piece.
    fn grows_with(&self, choice: &chunk::Choice<'_>) -> bool {
        let nothing = Map::new();
        choice.extra.as_ref().is_some_and(|extra| {
            let kept = self.rare.as_ref().map_or(&nothing, |rare| &rare.extra);
            merge::grows(kept, extra)
        })
    }

    /// Takes in a piece; how many bytes of text were in it.
    fn add(&mut self, choice: &chunk::Choice<'_>) -> usize {
        let mut why = 0;
        match choice.finish_reason.as_ref() {
            None => self.went_on = true,
            // Some servers write a word for it.
            Some(Text(reason)) if reason == "null" => self.went_on = true,
            Some(Text(reason)) if reason.is_empty() && self.finish_reason.is_some() => {}
            Some(Text(reason)) => {
                why = reason.len();
                self.finish_reason = Some(FinishReason::from(&**reason));
            }
        }
        if let Some(new) = &choice.logprobs {
            match &mut self.rare().logprobs {
                Some(kept) => merge::join_lists(kept, new),
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
            return why;
        };
        if self.role.is_none() {
            self.role = delta.role();
            why += delta.role.as_ref().map_or(0, |role| role.0.len());
        }
        if let Some(extra) = &delta.extra {
            merge::add(&mut self.rare().message_extra, extra);
        }
        if let Some(details) = &delta.reasoning_details {
            let kept = &mut self.rare().reasoning_details;
            kept.get_or_insert_default().extend_from_slice(details);
        }
        for call in delta.tool_calls.iter().flatten() {
            self.call_of(call).add(call);
        }
        let refused = match text(&delta.refusal) {
            refusal @ Some(_) => append(&mut self.rare().refusal, refusal),
            None => 0,
        };
        append_content(&mut self.content, delta.content.as_ref())
            + append(&mut self.reasoning, text(&delta.reasoning))
            + append(&mut self.reasoning_content, text(&delta.reasoning_content))
            + refused
            + why
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Whether it has a finish reason. An empty one counts as one only where another piece had none:
    /// some servers end with it, and some write it into every piece.
    fn is_finished(&self) -> bool {
        let reason = self.finish_reason.as_ref();
        reason.is_some_and(|reason| self.went_on || !reason.as_str().is_empty())
    }

    /// Whether it has a finish reason that is one. An empty one may stand in every piece.
    fn says_why(&self) -> bool {
        let reason = self.finish_reason.as_ref();
        reason.is_some_and(|reason| !reason.as_str().is_empty())
    }

    /// The tool call that a piece belongs to: that of its id, also where a server says index 0 for each or
    /// none at all; or the last one of its index, or of all. A new id begins a new call; so does a name
    /// without index and id where the arguments before it are whole.
    fn call_of(&mut self, piece: &ToolCallDelta) -> &mut Call {
        let same_place = |call: &Call| piece.index.is_none() || call.index == piece.index;
        let calls = &self.tool_calls;
        let last = calls.iter().rposition(same_place);
        let at = match piece.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => calls
                .iter()
                .rposition(|call| same_place(call) && call.id.as_deref() == Some(id))
                .or(last.filter(|at| calls[*at].id.is_none())),
            None => last.filter(|at| {
                let function = piece.function.as_ref();
                let named =
                    function.is_some_and(|f| f.name.as_ref().is_some_and(|n| !n.is_empty()));
                !(named && piece.index.is_none() && calls[*at].is_whole())
            }),
        };
        let at = at.unwrap_or_else(|| {
            self.tool_calls.push(Call {
                index: piece.index,
                ..Call::default()
            });
            self.tool_calls.len() - 1
        });
        &mut self.tool_calls[at]
    }

    /// In the order of their indices; those of one index in the order of their coming.
    fn finished_calls(mut self) -> Vec<ToolCall> {
        self.tool_calls.sort_by_key(|call| call.index);
        self.tool_calls.into_iter().map(Call::finished).collect()
    }

    fn finished(mut self) -> ChatCompletionChoice {
        let mut message = ChatMessage::new(self.role.take().unwrap_or(Role::Assistant));
        let rare = self.rare.take().unwrap_or_default();
        message.extra = rare.message_extra;
        message.content = self.content.take();
        message.reasoning = self.reasoning.take();
        message.reasoning_content = self.reasoning_content.take();
        message.reasoning_details = rare.reasoning_details;
        message.refusal = rare.refusal;
        let mut choice = ChatCompletionChoice::default();
        choice.index = Some(self.index);
        choice.finish_reason = self.finish_reason.take();
        choice.logprobs = rare.logprobs;
        choice.error = rare.error;
        choice.extra = rare.extra;
        let calls = self.finished_calls();
        message.tool_calls = (!calls.is_empty()).then_some(calls);
        choice.message = Some(message);
        choice
    }
}

impl Call {
    /// Whether its arguments are a whole object: no more of them can come.
    fn is_whole(&self) -> bool {
        let function = self.function.as_ref();
        let arguments = function.and_then(|function| function.arguments.as_deref());
        arguments.is_some_and(|arguments| {
            let begins = arguments.trim_start().starts_with('{');
            begins && serde_json::from_str::<IgnoredAny>(arguments).is_ok()
        })
    }

    fn add(&mut self, call: &ToolCallDelta) {
        if self.id.is_none() {
            self.id = call.id.clone().filter(|id| !id.is_empty());
        }
        if self.kind.is_none() {
            self.kind.clone_from(&call.type_);
        }
        merge::add(&mut self.extra, &call.extra);
        if let Some(piece) = &call.function {
            let function = self
                .function
                .get_or_insert_with(|| FunctionCall::new(String::new()));
            // Some servers repeat the name in every piece.
            let name = piece.name.as_deref().unwrap_or_default();
            if function.name != name {
                function.name.push_str(name);
            }
            append(&mut function.arguments, piece.arguments.as_deref());
            merge::add(&mut function.extra, &piece.extra);
        }
    }

    fn finished(self) -> ToolCall {
        let mut call = ToolCall::default();
        call.id = self.id;
        call.type_ = self.kind;
        call.function = self.function;
        call.extra = self.extra;
        // A piece of a call does not list what a whole one does.
        call.custom = call.extra.remove("custom");
        call
    }
}

/// Keeps a text if there is none yet; how many bytes it has.
fn keep_first(kept: &mut Option<Box<str>>, new: Option<&Text<'_>>) -> usize {
    match new {
        Some(new) if kept.is_none() => kept.insert((*new.0).into()).len(),
        _ => 0,
    }
}

fn text<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_ref().map(|text| &*text.0)
}

/// A text grows; parts are added to; a text beside parts becomes one. How many bytes of text came.
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

/// A text as one of the parts of a content.
fn part(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// Adds a text; how many bytes it has.
fn append(kept: &mut Option<String>, new: Option<&str>) -> usize {
    let Some(new) = new else { return 0 };
    kept.get_or_insert_default().push_str(new);
    new.len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
