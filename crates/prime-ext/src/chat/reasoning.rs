//! The reasoning of a model: its text, from whichever of three fields a server uses, and whether it is sent back.

use std::borrow::Cow;

use pinference_api::types::{ChatMessage, Role};
use serde_json::{Map, Value};

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

/// Appends the reasoning details of a chunk. A fragment of a text or a summary joins the entry that it continues, so that
/// the entries equal those of a complete response. Otherwise, they could not be sent back: a signature belongs to the
/// whole text.
pub(super) fn join_details(kept: &mut Vec<Value>, new: &[Value]) {
    for new in new {
        match kept.last_mut() {
            Some(Value::Object(last)) if continues(last, new) => {
                for (name, value) in new.as_object().into_iter().flatten() {
                    match (last.get_mut(name), value) {
                        (Some(Value::String(text)), Value::String(more))
                            if name == "text" || name == "summary" =>
                        {
                            text.push_str(more);
                        }
                        (None | Some(Value::Null), value) => {
                            last.insert(name.clone(), value.clone());
                        }
                        _ => {}
                    }
                }
            }
            _ => kept.push(new.clone()),
        }
    }
}

/// Returns whether an entry continues the last one: it has the same type and index, and the last one has no signature,
/// which ends an entry.
fn continues(last: &Map<String, Value>, new: &Value) -> bool {
    let kind = last.get("type").and_then(Value::as_str);
    let same = |name| last.get(name) == new.get(name);
    let is_signed = last.get("signature").is_some_and(Value::is_string);
    matches!(kind, Some("reasoning.text" | "reasoning.summary"))
        && same("type")
        && same("index")
        && !is_signed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fragments_of_details_are_joined() {
        let text = |text: &str, index: u32| json!({ "type": "reasoning.text", "text": text, "index": index });
        let mut kept = Vec::new();
        for chunk in [
            vec![text("ha", 0)],
            vec![
                text("ha", 0),
                json!({ "type": "reasoning.text", "signature": "s", "index": 0 }),
            ],
            vec![text("next", 0)],
            vec![text("other", 1)],
            vec![json!({ "type": "reasoning.summary", "summary": "a", "id": null })],
            vec![json!({ "type": "reasoning.summary", "summary": "b", "id": "i" })],
            vec![json!({ "type": "reasoning.encrypted", "data": "x" })],
            vec![json!({ "type": "reasoning.encrypted", "data": "y" })],
            vec![json!("z"), json!({ "text": "t" }), json!({ "text": "t" })],
        ] {
            join_details(&mut kept, &chunk);
        }
        assert_eq!(
            kept,
            [
                json!({ "type": "reasoning.text", "text": "haha", "index": 0, "signature": "s" }),
                text("next", 0),
                text("other", 1),
                json!({ "type": "reasoning.summary", "summary": "ab", "id": "i" }),
                json!({ "type": "reasoning.encrypted", "data": "x" }),
                json!({ "type": "reasoning.encrypted", "data": "y" }),
                json!("z"),
                json!({ "text": "t" }),
                json!({ "text": "t" }),
            ]
        );
    }
}
