//! `batch set`: changes the limits of a batch.

use std::path::PathBuf;

use prime_batch::ledger::sqlite::LedgerReader;
use prime_ext::{Usd, UsdSum};
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::Context;
use crate::exit::Failure;

/// Change the limits of a batch, also while it runs
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
A batch that runs applies the limits within a second. The next `batch run` sets its own. A job of a cluster needs --ledger \
postgres://…; see `prime-rs-batch set --help`.

JSON: {\"budget_usd\", \"min_concurrency\", \"max_concurrency\", \"requests_per_minute\", \"tokens_per_minute\"}

Examples:
  prime-rs batch set answers.jsonl --budget 50
  prime-rs batch set answers.jsonl --max-concurrency 64 --requests-per-minute 600"
)]
pub(crate) struct Set {
    /// The file of the answers
    #[arg(value_name = "OUTPUT")]
    answers: PathBuf,

    /// The largest cost in US dollars
    #[arg(short, long, value_name = "USD")]
    budget: Option<Usd>,

    /// The largest number of requests in flight
    #[arg(short = 'j', long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    max_concurrency: Option<u32>,

    /// The smallest number of requests in flight
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    min_concurrency: Option<u32>,

    /// The largest number of requests in a minute
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    requests_per_minute: Option<u32>,

    /// The largest number of tokens in a minute
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    tokens_per_minute: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct View {
    #[schemars(with = "Option<String>")]
    budget_usd: Option<UsdSum>,
    min_concurrency: u32,
    max_concurrency: u32,
    requests_per_minute: Option<u32>,
    tokens_per_minute: Option<u32>,
}

impl Set {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let reader = LedgerReader::open(prime_batch::ledger_path(&self.answers))
            .map_err(prime_batch::Error::from)?;
        let limits = reader.change_limits(|limits| {
            limits.budget = self.budget.or(limits.budget);
            limits.max_concurrency = self.max_concurrency.unwrap_or(limits.max_concurrency);
            limits.min_concurrency = self.min_concurrency.unwrap_or(limits.min_concurrency);
            limits.min_concurrency = limits.min_concurrency.min(limits.max_concurrency);
            limits.requests_per_minute = self.requests_per_minute.or(limits.requests_per_minute);
            limits.tokens_per_minute = self.tokens_per_minute.or(limits.tokens_per_minute);
        });
        let limits = limits.map_err(prime_batch::Error::from)?;
        let view = View {
            budget_usd: limits.budget.map(UsdSum::from),
            min_concurrency: limits.min_concurrency,
            max_concurrency: limits.max_concurrency,
            requests_per_minute: limits.requests_per_minute,
            tokens_per_minute: limits.tokens_per_minute,
        };
        let out = &context.out;
        if out.is_json() {
            return out.json(&view);
        }
        let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
        let text = |value: Option<u32>| or_none(value.map(|value| value.to_string()));
        out.text(&format!(
            "Budget:              {}\nConcurrency:         {} to {}\nRequests per minute: {}\nTokens per minute:   {}\n",
            or_none(view.budget_usd.map(|budget| format!("${budget}"))),
            view.min_concurrency,
            view.max_concurrency,
            text(view.requests_per_minute),
            text(view.tokens_per_minute),
        ))
    }
}
