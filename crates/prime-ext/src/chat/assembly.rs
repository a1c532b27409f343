//! Chunks put together to the answer that they are pieces of.

use std::collections::BTreeMap;

use pinference_api::types::{
    ChatCompletionChoice, ChatCompletionChunk, ChatCompletionChunkChoice, ChatCompletionDelta,
    ChatCompletionResponse, ChatMessage, FinishReason, FunctionCall, Role, ToolCall, ToolCallDelta,
    Usage,
};
use prime_runtime::TextOrParts;
use serde_json::{Map, Value, json};

/// An answer in the making.
#[derive(Debug, Clone)]
pub(crate) struct Assembly {
    /// All but the choices.
    head: ChatCompletionResponse,
    choices: BTreeMap<i64, Choice>,
}

#[derive(Debug, Default, Clone)]
struct Choice {
    role: Option<Role>,
    content: Option<TextOrParts>,
    reasoning: Option<String>,
    reasoning_content: Option<String>,
    reasoning_details: Option<Vec<Value>>,
    refusal: Option<String>,
    tool_calls: Vec<Call>,
    logprobs: Option<Value>,
    finish_reason: Option<FinishReason>,
    /// What the delta's type does not list.
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

impl Default for Assembly {
    fn default() -> Self {
        Self {
            head: ChatCompletionResponse::new(Vec::new()),
            choices: BTreeMap::new(),
        }
    }
}

impl Assembly {
    /// Takes in a chunk.
    pub(crate) fn add(&mut self, chunk: &ChatCompletionChunk) {
        let head = &mut self.head;
        keep_first(&mut head.id, &chunk.id);
        keep_first(&mut head.created, &chunk.created);
        keep_first(&mut head.model, &chunk.model);
        keep_first(&mut head.service_tier, &chunk.service_tier);
        keep_first(&mut head.system_fingerprint, &chunk.system_fingerprint);
        // Some servers count as they go: the last count is the whole.
        if chunk.usage.is_some() {
            head.usage.clone_from(&chunk.usage);
        }
        for choice in &chunk.choices {
            self.choices
                .entry(choice.index.unwrap_or(0))
                .or_default()
                .add(choice);
        }
    }

    /// Whether at least `asked` choices have begun and all that have begun have ended.
    pub(crate) fn is_finished(&self, asked: usize) -> bool {
        self.choices.len() >= asked.max(1)
            && self
                .choices
                .values()
                .all(|choice| choice.finish_reason.is_some())
    }

    /// Tokens and cost, as far as they were said.
    pub(crate) fn usage(&self) -> Option<&Usage> {
        self.head.usage.as_ref()
    }

    /// The answer as far as it came.
    pub(crate) fn answer(&self) -> ChatCompletionResponse {
        let choices = self
            .choices
            .iter()
            .map(|(index, choice)| choice.finished(*index))
            .collect();
        let mut answer = self.head.clone();
        answer.object = Some("chat.completion".to_owned());
        answer.choices = choices;
        answer
    }
}

impl Choice {
    fn add(&mut self, choice: &ChatCompletionChunkChoice) {
        if choice.finish_reason.is_some() {
            self.finish_reason.clone_from(&choice.finish_reason);
        }
        match (&mut self.logprobs, &choice.logprobs) {
            (Some(kept), Some(new)) => join_lists(kept, new),
            (kept @ None, Some(new)) if !new.is_null() => *kept = Some(new.clone()),
            _ => {}
        }
        let Some(delta) = &choice.delta else { return };
        let ChatCompletionDelta {
            role,
            content,
            reasoning,
            reasoning_content,
            reasoning_details,
            refusal,
            tool_calls,
            extra,
            ..
        } = delta;
        keep_first(&mut self.role, role);
        append_content(&mut self.content, content.as_ref());
        merge(&mut self.extra, extra);
        append(&mut self.reasoning, reasoning);
        append(&mut self.reasoning_content, reasoning_content);
        append(&mut self.refusal, refusal);
        if let Some(details) = reasoning_details {
            self.reasoning_details
                .get_or_insert_default()
                .extend_from_slice(details);
        }
        for call in tool_calls.iter().flatten() {
            self.call_of(call).add(call);
        }
    }

