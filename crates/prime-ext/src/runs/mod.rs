//! Training runs: create, see what they use, delete.
//!
//! | file | what it holds |
//! |---|---|
//! | `config` | [`RunConfig`]: an `rl.toml` as JSON |
//! | `toml_json`, `secrets` | TOML as JSON with nothing lost; what does not belong into it |
//! | `create`, `created` | [`CreateRun`]: a run about to be created; [`CreatedRun`]: one that was |
//! | `deletion` | [`Deletion`]: what became of a run that was to be deleted |
//! | `watch` | [`UsageWatch`]: a run's usage until it ends, or costs too much |
//! | `patience` | which failures pass, and how long to wait for that |
//! | `audit` | [`audit`]: a run's total against its meters and prices |

mod audit;
mod config;
mod create;
mod created;
mod deletion;
mod patience;
mod secrets;
mod toml_json;
mod watch;

use std::time::Duration;

use prime_training_api::operations;
use prime_training_api::types::{RunStatus, RunUsageResponse};
use tokio::time::Instant;

use self::patience::Patience;
use crate::account::on_behalf;
use crate::answered::{Answered, Call};
use crate::client::Client;
use crate::error::{Error, ErrorKind, one_line};
use crate::options::CallOptions;

pub use audit::{Audit, Difference, audit};
pub use config::RunConfig;
pub use create::CreateRun;
pub use created::CreatedRun;
pub use deletion::{Deleted, Deletion};
pub use watch::{FinishedRun, UsageWatch};

/// Time before a deletion that failed is tried again, the first time, and until when it is.
const ENSURE_EVERY: Duration = Duration::from_millis(250);
const ENSURE_FOR: Duration = Duration::from_secs(120);

/// Time for one deletion that is tried again, and at least for the last try of it.
const DELETE: Duration = Duration::from_secs(30);
const LAST_TRY: Duration = Duration::from_secs(5);

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
    pub fn usage(&self, run_id: impl Into<String>) -> Call<RunUsageResponse> {
        let run_id = run_id.into();
        Call::new(&self.client, async move |client: Client| {
            let call = client
                .training_api()
                .get_run_usage()
                .run_id(checked(&run_id)?);
            let call = on_behalf(client.account(), call)?;
            Answered::of(&operations::GET_RUN_USAGE, call.send().await)
        })
    }

    /// A run's usage, again and again until the run ends.
    pub fn watch_usage(&self, run_id: impl Into<String>) -> UsageWatch {
        UsageWatch::new(self.clone(), run_id.into())
    }

    /// Deletes a run: stops it and frees its hardware. Its bills stay. Deleting it again does no harm;
    /// [`Deletion::which`] says which it was.
    ///
    /// # Errors
    /// If the call fails, or is answered with the deletion of another run. With [`Error::outcome_unknown`] the
    /// run may be gone: [`ensure_deleted`](Self::ensure_deleted) asks until it is known.
    pub fn delete(&self, run_id: impl Into<String>) -> Call<Deletion> {
        let run_id = run_id.into();
        Call::new(&self.client, async move |client: Client| {
            let deletion = Self::new(client).delete_again(run_id.clone(), false);
            of_the_run(&run_id, deletion.answered().await?)
        })
    }

    /// Deletes a run as [`delete`](Self::delete) does, and asks again where an answer was lost or the
    /// service cannot be reached, for two minutes from the first call. Each call has 30 seconds, or the
    /// client's own [timeout](CallOptions::timeout) if that is shorter; the last begins when the two
    /// minutes are over, and has five. What a repeated call says is then taken for what it is worth:
    /// "deleted or already gone".
    ///
    /// # Errors
    /// If the service refuses, does not answer in that time, or answers with the deletion of another run.
    pub async fn ensure_deleted(&self, run_id: &str) -> Result<Deletion, Error> {
        self.ensure_deleted_by(run_id, None).await
    }

    /// The same until a deadline, if that is sooner. The last try begins when it comes, and has
    /// [`LAST_TRY`].
    async fn ensure_deleted_by(
        &self,
        run_id: &str,
        deadline: Option<Instant>,
    ) -> Result<Deletion, Error> {
        let now = Instant::now();
        let left = deadline.map(|deadline| deadline.saturating_duration_since(now));
        let left = left.map_or(ENSURE_FOR, |left| left.min(ENSURE_FOR));
        let mut patience = Patience::from_now(ENSURE_EVERY, left);
        let options = self.client.road().options();
        let longest = options.call_timeout().map_or(DELETE, |own| own.min(DELETE));
        let mut repeated = false;
        loop {
            let left = left.saturating_sub(now.elapsed()).max(LAST_TRY);
            let options = CallOptions::new().timeout(longest.min(left));
            let deletion = self
                .delete_again(run_id.to_owned(), repeated)
                .options(options);
            let error = match deletion.answered().await {
                Err(error) if error.is_not_found() && (repeated || error.outcome_unknown()) => {
                    return Ok(Deletion::not_found(run_id, true));
                }
                Err(error) => error,
                // One of another run would be the same again.
                Ok(deletion) => return Ok(of_the_run(run_id, deletion)?.value),
            };
            repeated |= error.outcome_unknown();
            patience.wait_out(error).await?;
        }
    }

    fn delete_again(&self, run_id: String, repeated: bool) -> Call<Deletion> {
        Call::new(&self.client, async move |client: Client| {
            let call = client.training_api().delete_run().run_id(checked(&run_id)?);
            let call = on_behalf(client.account(), call)?;
            let deleted = Answered::of(&operations::DELETE_RUN, call.send().await)?;
            // An attempt before the last may have done it, and lost its answer.
            let repeated = repeated || deleted.head.unknown_before() > 0;
            Ok(deleted.map(|deleted| Deletion::new(deleted, repeated)))
        })
    }
}

/// A deletion, unless it names another run than the one that was to be deleted: what became of that, nobody
/// can tell.
fn of_the_run(asked: &str, deletion: Answered<Deletion>) -> Result<Answered<Deletion>, Error> {
    let (asked, named) = (asked.trim(), deletion.value.run_id.trim());
    if named.is_empty() || named.eq_ignore_ascii_case(asked) {
        return Ok(deletion);
    }
    let named = one_line(&deletion.head.hidden().hide(named));
    let message = format!(
        "the deletion of run {asked:?} was answered with that of run {named:?}; look whether the run goes on"
    );
    let body = serde_json::to_vec(&*deletion.value).unwrap_or_default();
    let error = Error::unexpected(message, deletion.head, body.into());
    Err(error.of(&operations::DELETE_RUN).with_unknown_outcome(true))
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
