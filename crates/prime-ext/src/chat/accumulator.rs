//! Puts the chunks of a stream together to an answer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use openapi_runtime::PayloadFault;
use pinference_api::types::{ChatCompletionChunk, ChatCompletionResponse, ToolCall, Usage};
use serde_json::{Map, Value};

use self::choice::Choice;
use super::chunk::{Chunk, Content, MAX_CHOICES, Text};
use super::merge;

mod calls;
mod choice;

/// Puts the chunks of a stream together to an answer. It does no I/O: [`ChatStream`](crate::ChatStream) feeds it what
/// it reads, and a recording can be fed by hand.
///
/// ```
/// use prime_ext::chat::ChatAccumulator;
///
/// let mut answer = ChatAccumulator::new();
/// answer.push_json(r#"{"choices": [{"delta": {"content": "Pa"}}]}"#)?;
/// answer.push_json(r#"{"choices": [{"delta": {"content": "ris"}, "finish_reason": "stop"}]}"#)?;
/// assert_eq!(answer.text(), "Paris");
/// assert!(answer.is_finished(1));
/// # Ok::<(), prime_ext::openapi_runtime::PayloadFault>(())
/// ```
// What few answers have takes no memory before it comes. What every chunk looks at comes first: with a thousand streams
// at once, nothing of it is in the cache.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct ChatAccumulator {
    /// The most bytes that may be kept.
    limit: usize,
    /// About how many bytes of the chunks are kept, at most.
    kept: usize,
    /// Whether a chunk came.
    begun: bool,
    /// Whether more than one answer was asked for.
    several: bool,
    /// What of [`identify`](Self::identify) was said: a look here spares one at each of them.
    said: u8,
    /// How many choices have begun: the first, and those behind it.
    count: u32,
    /// The index of the one whose text is read: 0; where one was asked for, that of the one that began first,
    /// since some servers count in another way.
    read: i64,
    /// The one of the smallest index, in its place: nearly always the only one.
    first: Choice,
    /// The others, by their indices.
    more: BTreeMap<i64, Choice>,
    /// The most tool calls of one answer.
    calls: usize,
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

impl Default for ChatAccumulator {
    fn default() -> Self {
        Self::new()
    }
}

impl ChatAccumulator {
    /// An accumulator of one answer, of any size.
    pub fn new() -> Self {
        Self::with_limits(1, usize::MAX)
    }

    /// An accumulator of so many answers, which should keep at most so many bytes.
    pub(crate) fn with_limits(answers: usize, limit: usize) -> Self {
        Self {
            limit,
            kept: 0,
            begun: false,
            several: answers > 1,
            said: 0,
            count: 0,
            read: 0,
            first: Choice::default(),
            more: BTreeMap::new(),
            calls: 0,
            created: None,
            id: None,
            model: None,
            service_tier: None,
            system_fingerprint: None,
            usage: None,
            error: None,
            extra: None,
        }
    }

    /// Adds a chunk, as the JSON that it came as.
    ///
    /// # Errors
    /// If the JSON is no chunk. Nothing is added then.
    pub fn push_json(&mut self, json: &str) -> Result<(), PayloadFault> {
        let mut chunk = Chunk::default();
        match chunk.read_json(json) {
            Ok(()) => {
                self.add(&chunk, json.len());
                Ok(())
            }
            Err(_) => Err(PayloadFault::of::<ChatCompletionChunk>(json.as_bytes())),
        }
    }

    /// Adds a chunk, which was so many bytes of JSON.
    pub(crate) fn add(&mut self, chunk: &Chunk<'_>, bytes: usize) {
        self.begun = true;
        let said = chunk.said();
        if said & !self.said != 0 {
            self.said |= said;
            self.identify(chunk);
        }
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
        let mut calls = self.calls;
        for choice in chunk.choices() {
            let kept = self.choice(choice.index.unwrap_or(0));
            grows |= choice.logprobs.is_some() || kept.grows_with(choice);
            let added = kept.add(choice);
            if let Some(delta) = &choice.delta {
                if delta.tool_calls.is_some() {
                    grows = true;
                    calls = calls.max(kept.count_calls());
                }
                grows |= delta.extra.is_some()
                    || delta.reasoning_details.is_some()
                    || matches!(delta.content, Some(Content::Parts(_)));
            }
            self.kept += added;
        }
        self.calls = calls;
        if grows {
            self.kept += bytes;
        }
    }

    /// What every chunk may say again is kept of the first that does.
    #[cold]
    fn identify(&mut self, chunk: &Chunk<'_>) {
        self.kept += keep_first(&mut self.id, chunk.id.as_ref())
            + keep_first(&mut self.model, chunk.model.as_ref())
            + keep_first(&mut self.service_tier, chunk.service_tier.as_ref())
            + keep_first(
                &mut self.system_fingerprint,
                chunk.system_fingerprint.as_ref(),
            );
        self.created = self.created.or_else(|| chunk.created());
    }

