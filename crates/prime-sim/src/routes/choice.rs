//! One choice of a chat completion.

use pinference_api::types::{FinishReason, Logprobs, TokenLogprob, TopLogprob};

use crate::errors::{ApiError, inference};
use crate::ids::{Ids, mix};
use crate::replies::Message;
use crate::routes::request::ChatRequest;
use crate::shapes::{ReasoningField, ToolCallShape};
use crate::state::models::{ECHO, reasoning_field};
use crate::{instance, text, tokens};

/// One choice of a chat completion, split into tokens.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) reasoning: Vec<String>,
    pub(crate) reasoning_as: ReasoningField,
    pub(crate) tokens: Vec<String>,
    pub(crate) calls: Vec<Call>,
    pub(crate) shapes: Vec<ToolCallShape>,
    pub(crate) refusal: Option<String>,
    pub(crate) finish: FinishReason,
    /// The number of top log probabilities per token, if they are requested.
    pub(crate) logprobs: Option<usize>,
}

/// A tool call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
}

impl Choice {
    /// Applies the request's `stop` and token limit to a message.
    pub(crate) fn new(mut message: Message, request: &ChatRequest, ids: &Ids) -> Self {
        let text = message.text.as_mut();
        let stops = request.stop.iter().filter(|stop| !stop.is_empty());
        if let Some(text) = text
            && let Some(end) = stops.filter_map(|stop| text.find(stop)).min()
        {
            text.truncate(end);
        }
        let mut remaining = request.max_tokens.unwrap_or(usize::MAX);
        let mut truncated = false;
        let mut limited = |text: &str| {
            let mut tokens = tokens::tokens(text);
            truncated |= tokens.len() > remaining;
            tokens.truncate(remaining);
            remaining -= tokens.len();
            tokens.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let reasoning = limited(message.reasoning.as_deref().unwrap_or_default());
        let tokens = limited(message.text.as_deref().unwrap_or_default());
        let has = |shape| message.shapes.contains(&shape);
        let max_calls = if has(ToolCallShape::FunctionCall) {
            1
        } else {
            usize::MAX
        };
        let calls: Vec<_> = message
            .calls
            .into_iter()
            .take(max_calls)
            .map(|(name, mut arguments)| {
                for shape in &message.shapes {
                    shape.change_text(&mut arguments);
                }
                Call {
                    id: ids.id("call_"),
                    name,
                    arguments: limited(&arguments),
                }
            })
            .collect();
        truncated |= has(ToolCallShape::CutOffArguments) && !calls.is_empty();
        let finish = match message.finish {
            Some(finish) => FinishReason::from(finish.as_str()),
            None if truncated => FinishReason::Length,
            None if calls.is_empty() => FinishReason::Stop,
            None if has(ToolCallShape::FunctionCall) => FinishReason::from("function_call"),
            None => FinishReason::ToolCalls,
        };
        Self {
            reasoning,
            reasoning_as: message.reasoning_as,
            tokens,
            calls,
            shapes: message.shapes,
            refusal: message.refusal,
            finish,
            logprobs: request.logprobs,
        }
    }

    /// Returns whether the tool calls have a shape.
    pub(crate) fn has(&self, shape: ToolCallShape) -> bool {
        self.shapes.contains(&shape)
    }

    /// Returns the number of tokens.
    pub(crate) fn count(&self) -> usize {
        let calls = self.calls.iter().map(|call| call.arguments.len());
        self.reasoning.len() + self.tokens.len() + calls.sum::<usize>()
    }

    /// Returns the log probabilities of some tokens, if they are requested.
    pub(crate) fn logprobs(&self, tokens: &[String]) -> Option<Logprobs> {
        let top = self.logprobs?;
        let content = tokens.iter().map(|token| logprob(token, top));
        let mut logprobs = Logprobs::default();
        logprobs.content = Some(content.collect());
        Some(logprobs)
    }
}

/// Returns the log probability of a token. It depends only on the token.
fn logprob(token: &str, top: usize) -> TokenLogprob {
    let hash = token
        .bytes()
        .fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
    let bytes = |token: &str| Some(token.bytes().map(i64::from).collect());
    let of = |token: &str, logprob: f64| {
        let mut alternative = TopLogprob::new(token);
        alternative.logprob = Some(logprob);
        alternative.bytes = bytes(token);
        alternative
    };
    // From -0.001 to -1.000.
    let thousandths = u32::try_from(hash % 1_000).unwrap_or(0) + 1;
    let logprob = -f64::from(thousandths) / 1_000.0;
    let others = (1_u32..).zip([" the", " a", ".", ","].iter().cycle());
    let others = others
        .take(top.saturating_sub(1))
        .map(|(rank, other)| of(other, -f64::from(thousandths + 1_000 * rank) / 1_000.0));
    let own = (top > 0).then(|| of(token, logprob));
    let mut entry = TokenLogprob::new(token);
    entry.logprob = Some(logprob);
    entry.bytes = bytes(token);
    entry.top_logprobs = Some(own.into_iter().chain(others).collect());
    entry
}

/// Returns the scripted or generated message of a choice.
pub(crate) fn message(
    reply: Option<Message>,
    request: &ChatRequest,
    seed: u64,
    choice: usize,
) -> Result<Message, ApiError> {
    let mut message = match reply {
        Some(reply) => reply,
        None => generated(request, seed, choice)?,
    };
    if message.echo {
        message.text = Some(request.conversation.question.clone());
    }
    Ok(message)
}

fn generated(request: &ChatRequest, seed: u64, choice: usize) -> Result<Message, ApiError> {
    let mut message = Message::default();
    if request.reasoning {
        message.reasoning = Some("The question is easy, and so is the answer.".to_owned());
        message.reasoning_as = reasoning_field(&request.model);
    }
    if request.model == ECHO {
        message.echo = true;
        return Ok(message);
    }
    message.calls = calls(request)?;
    if !message.calls.is_empty() {
        return Ok(message);
    }
    let conversation = &request.conversation;
    message.text = Some(match (&request.schema, &conversation.tool_results[..]) {
        (Some(schema), _) => {
            let value = instance::generate(schema).ok_or_else(|| {
                let param = "response_format.json_schema.schema";
                let message = "the simulator cannot generate an instance of the schema; script \
                               one with `on_chat(…).reply(…)`";
                inference::param(param, message)
            })?;
            value.to_string()
        }
        (None, []) => {
            let answer = text::answer(seed, &conversation.question, choice);
            answer + &text::attachments(conversation.attachments)
        }
        (None, [result]) => format!("The tool says: {result}"),
        (None, results) => format!("The tools say: {}", results.join("; ")),
    });
    Ok(message)
}

/// Returns a call of each tool that the question mentions. If a call is required and the question
/// mentions none, it is the first tool.
fn calls(request: &ChatRequest) -> Result<Vec<(String, String)>, ApiError> {
    if !request.conversation.tool_results.is_empty() && !request.must_call {
        return Ok(Vec::new());
    }
    let question = request.conversation.question.to_lowercase();
    let is_mentioned = |name: &str| {
        let words = name.split(|c: char| !c.is_alphanumeric());
        words
            .filter(|word| word.len() > 3)
            .any(|word| question.contains(&word.to_lowercase()))
    };
    let tools = request.tools.iter();
    let mut tools: Vec<_> = tools.filter(|(name, _)| is_mentioned(name)).collect();
    if tools.is_empty() && request.must_call {
        tools.extend(request.tools.first());
    }
    if !request.parallel_calls {
        tools.truncate(1);
    }
    let calls = tools.into_iter().map(|(name, schema)| {
        let arguments = instance::generate(schema).ok_or_else(|| {
            let message = format!("the simulator cannot generate arguments for '{name}'");
            inference::param("tools", &message)
        })?;
        Ok((name.clone(), arguments.to_string()))
    });
    calls.collect()
}
