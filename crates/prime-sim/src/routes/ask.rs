//! What a chat request asks for, or which parameter is wrong.

use pinference_api::types::Role;
use serde_json::{Map, Value};

use crate::errors::{Refusal, inference};
use crate::tokens;

type Fields = Map<String, Value>;

/// A chat request that makes sense.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) model: String,
    /// What the user said last.
    pub(crate) question: String,
    pub(crate) prompt_tokens: i64,
    pub(crate) choices: usize,
    pub(crate) max_tokens: Option<usize>,
    pub(crate) stop: Vec<String>,
    pub(crate) stream: bool,
    /// Whether a stream ends with its usage.
    pub(crate) stream_usage: bool,
}

impl Ask {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let body: Value =
            serde_json::from_slice(body).map_err(|error| inference::json(&error.to_string()))?;
        let Value::Object(fields) = body else {
            return Err(inference::json("an object is expected"));
        };
        let model = match fields.get("model") {
            Some(Value::String(model)) => model.clone(),
            Some(_) => return Err(inference::param("model", "'model' must be a string")),
            None => return Err(inference::param("model", "'model' is required")),
        };
        let (question, prompt_tokens) = messages(&fields)?;

        number(&fields, "temperature", 0.0, 2.0)?;
        number(&fields, "top_p", 0.0, 1.0)?;
        number(&fields, "presence_penalty", -2.0, 2.0)?;
        number(&fields, "frequency_penalty", -2.0, 2.0)?;
        whole(&fields, "seed", i64::MIN, i64::MAX)?;
        whole(&fields, "top_logprobs", 0, 20)?;
        flag(&fields, "logprobs")?;
        let most = [
            whole(&fields, "max_tokens", 1, i64::MAX)?,
            whole(&fields, "max_completion_tokens", 1, i64::MAX)?,
        ];
        let choices = whole(&fields, "n", 1, 128)?.unwrap_or(1);
        let stream_usage = inner_flag(&fields, "stream_options", "include_usage")?
            | inner_flag(&fields, "usage", "include")?;
        Ok(Self {
            model,
            question,
            prompt_tokens,
            choices: usize::try_from(choices).unwrap_or(1),
            max_tokens: most
                .into_iter()
                .flatten()
                .min()
                .map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            stop: stop(&fields)?,
            stream: flag(&fields, "stream")?,
            stream_usage,
        })
    }
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
    match given(fields, name).map(Value::as_f64) {
        None => Ok(()),
        Some(Some(number)) if (least..=most).contains(&number) => Ok(()),
        Some(_) => wrong(name, &format!("a number from {least} to {most}")),
    }
}

fn whole(fields: &Fields, name: &str, least: i64, most: i64) -> Result<Option<i64>, Refusal> {
    match given(fields, name).map(Value::as_i64) {
        None => Ok(None),
        Some(Some(number)) if (least..=most).contains(&number) => Ok(Some(number)),
        Some(Some(_)) if most == i64::MAX => wrong(name, &format!("at least {least}")),
        Some(Some(_)) => wrong(name, &format!("from {least} to {most}")),
        Some(None) => wrong(name, "an integer"),
    }
}

fn flag(fields: &Fields, name: &str) -> Result<bool, Refusal> {
    match given(fields, name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => wrong(name, "true or false"),
    }
}

fn inner_flag(fields: &Fields, name: &str, inner: &str) -> Result<bool, Refusal> {
    match given(fields, name) {
        None => Ok(false),
        Some(Value::Object(options)) => flag(options, inner),
        Some(_) => wrong(name, "an object"),
    }
}

fn stop(fields: &Fields) -> Result<Vec<String>, Refusal> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let stop = match given(fields, "stop") {
        None => Some(Vec::new()),
        Some(Value::Array(several)) => several.iter().map(text).collect(),
        Some(one) => text(one).map(|one| vec![one]),
    };
    stop.map_or_else(|| wrong("stop", "a string or an array of strings"), Ok)
}

/// What the user said last, and the tokens of all that was said.
fn messages(fields: &Fields) -> Result<(String, i64), Refusal> {
    let messages = match fields.get("messages") {
        Some(Value::Array(messages)) if !messages.is_empty() => messages,
        Some(Value::Array(_)) => return wrong("messages", "an array of at least one message"),
        Some(_) => return wrong("messages", "an array"),
        None => return Err(inference::param("messages", "'messages' is required")),
    };
    let mut question = String::new();
    let mut prompt_tokens = 0;
    for (place, message) in messages.iter().enumerate() {
        let at = format!("messages[{place}]");
        let Value::Object(message) = message else {
            return wrong(&at, "an object");
        };
        let role = role(message, &at)?;
        let text = content(message, &at)?;
        // One token more for who speaks.
        prompt_tokens += tokens::count(&text) + 1;
        if role == Role::User {
            question = text;
        }
    }
    Ok((question, prompt_tokens))
}

fn role(message: &Fields, at: &str) -> Result<Role, Refusal> {
    let at = format!("{at}.role");
    match message.get("role").and_then(Value::as_str).map(Role::from) {
        // OpenAI's newer name for `system`.
        Some(Role::Other(role)) if role == "developer" => Ok(Role::System),
        Some(Role::Other(_)) | None => {
            let listed = Role::LISTED.iter().map(Role::as_str).collect::<Vec<_>>();
            wrong(&at, &format!("one of {}", listed.join(", ")))
        }
        Some(role) => Ok(role),
    }
}

/// A message's text, given as a string or in parts. A message of tool calls has none.
fn content(message: &Fields, at: &str) -> Result<String, Refusal> {
    let at = format!("{at}.content");
    match given(message, "content") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => Ok(parts
            .iter()
            .filter_map(|part| part.get("text")?.as_str())
            .collect()),
        None if given(message, "tool_calls").is_some() => Ok(String::new()),
        _ => wrong(&at, "a string"),
    }
}