    /// The tool call that a piece belongs to: the last one of its index, or the last one of all. A new
    /// id begins a new call, also where a server says index 0 for each.
    fn call_of(&mut self, piece: &ToolCallDelta) -> &mut Call {
        let same_place = |call: &Call| piece.index.is_none() || call.index == piece.index;
        let at = self.tool_calls.iter().rposition(same_place).filter(|at| {
            let known = self.tool_calls[*at].id.as_deref();
            match piece.id.as_deref().filter(|id| !id.is_empty()) {
                Some(id) => known.is_none_or(|known| known == id),
                None => true,
            }
        });
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
    fn sorted_calls(&self) -> Vec<&Call> {
        let mut calls: Vec<&Call> = self.tool_calls.iter().collect();
        calls.sort_by_key(|call| call.index);
        calls
    }

    fn finished(&self, index: i64) -> ChatCompletionChoice {
        let calls = self
            .sorted_calls()
            .into_iter()
            .map(Call::finished)
            .collect::<Vec<_>>();
        let mut message = ChatMessage::new(self.role.clone().unwrap_or(Role::Assistant));
        message.extra.clone_from(&self.extra);
        message.content.clone_from(&self.content);
        message.reasoning.clone_from(&self.reasoning);
        message
            .reasoning_content
            .clone_from(&self.reasoning_content);
        message
            .reasoning_details
            .clone_from(&self.reasoning_details);
        message.refusal.clone_from(&self.refusal);
        message.tool_calls = (!calls.is_empty()).then_some(calls);
        let mut choice = ChatCompletionChoice::default();
        choice.index = Some(index);
        choice.finish_reason.clone_from(&self.finish_reason);
        choice.logprobs.clone_from(&self.logprobs);
        choice.message = Some(message);
        choice
    }
}

impl Call {
    fn add(&mut self, call: &ToolCallDelta) {
        if call.id.as_ref().is_some_and(|id| !id.is_empty()) {
            keep_first(&mut self.id, &call.id);
        }
        keep_first(&mut self.kind, &call.type_);
        merge(&mut self.extra, &call.extra);
        if let Some(piece) = &call.function {
            let function = self
                .function
                .get_or_insert_with(|| FunctionCall::new(String::new()));
            // Some servers repeat the name in every piece.
            let name = piece.name.as_deref().unwrap_or_default();
            if function.name != name {
                function.name.push_str(name);
            }
            append(&mut function.arguments, &piece.arguments);
        }
    }

