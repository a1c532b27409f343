//! What a chat request asks for, or which parameter is wrong.

use serde_json::{Map, Value};

use crate::document;
use crate::errors::{Refusal, inference};
use crate::operation::Operation;
use crate::tokens;

type Fields = Map<String, Value>;

/// A chat request that makes sense.
#[derive(Debug)]
pub(crate) struct Ask {
    /// The body as it came.
    pub(crate) body: Value,
    pub(crate) model: String,
    /// What the user said last.
    pub(crate) question: String,
    /// What a tool gave, if that is the last message.
    pub(crate) tool_result: Option<String>,
    pub(crate) prompt_tokens: i64,
    pub(crate) choices: usize,
    pub(crate) max_tokens: Option<usize>,
    pub(crate) stop: Vec<String>,
    pub(crate) stream: bool,
    /// Whether a stream ends with its usage.
    pub(crate) stream_usage: bool,
    /// How many likely tokens stand beside each, if log probabilities are asked for.
    pub(crate) logprobs: Option<usize>,
    pub(crate) reasons: bool,
    /// Names and schemas of the tools that may be called now.
    pub(crate) tools: Vec<(String, Value)>,
    /// Whether one of them has to be.
    pub(crate) must_call: bool,
    /// The schema that the answer has to fit.
    pub(crate) schema: Option<Value>,
}

impl Ask {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let body: Value =
            serde_json::from_slice(body).map_err(|error| inference::json(&error.to_string()))?;
        let Value::Object(fields) = &body else {
            return Err(inference::json("an object is expected"));
        };
        let problems = document::body(Operation::CreateChatCompletion, &body);
        if let Some(problem) = problems
            .iter()
            .find(|problem| !is_developer(&body, &problem.param))
        {
            let message = format!("'{}': {}", problem.param, problem.message);
            return Err(inference::param(&problem.param, &message));
        }
        // What no specification says, and every server of the kind does.
        number(fields, "top_p", 0.0, 1.0)?;
        number(fields, "presence_penalty", -2.0, 2.0)?;
        number(fields, "frequency_penalty", -2.0, 2.0)?;
        let most = [
            whole(fields, "max_tokens", 1, i64::MAX)?,
            whole(fields, "max_completion_tokens", 1, i64::MAX)?,
        ];
        let choices = whole(fields, "n", 1, 128)?.unwrap_or(1);
        let top_logprobs = whole(fields, "top_logprobs", 0, 20)?;
        let (question, tool_result, prompt_tokens) = messages(fields)?;
        let (tools, must_call) = tools(fields)?;
        let model = fields.get("model").and_then(Value::as_str);
        Ok(Self {
            model: model.unwrap_or_default().to_owned(),
            question,
            tool_result,
            prompt_tokens,
            choices: usize::try_from(choices).unwrap_or(1),
            max_tokens: most
                .into_iter()
                .flatten()
                .min()
                .map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            stop: stop(fields),
            stream: flag(fields, "stream"),
            stream_usage: inner_flag(fields, "stream_options", "include_usage")
                || inner_flag(fields, "usage", "include"),
            logprobs: flag(fields, "logprobs")
                .then(|| usize::try_from(top_logprobs.unwrap_or(0)).unwrap_or(0)),
            reasons: given(fields, "reasoning_effort").is_some_and(|effort| effort != "none"),
            tools,
            must_call,
            schema: schema(fields)?,
            body,
        })
    }
}

/// OpenAI's newer name for `system`, which clients send and the specification does not list.
fn is_developer(body: &Value, param: &str) -> bool {
    let place = param.strip_prefix("messages[");
    let place = place.and_then(|rest| rest.strip_suffix("].role")?.parse::<usize>().ok());
    place.is_some_and(|place| body["messages"][place]["role"] == "developer")
}

/// A parameter, unless it is missing or null.
fn given<'a>(fields: &'a Fields, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn wrong<T>(param: &str, expected: &str) -> Result<T, Refusal> {
    Err(inference::param(
        param,
        &format!("'{param}' must be {expected}"),
    ))
}

fn number(fields: &Fields, name: &str, least: f64, most: f64) -> Result<(), Refusal> {
    match given(fields, name).and_then(Value::as_f64) {
        Some(number) if !(least..=most).contains(&number) => {
            wrong(name, &format!("a number from {least} to {most}"))
        }
        _ => Ok(()),
    }
}

