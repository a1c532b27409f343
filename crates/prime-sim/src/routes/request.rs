//! Parses and validates a chat request.

use serde_json::{Map, Value};

use crate::conversation::Conversation;
use crate::document;
use crate::errors::{ApiError, inference};
use crate::faults::REQUIRES_REASONING;
use crate::operation::Operation;

type Fields = Map<String, Value>;

/// A valid chat request.
#[derive(Debug)]
pub(crate) struct ChatRequest {
    /// The body as received.
    pub(crate) body: Value,
    pub(crate) model: String,
    pub(crate) conversation: Conversation,
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
    /// Whether several tool calls are allowed.
    pub(crate) parallel_calls: bool,
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
        let messages = fields.get("messages").and_then(Value::as_array);
        let messages = messages.map_or(&[][..], Vec::as_slice);
        if messages.is_empty() {
            return invalid("messages", "an array of at least one message");
        }
        let conversation = Conversation::read(messages)?;
        let (tools, must_call) = tools(fields)?;
        let model = fields.get("model").and_then(Value::as_str);
        let model = model.unwrap_or_default().to_owned();
        let reasoning = match given(fields, "reasoning_effort") {
            Some(effort) => effort != "none",
            None => model.starts_with(REQUIRES_REASONING),
        };
        Ok(Self {
            model,
            conversation,
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
            reasoning,
            tools,
            must_call,
            parallel_calls: given(fields, "parallel_tool_calls") != Some(&Value::Bool(false)),
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
            // One function, or the functions of `allowed_tools`.
            let allowed = choice.get("allowed_tools");
            let list = allowed.and_then(|allowed| allowed.get("tools")?.as_array());
            let list = list.map_or(std::slice::from_ref(choice), Vec::as_slice);
            let named = |tool: &Value, name: &str| tool["function"]["name"] == name;
            tools.retain(|(name, _)| list.iter().any(|tool| named(tool, name)));
            if tools.is_empty() {
                return invalid("tool_choice", "the name of one of the tools");
            }
            let must_call = allowed.is_none_or(|allowed| allowed["mode"] == "required");
            Ok((tools, must_call))
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
