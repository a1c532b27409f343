//! Training runs: create, see what they use, delete.
//!
//! | file | what it holds |
//! |---|---|
//! | `config` | [`RunConfig`]: an `rl.toml` as JSON |
//! | `create` | [`CreateRun`]: a run about to be created |
//! | `watch` | [`UsageWatch`]: a run's usage until it ends |

mod config;
mod create;
mod watch;

use prime_training_api::operations;
use prime_training_api::types::{DeleteRunResponse, RunStatus, RunUsageResponse};

use crate::account::on_behalf;
use crate::client::Client;
use crate::error::{Error, ErrorKind};

pub use config::RunConfig;
pub use create::CreateRun;
pub use watch::UsageWatch;

/// Training runs. From [`Client::runs`].
#[derive(Debug, Clone)]
pub struct Runs {
    client: Client,
}

impl Runs {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// A run about to be created; [`CreateRun::send`] creates it.
    pub fn create(&self, config: RunConfig) -> CreateRun {
        CreateRun::new(self.client.clone(), config)
    }

    /// What a run has used and cost so far, and its status.
    ///
    /// # Errors
    /// [`Error::is_not_found`] if there is no such run.
    pub async fn usage(&self, run_id: &str) -> Result<RunUsageResponse, Error> {
        let call = self
            .client
            .training_api()
            .get_run_usage()
            .run_id(checked(run_id)?);
        let call = on_behalf(self.client.account(), call)?;
        let usage = call
            .send()
            .await
            .map_err(|e| Error::of_call(&operations::GET_RUN_USAGE, e))?;
        Ok(usage.into_inner())
    }

    /// A run's usage, again and again until the run ends.
    pub fn watch_usage(&self, run_id: impl Into<String>) -> UsageWatch {
        UsageWatch::new(self.clone(), run_id.into())
    }

    /// Deletes a run: stops it and frees its hardware. Its bills stay. Deleting it again does no
    /// harm; `deleted` says whether this call did it.
    ///
    /// # Errors
    /// If the call fails. With [`Error::outcome_unknown`] the run may be gone: delete it again.
    pub async fn delete(&self, run_id: &str) -> Result<DeleteRunResponse, Error> {
        let call = self
            .client
            .training_api()
            .delete_run()
            .run_id(checked(run_id)?);
        let call = on_behalf(self.client.account(), call)?;
        let deleted = call
            .send()
            .await
            .map_err(|e| Error::of_call(&operations::DELETE_RUN, e))?;
        Ok(deleted.into_inner())
    }
}

/// Whether a run of this status has ended. A status that is missing or that nobody listed has not.
pub fn has_ended(status: Option<&RunStatus>) -> bool {
    let ended = [
        RunStatus::Stopped,
        RunStatus::Failed,
        RunStatus::Completed,
        RunStatus::Paused,
    ];
    status.is_some_and(|status| {
        ended
            .iter()
            .any(|end| end.as_str().eq_ignore_ascii_case(status.as_str()))
    })
}

/// A run's id as it may stand in a path: one segment, as it is.
fn checked(run_id: &str) -> Result<&str, Error> {
    if run_id.contains(['/', '\\']) || run_id.trim().is_empty() {
        return Err(Error::new(
            ErrorKind::Request,
            format!("{run_id:?} cannot be a run's id"),
        ));
    }
    Ok(run_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_compared_without_regard_to_case() {
        for ended in ["COMPLETED", "completed", "Failed", "STOPPED", "paused"] {
            assert!(has_ended(Some(&ended.into())), "{ended}");
        }
        for running in ["RUNNING", "queued", "PAUSING", "NEW_STATUS", ""] {
            assert!(!has_ended(Some(&running.into())), "{running}");
        }
        assert!(!has_ended(None));
    }
}