/// A number of which the specification says that it is whole: `1.0` is.
fn whole(fields: &Fields, name: &str, least: i64, most: i64) -> Result<Option<i64>, Refusal> {
    let Some(number) = given(fields, name) else {
        return Ok(None);
    };
    #[allow(clippy::cast_possible_truncation)]
    let number = number
        .as_i64()
        .or(number.as_f64().map(|number| number as i64));
    match number {
        Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
        _ if most == i64::MAX => wrong(name, &format!("at least {least}")),
        _ => wrong(name, &format!("from {least} to {most}")),
    }
}

fn flag(fields: &Fields, name: &str) -> bool {
    fields.get(name).and_then(Value::as_bool).unwrap_or(false)
}

fn inner_flag(fields: &Fields, name: &str, inner: &str) -> bool {
    let options = fields.get(name).and_then(Value::as_object);
    options.is_some_and(|options| flag(options, inner))
}

fn stop(fields: &Fields) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match given(fields, "stop") {
        Some(Value::Array(several)) => several.iter().filter_map(text).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// What the user said last, what a tool gave after it, and the tokens of all that was said.
fn messages(fields: &Fields) -> Result<(String, Option<String>, i64), Refusal> {
    let messages = fields.get("messages").and_then(Value::as_array);
    let messages = messages.map_or(&[][..], Vec::as_slice);
    if messages.is_empty() {
        return wrong("messages", "an array of at least one message");
    }
    let mut question = String::new();
    let mut tool_result = None;
    let mut prompt_tokens = 0;
    for (place, message) in messages.iter().enumerate() {
        let text = content(message, place)?;
        // One token more for who speaks.
        prompt_tokens += tokens::count(&text) + 1;
        let role = message.get("role").and_then(Value::as_str);
        tool_result = (role == Some("tool")).then(|| text.clone());
        if role == Some("user") {
            question = text;
        }
    }
    Ok((question, tool_result, prompt_tokens))
}

/// A message's text, given as a string or in parts. A message of tool calls has none.
fn content(message: &Value, place: usize) -> Result<String, Refusal> {
    match message.get("content") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => Ok(parts
            .iter()
            .filter_map(|part| part.get("text")?.as_str())
            .collect()),
        _ if message.get("tool_calls").is_some_and(Value::is_array) => Ok(String::new()),
        _ => wrong(&format!("messages[{place}].content"), "a string"),
    }
}

/// The tools that may be called, and whether one has to be.
fn tools(fields: &Fields) -> Result<(Vec<(String, Value)>, bool), Refusal> {
    let tools = given(fields, "tools").and_then(Value::as_array);
    let mut tools: Vec<_> = tools
        .into_iter()
        .flatten()
        .filter_map(|tool| {
            let function = tool.get("function")?;
            let schema = function.get("parameters").cloned();
            let name = function.get("name")?.as_str()?.to_owned();
            Some((name, schema.unwrap_or_else(|| Value::Object(Map::new()))))
        })
        .collect();
    match given(fields, "tool_choice") {
        None => Ok((tools, false)),
        Some(Value::String(choice)) => match choice.as_str() {
            "auto" => Ok((tools, false)),
            "none" => Ok((Vec::new(), false)),
            "required" if !tools.is_empty() => Ok((tools, true)),
            "required" => wrong("tool_choice", "another: there are no tools"),
            _ => wrong("tool_choice", "'none', 'auto', 'required' or a function"),
        },
        Some(choice) => {
            let named = choice.pointer("/function/name").and_then(Value::as_str);
            tools.retain(|(name, _)| Some(name.as_str()) == named);
            if tools.is_empty() {
                return wrong("tool_choice", "the name of one of the tools");
            }
            Ok((tools, true))
        }
    }
}

/// The schema of a structured answer, where one is asked for.
fn schema(fields: &Fields) -> Result<Option<Value>, Refusal> {
    let Some(format) = given(fields, "response_format") else {
        return Ok(None);
    };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(serde_json::json!({
            "type": "object",
            "required": ["answer"],
            "properties": { "answer": { "type": "string" } },
        }))),
        Some("json_schema") => match format.pointer("/json_schema/schema") {
            Some(schema) => Ok(Some(schema.clone())),
            None => wrong("response_format.json_schema.schema", "a JSON Schema"),
        },
        _ => wrong(
            "response_format.type",
            "'text', 'json_object' or 'json_schema'",
        ),
    }
}
