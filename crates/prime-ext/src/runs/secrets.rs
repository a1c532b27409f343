//! Refuses secrets in a configuration, which is stored and shown.

use serde_json::{Map, Value};

/// Names of secrets that a field of the request exists for, and what to do instead. Names are compared without
/// regard to case, `_`, `-` and spaces.
const FIELDS_OF_THE_REQUEST: [(&str, &str); 8] = [
    ("wandbapikey", WANDB),
    ("wandbkey", WANDB),
    ("wandbtoken", WANDB),
    ("hftoken", HF),
    ("hfhubtoken", HF),
    ("huggingfacetoken", HF),
    ("huggingfacehubtoken", HF),
    (
        "primeapikey",
        "remove it: the platform gives the run a key of its own",
    ),
];

const WANDB: &str = "pass it to `CreateRun::wandb_api_key`";
const HF: &str = "pass it to `CreateRun::hf_token`";
const OTHER: &str = "remove it";

/// How names of other secrets end. Not `token` alone: `pad_token` is none.
const ENDINGS: [&str; 13] = [
    "apikey",
    "secretkey",
    "privatekey",
    "secretaccesskey",
    "secret",
    "password",
    "passwd",
    "apitoken",
    "authtoken",
    "accesstoken",
    "sessiontoken",
    "githubtoken",
    "ghtoken",
];

/// Refuses a configuration that contains a secret. The reason names its place, not its value.
pub(super) fn refuse(config: &Map<String, Value>) -> Result<(), String> {
    check_object("", "", config)
}

/// What to do instead of passing a secret of this name as a field that the request does not have.
pub(super) fn misplaced(field: &str) -> Option<&'static str> {
    let name = normalized(field);
    let known = FIELDS_OF_THE_REQUEST
        .iter()
        .find(|(known, _)| *known == name);
    known.map(|(_, advice)| *advice)
}

/// What to do with a secret of this name; `None` if it is not the name of one.
fn advice(name: &str, section: &str) -> Option<&'static str> {
    if let Some(advice) = misplaced(name) {
        return Some(advice);
    }
    let normalized = normalized(name);
    if !ENDINGS.iter().any(|ending| normalized.ends_with(ending)) {
        return None;
    }
    // `[wandb] api_key`
    let is_wandb = normalized.contains("wandb") || section.eq_ignore_ascii_case("wandb");
    Some(if is_wandb { WANDB } else { OTHER })
}

fn normalized(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn refused(place: &str, advice: &str) -> String {
    format!("{place} is a secret, and a configuration is stored and shown: {advice}")
}

fn check_object(place: &str, section: &str, fields: &Map<String, Value>) -> Result<(), String> {
    // `{name = "HF_TOKEN", value = "…"}`
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    let names = ["name", "key", "variable"].into_iter().filter_map(text);
    if text("value").is_some_and(is_set) {
        for name in names {
            if let Some(advice) = advice(name, section) {
                return Err(refused(&format!("{place}.value (of {name})"), advice));
            }
        }
    }
    for (key, value) in fields {
        let place = match place {
            "" => key.clone(),
            place => format!("{place}.{key}"),
        };
        check(&place, key, section, value)?;
    }
    Ok(())
}

fn check(place: &str, key: &str, section: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) => match advice(key, section) {
            Some(advice) if is_set(text) => Err(refused(place, advice)),
            _ => check_assignments(place, text),
        },
        Value::Object(fields) => check_object(place, key, fields),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let place = format!("{place}[{index}]");
                check(&place, key, section, item)?;
                // `["--hf-token", "…"]`
                let flag = item.as_str().filter(|item| item.starts_with('-'));
                let next = items.get(index + 1).and_then(Value::as_str);
                if let (Some(flag), Some(next)) = (flag, next)
                    && let Some(advice) = advice(flag, section)
                    && is_set(next)
                {
                    return Err(refused(&format!("{place} (the value of {flag})"), advice));
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Refuses `HF_TOKEN=…`, also as one of several words.
fn check_assignments(place: &str, text: &str) -> Result<(), String> {
    for word in text.split([' ', '\t', '\n', '\r', ';', ',', '&', '?']) {
        let word = word.trim_matches(['"', '\'']);
        if let Some((name, value)) = word.split_once('=')
            && let Some(advice) = advice(name, "")
            && is_set(value)
        {
            return Err(refused(&format!("{name} in {place}"), advice));
        }
    }
    Ok(())
}

/// Whether a text is a value, and not a placeholder or the name of a variable that holds it.
fn is_set(text: &str) -> bool {
    let text = text.trim().trim_matches(['"', '\'']);
    !text.is_empty()
        && !text.starts_with('$')
        && !["none", "null", "empty"].contains(&text.to_ascii_lowercase().as_str())
}
