//! One of the answers to a chat request: what is said, in tokens.

use pinference_api::types::FinishReason;
use serde_json::{Value, json};

use crate::errors::{Refusal, inference};
use crate::ids::{Ids, mix};
use crate::replies::{Message, Said};
use crate::routes::ask::Ask;
use crate::state::models::ECHO;
use crate::{instance, text, tokens};

/// One of the answers to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reasoning: Vec<String>,
    pub(crate) tokens: Vec<String>,
    pub(crate) calls: Vec<Call>,
    pub(crate) refusal: Option<String>,
    pub(crate) finish: FinishReason,
    /// How many likely tokens stand beside each, if log probabilities are asked for.
    pub(crate) logprobs: Option<usize>,
}

/// A call of a tool.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
}

impl Answer {
    /// What is said, as far as the request's most tokens and stop sequences let it.
    pub(crate) fn new(mut message: Message, ask: &Ask, ids: &Ids) -> Self {
        let text = message.text.as_mut();
        let stops = ask.stop.iter().filter(|stop| !stop.is_empty());
        if let Some(text) = text
            && let Some(end) = stops.filter_map(|stop| text.find(stop)).min()
        {
            text.truncate(end);
        }
        let mut left = ask.max_tokens.unwrap_or(usize::MAX);
        let mut cut = false;
        let mut counted = |text: &str| {
            let mut tokens = tokens::tokens(text);
            cut |= tokens.len() > left;
            tokens.truncate(left);
            left -= tokens.len();
            tokens.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let reasoning = counted(message.reasoning.as_deref().unwrap_or_default());
        let tokens = counted(message.text.as_deref().unwrap_or_default());
        let calls: Vec<_> = message
            .calls
            .iter()
            .map(|(name, arguments)| Call {
                id: ids.id("call_"),
                name: name.clone(),
                arguments: counted(arguments),
            })
            .collect();
        let finish = match message.finish {
            Some(finish) => FinishReason::from(finish.as_str()),
            None if cut => FinishReason::Length,
            None if !calls.is_empty() => FinishReason::ToolCalls,
            None => FinishReason::Stop,
        };
        Self {
            reasoning,
            tokens,
            calls,
            refusal: message.refusal,
            finish,
            logprobs: ask.logprobs,
        }
    }

    /// The tokens of all of it.
    pub(crate) fn count(&self) -> usize {
        let calls = self.calls.iter().map(|call| call.arguments.len());
        self.reasoning.len() + self.tokens.len() + calls.sum::<usize>()
    }

    /// The log probabilities of some of its tokens, if they are asked for.
    pub(crate) fn logprobs(&self, tokens: &[String]) -> Option<Value> {
        let likely = self.logprobs?;
        let content: Vec<_> = tokens.iter().map(|token| logprob(token, likely)).collect();
        Some(json!({ "content": content, "refusal": null }))
    }
}

/// How likely a token was, as OpenAI writes it: always the same for the same token.
fn logprob(token: &str, likely: usize) -> Value {
    let hash = token
        .bytes()
        .fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
    let of = |token: &str, logprob: f64| json!({ "token": token, "logprob": logprob, "bytes": token.as_bytes() });
    // From -0.001 to -1.000, to the digit.
    let thousandths = u32::try_from(hash % 1_000).unwrap_or(0) + 1;
    let logprob = -f64::from(thousandths) / 1_000.0;
    let others = (1_u32..).zip([" the", " a", ".", ","].iter().cycle());
    let others = others
        .take(likely.saturating_sub(1))
        .map(|(rank, other)| of(other, -f64::from(thousandths + 1_000 * rank) / 1_000.0));
    let own = (likely > 0).then(|| of(token, logprob));
    let mut all = of(token, logprob);
    all["top_logprobs"] = own.into_iter().chain(others).collect();
    all
}

/// What the simulator says of its own accord, or was told to say. `choice` counts the answers to one
/// request.
pub(crate) fn message(
    said: Option<Said>,
    ask: &Ask,
    seed: u64,
    choice: usize,
) -> Result<Message, Refusal> {
    let text = match said {
        Some(Said::Message(message)) => return Ok(message),
        Some(Said::Echo) => ask.question.clone(),
        _ if ask.model == ECHO => ask.question.clone(),
        _ => {
            let calls = calls(ask)?;
            if !calls.is_empty() {
                let calls = Message {
                    calls,
                    ..Message::default()
                };
                return Ok(reasoned(calls, ask));
            }
            match (&ask.schema, &ask.tool_result) {
                (Some(schema), _) => {
                    let fitting = instance::of(schema).ok_or_else(|| {
                        let param = "response_format.json_schema.schema";
                        let message = "the simulator found no instance of it; give one with \
                                       `on_chat(…).reply(…)`";
                        inference::param(param, message)
                    })?;
                    fitting.to_string()
                }
                (None, Some(result)) => format!("The tool says: {result}"),
                (None, None) => text::answer(seed, &ask.question, choice),
            }
        }
    };
    let message = Message {
        text: Some(text),
        ..Message::default()
    };
    Ok(reasoned(message, ask))
}

fn reasoned(mut message: Message, ask: &Ask) -> Message {
    if ask.reasons {
        message.reasoning = Some("The question is easy, and so is the answer.".to_owned());
    }
    message
}

/// The tool that is called, where one has to be or the question speaks of one.
fn calls(ask: &Ask) -> Result<Vec<(String, String)>, Refusal> {
    if ask.tool_result.is_some() && !ask.must_call {
        return Ok(Vec::new());
    }
    let asked = ask.question.to_lowercase();
    let spoken_of = |name: &str| {
        let words = name.split(|c: char| !c.is_alphanumeric());
        words
            .filter(|word| word.len() > 3)
            .any(|word| asked.contains(&word.to_lowercase()))
    };
    let mut tools = ask.tools.iter();
    let Some((name, schema)) = tools.find(|(name, _)| ask.must_call || spoken_of(name)) else {
        return Ok(Vec::new());
    };
    let arguments = instance::of(schema).ok_or_else(|| {
        let message = format!("the simulator found no arguments that fit those of '{name}'");
        inference::param("tools", &message)
    })?;
    Ok(vec![(name.clone(), arguments.to_string())])
}
