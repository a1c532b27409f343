//! The messages of a chat request.

use serde_json::Value;

use crate::errors::{ApiError, inference};
use crate::shapes::{REASONING_FIELDS, ReasoningField, signature};
use crate::tokens;

/// The parts of a conversation that answers depend on.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// The text of the last user message.
    pub(crate) question: String,
    /// The numbers of images, audio recordings and files in the last user message.
    pub(crate) attachments: [usize; 3],
    /// The tool results at the end, in order.
    pub(crate) tool_results: Vec<String>,
    /// The number of assistant messages after the last user message.
    pub(crate) rounds: usize,
    pub(crate) prompt_tokens: i64,
}

impl Conversation {
    /// Reads and validates the messages.
    pub(crate) fn read(messages: &[Value]) -> Result<Self, ApiError> {
        let mut conversation = Self::default();
        let mut calls = Calls::default();
        for (index, message) in messages.iter().enumerate() {
            let text = content(message, index)?;
            // One more token for the role.
            conversation.prompt_tokens += tokens::count(&text) + 1;
            let role = message.get("role").and_then(Value::as_str);
            if role == Some("tool") {
                calls.answer(message, index)?;
                conversation.tool_results.push(text);
                continue;
            }
            calls.check_answered(index)?;
            calls = Calls::default();
            conversation.tool_results.clear();
            match role {
                Some("user") => {
                    conversation.question = text;
                    conversation.attachments = attachments(message);
                    conversation.rounds = 0;
                }
                Some("assistant") => {
                    calls = Calls::of(message);
                    conversation.rounds += 1;
                }
                _ => {}
            }
        }
        calls.check_answered(messages.len().saturating_sub(1))?;
        Ok(conversation)
    }
}

/// Returns the text of a message. An assistant message with tool calls, a refusal or audio may have none.
fn content(message: &Value, index: usize) -> Result<String, ApiError> {
    let has = |name| message.get(name).is_some_and(|value| !value.is_null());
    match message.get("content") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => Ok(parts
            .iter()
            .filter_map(|part| part.get("text")?.as_str())
            .collect()),
        _ if ["tool_calls", "function_call", "refusal", "audio"]
            .into_iter()
            .any(has) =>
        {
            Ok(String::new())
        }
        _ => {
            let param = format!("messages[{index}].content");
            Err(inference::param(
                &param,
                &format!("'{param}' must be a string"),
            ))
        }
    }
}

fn attachments(message: &Value) -> [usize; 3] {
    let parts = message.get("content").and_then(Value::as_array);
    ["image_url", "input_audio", "file"].map(|kind| {
        let parts = parts.into_iter().flatten();
        parts.filter(|part| part["type"] == kind).count()
    })
}

/// The tool calls of the last assistant message. The rules and the messages are those of OpenAI.
/// An id that is missing counts as empty, so that a conversation with calls without ids is valid.
#[derive(Default)]
struct Calls<'a> {
    ids: Vec<&'a str>,
    /// The ids of the calls without a result. A call whose id occurs twice needs two results.
    unanswered: Vec<&'a str>,
}

impl<'a> Calls<'a> {
    fn of(message: &'a Value) -> Self {
        let calls = message.get("tool_calls").and_then(Value::as_array);
        let ids: Vec<_> = calls
            .into_iter()
            .flatten()
            .map(|call| call.get("id").and_then(Value::as_str).unwrap_or_default())
            .collect();
        let unanswered = ids.clone();
        Self { ids, unanswered }
    }

    /// Reads a tool result.
    fn answer(&mut self, message: &Value, index: usize) -> Result<(), ApiError> {
        let id = message.get("tool_call_id").and_then(Value::as_str);
        let id = id.unwrap_or_default();
        if self.ids.is_empty() {
            let message = "Invalid parameter: messages with role 'tool' must be a response to a \
                           preceeding message with 'tool_calls'.";
            return Err(inference::param(
                &format!("messages.[{index}].role"),
                message,
            ));
        }
        if !self.ids.contains(&id) {
            let message = if id.is_empty() {
                "Missing parameter 'tool_call_id': messages with role 'tool' must have a \
                 'tool_call_id'."
                    .to_owned()
            } else {
                format!(
                    "Invalid parameter: 'tool_call_id' of '{id}' not found in 'tool_calls' of \
                     previous message."
                )
            };
            let param = format!("messages.[{index}].tool_call_id");
            return Err(inference::param(&param, &message));
        }
        if let Some(at) = self
            .unanswered
            .iter()
            .position(|unanswered| *unanswered == id)
        {
            self.unanswered.remove(at);
        }
        Ok(())
    }

    fn check_answered(&self, index: usize) -> Result<(), ApiError> {
        if self.unanswered.is_empty() {
            return Ok(());
        }
        let message = format!(
            "An assistant message with 'tool_calls' must be followed by tool messages responding \
             to each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
            self.unanswered.join(", ")
        );
        Err(inference::param(
            &format!("messages.[{index}].role"),
            &message,
        ))
    }
}

/// A rule for the reasoning in the messages of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ReasoningRule {
    Required,
    Rejected,
}

impl ReasoningRule {
    /// Returns why a request body breaks the rule, or `None` if it does not.
    pub(crate) fn broken_by(self, body: &Value) -> Option<String> {
        let messages = body.get("messages")?.as_array()?;
        let mut assistant = messages
            .iter()
            .enumerate()
            .filter(|(_, message)| message["role"] == "assistant");
        match self {
            Self::Rejected => assistant.find_map(|(index, message)| {
                let mut names = REASONING_FIELDS.into_iter().map(ReasoningField::name);
                let name = names.find(|name| !message[name].is_null())?;
                Some(format!(
                    "'messages.{index}': property '{name}' is unsupported"
                ))
            }),
            Self::Required if body["reasoning_effort"] == "none" => None,
            Self::Required => {
                let user = messages
                    .iter()
                    .rposition(|message| message["role"] == "user");
                let start = user.map_or(0, |user| user + 1);
                assistant
                    .filter(|(index, message)| *index >= start && message["tool_calls"].is_array())
                    .find_map(|(index, message)| missing_reasoning(index, message))
            }
        }
    }
}

/// Returns what the reasoning of an assistant message lacks. The first message is DeepSeek's, the
/// second Anthropic's.
fn missing_reasoning(index: usize, message: &Value) -> Option<String> {
    let text = |name: &str| message[name].is_string();
    if text("reasoning_content") || text("reasoning") {
        return None;
    }
    let details = message["reasoning_details"].as_array();
    let Some(details) = details.filter(|details| !details.is_empty()) else {
        return Some(format!(
            "Missing `reasoning_content` field in the assistant message at message index {index}. \
             For more information, please refer to \
             https://api-docs.deepseek.com/guides/thinking_mode#tool-calls"
        ));
    };
    details.iter().enumerate().find_map(|(part, detail)| {
        let text = detail.get("text")?.as_str()?;
        (detail["signature"] != signature(text)).then(|| {
            format!("messages.{index}.content.{part}: Invalid `signature` in `thinking` block")
        })
    })
}