    fn choice(&mut self, index: i64) -> &mut Choice {
        if self.count > 0 && self.first.index == index {
            return &mut self.first;
        }
        self.other_choice(index)
    }

    /// One that is not the first, or not yet. Apart, so that what every chunk takes is short.
    #[inline(never)]
    fn other_choice(&mut self, index: i64) -> &mut Choice {
        if self.count == 0 {
            self.count = 1;
            self.read = if self.several { 0 } else { index };
            self.first = Choice::new(index);
            return &mut self.first;
        }
        if index < self.first.index {
            let next = std::mem::replace(&mut self.first, Choice::new(index));
            self.count_choice();
            self.more.insert(next.index, next);
            return &mut self.first;
        }
        if !self.more.contains_key(&index) {
            self.count_choice();
        }
        let choice = self.more.entry(index);
        choice.or_insert_with(|| Choice::new(index))
    }

    fn count_choice(&mut self) {
        self.count += 1;
        self.kept += size_of::<Choice>();
    }

    fn choices(&self) -> impl Iterator<Item = &Choice> {
        self.first().into_iter().chain(self.more.values())
    }

    fn first(&self) -> Option<&Choice> {
        (self.count > 0).then_some(&self.first)
    }

    /// The index of the answer whose text is read.
    pub(crate) fn read_index(&self) -> i64 {
        self.read
    }

    /// The answer whose text is read; the first as long as that has not begun.
    fn read(&self) -> Option<&Choice> {
        let read = self.choices().find(|choice| choice.index == self.read);
        read.or_else(|| self.first())
    }

    /// The byte of the first choice's text behind which the next chunk's is added.
    pub(crate) fn last_byte(&self) -> Option<u8> {
        self.first.last_byte()
    }

    /// Whether anything of an answer, or its usage, has come.
    pub(crate) fn has_content(&self) -> bool {
        self.count > 0 || self.usage.is_some()
    }

    /// Whether a chunk came.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Which limit the answer exceeds, if it does. However small they are, there can be too many answers or tool calls.
    pub(crate) fn excess(&self) -> Option<String> {
        if self.kept > self.limit {
            Some(format!("the answer is longer than {} bytes", self.limit))
        } else if self.count > MAX_CHOICES {
            Some(format!("there are more than {MAX_CHOICES} answers"))
        } else if self.calls > MAX_TOOL_CALLS {
            Some(format!("there are more than {MAX_TOOL_CALLS} tool calls"))
        } else {
            None
        }
    }

    /// Whether at least `asked` answers have begun, and all that have begun have a finish reason.
    pub fn is_finished(&self, asked: usize) -> bool {
        self.all_have(asked, Choice::is_finished)
    }

    /// Whether they have ended beyond doubt, also where nothing else says so: each said why.
    pub(crate) fn says_why(&self, asked: usize) -> bool {
        self.all_have(asked, Choice::says_why)
    }

    fn all_have(&self, asked: usize, ended: impl Fn(&Choice) -> bool) -> bool {
        self.count as usize >= asked.max(1) && self.choices().all(ended)
    }

    /// Tokens and cost, as far as they have come.
    pub fn usage(&self) -> Option<&Usage> {
        self.usage.as_deref()
    }

    /// The text of the first answer, as far as it has come.
    pub fn text(&self) -> Cow<'_, str> {
        self.read().map(Choice::text).unwrap_or_default()
    }

    /// The reasoning of the first answer, as far as it has come.
    pub fn reasoning(&self) -> Cow<'_, str> {
        self.read().map(Choice::reasoning).unwrap_or_default()
    }

    /// The tool calls of the first answer, as far as they have come.
    pub fn tool_calls(&self) -> Vec<ToolCall> {
        self.read().map(Choice::finished_calls).unwrap_or_default()
    }

    /// The answer, as far as it has come.
    pub fn finish(self) -> ChatCompletionResponse {
        let first = (self.count > 0).then_some(self.first);
        let choices = first.into_iter().chain(self.more.into_values());
        let choices = choices.map(Choice::finished);
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

/// The most tool calls of an answer. OpenAI's API takes 128 tools.
const MAX_TOOL_CALLS: usize = 2048;

/// Keeps a text if there is none yet; how many bytes it has.
fn keep_first(kept: &mut Option<Box<str>>, new: Option<&Text<'_>>) -> usize {
    match new {
        Some(new) if kept.is_none() => kept.insert((*new.0).into()).len(),
        _ => 0,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
