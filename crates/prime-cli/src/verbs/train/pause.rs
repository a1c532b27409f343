//! `train pause`: pauses a run.

use super::{Force, Status};
use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::until_interrupted;

/// Pause a run at a checkpoint, and release its GPUs
///
/// This command does not wait until the run is paused. `prime-rs train resume` then continues it as a new run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"runId\", \"status\"}

Examples:
  prime-rs train pause run_123 --force")]
pub(crate) struct Pause {
    /// The id of the run
    #[arg(value_name = "RUN")]
    run_id: String,

    #[command(flatten)]
    force: Force,
}

impl Pause {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let id = &self.run_id;
        if !self
            .force
            .confirm(context, &format!("Pause the run {id}?"))?
        {
            return Ok(());
        }
        let client = context.client()?;
        let paused = block_on(until_interrupted(
            async { Ok(client.runs().pause(id).await?) },
            || {
                format!(
                    "interrupted; the run may be pausing: prime-rs train get {id} shows its status"
                )
            },
        ))?;
        let status = paused.status.to_string();
        if context.out.is_json() {
            return context.out.json(&Status {
                run_id: id,
                status: &status,
            });
        }
        context.out.line(&format!(
            "The run {id} is pausing. Its status is {status}.\n\n\
             Follow it:              prime-rs train get {id}\n\
             Once it is PAUSED:      prime-rs train resume {id}"
        ))
    }
}
