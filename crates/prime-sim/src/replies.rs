//! What a model answers that was told what to answer.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::builder::Builder;
use crate::simulator::Simulator;

/// An answer to a chat request, in the place of the simulator's own.
///
/// ```
/// use prime_sim::Reply;
/// use serde_json::json;
///
/// let plain = Reply::text("It rains.");
/// let tools = Reply::tool_call("get_weather", json!({ "city": "Paris" }));
/// let rich = Reply::text("42").reasoning("Six times nine…").finish_reason("length");
/// let wrong = Reply::json(json!({ "choices": "none" }));            // as it is, however wrong
/// let weird = Reply::events(["{\"choices\":[]}", "[DONE]"]);          // a stream's data, as it is
/// let bytes = Reply::bytes("text/plain", "busy");
/// ```
///
/// A text, tool calls and reasoning are counted, billed and streamed like the simulator's own, and cut
/// by `max_tokens` and `stop`. What is sent as it is costs nothing.
#[derive(Debug, Clone)]
#[must_use = "a reply is for `on_chat(…).reply(…)`"]
pub struct Reply(pub(crate) Said);

#[derive(Debug, Clone)]
pub(crate) enum Said {
    Message(Message),
    /// What was asked.
    Echo,
    Raw {
        content_type: String,
        body: Bytes,
    },
}

/// A message to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) text: Option<String>,
    pub(crate) reasoning: Option<String>,
    pub(crate) refusal: Option<String>,
    /// Names and arguments, which are JSON.
    pub(crate) calls: Vec<(String, String)>,
    pub(crate) finish: Option<String>,
}

impl Reply {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self(Said::Message(Message {
            text: Some(text.into()),
            ..Message::default()
        }))
    }

    /// The call of a tool, and no text. Another one with [`Reply::and_tool_call`].
    pub fn tool_call(name: impl Into<String>, arguments: impl Serialize) -> Self {
        Self(Said::Message(Message::default())).and_tool_call(name, arguments)
    }

    /// What the user said last.
    pub fn echo() -> Self {
        Self(Said::Echo)
    }

    /// A whole JSON body, as it is. In a stream it is the data of the one event ahead of `[DONE]`.
    pub fn json(body: impl Serialize) -> Self {
        Self(Said::Raw {
            content_type: "application/json".to_owned(),
            body: written(body).into(),
        })
    }

    /// A stream's events, as they are: each is the data of one.
    pub fn events(data: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let events = data
            .into_iter()
            .map(|data| format!("data: {}\n\n", data.as_ref()));
        Self(Said::Raw {
            content_type: "text/event-stream".to_owned(),
            body: events.collect::<String>().into(),
        })
    }

    /// Any bytes, with their content type.
    pub fn bytes(content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self(Said::Raw {
            content_type: content_type.into(),
            body: body.into(),
        })
    }

    /// Reasoning ahead of a text or tool calls, in `reasoning_content`.
    pub fn reasoning(self, reasoning: impl Into<String>) -> Self {
        self.with(|message| message.reasoning = Some(reasoning.into()))
    }

    /// Why the model will not answer, in `refusal`.
    pub fn refusal(self, refusal: impl Into<String>) -> Self {
        self.with(|message| message.refusal = Some(refusal.into()))
    }

    /// The call of a tool besides the rest.
    pub fn and_tool_call(self, name: impl Into<String>, arguments: impl Serialize) -> Self {
        self.with(|message| message.calls.push((name.into(), written(arguments))))
    }

    /// Why the answer ends (default `stop`, `length` or `tool_calls`, as it comes).
    pub fn finish_reason(self, reason: impl Into<String>) -> Self {
        self.with(|message| message.finish = Some(reason.into()))
    }

    fn with(mut self, change: impl FnOnce(&mut Message)) -> Self {
        if let Said::Message(message) = &mut self.0 {
            change(message);
        }
        self
    }
}

/// A string is taken for JSON as it stands: a test may want it wrong.
fn written(value: impl Serialize) -> String {
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

/// Which chat requests a [`Reply`] is for. A plain text stands for [`When::says`].
#[derive(Clone)]
pub struct When(Arc<Test>);

/// Of a request's body and what its user said last.
type Test = dyn Fn(&Value, &str) -> bool + Send + Sync;

impl When {
    /// All.
    pub fn any() -> Self {
        Self::test(|_, _| true)
    }

    /// Those whose last message of the user has this in it, whatever its case.
    pub fn says(text: impl Into<String>) -> Self {
        let text = text.into().to_lowercase();
        Self::test(move |_, question| question.to_lowercase().contains(&text))
    }

    /// Those for a model.
    pub fn model(model: impl Into<String>) -> Self {
        let model = model.into();
        Self::test(move |body, _| body.get("model").and_then(Value::as_str) == Some(&model))
    }

    /// Those whose body passes a test.
    pub fn body(test: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        Self::test(move |body, _| test(body))
    }

    fn test(test: impl Fn(&Value, &str) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(test))
    }
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for When {
    fn from(text: T) -> Self {
        Self::says(text.into())
    }
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("When(…)")
    }
}

/// A reply to be: [`Simulator::on_chat`], [`Builder::on_chat`].
#[derive(Debug)]
#[must_use = "nothing is answered until `reply`"]
pub struct OnChat<T> {
    pub(crate) to: T,
    pub(crate) when: When,
    pub(crate) times: Option<u64>,
}

impl<T> OnChat<T> {
    /// Only for the first request that fits.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Only for the first so many requests that fit.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

impl OnChat<&Simulator> {
    /// What is answered.
    pub fn reply(self, reply: impl Into<Reply>) {
        let rule = Rule::new(self.when, self.times, reply.into());
        self.to.replies().add(rule);
    }
}

impl OnChat<Builder> {
    /// What is answered.
    pub fn reply(mut self, reply: impl Into<Reply>) -> Builder {
        let rule = Rule::new(self.when, self.times, reply.into());
        self.to.replies.push(rule);
        self.to
    }
}

/// When what is answered, and how often still.
pub(crate) struct Rule {
    when: When,
    left: Option<u64>,
    reply: Reply,
}

impl Rule {
    pub(crate) fn new(when: When, left: Option<u64>, reply: Reply) -> Self {
        Self { when, left, reply }
    }
}

/// Every reply of a simulator. Of several that fit, the first one that is not used up is sent.
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

    /// What is answered to a request.
    pub(crate) fn to(&self, body: &Value, question: &str) -> Option<Said> {
        if !self.any.load(Ordering::SeqCst) {
            return None;
        }
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |rule: &&mut Rule| rule.left != Some(0) && (rule.when.0)(body, question);
        let rule = rules.iter_mut().find(fits)?;
        if let Some(left) = &mut rule.left {
            *left -= 1;
        }
        Some(rule.reply.0.clone())
    }
}
