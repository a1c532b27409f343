//! `train get`: shows a run.

use prime_ext::prime_platform_api::types::{Run, RunStatus};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::run_view::{self, RunView};
use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;
use crate::output::{Style, printable};

/// Show a run
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"run\": {\"id\", \"name\", \"status\", \"base_model\", \"environments\", \"rollouts_per_example\", \"max_steps\", \
\"batch_size\", \"gpu_count\", \"created_at\", \"updated_at\", …}}. --json-schema lists all fields.

Examples:
  prime-rs train get run_123
  prime-rs train get run_123 -o json")]
pub(crate) struct Get {
    /// The id of the run
    #[arg(value_name = "RUN")]
    run_id: String,
}

/// A run as JSON.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Run")]
pub(crate) struct View {
    run: RunView,
}

impl Get {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let response = block_on(until_interrupted(
            async { Ok(client.runs().get(&self.run_id).with_response().await?) },
            || "interrupted".to_owned(),
        ))?;
        for warning in response.warnings() {
            context.out.warn(&warning.to_string());
        }
        let run = response.value();
        match context.out.is_json() {
            true => context.out.json(&View {
                run: RunView::new(run)?,
            }),
            false => {
                let lines = lines(run, context.out.style());
                context.out.text(&format!("{}\n", lines.join("\n")))
            }
        }
    }
}

/// Returns the lines that describe a run: those of the official client, and the name.
fn lines(run: &Run, style: Style) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let or_none = |text: Option<String>| Some(text.unwrap_or_else(|| "-".to_owned()));
    let time = |time: Option<prime_ext::Timestamp>| time.map(run_view::minute);
    let mut status = run.status.to_string();
    if let Some(ahead) = run.runs_ahead.filter(|_| run.status == RunStatus::Queued) {
        status.push_str(&format!(" (about {ahead} runs ahead)"));
    }
    let wandb = text(&run.wandb_project).map(|project| {
        let entity = run.wandb_entity.as_deref().unwrap_or_default();
        format!("{entity}/{project}")
    });
    let environments = Some(run_view::environments(run)).filter(|names| !names.is_empty());
    let fields = [
        ("Name", text(&run.name)),
        ("Status", Some(status)),
        ("Queue", text(&run.queue_reason)),
        ("Notice", text(&run.notice)),
        (
            "Cluster",
            text(&run.prime_cluster_id).or(text(&run.rft_cluster_id)),
        ),
        ("Model", or_none(text(&run.base_model))),
        ("Environments", or_none(environments)),
        ("Max steps", Some(run_view::number(run.max_steps))),
        ("GPUs", Some(run_view::number(run.gpu_count))),
        ("Batch size", Some(run_view::number(run.batch_size))),
        (
            "Rollouts per example",
            Some(run_view::number(run.rollouts_per_example)),
        ),
        (
            "Max tokens",
            run.max_tokens.map(|tokens| tokens.to_string()),
        ),
        ("Volume", text(&run.volume_name)),
        ("W&B", wandb),
        ("Team", text(&run.team_id)),
        ("Source commit", text(&run.source_commit)),
        ("Created (UTC)", Some(run_view::minute(run.created_at))),
        ("Started (UTC)", time(run.started_at)),
        ("Completed (UTC)", time(run.completed_at)),
        ("Error", text(&run.error_message)),
    ];
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut lines = vec![style.bold(&printable(&run.id, false))];
    for (name, value) in fields {
        let Some(value) = value else { continue };
        let value = printable(&value, false);
        let value = match name {
            "Status" => run_view::colored(&value, style),
            "Error" => style.red(&value),
            _ => value,
        };
        lines.push(format!("  {name:width$}  {value}"));
    }
    let analysis = run.failure_analysis.as_ref().into_iter().flat_map(analysis);
    lines.extend(analysis.map(|line| printable(&line, true)));
    lines
}

/// Returns what the service found out about a failure. Source: `_render_failure_analysis` in `commands/rl.py` of the
/// official client.
fn analysis(analysis: &Value) -> Vec<String> {
    let cause = analysis.get("rootCause").and_then(Value::as_str);
    let evidence = analysis.get("evidence").and_then(Value::as_array);
    let evidence: Vec<&Value> = evidence.into_iter().flatten().collect();
    if cause.is_none() && evidence.is_empty() {
        return Vec::new();
    }
    let confidence = analysis.get("confidence").and_then(Value::as_f64);
    let confidence = confidence.map(|share| format!(" (confidence {:.0}%)", share * 100.0));
    let mut lines = vec![format!(
        "\nFailure analysis{}",
        confidence.unwrap_or_default()
    )];
    lines.extend(cause.map(|cause| format!("  Root cause: {cause}")));
    lines.extend(evidence.into_iter().map(|line| match line {
        Value::String(line) => format!("  - {line}"),
        other => format!("  - {other}"),
    }));
    lines
}
