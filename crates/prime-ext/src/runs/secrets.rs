//! Refuses secrets in configurations, because the service stores and displays them.

use std::fmt;

use serde_json::{Map, Value};

use super::path::Path;

/// Secrets that have their own field in the request, and what to do instead. Comparison ignores case, `_`, `-` and
/// spaces.
const KNOWN_SECRETS: [(&str, &str); 8] = [
    ("wandbapikey", WANDB),
    ("wandbkey", WANDB),
    ("wandbtoken", WANDB),
    ("hftoken", HF),
    ("hfhubtoken", HF),
    ("huggingfacetoken", HF),
    ("huggingfacehubtoken", HF),
    (
        "primeapikey",
        "remove it: the platform gives the run its own key",
    ),
];

const WANDB: &str = "pass it to `CreateRun::wandb_api_key`";
const HF: &str = "pass it to `CreateRun::hf_token`";
const OTHER: &str = "remove it";

/// Suffixes of the names of other secrets. `token` is not in the list because `pad_token` is not a secret.
const SECRET_SUFFIXES: [&str; 13] = [
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

/// Refuses a configuration that contains a secret. The message shows the path of the secret, but not its value.
pub(super) fn reject(config: &Map<String, Value>) -> Result<(), String> {
    check_object(&Path::Root, "", config)
}

/// Returns what to do with a known secret that was passed as an extra field of the request.
pub(super) fn misplaced(field: &str) -> Option<&'static str> {
    let name = normalized(field);
    let known = KNOWN_SECRETS.iter().find(|(known, _)| *known == name);
    known.map(|(_, advice)| *advice)
}

/// Returns what to do with a secret of this name, or `None` if it is not the name of a secret.
fn advice(name: &str, section: &str) -> Option<&'static str> {
    if let Some(advice) = misplaced(name) {
        return Some(advice);
    }
    let normalized = normalized(name);
    if !SECRET_SUFFIXES
        .iter()
        .any(|suffix| normalized.ends_with(suffix))
    {
        return None;
    }
    // `[wandb] api_key`
    let is_wandb = normalized.contains("wandb") || section.eq_ignore_ascii_case("wandb");
    Some(if is_wandb { WANDB } else { OTHER })
}

/// The maximum number of characters at the end of a name that are compared. The names of secrets are shorter.
const MAX_NAME_CHARS: usize = 256;

fn normalized(name: &str) -> String {
    let start = name.char_indices().rev().nth(MAX_NAME_CHARS - 1);
    name[start.map_or(0, |(at, _)| at)..]
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn refused(path: impl fmt::Display, advice: &str) -> String {
    format!("{path} is a secret, but configurations are stored and displayed; {advice}")
}

fn check_object(path: &Path<'_>, section: &str, fields: &Map<String, Value>) -> Result<(), String> {
    // `{name = "HF_TOKEN", value = "…"}`
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    let names = ["name", "key", "variable"].into_iter().filter_map(text);
    if text("value").is_some_and(is_set) {
        for name in names {
            if let Some(advice) = advice(name, section) {
                return Err(refused(format_args!("{path}.value (of {name})"), advice));
            }
        }
    }
    for (key, value) in fields {
        check(&Path::Key(path, key), key, section, value)?;
    }
    Ok(())
}

fn check(path: &Path<'_>, key: &str, section: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) => match advice(key, section) {
            Some(advice) if is_set(text) => Err(refused(path, advice)),
            _ => check_assignments(path, text),
        },
        Value::Object(fields) => check_object(path, key, fields),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let path = Path::Index(path, index);
                check(&path, key, section, item)?;
                // `["--hf-token", "…"]`
                let flag = item.as_str().filter(|item| item.starts_with('-'));
                let next = items.get(index + 1).and_then(Value::as_str);
                if let (Some(flag), Some(next)) = (flag, next)
                    && let Some(advice) = advice(flag, section)
                    && is_set(next)
                {
                    return Err(refused(
                        format_args!("{path} (the value of {flag})"),
                        advice,
                    ));
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Refuses assignments such as `HF_TOKEN=…` in a text.
fn check_assignments(path: &Path<'_>, text: &str) -> Result<(), String> {
    for word in text.split([' ', '\t', '\n', '\r', ';', ',', '&', '?']) {
        let word = word.trim_matches(['"', '\'']);
        if let Some((name, value)) = word.split_once('=')
            && let Some(advice) = advice(name, "")
            && is_set(value)
        {
            return Err(refused(format_args!("{name} in {path}"), advice));
        }
    }
    Ok(())
}

/// Returns whether a text is a value, not a placeholder or a reference to a variable.
fn is_set(text: &str) -> bool {
    let text = text.trim().trim_matches(['"', '\'']);
    !text.is_empty()
        && !text.starts_with('$')
        && !["none", "null", "empty"].contains(&text.to_ascii_lowercase().as_str())
}
