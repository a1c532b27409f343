//! Combines the chunks of a stream into a response.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use openapi_runtime::{PayloadFault, Warning};
use pinference_api::types::{
    ChatCompletionChunk, ChatCompletionResponse, ServiceTier, ToolCall, Usage,
};
use serde_json::{Map, Value};

use self::choice::Choice;
use super::chunk::{Chunk, MAX_CHOICES, RareOfChunk, Text};
use super::merge;

mod calls;
mod choice;

/// Combines the chunks of a stream into a response. It does no I/O: [`ChatStream`](crate::ChatStream) adds the chunks
/// that it reads, and a caller can add those of a recording.
///
/// ```
/// use prime_ext::chat::ChatAccumulator;
///
/// let mut accumulator = ChatAccumulator::new();
/// accumulator.push_json(r#"{"choices": [{"delta": {"content": "Pa"}}]}"#)?;
/// accumulator.push_json(r#"{"choices": [{"delta": {"content": "ris"}, "finish_reason": "stop"}]}"#)?;
/// assert_eq!(accumulator.text(), "Paris");
/// assert!(accumulator.is_finished(1));
/// # Ok::<(), prime_ext::openapi_runtime::PayloadFault>(())
/// ```
// Rare fields are boxed, so that they take little memory while they are empty.
#[derive(Debug, Clone)]
pub struct ChatAccumulator {
    /// The maximum for `kept_bytes`.
    limit: usize,
    /// An upper estimate of the bytes kept from the chunks.
    kept_bytes: usize,
    /// Whether a chunk was added.
    begun: bool,
    /// Whether more than one choice was requested.
    several: bool,
    /// Which of the fields of [`keep_metadata`](Self::keep_metadata) were received, as one bit each. Comparing the bits
    /// is cheaper than checking each field.
    metadata: u8,
    /// The number of choices in `first` and `more`.
    count: u32,
    /// The index of the choice that the accessors read. It is 0; if one choice was requested, it is the index of the
    /// first choice received, since some servers do not count from 0.
    primary: i64,
    /// The choice with the smallest index, stored inline since it is nearly always the only one.
    first: Choice,
    /// The other choices by index.
    more: BTreeMap<i64, Choice>,
    /// The largest number of tool calls in one choice.
    max_calls: usize,
    created: Option<i64>,
    id: Option<Box<str>>,
    model: Option<Box<str>>,
    service_tier: Option<Box<str>>,
    system_fingerprint: Option<Box<str>>,
    usage: Option<Box<Usage>>,
    error: Option<Box<Value>>,
    /// The chunk's fields that its type does not declare.
    extra: Option<Box<Map<String, Value>>>,
}

impl Default for ChatAccumulator {
    fn default() -> Self {
        Self::new()
    }
}

impl ChatAccumulator {
    /// Creates an accumulator for one choice, without a size limit.
    pub fn new() -> Self {
        Self::with_limits(1, usize::MAX)
    }

