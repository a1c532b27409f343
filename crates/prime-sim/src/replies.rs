//! Scripted replies to chat requests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::builder::Builder;
use crate::conversation::Conversation;
use crate::shapes::{ReasoningField, ToolCallShape};
use crate::simulator::Simulator;
use crate::when::When;

/// A scripted reply to a chat request. It replaces the generated answer.
///
/// ```
/// use prime_sim::{Reply, ToolCallShape};
/// use serde_json::json;
///
/// let plain = Reply::text("It rains.");
/// let tools = Reply::tool_call("get_weather", json!({ "city": "Paris" }));
/// let odd = tools.clone().tool_call_shape(ToolCallShape::ObjectArguments).without_cost();
/// let rich = Reply::text("42").reasoning("Six times nine…").finish_reason("length");
/// let wrong = Reply::json(json!({ "choices": "none" }));            // sent unchanged, valid or not
/// let weird = Reply::events(["{\"choices\":[]}", "[DONE]"]);          // sent unchanged as a stream
/// let bytes = Reply::bytes("text/plain", "busy");
/// ```
///
/// Texts, tool calls and reasoning are counted, billed and streamed like generated answers, and
/// `max_tokens` and `stop` truncate them. Replies that are sent unchanged cost nothing, and methods
/// that add something to a message do not change them.
#[derive(Debug, Clone)]
#[must_use = "pass the reply to `on_chat(…).reply(…)`"]
pub struct Reply(pub(crate) ScriptedReply);

#[derive(Debug, Clone)]
pub(crate) enum ScriptedReply {
    Message(Message),
    Raw { content_type: String, body: Bytes },
}

/// The content of a scripted message.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) text: Option<String>,
    /// Whether the text is the last user message.
    pub(crate) echo: bool,
    pub(crate) reasoning: Option<String>,
    pub(crate) reasoning_as: ReasoningField,
    pub(crate) refusal: Option<String>,
    /// The names and JSON arguments of tool calls.
    pub(crate) calls: Vec<(String, String)>,
    pub(crate) shapes: Vec<ToolCallShape>,
    pub(crate) finish: Option<String>,
    pub(crate) usage: UsageReport,
}

/// What a response says about its usage.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsageReport {
    #[default]
    Complete,
    WithoutCost,
    Missing,
}

impl Reply {
    /// Replies with a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self(ScriptedReply::Message(Message {
            text: Some(text.into()),
            ..Message::default()
        }))
    }

    /// Replies with a tool call and no text. [`Reply::and_tool_call`] adds more calls.
    pub fn tool_call(name: impl Into<String>, arguments: impl Serialize) -> Self {
        Self(ScriptedReply::Message(Message::default())).and_tool_call(name, arguments)
    }

    /// Repeats the last user message.
    pub fn echo() -> Self {
        Self(ScriptedReply::Message(Message {
            echo: true,
            ..Message::default()
        }))
    }

    /// Replies with a JSON body, sent unchanged. In a stream, the body is the data of the only
    /// event before `[DONE]`.
    pub fn json(body: impl Serialize) -> Self {
        Self(ScriptedReply::Raw {
            content_type: "application/json".to_owned(),
            body: to_json_text(body).into(),
        })
    }

    /// Replies with an event stream. Each item is the data of one event, sent unchanged.
    pub fn events(data: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let events = data
            .into_iter()
            .map(|data| format!("data: {}\n\n", data.as_ref()));
        Self(ScriptedReply::Raw {
            content_type: "text/event-stream".to_owned(),
            body: events.collect::<String>().into(),
        })
    }

    /// Replies with any content type and bytes.
    pub fn bytes(content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self(ScriptedReply::Raw {
            content_type: content_type.into(),
            body: body.into(),
        })
    }

    /// Adds reasoning before the text or tool calls, in `reasoning_content`.
    /// [`Reply::reasoning_as`] selects another field.
    pub fn reasoning(self, reasoning: impl Into<String>) -> Self {
        self.with(|message| message.reasoning = Some(reasoning.into()))
    }

    /// Sets the field that contains the reasoning.
    pub fn reasoning_as(self, field: ReasoningField) -> Self {
        self.with(|message| message.reasoning_as = field)
    }

    /// Adds a refusal, in `refusal`.
    pub fn refusal(self, refusal: impl Into<String>) -> Self {
        self.with(|message| message.refusal = Some(refusal.into()))
    }

    /// Adds a tool call.
    pub fn and_tool_call(self, name: impl Into<String>, arguments: impl Serialize) -> Self {
        self.with(|message| message.calls.push((name.into(), to_json_text(arguments))))
    }

    /// Sends the tool calls in an unusual shape. Call this method again to combine shapes. Each
    /// shape changes the result of those before it.
    pub fn tool_call_shape(self, shape: ToolCallShape) -> Self {
        self.with(|message| message.shapes.push(shape))
    }

    /// Sets the finish reason (default `stop`, `length` or `tool_calls`, depending on the answer).
    pub fn finish_reason(self, reason: impl Into<String>) -> Self {
        self.with(|message| message.finish = Some(reason.into()))
    }

    /// Leaves out `usage.cost`. The wallet is charged all the same. Generated answers of a model
    /// without a price, `prime-intellect/intellect-3`, have no cost either.
    pub fn without_cost(self) -> Self {
        self.with(|message| message.usage = UsageReport::WithoutCost)
    }

    /// Leaves out `usage`, also from a stream whose request asks for it. The wallet is charged all
    /// the same.
    pub fn without_usage(self) -> Self {
        self.with(|message| message.usage = UsageReport::Missing)
    }

    fn with(mut self, change: impl FnOnce(&mut Message)) -> Self {
        if let ScriptedReply::Message(message) = &mut self.0 {
            change(message);
        }
        self
    }
}

