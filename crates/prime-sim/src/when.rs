//! Conditions on chat requests.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::conversation::Conversation;

/// Selects the chat requests that get a [`Reply`](crate::Reply). A string converts to
/// [`When::contains`].
#[derive(Clone)]
pub struct When(Arc<Predicate>);

/// A predicate on the request body and its conversation.
type Predicate = dyn Fn(&Value, &Conversation) -> bool + Send + Sync;

impl When {
    /// Matches all requests.
    pub fn any() -> Self {
        Self::test(|_, _| true)
    }

    /// Matches requests whose last user message contains `text`, ignoring case.
    pub fn contains(text: impl Into<String>) -> Self {
        let text = text.into().to_lowercase();
        Self::test(move |_, conversation| conversation.question.to_lowercase().contains(&text))
    }

    /// Matches requests for a model.
    pub fn model(model: impl Into<String>) -> Self {
        let model = model.into();
        Self::test(move |body, _| body.get("model").and_then(Value::as_str) == Some(&model))
    }

    /// Matches requests whose body satisfies a predicate.
    pub fn body(test: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        Self::test(move |body, _| test(body))
    }

    /// Matches requests of this round, counted from 1. The first request after a user message is
    /// round 1. Each assistant message after the user message adds one.
    ///
    /// A repeated request is in the same round. [`OnChat::once`](crate::OnChat::once) counts it as
    /// another request.
    pub fn round(round: usize) -> Self {
        Self::test(move |_, conversation| conversation.rounds + 1 == round)
    }

    /// Matches requests whose last message is a tool result.
    pub fn after_tool_results() -> Self {
        Self::test(|_, conversation| !conversation.tool_results.is_empty())
    }

    /// Matches requests that end with tool results, one of which contains `text`, ignoring case.
    pub fn tool_result(text: impl Into<String>) -> Self {
        let text = text.into().to_lowercase();
        Self::test(move |_, conversation| {
            let mut results = conversation.tool_results.iter();
            results.any(|result| result.to_lowercase().contains(&text))
        })
    }

    /// Matches requests that both conditions match.
    pub fn and(self, other: impl Into<Self>) -> Self {
        let other = other.into();
        Self::test(move |body, conversation| {
            self.matches(body, conversation) && other.matches(body, conversation)
        })
    }

    pub(crate) fn matches(&self, body: &Value, conversation: &Conversation) -> bool {
        (self.0)(body, conversation)
    }

    fn test(test: impl Fn(&Value, &Conversation) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(test))
    }
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for When {
    fn from(text: T) -> Self {
        Self::contains(text.into())
    }
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("When(…)")
    }
}
