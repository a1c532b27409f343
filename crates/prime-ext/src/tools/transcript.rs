//! What happened in a tool loop.

use std::borrow::Cow;
use std::fmt;

use pinference_api::types::{ChatMessage, Role};
use serde_json::Value;

use crate::chat::ChatResponse;
use crate::cost::{Cost, Spent};

/// What happened in a tool loop: each response of the model and each call, with their cost.
///
/// [`ToolLoop`](super::ToolLoop) returns it, and so does [`Error::transcript`](crate::Error::transcript) if the loop
/// ended with an error.
#[derive(Debug, Clone)]
pub struct Transcript {
    pub(super) messages: Vec<ChatMessage>,
    pub(super) rounds: Vec<Round>,
    pub(super) incomplete: Option<Box<ChatResponse>>,
    pub(super) spent: Spent,
    pub(super) end: Option<LoopEnd>,
}

impl Transcript {
    pub(super) fn new(messages: Vec<ChatMessage>) -> Self {
        Self {
            messages,
            rounds: Vec::new(),
            incomplete: None,
            spent: Spent::default(),
            end: None,
        }
    }

    /// Returns the text of the last complete response, which is the model's answer if the loop is
    /// [finished](LoopEnd::Finished).
    pub fn text(&self) -> Cow<'_, str> {
        self.response().map(ChatResponse::text).unwrap_or_default()
    }

    /// Returns the last complete response. `None` if there is none, because the first call failed.
    pub fn response(&self) -> Option<&ChatResponse> {
        self.rounds.last().map(Round::response)
    }

    /// Returns the complete responses, each with its calls.
    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// Returns all messages: those of the request, the model's responses and the results of its calls.
    ///
    /// They are a valid conversation, which further requests can continue, even if the loop ended with an error: each
    /// call has a result. A call that did not run to its end has a result that says so.
    pub fn messages(&self) -> &[ChatMessage] {
        &self.messages
    }

    /// Converts into all messages. See [`messages`](Self::messages).
    pub fn into_messages(self) -> Vec<ChatMessage> {
        self.messages
    }

    /// Returns the part of a streamed response that arrived before the loop ended.
    pub fn incomplete_response(&self) -> Option<&ChatResponse> {
        self.incomplete.as_deref()
    }

    /// Returns the tokens and the cost of all responses, including those that were cut off or lost.
    pub fn spent(&self) -> &Spent {
        &self.spent
    }

    /// Returns why the loop ended. `None` if it runs.
    pub fn end(&self) -> Option<LoopEnd> {
        self.end
    }
}

/// A response of the model and the calls that it requests.
#[derive(Debug, Clone)]
pub struct Round {
    pub(super) response: ChatResponse,
    pub(super) calls: Vec<FinishedCall>,
    pub(super) cost: Cost,
}

impl Round {
    /// Returns the response.
    pub fn response(&self) -> &ChatResponse {
        &self.response
    }

    /// Returns the calls of the response and their results, in the order of the response. Empty while the calls run.
    pub fn calls(&self) -> &[FinishedCall] {
        &self.calls
    }

    /// Returns the cost of the response. If the service does not report it, it is estimated, provided that the client
    /// has a [`Meter`](crate::Meter) with prices.
    pub fn cost(&self) -> Cost {
        self.cost
    }
}

/// A call that is about to run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PendingCall {
    /// The id of the call.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The arguments: a JSON object.
    pub arguments: Value,
    /// The number of the round, from 1.
    pub round: u32,
}

/// A call and its result.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FinishedCall {
    /// The id of the call.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The arguments that the tool ran with, after a change by the hook. `null` if they could not be read.
    pub arguments: Value,
    /// What the model receives. Errors begin with `Error: `.
    pub content: String,
    /// How the call ended.
    pub outcome: CallOutcome,
}

impl FinishedCall {
    /// Returns the message that the model receives.
    pub fn message(&self) -> ChatMessage {
        let mut message = ChatMessage::new(Role::Tool);
        message.tool_call_id = Some(self.id.clone());
        message.content = Some(self.content.as_str().into());
        message
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallOutcome {
    /// The tool returned a value.
    Returned,
    /// The tool returned an error.
    Failed,
    /// The tool panicked. The message of the panic is not sent to the model. Not with `panic = "abort"`.
    Panicked,
    /// The tool did not return before its timeout.
    TimedOut,
    /// The arguments are not a JSON object, or do not fit the tool. The tool did not run.
    InvalidArguments,
    /// There is no tool of that name.
    UnknownTool,
    /// The hook denied the call. The tool did not run.
    Denied,
    /// The loop ended before the call began. The tool did not run.
    NotRun,
    /// The loop ended while the call ran. The tool was dropped.
    Cancelled,
}

impl CallOutcome {
    /// Returns whether the result is an error for the model: everything but [`Returned`](Self::Returned).
    pub fn is_error(self) -> bool {
        self != Self::Returned
    }
}

/// Why a tool loop ended. Every end but [`Finished`](Self::Finished) is an error, which has the [`Transcript`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoopEnd {
    /// The last response is the answer: it requests no calls.
    Finished,
    /// The model was not done after the maximum number of responses.
    RoundLimit,
    /// The responses used as many tokens as allowed, and the model was not done.
    TokenLimit,
    /// There is a token limit, and a response does not state its tokens.
    TokensUnknown,
    /// The responses cost as much as allowed, and the model was not done.
    CostLimit,
    /// There is a cost limit, and the cost of a response is unknown.
    CostUnknown,
    /// The time limit was reached.
    TimeLimit,
    /// A response was cut off, by its own token limit or by a filter. If it has calls, they did not run, because they may
    /// be incomplete.
    Truncated,
    /// A response has neither calls nor an answer.
    NoAnswer,
    /// The hook stopped the loop.
    Stopped,
    /// A request failed.
    Failed,
    /// [`ToolLoop::cancel_on`](super::ToolLoop::cancel_on) or [`ToolStream::cancel`](super::ToolStream::cancel) ended the
    /// loop.
    Cancelled,
}

impl LoopEnd {
    /// Describes an end that is neither `Finished` nor `Failed`.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Finished => "the loop is finished",
            Self::RoundLimit => "the round limit was reached",
            Self::TokenLimit => "the token limit was reached",
            Self::TokensUnknown => {
                "a response does not state its tokens, and there is a token limit"
            }
            Self::CostLimit => "the cost limit was reached",
            Self::CostUnknown => "the cost of a response is unknown, and there is a cost limit",
            Self::TimeLimit => "the time limit was reached",
            Self::Truncated => "a response was cut off by its token limit or a filter",
            Self::NoAnswer => "a response has neither tool calls nor an answer",
            Self::Stopped => "the hook stopped the loop",
            Self::Failed => "a request failed",
            Self::Cancelled => "the loop was cancelled",
        }
    }
}

impl fmt::Display for LoopEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}
