//! Training runs: create, see what they use, delete.
//!
//! | file | what it holds |
//! |---|---|
//! | `config` | [`RunConfig`]: an `rl.toml` as JSON |
//! | `toml_json`, `secrets` | TOML as JSON with nothing lost; what does not belong into it |
//! | `create`, `created` | [`CreateRun`]: a run about to be created; [`CreatedRun`]: one that was |
//! | `deletion` | [`Deletion`]: what became of a run that was to be deleted |
//! | `watch` | [`UsageWatch`]: a run's usage until it ends |
//! | `poller` | polls a run's usage and enforces its cost limit |
//! | `patience` | which failures pass, and how long to wait for that |
//! | `audit` | [`audit`]: a run's total against its meters and prices |

mod audit;
mod config;
mod create;
mod created;
mod deletion;
mod patience;
mod poller;
mod secrets;
mod toml_json;
mod watch;

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use openapi_runtime::{IntoRequest, Response, ResponseMeta};
use prime_training_api::builder;
use prime_training_api::types::{DeleteRunResponse, RunStatus, RunUsageResponse};
use tokio::time::Instant;

use self::patience::Patience;
use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::options::CallOptions;

pub use audit::{Audit, Difference, audit};
pub use config::RunConfig;
pub use create::CreateRun;
pub use created::CreatedRun;
pub use deletion::{Deletion, DeletionOutcome};
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

    /// A run about to be created; awaiting it creates it.
    pub fn create(&self, config: RunConfig) -> CreateRun {
        CreateRun::new(self.client.clone(), config)
    }

    /// What a run has used and cost so far, and its status.
    ///
    /// # Errors
    /// [`is_not_found`](openapi_runtime::Error::is_not_found) if there is no such run. [`ErrorKind::UnexpectedResponse`] if the service answers
    /// with the usage of another run.
    pub fn usage(&self, run_id: impl Into<String>) -> Call<RunUsageResponse> {
        let run_id = run_id.into();
        Call::new(&self.client, async move |client: Client| {
            let usage = Self::new(client).any_usage(run_id.clone());
            let usage = usage.with_response().await?;
            usage_of(&run_id, usage).map_err(named::<builder::GetRunUsage<'_>>)
        })
    }

    /// The usage that the service answers with, whichever run it names.
    fn any_usage(&self, run_id: String) -> Call<RunUsageResponse> {
        Call::new(&self.client, async move |client: Client| {
            let call = client
                .training_api()
                .get_run_usage()
                .run_id(checked(&run_id)?);
            let call = client.on_behalf(call)?;
            Ok(call.send_with(client.context()).await?)
        })
    }

    /// A run's usage, again and again until the run ends.
    pub fn watch(&self, run_id: impl Into<String>) -> UsageWatch {
        UsageWatch::new(self.clone(), run_id.into())
    }

    /// Deletes a run: stops it and frees its hardware. Its bills stay. Deleting it again does no harm;
    /// [`Deletion::outcome`] says which it was.
    ///
    /// # Errors
    /// If the call fails, or is answered with the deletion of another run. With [`outcome_unknown`](openapi_runtime::Error::outcome_unknown) the
    /// run may be gone: [`ensure_deleted`](Self::ensure_deleted) asks until it is known.
    pub fn delete(&self, run_id: impl Into<String>) -> Call<Deletion> {
        let run_id = run_id.into();
        Call::new(&self.client, async move |client: Client| {
            let deletion = Self::new(client).delete_again(run_id.clone(), false);
            let deletion = deletion.with_response().await?;
            deletion_of(&run_id, deletion).map_err(named::<builder::DeleteRun<'_>>)
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
        let timeout = self.client.options().get_timeout();
        let longest = timeout.map_or(DELETE, |own| own.min(DELETE));
        let mut repeated = false;
        loop {
            let left = left.saturating_sub(now.elapsed()).max(LAST_TRY);
            let options = CallOptions::new().timeout(longest.min(left));
            let deletion = self
                .delete_again(run_id.to_owned(), repeated)
                .options(options);
            let error = match deletion.with_response().await {
                Err(error) if error.is_not_found() && (repeated || error.outcome_unknown()) => {
                    return Ok(Deletion::not_found(run_id, true));
                }
                Err(error) => error,
                // A service that names another run would name it again.
                Ok(deletion) => {
                    let deletion = deletion_of(run_id, deletion);
                    let deletion = deletion.map_err(named::<builder::DeleteRun<'_>>)?;
                    return Ok(deletion.into_value());
                }
            };
            repeated |= error.outcome_unknown();
            patience.wait_out(error).await?;
        }
    }

    fn delete_again(&self, run_id: String, repeated: bool) -> Call<Deletion> {
        Call::new(&self.client, async move |client: Client| {
            let call = client.training_api().delete_run().run_id(checked(&run_id)?);
            let call = client.on_behalf(call)?;
            let deleted = call.send_with(client.context()).await.map_err(Error::from);
            let deleted = deleted.or_else(|error| without_body(error, &run_id))?;
            // An attempt before the last may have deleted it, and its answer was lost.
            let repeated = repeated || deleted.meta().unknown_attempts() > 0;
            Ok(deleted.map(|deleted| Deletion::new(deleted, repeated)))
        })
    }
}

/// Takes a success without a body, such as 204, for a deletion. A 200 has a body (source: specification).
fn without_body(error: Error, run_id: &str) -> Result<Response<DeleteRunResponse>, Error> {
    let is_empty = error
        .body()
        .is_some_and(|body| body.trim_ascii().is_empty());
    let is_complete = error.kind() == ErrorKind::UnexpectedResponse;
    let is_other_success = |status: StatusCode| status.is_success() && status != StatusCode::OK;
    match error.meta() {
        Some(meta) if is_complete && is_empty && is_other_success(meta.status()) => {
            let deleted = DeleteRunResponse::new(true, run_id);
            Ok(Response::new(deleted, meta.clone(), Bytes::new()))
        }
        _ => Err(error),
    }
}

/// Refuses a deletion that names another run: it does not say what became of the one that was meant.
fn deletion_of(asked: &str, deletion: Response<Deletion>) -> Result<Response<Deletion>, Error> {
    match names_other(asked, &deletion.value().run_id(), deletion.meta()) {
        None => Ok(deletion),
        Some(named) => {
            let message = format!(
                "the deletion of run {asked:?} was answered with that of run {named:?}; check whether run \
                 {asked:?} goes on"
            );
            Err(of_other_run(message, deletion).with_outcome_unknown(true))
        }
    }
}

/// Refuses a usage that names another run: its cost and its status are not those of the one that was asked for.
fn usage_of(
    asked: &str,
    usage: Response<RunUsageResponse>,
) -> Result<Response<RunUsageResponse>, Error> {
    match names_other(asked, &usage.value().run_id, usage.meta()) {
        None => Ok(usage),
        Some(named) => {
            let message =
                format!("the usage of run {asked:?} was answered with that of run {named:?}");
            Err(of_other_run(message, usage))
        }
    }
}

/// Names the operation of a builder in an error.
fn named<B: IntoRequest>(error: Error) -> Error {
    error.with_operation(B::OPERATION.id)
}

fn of_other_run<T>(message: String, response: Response<T>) -> Error {
    let (_, meta, body) = response.into_parts();
    Error::unexpected(message, meta, body)
}

/// The run that a response names, for display, if it is another than the one that was asked for.
fn names_other(asked: &str, named: &str, meta: &ResponseMeta) -> Option<String> {
    let named = named.trim();
    let same = named.is_empty() || named.eq_ignore_ascii_case(asked.trim());
    (!same).then(|| meta.redact(named))
}

/// Whether a run with this status has ended. A missing or unknown status has not.
///
/// Ended are `STOPPED`, `FAILED`, `COMPLETED` and `PAUSED` (source: the provider's own client), and `DELETED`,
/// `TERMINATED`, `CANCELLED` and `CANCELED`, which mean the same elsewhere. Case does not matter.
pub fn has_ended(status: Option<&RunStatus>) -> bool {
    const ENDED: [&str; 8] = [
        "STOPPED",
        "FAILED",
        "COMPLETED",
        "PAUSED",
        "DELETED",
        "TERMINATED",
        "CANCELLED",
        "CANCELED",
    ];
    status.is_some_and(|status| {
        let status = status.as_str().trim();
        ENDED.iter().any(|ended| ended.eq_ignore_ascii_case(status))
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
        for ended in [
            "COMPLETED",
            "completed",
            "Failed",
            "STOPPED",
            "paused",
            "Deleted",
            "TERMINATED",
            "cancelled",
            "CANCELED",
        ] {
            assert!(has_ended(Some(&ended.into())), "{ended}");
        }
        for running in ["RUNNING", "queued", "PAUSING", "NEW_STATUS", ""] {
            assert!(!has_ended(Some(&running.into())), "{running}");
        }
        assert!(!has_ended(None));
    }
}
