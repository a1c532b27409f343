//! The JSON and the tables of batches.

use prime_batch::{End, Report, State};
use prime_ext::UsdSum;
use schemars::JsonSchema;
use serde::Serialize;

use crate::exit::Failure;
use crate::output::{Out, Table, number};

/// A batch as JSON.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Batch<'a> {
    output: String,
    errors: Option<String>,
    ledger: String,
    /// Why the run ended. Missing if no run ended now.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_running: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    requests: u64,
    answered: u64,
    failed: u64,
    ambiguous: u64,
    in_flight: u64,
    unsent: u64,
    #[schemars(with = "String")]
    known_cost_usd: UsdSum,
    #[schemars(with = "String")]
    estimated_cost_usd: UsdSum,
    unknown_cost_requests: u64,
    #[schemars(with = "String")]
    unknown_cost_at_most_usd: UsdSum,
    models: Vec<Model<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Model<'a> {
    model: &'a str,
    answered: u64,
    prompt_tokens: u64,
    completion_tokens: u64,
    #[schemars(with = "String")]
    known_cost_usd: UsdSum,
    #[schemars(with = "String")]
    estimated_cost_usd: UsdSum,
}

impl<'a> Batch<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let totals = report.totals();
        let models = report.models.iter().map(|(model, totals)| Model {
            model,
            answered: totals.answered,
            prompt_tokens: totals.prompt_tokens,
            completion_tokens: totals.completion_tokens,
            known_cost_usd: totals.known_cost,
            estimated_cost_usd: totals.estimated_cost,
        });
        let has_errors = report.count(State::Failed) + report.count(State::Ambiguous) > 0;
        let is_status = report.run.is_none();
        Self {
            output: report.output.display().to_string(),
            errors: has_errors.then(|| report.errors.display().to_string()),
            ledger: prime_batch::ledger_path(&report.output)
                .display()
                .to_string(),
            end: report.run.as_ref().map(|(end, _)| name(end)),
            is_running: is_status.then_some(report.job.is_running),
            owner: report.job.owner.as_deref().filter(|_| is_status),
            requests: report.counts.values().sum(),
            answered: report.count(State::Answered),
            failed: report.count(State::Failed),
            ambiguous: report.count(State::Ambiguous),
            in_flight: report.count(State::Sent),
            unsent: report.count(State::Unsent),
            known_cost_usd: totals.known_cost,
            estimated_cost_usd: totals.estimated_cost,
            unknown_cost_requests: totals.with_unknown_cost,
            unknown_cost_at_most_usd: totals.held,
            models: models.collect(),
        }
    }
}

fn name(end: &End) -> &'static str {
    match end {
        End::Complete => "complete",
        End::Stopped => "stopped",
        End::Budget => "budget",
        End::DiskFull => "disk_full",
        End::Refused(_) => "refused",
        End::Unavailable(_) => "unavailable",
        _ => "other",
    }
}

/// Shows a batch to people.
pub(super) fn show(out: &Out, report: &Report) -> Result<(), Failure> {
    let style = out.style();
    let counts = [
        (State::Answered, "answered"),
        (State::Failed, "failed"),
        (State::Ambiguous, "ambiguous"),
        (State::Sent, "in flight"),
        (State::Unsent, "not sent"),
    ];
    let all: u64 = report.counts.values().sum();
    let counts = counts.map(|(state, name)| (report.count(state), name));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    out.line(&format!(
        "{} of {all} requests: {}",
        style.bold("Batch"),
        counts.join(", ")
    ))?;
    out.line(&format!("  output: {}", report.output.display()))?;
    if report.count(State::Failed) + report.count(State::Ambiguous) > 0 {
        out.line(&format!("  errors: {}", report.errors.display()))?;
    }
    let former = report.former_answers();
    if former > 0 {
        out.line(&format!(
            "  {former} answers to requests that are no longer in the input are kept in the ledger"
        ))?;
    }
    if report.models.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let mut table = Table::new()
        .column("Model")
        .number("Answers")
        .number("Prompt tokens")
        .number("Completion tokens")
        .number("Cost")
        .number("Estimated")
        .optional(&["Estimated", "Prompt tokens", "Completion tokens"]);
    for (model, totals) in &report.models {
        let tokens = |count: u64| number::tokens(i64::try_from(count).unwrap_or(i64::MAX));
        let estimated = match totals.estimated_cost.is_zero() {
            true => String::new(),
            false => number::usd(totals.estimated_cost.usd()),
        };
        table.row([
            model.clone(),
            totals.answered.to_string(),
            tokens(totals.prompt_tokens),
            tokens(totals.completion_tokens),
            number::usd(totals.known_cost.usd()),
            estimated,
        ]);
    }
    out.table(&table)?;
    let totals = report.totals();
    if totals.with_unknown_cost > 0 {
        out.line(&format!(
            "The cost of {} requests is unknown: at most {}.",
            totals.with_unknown_cost,
            number::usd(totals.held.usd())
        ))?;
    }
    Ok(())
}
