//! `train delete`: deletes a run.

use prime_ext::DeletionOutcome;
use schemars::JsonSchema;
use serde::Serialize;

use super::Force;
use crate::context::{Context, block_on};
use crate::exit::{Exit, Failure};
use crate::interrupt::until_interrupted;

/// Delete a run: stop it and free its hardware. Its billing rows remain
///
/// If a response is lost, the request is repeated for two minutes, which is harmless. The exit code is 5 if there was
/// nothing to delete.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"runId\", \"deleted\", \"outcome\": \"deleted\" or \"already gone\" or \"deleted or already gone\"}

Examples:
  prime-rs train delete run_123 --force")]
pub(crate) struct Delete {
    /// The id of the run
    #[arg(value_name = "RUN")]
    run_id: String,

    #[command(flatten)]
    force: Force,
}

/// A deletion as JSON.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Deletion")]
pub(crate) struct View<'a> {
    run_id: &'a str,
    deleted: bool,
    outcome: String,
}

impl Delete {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let id = &self.run_id;
        if !self
            .force
            .confirm(context, &format!("Permanently delete the run {id}?"))?
        {
            return Ok(());
        }
        let client = context.client()?;
        let deletion = block_on(until_interrupted(
            async { Ok(client.runs().ensure_deleted(id).await?) },
            || {
                format!(
                    "interrupted; the run may be deleted; to be certain: prime-rs train delete {id}"
                )
            },
        ))?;
        let outcome = deletion.outcome();
        if outcome == DeletionOutcome::AlreadyGone {
            let message =
                format!("there is no run {id}: it was deleted earlier, or it never existed");
            return Err(Failure::new(Exit::NotFound, message));
        }
        match context.out.is_json() {
            true => context.out.json(&View {
                run_id: deletion.run_id(),
                deleted: outcome == DeletionOutcome::Now,
                outcome: deletion.to_string(),
            }),
            false => context.out.line(&format!("The run {id} is {deletion}.")),
        }
    }
}