/// Serializes a value. A string is used unchanged, so that a test can send invalid JSON.
fn to_json_text(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        Ok(value) => value.to_string(),
        Err(error) => error.to_string(),
    }
}

impl<T: Into<String>> From<T> for Reply {
    fn from(text: T) -> Self {
        Self::text(text)
    }
}

/// A scripted reply under construction. [`Simulator::on_chat`] and [`Builder::on_chat`] return it.
#[derive(Debug)]
#[must_use = "call `reply` to add the reply"]
pub struct OnChat<T> {
    pub(crate) to: T,
    pub(crate) when: When,
    pub(crate) times: Option<u64>,
}

impl<T> OnChat<T> {
    /// Limits the reply to the first matching request.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Limits the reply to the first `times` matching requests.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

impl OnChat<&Simulator> {
    /// Adds the reply.
    pub fn reply(self, reply: impl Into<Reply>) {
        let rule = Rule::new(self.when, self.times, reply.into());
        self.to.replies().add(rule);
    }
}

impl OnChat<Builder> {
    /// Adds the reply.
    pub fn reply(mut self, reply: impl Into<Reply>) -> Builder {
        let rule = Rule::new(self.when, self.times, reply.into());
        self.to.replies.push(rule);
        self.to
    }
}

/// A reply, its condition and its remaining uses.
pub(crate) struct Rule {
    when: When,
    remaining: Option<u64>,
    reply: Reply,
}

impl Rule {
    pub(crate) fn new(when: When, remaining: Option<u64>, reply: Reply) -> Self {
        Self {
            when,
            remaining,
            reply,
        }
    }
}

/// All scripted replies of a simulator.
#[derive(Default)]
pub(crate) struct Replies {
    any: AtomicBool,
    rules: Mutex<Vec<Rule>>,
}

impl Replies {
    pub(crate) fn add(&self, rule: Rule) {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.push(rule);
        self.any.store(true, Ordering::SeqCst);
    }

    /// Returns the first matching reply that is not used up, and counts the use.
    pub(crate) fn take(&self, body: &Value, conversation: &Conversation) -> Option<ScriptedReply> {
        if !self.any.load(Ordering::SeqCst) {
            return None;
        }
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let matches =
            |rule: &&mut Rule| rule.remaining != Some(0) && rule.when.matches(body, conversation);
        let rule = rules.iter_mut().find(matches)?;
        if let Some(remaining) = &mut rule.remaining {
            *remaining -= 1;
        }
        Some(rule.reply.0.clone())
    }
}