    /// Creates an accumulator for `choices` requested choices. It is in [`excess`](Self::excess) once it
    /// keeps more than `limit` bytes.
    pub(crate) fn with_limits(choices: usize, limit: usize) -> Self {
        Self {
            limit,
            kept_bytes: 0,
            begun: false,
            several: choices > 1,
            metadata: 0,
            count: 0,
            primary: 0,
            first: Choice::default(),
            more: BTreeMap::new(),
            max_calls: 0,
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

    /// Adds a chunk in JSON, as received. Returns what was not read as the specification says.
    ///
    /// # Errors
    /// Returns an error if the JSON is not a chunk. Nothing is added then.
    pub fn push_json(&mut self, json: &str) -> Result<Vec<Warning>, PayloadFault> {
        let rewritten = OnceCell::new();
        let mut chunk = Chunk::default();
        match chunk.read_lenient(json, &rewritten) {
            Ok(warnings) => {
                self.add(&chunk, json.len());
                Ok(warnings)
            }
            Err(_) => Err(PayloadFault::of::<ChatCompletionChunk>(json.as_bytes())),
        }
    }

    /// Adds a chunk that was parsed from `bytes` bytes of JSON.
    pub(crate) fn add(&mut self, chunk: &Chunk<'_>, bytes: usize) {
        self.begun = true;
        let metadata = chunk.metadata();
        if metadata & !self.metadata != 0 {
            self.metadata |= metadata;
            self.keep_metadata(chunk);
        }
        let mut grows = chunk.rare.as_ref().is_some_and(|rare| self.add_rare(rare));
        let mut calls = self.max_calls;
        for choice in chunk.choices() {
            let kept = self.choice(choice.index.unwrap_or(0));
            let added = kept.add(choice);
            grows |= added.others;
            calls = calls.max(kept.count_calls());
            self.kept_bytes += added.text;
        }
        self.max_calls = calls;
        if grows {
            self.kept_bytes += bytes;
        }
    }

    /// Adds the rare fields of a chunk. Returns whether they may need more memory.
    #[cold]
    fn add_rare(&mut self, rare: &RareOfChunk) -> bool {
        let RareOfChunk {
            error,
            usage,
            extra,
        } = rare;
        // Some servers report running totals: the last one counts. An empty usage reports nothing.
        if let Some(usage) = usage.as_ref().filter(|usage| !is_empty_usage(usage)) {
            self.usage = Some(Box::new(usage.clone()));
        }
        if let Some(error) = error {
            self.error = Some(Box::new(error.clone()));
        }
        if extra.is_empty() {
            return false;
        }
        let kept = self.extra.get_or_insert_default();
        let grows = merge::grows(kept, extra);
        merge::replace(kept, extra);
        grows
    }

    /// Keeps the fields that every chunk may repeat, from the first chunk that has them.
    #[cold]
    fn keep_metadata(&mut self, chunk: &Chunk<'_>) {
        self.kept_bytes += keep_first(&mut self.id, chunk.id.as_ref())
            + keep_first(&mut self.model, chunk.model.as_ref())
            + keep_first(&mut self.service_tier, chunk.service_tier.as_ref())
            + keep_first(
                &mut self.system_fingerprint,
                chunk.system_fingerprint.as_ref(),
            );
        let created = chunk.created().filter(|created| *created != 0);
        self.created = self.created.or(created);
    }

    fn choice(&mut self, index: i64) -> &mut Choice {
        if self.count > 0 && self.first.index == index {
            return &mut self.first;
        }
        self.other_choice(index)
    }

    /// Returns a choice other than the first, or creates it. Out of line, to keep the path of most chunks short.
    #[inline(never)]
    fn other_choice(&mut self, index: i64) -> &mut Choice {
        if self.count == 0 {
            self.count = 1;
            self.primary = if self.several { 0 } else { index };
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
        self.kept_bytes += size_of::<Choice>();
    }

    fn choices(&self) -> impl Iterator<Item = &Choice> {
        self.first().into_iter().chain(self.more.values())
    }

    fn first(&self) -> Option<&Choice> {
        (self.count > 0).then_some(&self.first)
    }

    /// Returns the index of the choice that the accessors read.
    pub(crate) fn primary_index(&self) -> i64 {
        self.primary
    }

    /// Returns the choice that the accessors read, or the first choice while that one has not begun.
    fn primary(&self) -> Option<&Choice> {
        let primary = self.choices().find(|choice| choice.index == self.primary);
        primary.or_else(|| self.first())
    }

    /// Returns whether a choice or usage was received.
    pub(crate) fn has_content(&self) -> bool {
        self.count > 0 || self.usage.is_some()
    }

    /// Returns whether a chunk was added.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Describes the limit that the response exceeds, if any. Even a small response may have too many choices.
    pub(crate) fn excess(&self) -> Option<String> {
        if self.kept_bytes > self.limit {
            Some(format!(
                "response larger than {} bytes; see `CallOptions::max_body`",
                self.limit
            ))
        } else if self.count > MAX_CHOICES {
            Some(format!("there are more than {MAX_CHOICES} choices"))
        } else if self.max_calls > MAX_TOOL_CALLS {
            Some(format!("there are more than {MAX_TOOL_CALLS} tool calls"))
        } else {
            None
        }
    }

    /// Returns whether at least `requested` choices have begun and every choice that has begun has a finish reason.
    pub fn is_finished(&self, requested: usize) -> bool {
        self.all_are(requested, Choice::is_finished)
    }

    /// Like [`is_finished`](Self::is_finished), but empty finish reasons do not count. If `true`, the
    /// response is complete even without `[DONE]`.
    pub(crate) fn has_finish_reasons(&self, requested: usize) -> bool {
        self.all_are(requested, Choice::has_finish_reason)
    }

    fn all_are(&self, requested: usize, finished: impl Fn(&Choice) -> bool) -> bool {
        self.count as usize >= requested.max(1) && self.choices().all(finished)
    }

    /// Returns the tokens and the cost received so far.
    pub fn usage(&self) -> Option<&Usage> {
        self.usage.as_deref()
    }

    /// Returns the text received so far for the first choice.
    pub fn text(&self) -> Cow<'_, str> {
        self.primary().map(Choice::text).unwrap_or_default()
    }

    /// Returns the reasoning received so far for the first choice.
    pub fn reasoning(&self) -> Cow<'_, str> {
        self.primary().map(Choice::reasoning).unwrap_or_default()
    }

    /// Returns the tool calls received so far for the first choice.
    pub fn tool_calls(&self) -> Vec<ToolCall> {
        self.primary().map(Choice::tool_calls).unwrap_or_default()
    }

    /// Converts into the response received so far.
    pub fn finish(self) -> ChatCompletionResponse {
        let first = (self.count > 0).then_some(self.first);
        let choices = first.into_iter().chain(self.more.into_values());
        let choices = choices.map(Choice::finish);
        let mut response = ChatCompletionResponse::new(choices.collect());
        response.object = Some("chat.completion".to_owned());
        response.id = self.id.map(String::from);
        response.model = self.model.map(String::from);
        response.created = self.created;
        response.service_tier = self.service_tier.map(|tier| ServiceTier::from(&*tier));
        response.system_fingerprint = self.system_fingerprint.map(String::from);
        response.usage = self.usage.map(|usage| *usage);
        response.error = self.error.map(|error| *error);
        response.extra = self.extra.map(|extra| *extra).unwrap_or_default();
        response
    }
}

/// The maximum number of tool calls in a choice. OpenAI's API accepts 128 tools.
const MAX_TOOL_CALLS: usize = 2048;

/// Returns whether a usage states nothing.
pub(super) fn is_empty_usage(usage: &Usage) -> bool {
    let Usage {
        completion_tokens,
        completion_tokens_details,
        cost,
        prompt_tokens,
        prompt_tokens_details,
        total_tokens,
        extra,
        ..
    } = usage;
    completion_tokens.is_none()
        && completion_tokens_details.is_none()
        && cost.is_none()
        && prompt_tokens.is_none()
        && prompt_tokens_details.is_none()
        && total_tokens.is_none()
        && extra.is_empty()
}

/// Keeps a text if there is none yet. Returns how many bytes were added.
fn keep_first(kept: &mut Option<Box<str>>, new: Option<&Text<'_>>) -> usize {
    match new {
        Some(new) if kept.is_none() && !new.0.is_empty() => kept.insert((*new.0).into()).len(),
        _ => 0,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
