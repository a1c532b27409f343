//! A run, as the official client shows it.

use prime_ext::Timestamp;
use prime_ext::prime_platform_api::types::Run;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::exit::Failure;
use crate::output::Style;
use crate::output::time::PythonTime;

/// A run as JSON, with the fields of the official client in its order. They are read from the names of the service.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
#[schemars(title = "Run")]
pub(super) struct RunView {
    id: String,
    name: Option<String>,
    user_id: Option<String>,
    team_id: Option<String>,
    #[serde(rename(deserialize = "rftClusterId"))]
    cluster_id: Option<String>,
    prime_cluster_id: Option<String>,
    status: String,
    kind: Option<String>,
    rollouts_per_example: Option<i64>,
    seq_len: Option<i64>,
    max_steps: Option<i64>,
    max_tokens: Option<i64>,
    batch_size: Option<i64>,
    #[serde(default = "rl")]
    loss: Option<Value>,
    #[serde(alias = "teacherConfig")]
    teacher: Option<Value>,
    base_model: Option<String>,
    #[serde(default)]
    environments: Vec<Value>,
    run_config: Option<Value>,
    eval_config: Option<Value>,
    val_config: Option<Value>,
    buffer_config: Option<Value>,
    learning_rate: Option<Value>,
    lora_alpha: Option<Value>,
    max_inflight_rollouts: Option<Value>,
    oversampling_factor: Option<Value>,
    max_async_level: Option<Value>,
    volume_name: Option<String>,
    gpu_count: Option<i64>,
    wandb_entity: Option<String>,
    wandb_project: Option<String>,
    wandb_run_name: Option<String>,
    runs_ahead: Option<i64>,
    queue_reason: Option<String>,
    notice: Option<String>,
    started_at: Option<PythonTime>,
    completed_at: Option<PythonTime>,
    error_message: Option<String>,
    created_at: PythonTime,
    updated_at: Option<PythonTime>,
    failure_analysis: Option<Value>,
    source_commit: Option<String>,
}

/// The default of the official client.
fn rl() -> Option<Value> {
    Some("rl".into())
}

impl RunView {
    pub(super) fn new(run: &Run) -> Result<Self, Failure> {
        let unreadable =
            |error| Failure::other(format!("the run {} cannot be read: {error}", run.id));
        let mut value = serde_json::to_value(run).map_err(unreadable)?;
        if let Some(fields) = value.as_object_mut() {
            // Both names are read, and must not occur together.
            if fields.contains_key("teacher") {
                fields.remove("teacherConfig");
            }
        }
        serde_json::from_value(value).map_err(unreadable)
    }
}

/// Formats a time for people, in UTC.
pub(super) fn minute(time: Timestamp) -> String {
    time.utc().format("%Y-%m-%d %H:%M").to_string()
}

/// Colors a status as the official client does.
pub(super) fn colored(status: &str, style: Style) -> String {
    match status.to_ascii_uppercase().as_str() {
        "RUNNING" => style.green(status),
        "COMPLETED" => style.cyan(status),
        "FAILED" => style.red(status),
        "PENDING" | "PAUSING" => style.yellow(status),
        _ => status.to_owned(),
    }
}

/// Returns the names of the first environments. Source: `_env_display_name` in `commands/rl.py` of the official client.
pub(super) fn environments(run: &Run) -> String {
    const SHOWN: usize = 3;
    let all = run.environments.as_deref().unwrap_or_default();
    let name = |(index, environment): (usize, &Value)| match environment {
        Value::Object(fields) => environment_name(fields).unwrap_or_else(|| format!("env-{index}")),
        Value::String(name) => name.clone(),
        other => other.to_string(),
    };
    let mut text = all
        .iter()
        .enumerate()
        .take(SHOWN)
        .map(name)
        .collect::<Vec<_>>()
        .join(", ");
    if all.len() > SHOWN {
        text.push_str(&format!(" (+{})", all.len() - SHOWN));
    }
    text
}

fn environment_name(fields: &Map<String, Value>) -> Option<String> {
    let names = ["slug", "name", "id"].map(|name| fields.get(name));
    let names = names
        .into_iter()
        .chain([fields.get("taskset").and_then(|taskset| taskset.get("id"))]);
    let mut texts = names.filter_map(|name| name?.as_str());
    texts.find(|text| !text.is_empty()).map(str::to_owned)
}

/// Formats a number that may be missing.
pub(super) fn number(number: Option<i64>) -> String {
    number.map_or("-".to_owned(), |number| number.to_string())
}
