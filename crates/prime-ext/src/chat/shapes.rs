//! Rewrites responses and chunks of other shapes into the documented one.
//!
//! Some servers answer a request for a stream with a complete response, or the reverse. Others send the text without a
//! message, one choice without a list, or the usage within a choice. Numbers keep their digits, because the JSON of
//! unaffected values is copied.

use std::borrow::Cow;
use std::collections::BTreeMap;

use openapi_runtime::Warning;
use openapi_runtime::lenient::{self, RawValue};

use super::values::has_too_many_values;

/// The field of a choice that holds its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// In a complete response.
    Message,
    /// In a chunk.
    Delta,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Delta => "delta",
        }
    }
}

type Object<'a> = BTreeMap<Cow<'a, str>, Cow<'a, RawValue>>;

/// Rewrites the JSON of a response or chunk such that its contents are in `choices`, under the name of `part`. Returns
/// `None` if it has no contents in another place, or too many values to be rewritten in bounded memory.
pub(super) fn rewrite(json: &[u8], part: Part) -> Option<(String, Vec<Warning>)> {
    let (json, mut warnings) = lenient::sanitize_json(json);
    if has_too_many_values(&json) {
        return None;
    }
    let mut object: Object<'_> = serde_json::from_str(&json).ok()?;
    let mut choices: Vec<Object<'_>> = Vec::new();
    let mut changed = false;
    if let Some(list) = object.get("choices") {
        // A single choice may stand without a list.
        choices = serde_json::from_str(list.get())
            .or_else(|_| serde_json::from_str(list.get()).map(|only| vec![only]))
            .unwrap_or_default();
    }
    if choices.is_empty() {
        let mut only = Object::new();
        for name in ["message", "delta", "text"] {
            if let Some(value) = object.get(name).filter(|value| is_contents(name, value)) {
                only.insert(name.into(), value.clone());
            }
        }
        if only.is_empty() {
            return None;
        }
        if let Some(reason) = object.get("finish_reason") {
            only.insert("finish_reason".into(), reason.clone());
        }
        warnings.push(Warning::new(
            "choices",
            "missing; the contents are beside it",
        ));
        choices.push(only);
        changed = true;
    }
    let mut usage = None;
    for (index, choice) in choices.iter_mut().enumerate() {
        if let Some(name) = move_contents(choice, part) {
            let path = format!("choices[{index}].{}", part.name());
            warnings.push(Warning::new(path, format!("missing; read from `{name}`")));
            changed = true;
        }
        usage = choice
            .get("usage")
            .filter(|usage| !is_empty(usage))
            .cloned()
            .or(usage);
    }
    if let Some(usage) = usage
        && object.get("usage").is_none_or(|usage| is_empty(usage))
    {
        warnings.push(Warning::new("usage", "missing; read from a choice"));
        object.insert("usage".into(), usage);
        changed = true;
    }
    if !changed {
        return None;
    }
    let choices = serde_json::value::to_raw_value(&choices).ok()?;
    object.insert("choices".into(), Cow::Owned(choices));
    Some((serde_json::to_string(&object).ok()?, warnings))
}

/// Moves the contents of a choice to where they should be. Returns the name of the field that had them.
fn move_contents(choice: &mut Object<'_>, part: Part) -> Option<&'static str> {
    if choice
        .get(part.name())
        .is_some_and(|value| is_contents(part.name(), value))
    {
        return None;
    }
    let found = ["message", "delta", "text"].into_iter().find_map(|name| {
        let value = choice.get(name).filter(|value| is_contents(name, value))?;
        Some((name, value.clone()))
    });
    let (name, value) = found?;
    let contents = match name {
        "text" => {
            let message = format!("{{\"content\":{}}}", value.get());
            Cow::Owned(RawValue::from_string(message).ok()?)
        }
        _ => value,
    };
    choice.remove(name);
    choice.insert(part.name().into(), contents);
    Some(name)
}

/// Removes the delta of each choice that has a message: some servers send both in a complete response, and leave the
/// delta empty. Returns `None` if there is none.
fn remove_deltas(json: &str) -> Option<String> {
    let mut object: Object<'_> = serde_json::from_str(json).ok()?;
    let mut choices: Vec<Object<'_>> = serde_json::from_str(object.get("choices")?.get()).ok()?;
    let mut changed = false;
    for choice in &mut choices {
        let message = choice.get("message");
        if message.is_some_and(|message| is_contents("message", message)) {
            changed |= choice.remove("delta").is_some();
        }
    }
    let choices = serde_json::value::to_raw_value(&choices).ok()?;
    object.insert("choices".into(), Cow::Owned(choices));
    changed.then(|| serde_json::to_string(&object).ok())?
}

/// Returns whether a value is what a field with contents should have: a text or an object.
fn is_contents(name: &str, value: &RawValue) -> bool {
    let begin = if name == "text" { '"' } else { '{' };
    value.get().starts_with(begin)
}

/// Returns whether a usage is missing: `null` or an empty object.
fn is_empty(usage: &RawValue) -> bool {
    !usage.get().starts_with('{') || usage.get()[1..].trim_start().starts_with('}')
}

/// Returns the JSON values of a body that is not an event stream, if they are parts of an answer: one complete response,
/// a list of chunks, or one value on each line. The second value is the rest after the last complete value.
fn values(body: &str) -> Option<(Vec<&RawValue>, &str)> {
    let mut stream = serde_json::Deserializer::from_str(body).into_iter::<&RawValue>();
    let mut values = Vec::new();
    while let Some(Ok(value)) = stream.next() {
        values.push(value);
    }
    let rest = body[stream.byte_offset()..].trim();
    if let [only] = values[..]
        && let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(only.get())
    {
        values = list;
    }
    let first: Object<'_> = serde_json::from_str(values.first()?.get()).ok()?;
    let has_contents = first.iter().any(|(name, value)| match &**name {
        "choices" => value.get().starts_with(['[', '{']),
        "message" | "delta" | "text" => is_contents(name, value),
        _ => false,
    });
    let is_error = first
        .get("error")
        .is_some_and(|error| error.get() != "null");
    (has_contents && !is_error).then_some((values, rest))
}

/// Returns a body that is not an event stream as the events of one, if it is a response or consists of chunks.
pub(super) fn to_events(body: &[u8]) -> Option<(String, Vec<Warning>)> {
    let (json, warnings) = lenient::sanitize_json(body);
    let (values, rest) = values(&json)?;
    let mut texts: Vec<Cow<'_, str>> = values.iter().map(|value| value.get().into()).collect();
    let mut is_response = false;
    if let [only] = &mut texts[..] {
        if let Some(response) = remove_deltas(only) {
            *only = response.into();
        }
        is_response = rewrite(only.as_bytes(), Part::Delta).is_some();
    }
    let mut events = String::with_capacity(json.len() + 16 * texts.len());
    for text in texts {
        events.push_str("data: ");
        // Strings contain no line breaks.
        events.extend(
            text.chars()
                .map(|c| if c == '\n' || c == '\r' { ' ' } else { c }),
        );
        events.push_str("\n\n");
    }
    if !rest.is_empty() {
        events.push_str("data: ");
        events.push_str(rest);
    } else if is_response {
        events.push_str("data: [DONE]\n\n");
    }
    Some((events, warnings))
}