    fn finished(&self) -> ToolCall {
        let mut call = ToolCall::default();
        call.id.clone_from(&self.id);
        call.type_.clone_from(&self.kind);
        call.function.clone_from(&self.function);
        call.extra.clone_from(&self.extra);
        // A piece of a call does not list what a whole one does.
        call.custom = call.extra.remove("custom");
        call
    }
}

fn keep_first<T: Clone>(kept: &mut Option<T>, new: &Option<T>) {
    if kept.is_none() {
        kept.clone_from(new);
    }
}

/// A text grows; parts are added to; a text beside parts becomes one.
fn append_content(kept: &mut Option<TextOrParts>, new: Option<&TextOrParts>) {
    let part = |text: &str| json!({"type": "text", "text": text});
    match (&mut *kept, new) {
        (_, None) => {}
        (None, Some(new)) => *kept = Some(new.clone()),
        (Some(TextOrParts::Text(text)), Some(TextOrParts::Text(more))) => text.push_str(more),
        (Some(TextOrParts::Parts(parts)), Some(TextOrParts::Parts(more))) => {
            parts.extend_from_slice(more);
        }
        (Some(TextOrParts::Parts(parts)), Some(TextOrParts::Text(more))) => {
            let last = parts.last_mut().and_then(Value::as_object_mut);
            let last = last.filter(|last| last.get("type").is_some_and(|ty| ty == "text"));
            match last.and_then(|last| last.get_mut("text")) {
                Some(Value::String(text)) => text.push_str(more),
                _ => parts.push(part(more)),
            }
        }
        (Some(TextOrParts::Text(text)), Some(TextOrParts::Parts(more))) => {
            let mut parts = vec![part(text)];
            parts.retain(|part| part["text"] != "");
            parts.extend_from_slice(more);
            *kept = Some(TextOrParts::Parts(parts));
        }
        // A new kind of content replaces what there was.
        (Some(_), Some(new)) => *kept = Some(new.clone()),
    }
}

/// What no type lists: lists are added to, of anything else the last counts.
fn merge(kept: &mut Map<String, Value>, new: &Map<String, Value>) {
    for (key, value) in new {
        match (kept.get_mut(key), value) {
            (Some(Value::Array(kept)), Value::Array(new)) => kept.extend_from_slice(new),
            _ => {
                kept.insert(key.clone(), value.clone());
            }
        }
    }
}

fn append(kept: &mut Option<String>, new: &Option<String>) {
    if let Some(new) = new {
        kept.get_or_insert_default().push_str(new);
    }
}

/// Log probabilities come as an object of lists, whose items belong to the pieces of the text.
fn join_lists(kept: &mut Value, new: &Value) {
    match (kept, new) {
        (Value::Array(kept), Value::Array(new)) => kept.extend_from_slice(new),
        (Value::Object(kept), Value::Object(new)) => {
            for (key, value) in new {
                match kept.get_mut(key) {
                    Some(kept) => join_lists(kept, value),
                    None => {
                        kept.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (kept @ Value::Null, new) => *kept = new.clone(),
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn assemble(chunks: &[Value]) -> Value {
        let mut assembly = Assembly::default();
        for chunk in chunks {
            assembly.add(&serde_json::from_value(chunk.clone()).unwrap());
        }
        serde_json::to_value(assembly.answer()).unwrap()
    }

    #[test]
    fn tool_calls_reasoning_and_log_probabilities() {
        let delta = |delta: Value| json!({"choices": [{"index": 0, "delta": delta}]});
        let answer = assemble(&[
            json!({"id": "c1", "model": "m", "created": 1, "choices": [
                {"index": 0, "delta": {"role": "assistant", "content": null}}]}),
            delta(json!({"reasoning": "hm"})),
            delta(json!({"reasoning": "m", "reasoning_details": [{"type": "a"}]})),
            delta(
                json!({"tool_calls": [{"index": 0, "id": "t0", "type": "function",
                "function": {"name": "add", "arguments": ""}}]}),
            ),
            delta(json!({"tool_calls": [{"index": 1, "id": "t1",
                "function": {"name": "sub", "arguments": "{\"b\""}}]})),
            delta(json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"a\":1}"}}]})),
            delta(json!({"tool_calls": [{"index": 1, "function": {"arguments": ":2}"}}]})),
            json!({"choices": [{"index": 0, "delta": {}, "logprobs": {"content": [1]}}]}),
            json!({"choices": [{"index": 0, "delta": {}, "logprobs": {"content": [2]},
                "finish_reason": "tool_calls"}]}),
            json!({"choices": [], "usage": {"total_tokens": 9, "cost": "0.10"}}),
        ]);
        assert_eq!(
            answer,
            json!({
                "id": "c1", "model": "m", "created": 1, "object": "chat.completion",
                "choices": [{
                    "index": 0, "finish_reason": "tool_calls", "logprobs": {"content": [1, 2]},
                    "message": {
                        "role": "assistant", "reasoning": "hmm", "reasoning_details": [{"type": "a"}],
                        "tool_calls": [
                            {"id": "t0", "type": "function", "function": {"name": "add", "arguments": "{\"a\":1}"}},
                            {"id": "t1", "function": {"name": "sub", "arguments": "{\"b\":2}"}},
                        ],
                    },
                }],
                "usage": {"total_tokens": 9, "cost": 0.10},
            })
        );
    }

    #[test]
    fn tool_calls_without_or_with_one_index_are_told_apart_by_id() {
        let call =
            |call: Value| json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]});
        for index in [json!(0), json!(null)] {
            let answer = assemble(&[
                call(
                    json!({"index": index, "id": "a", "function": {"name": "f", "arguments": "1"}}),
                ),
                call(
                    json!({"index": index, "id": "", "function": {"name": "f", "arguments": "2"}}),
                ),
                call(
                    json!({"index": index, "id": "b", "function": {"name": "g", "arguments": "3"}}),
                ),
                call(json!({"index": index, "function": {"arguments": "4"}})),
            ]);
            let calls = &answer["choices"][0]["message"]["tool_calls"];
            assert_eq!(
                *calls,
                json!([
                    {"id": "a", "function": {"name": "f", "arguments": "12"}},
                    {"id": "b", "function": {"name": "g", "arguments": "34"}},
                ])
            );
        }
    }

    /// What a delta has and no step above takes in would be lost.
    #[test]
    fn every_field_of_a_delta_is_assembled() {
        let delta = json!({
            "role": "assistant", "content": "c", "reasoning": "r", "reasoning_content": "s",
            "reasoning_details": [1], "refusal": "no",
            "tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{}"}}],
        });
        let empty = format!("{:?}", ChatCompletionDelta::default());
        let fields = empty
            .split(['{', ',', '}'])
            .filter_map(|f| f.trim().strip_suffix(": None"));
        let fields: BTreeSet<&str> = fields.collect();
        let tried: BTreeSet<&str> = delta
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(tried, fields, "not every field is tried here");
        let answer = assemble(&[json!({"choices": [{"index": 0, "delta": delta}]})]);
        let message = answer["choices"][0]["message"].as_object().unwrap();
        for field in delta.as_object().unwrap().keys() {
            assert!(message.contains_key(field), "{field} is lost");
        }
    }

    #[test]
    fn parts_and_what_nobody_lists_are_kept() {
        let delta = |delta: Value| json!({"choices": [{"index": 0, "delta": delta}]});
        let answer = assemble(&[
            delta(json!({"content": "", "annotations": [1]})),
            delta(json!({"content": [{"type": "thinking", "thinking": "hm"}], "annotations": [2]})),
            delta(json!({"content": "a"})),
            delta(json!({"content": "b", "thought_signature": "sig"})),
            delta(
                json!({"tool_calls": [{"index": 0, "id": "t", "custom": {"name": "f", "input": "x"}}]}),
            ),
        ]);
        assert_eq!(
            answer["choices"][0]["message"],
            json!({
                "role": "assistant", "annotations": [1, 2], "thought_signature": "sig",
                "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "ab"}],
                "tool_calls": [{"id": "t", "custom": {"name": "f", "input": "x"}}],
            })
        );
    }

    #[test]
    fn several_choices_come_mixed() {
        let piece =
            |index, text: &str| json!({"choices": [{"index": index, "delta": {"content": text}}]});
        let answer = assemble(&[piece(1, "b"), piece(0, "a"), piece(1, "B"), piece(0, "A")]);
        assert_eq!(answer["choices"][0]["message"]["content"], "aA");
        assert_eq!(answer["choices"][1]["message"]["content"], "bB");
    }

    #[test]
    fn finished_is_said_of_every_choice() {
        let mut assembly = Assembly::default();
        let mut add = |chunk: Value| {
            assembly.add(&serde_json::from_value(chunk).unwrap());
            (assembly.is_finished(1), assembly.is_finished(2))
        };
        assert_eq!(add(json!({"choices": []})), (false, false));
        assert_eq!(
            add(json!({"choices": [{"index": 0, "finish_reason": ""}]})),
            (true, false)
        );
        assert_eq!(
            add(json!({"choices": [{"index": 1, "delta": {}}]})),
            (false, false)
        );
        assert_eq!(
            add(json!({"choices": [{"index": 1, "finish_reason": "abort"}]})),
            (true, true)
        );
    }
}
