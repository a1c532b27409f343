//! `batch status`: what became of a batch.

use std::path::PathBuf;

use prime_batch::Report;

use super::view;
use crate::context::{Context, block_on};
use crate::exit::Failure;

/// Show what became of a batch, also while it runs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is sent. A job of a cluster needs --ledger postgres://…; see `prime-rs-batch status --help`.

JSON: as of `batch run`, with \"is_running\" and \"owner\" instead of \"end\".

Examples:
  prime-rs batch status answers.jsonl
  prime-rs batch status answers.jsonl -o json")]
pub(crate) struct Status {
    /// The file of the answers
    #[arg(value_name = "OUTPUT")]
    answers: PathBuf,
}

impl Status {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let report = block_on(async { Ok(Report::of(self.answers).await?) })?;
        let out = &context.out;
        if out.is_json() {
            return out.json(&view::Batch::of(&report));
        }
        view::show(out, &report)?;
        match (&report.job.owner, report.job.is_running) {
            (Some(owner), true) => out.line(&format!("It is run by {owner}.")),
            _ => Ok(()),
        }
    }
}
