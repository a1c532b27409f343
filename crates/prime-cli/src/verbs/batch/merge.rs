//! `batch merge`: combines shards.

use std::path::PathBuf;

use super::view;
use crate::context::{Context, block_on};
use crate::exit::Failure;

/// Combine the outputs and ledgers of shards
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The result is a batch without shards: `batch run` asks what is missing. If shards have answered more since, merge them \
again.

JSON: as of `batch status`.

Examples:
  for part in 1 2; do prime-rs batch run questions.jsonl all.jsonl --shard $part/2; done
  prime-rs batch merge all.1-of-2.jsonl all.2-of-2.jsonl --into all.jsonl")]
pub(crate) struct Merge {
    /// The outputs of the shards
    #[arg(value_name = "SHARD", required = true)]
    shards: Vec<PathBuf>,

    /// The combined output
    #[arg(long, value_name = "OUTPUT")]
    into: PathBuf,
}

impl Merge {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let merged = block_on(async { Ok(prime_batch::merge(self.shards, self.into).await?) })?;
        let out = &context.out;
        match out.is_json() {
            true => out.json(&view::Batch::of(&merged.report))?,
            false => view::show(out, &merged.report)?,
        }
        if merged.missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<String> = merged.missing.iter().map(ToString::to_string).collect();
        Err(Failure::other(format!(
            "shards are missing: {}",
            missing.join(", ")
        )))
    }
}
