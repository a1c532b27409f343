//! Secrets that do not belong into a configuration, which is stored and shown.

use serde_json::{Map, Value};

/// Names of secrets, without regard to case, `_` and `-`, and where they belong.
const NAMES: [(&str, &str); 8] = [
    ("wandbapikey", WANDB),
    ("wandbkey", WANDB),
    ("wandbtoken", WANDB),
    ("hftoken", HF),
    ("hfhubtoken", HF),
    ("huggingfacetoken", HF),
    ("huggingfacehubtoken", HF),
    (
        "primeapikey",
        "take it out: the platform gives the run a key of its own",
    ),
];

const WANDB: &str = "give it to `CreateRun::wandb_api_key`";
const HF: &str = "give it to `CreateRun::hf_token`";

/// Refuses a configuration in which a secret stands; the reason says where, and not what.
pub(super) fn refuse(config: &Map<String, Value>) -> Result<(), String> {
    config
        .iter()
        .try_for_each(|(key, value)| look(key, key, value))
}

fn look(place: &str, key: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => match advice(key) {
            Some(advice) => Err(format!(
                "{place} is a secret, and a configuration is stored and shown: {advice}"
            )),
            None => Ok(()),
        },
        Value::Object(fields) => fields
            .iter()
            .try_for_each(|(key, value)| look(&format!("{place}.{key}"), key, value)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| look(&format!("{place}[{index}]"), key, item)),
        _ => Ok(()),
    }
}

/// Where a secret of this name belongs; nothing if the name is not one of a secret's.
pub(super) fn advice(key: &str) -> Option<&'static str> {
    let plain: String = key
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let name = NAMES.iter().find(|(name, _)| *name == plain);
    name.map(|(_, advice)| *advice)
}
