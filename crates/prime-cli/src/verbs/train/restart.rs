//! `train restart`: restarts a run from its latest checkpoint.

use super::{Force, Status};
use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;

/// Restart a running run from its latest checkpoint
///
/// Only a run that is RUNNING can be restarted: the checkpoints of other runs are gone. A request that was sent is never
/// sent again, because the run would restart twice.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"runId\", \"status\"}

Examples:
  prime-rs train restart run_123 --force")]
pub(crate) struct Restart {
    /// The id of the run
    #[arg(value_name = "RUN")]
    run_id: String,

    #[command(flatten)]
    force: Force,
}

impl Restart {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let id = &self.run_id;
        let question = format!("Restart the run {id} from its latest checkpoint?");
        if !self.force.confirm(context, &question)? {
            return Ok(());
        }
        let client = context.client()?;
        let note = format!("the run may be restarting: prime-rs train get {id} shows its status");
        let run = block_on(until_interrupted(
            async {
                client
                    .runs()
                    .restart(id)
                    .await
                    .map_err(|error| match error.outcome_unknown() {
                        true => Failure::from(error).with_note(&note),
                        false => Failure::from(error),
                    })
            },
            || format!("interrupted; {note}"),
        ))?;
        let status = run.status.to_string();
        match context.out.is_json() {
            true => context.out.json(&Status {
                run_id: id,
                status: &status,
            }),
            false => context.out.line(&format!(
                "The run {id} restarts from its latest checkpoint. Its status is {status}."
            )),
        }
    }
}
