//! The JSON of an assistant message, complete and streamed.

use pinference_api::types::{FinishReason, Logprobs};
use serde::Serialize;
use serde_json::{Value, json};

use crate::routes::choice::{Call, Choice};
use crate::shapes::ToolCallShape;

/// A choice of a response or of a chunk.
#[derive(Serialize)]
pub(crate) struct ChoiceBody {
    pub(crate) index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delta: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logprobs: Option<Logprobs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) finish_reason: Option<FinishReason>,
}

/// A part of a streamed message.
#[derive(Debug)]
pub(crate) struct Delta {
    pub(crate) body: Value,
    /// The number of generated tokens.
    pub(crate) tokens: usize,
    pub(crate) logprobs: Option<Logprobs>,
}

impl Delta {
    fn new(body: Value, tokens: usize) -> Self {
        Self {
            body,
            tokens,
            logprobs: None,
        }
    }
}

/// Returns the body of a choice that is not streamed.
pub(crate) fn complete(index: usize, choice: &Choice) -> ChoiceBody {
    let mut message = json!({ "role": "assistant" });
    let no_text = choice.tokens.is_empty();
    if !(no_text && (choice.refusal.is_some() || !choice.calls.is_empty())) {
        message["content"] = choice.tokens.concat().into();
    }
    if !choice.reasoning.is_empty() {
        let field = choice.reasoning_as;
        message[field.name()] = field.complete(&choice.reasoning.concat());
    }
    if let Some(refusal) = &choice.refusal {
        message["refusal"] = refusal.as_str().into();
    }
    let mut calls = choice.calls.iter().map(|call| {
        let mut body = head(call, &call.arguments.concat());
        change(choice, &mut body, true);
        body
    });
    if choice.has(ToolCallShape::FunctionCall) {
        if let Some(mut call) = calls.next() {
            message["function_call"] = call["function"].take();
        }
    } else if !choice.calls.is_empty() {
        message["tool_calls"] = calls.collect();
    }
    ChoiceBody {
        index,
        message: Some(message),
        delta: None,
        logprobs: choice.logprobs(&choice.tokens),
        finish_reason: Some(choice.finish.clone()),
    }
}

/// Returns the parts of a streamed choice, without its first delta with the role and its finish.
pub(crate) fn deltas(choice: &Choice) -> Vec<Delta> {
    let field = choice.reasoning_as;
    let mut deltas: Vec<_> = choice
        .reasoning
        .iter()
        .map(|token| Delta::new(json!({ field.name(): field.fragment(token) }), 1))
        .collect();
    if !choice.reasoning.is_empty()
        && let Some(end) = field.end(&choice.reasoning.concat())
    {
        deltas.push(Delta::new(json!({ field.name(): end }), 0));
    }
    for token in &choice.tokens {
        let mut delta = Delta::new(json!({ "content": token }), 1);
        delta.logprobs = choice.logprobs(std::slice::from_ref(token));
        deltas.push(delta);
    }
    if let Some(refusal) = &choice.refusal {
        deltas.push(Delta::new(json!({ "refusal": refusal }), 0));
    }
    let mut calls: Vec<_> = (0..)
        .zip(&choice.calls)
        .map(|(index, call)| fragments(choice, index, call))
        .collect();
    if choice.has(ToolCallShape::Interleaved) {
        calls = vec![alternate(calls)];
    }
    let fragments = calls.into_iter().flatten();
    if choice.has(ToolCallShape::OneChunk) && !choice.calls.is_empty() {
        let (fragments, tokens): (Vec<_>, Vec<_>) = fragments.unzip();
        let tokens = tokens.into_iter().sum();
        deltas.push(Delta::new(json!({ "tool_calls": fragments }), tokens));
    } else if choice.has(ToolCallShape::FunctionCall) {
        deltas.extend(fragments.map(|(mut fragment, tokens)| {
            Delta::new(
                json!({ "function_call": fragment["function"].take() }),
                tokens,
            )
        }));
    } else {
        deltas.extend(
            fragments
                .map(|(fragment, tokens)| Delta::new(json!({ "tool_calls": [fragment] }), tokens)),
        );
    }
    deltas
}

/// Returns the items of all lists: the first items, then the second items, and so on.
pub(crate) fn alternate<T>(lists: Vec<Vec<T>>) -> Vec<T> {
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut all = Vec::new();
    loop {
        let before = all.len();
        all.extend(lists.iter_mut().filter_map(Iterator::next));
        if all.len() == before {
            return all;
        }
    }
}

/// Returns the fragments of a call and their numbers of tokens.
fn fragments(choice: &Choice, index: usize, call: &Call) -> Vec<(Value, usize)> {
    let arguments = call.arguments.concat();
    let mut shapes = choice.shapes.iter();
    let whole = shapes.any(|shape| shape.needs_whole_call(&arguments));
    let first = head(call, if whole { &arguments } else { "" });
    let mut fragments = vec![(first, if whole { call.arguments.len() } else { 0 })];
    if !whole {
        fragments.extend(call.arguments.iter().map(|token| {
            let fragment = if choice.has(ToolCallShape::RepeatedHead) {
                head(call, token)
            } else {
                json!({ "function": { "arguments": token } })
            };
            (fragment, 1)
        }));
    }
    for (number, (fragment, _)) in fragments.iter_mut().enumerate() {
        fragment["index"] = index.into();
        if choice.has(ToolCallShape::ChangingId) && number > 0 {
            fragment["id"] = format!("{}_{number}", call.id).into();
        }
        change(choice, fragment, whole);
    }
    fragments
}

/// Returns a call with some of its arguments.
fn head(call: &Call, arguments: &str) -> Value {
    json!({
        "id": call.id,
        "type": "function",
        "function": { "name": call.name, "arguments": arguments },
    })
}

/// Applies the shapes of a choice to a call.
fn change(choice: &Choice, call: &mut Value, whole: bool) {
    let first_id = choice.calls.first().map_or("", |first| &first.id);
    for shape in &choice.shapes {
        shape.change(call, whole, first_id);
    }
}
