//! Parses and validates a chat request.

use serde_json::{Map, Value};

use crate::document;
use crate::errors::{ApiError, inference};
use crate::operation::Operation;
use crate::tokens;

type Fields = Map<String, Value>;

/// A valid chat request.
#[derive(Debug)]
pub(crate) struct ChatRequest {
    /// The body as received.
    pub(crate) body: Value,
    pub(crate) model: String,
    /// The last user message.
    pub(crate) question: String,
    /// The tool result, if that is the last message.
    pub(crate) tool_result: Option<String>,
    pub(crate) prompt_tokens: i64,
    pub(crate) choices: usize,
    pub(crate) max_tokens: Option<usize>,
    pub(crate) stop: Vec<String>,
    pub(crate) stream: bool,
    /// Whether the stream includes usage.
    pub(crate) stream_usage: bool,
    /// The number of top log probabilities per token, if they are requested.
    pub(crate) logprobs: Option<usize>,
    pub(crate) reasoning: bool,
    /// The names and schemas of the available tools.
    pub(crate) tools: Vec<(String, Value)>,
    /// Whether a tool call is required.
    pub(crate) must_call: bool,
    /// The schema of the answer.
    pub(crate) schema: Option<Value>,
}

impl ChatRequest {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let body: Value =
            serde_json::from_slice(body).map_err(|error| inference::json(&error.to_string()))?;
        let Value::Object(fields) = &body else {
            return Err(inference::json("expected an object"));
        };
        let problems = document::body(Operation::CreateChatCompletion, &body);
        if let Some(problem) = problems
            .iter()
            .find(|problem| !is_developer(&body, &problem.param))
        {
            let message = format!("'{}': {}", problem.param, problem.message);
            return Err(inference::param(&problem.param, &message));
        }
        // Common limits that are not part of the specification.
        number(fields, "top_p", 0.0, 1.0)?;
        number(fields, "presence_penalty", -2.0, 2.0)?;
        number(fields, "frequency_penalty", -2.0, 2.0)?;
        let max = [
            integer(fields, "max_tokens", 1, i64::MAX)?,
            integer(fields, "max_completion_tokens", 1, i64::MAX)?,
        ];
        let choices = integer(fields, "n", 1, 128)?.unwrap_or(1);
        let top_logprobs = integer(fields, "top_logprobs", 0, 20)?;
        let (question, tool_result, prompt_tokens) = messages(fields)?;
        let (tools, must_call) = tools(fields)?;
        let model = fields.get("model").and_then(Value::as_str);
        Ok(Self {
            model: model.unwrap_or_default().to_owned(),
            question,
            tool_result,
            prompt_tokens,
            choices: usize::try_from(choices).unwrap_or(1),
            max_tokens: max
                .into_iter()
                .flatten()
                .min()
                .map(|max| usize::try_from(max).unwrap_or(usize::MAX)),
            stop: stop(fields),
            stream: flag(fields, "stream"),
            stream_usage: inner_flag(fields, "stream_options", "include_usage")
                || inner_flag(fields, "usage", "include"),
            logprobs: flag(fields, "logprobs")
                .then(|| usize::try_from(top_logprobs.unwrap_or(0)).unwrap_or(0)),
            reasoning: given(fields, "reasoning_effort").is_some_and(|effort| effort != "none"),
            tools,
            must_call,
            schema: schema(fields)?,
            body,
        })
    }
}

/// Returns whether `param` is a `developer` role. Clients send this role, but the specification
/// lacks it.
fn is_developer(body: &Value, param: &str) -> bool {
    let index = param.strip_prefix("messages[");
    let index = index.and_then(|rest| rest.strip_suffix("].role")?.parse::<usize>().ok());
    index.is_some_and(|index| body["messages"][index]["role"] == "developer")
}

/// Returns a parameter unless it is missing or null.
fn given<'a>(fields: &'a Fields, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn invalid<T>(param: &str, expected: &str) -> Result<T, ApiError> {
    Err(inference::param(
        param,
        &format!("'{param}' must be {expected}"),
    ))
}

fn number(fields: &Fields, name: &str, min: f64, max: f64) -> Result<(), ApiError> {
    match given(fields, name).and_then(Value::as_f64) {
        Some(number) if !(min..=max).contains(&number) => {
            invalid(name, &format!("a number from {min} to {max}"))
        }
        _ => Ok(()),
    }
}

/// Reads an integer. `1.0` is an integer.
fn integer(fields: &Fields, name: &str, min: i64, max: i64) -> Result<Option<i64>, ApiError> {
    let Some(number) = given(fields, name) else {
        return Ok(None);
    };
    #[allow(clippy::cast_possible_truncation)]
    let number = number
        .as_i64()
        .or(number.as_f64().map(|number| number as i64));
    match number {
        Some(number) if (min..=max).contains(&number) => Ok(Some(number)),
        _ if max == i64::MAX => invalid(name, &format!("at least {min}")),
        _ => invalid(name, &format!("from {min} to {max}")),
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

/// Returns the last user message, the tool result after it, and the number of prompt tokens.
fn messages(fields: &Fields) -> Result<(String, Option<String>, i64), ApiError> {
    let messages = fields.get("messages").and_then(Value::as_array);
    let messages = messages.map_or(&[][..], Vec::as_slice);
    if messages.is_empty() {
        return invalid("messages", "an array of at least one message");
    }
    let mut question = String::new();
    let mut tool_result = None;
    let mut prompt_tokens = 0;
    for (index, message) in messages.iter().enumerate() {
        let text = content(message, index)?;
        // One more token for the role.
        prompt_tokens += tokens::count(&text) + 1;
        let role = message.get("role").and_then(Value::as_str);
        tool_result = (role == Some("tool")).then(|| text.clone());
        if role == Some("user") {
            question = text;
        }
    }
    Ok((question, tool_result, prompt_tokens))
}

/// Returns the text of a message. A message with tool calls, a function call or audio may have none.
fn content(message: &Value, index: usize) -> Result<String, ApiError> {
    match message.get("content") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => Ok(parts
            .iter()
            .filter_map(|part| part.get("text")?.as_str())
            .collect()),
        _ if message.get("tool_calls").is_some_and(Value::is_array) => Ok(String::new()),
        _ if ["function_call", "audio"]
            .iter()
            .any(|name| message.get(name).is_some_and(Value::is_object)) =>
        {
            Ok(String::new())
        }
        _ => invalid(&format!("messages[{index}].content"), "a string"),
    }
}

/// Returns the available tools and whether a call is required.
fn tools(fields: &Fields) -> Result<(Vec<(String, Value)>, bool), ApiError> {
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
            "required" => invalid("tool_choice", "'none' or 'auto' if there are no tools"),
            _ => invalid("tool_choice", "'none', 'auto', 'required' or a function"),
        },
        Some(choice) => {
            let named = choice.pointer("/function/name").and_then(Value::as_str);
            tools.retain(|(name, _)| Some(name.as_str()) == named);
            if tools.is_empty() {
                return invalid("tool_choice", "the name of one of the tools");
            }
            Ok((tools, true))
        }
    }
}

/// Returns the schema of a structured answer, if one is requested.
fn schema(fields: &Fields) -> Result<Option<Value>, ApiError> {
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
            None => invalid("response_format.json_schema.schema", "a JSON Schema"),
        },
        _ => invalid(
            "response_format.type",
            "'text', 'json_object' or 'json_schema'",
        ),
    }
}
