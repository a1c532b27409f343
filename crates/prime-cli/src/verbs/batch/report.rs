//! `batch report`: a page about a batch.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::exit::Failure;

/// Write a page about a batch: throughput, latency, cost, failures
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The page is one file of HTML, without scripts and without anything from the network. It has no prompts and no answers; a \
message of the service may quote a prompt. It can be written while the batch runs.

JSON: {\"page\"}

Examples:
  prime-rs batch report answers.jsonl
  prime-rs batch report answers.jsonl --page report.html")]
pub(crate) struct Report {
    /// The file of the answers
    #[arg(value_name = "OUTPUT")]
    answers: PathBuf,

    /// The file of the page. Default: OUTPUT with the extension html
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct View {
    page: String,
}

impl Report {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let page = self
            .page
            .unwrap_or_else(|| self.answers.with_extension("html"));
        let written = prime_batch::Report::write_html(&self.answers, &page);
        block_on(async { Ok(written.await?) })?;
        let page = page.display().to_string();
        match context.out.is_json() {
            true => context.out.json(&View { page }),
            false => context.out.line(&page),
        }
    }
}
