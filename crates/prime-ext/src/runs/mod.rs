//! Training runs: create, watch and delete them.
//!
//! | file | contents |
//! |---|---|
//! | `config` | [`RunConfig`]: an `rl.toml` as JSON |
//! | `toml_json` | converts TOML to JSON without loss |
//! | `secrets` | rejects secrets in a configuration |
//! | `path` | the path of a value in a configuration, for errors |
//! | `create`, `created` | [`CreateRun`]: the request; [`CreatedRun`]: the created run |
//! | `deletion` | [`Deletion`]: the outcome of a deletion |
//! | `watch` | [`UsageWatch`]: a stream of a run's usage until the run ends |
//! | `poller` | polls a run's usage and enforces its cost limit |
//! | `backoff` | which failures are transient, and how long they are retried |
//! | `total` | [`total_cost`]: what a run has cost, if that is known |
//! | `audit` | [`audit`]: compares a run's total cost with its tokens and prices |

mod audit;
mod backoff;
mod config;
mod create;
mod created;
mod deletion;
mod path;
mod poller;
mod secrets;
mod toml_json;
mod total;
mod watch;

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use openapi_runtime::{IntoRequest, Response, ResponseMeta, Warning};
use prime_training_api::builder;
use prime_training_api::types::{DeleteRunResponse, RunStatus, RunUsageResponse};
use tokio::time::Instant;

use self::backoff::Backoff;
use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::options::CallOptions;

pub use audit::{Audit, Difference, audit};
pub use config::RunConfig;
pub use create::CreateRun;
pub use created::CreatedRun;
pub use deletion::{Deletion, DeletionOutcome};
pub use total::total_cost;
pub use watch::{FinishedRun, UsageWatch};

/// The first wait between two requests of [`Runs::ensure_deleted`].
const DELETION_BACKOFF: Duration = Duration::from_millis(250);

/// How long [`Runs::ensure_deleted`] retries.
const DELETION_RETRY_TIME: Duration = Duration::from_secs(120);

/// The maximum timeout of each request of [`Runs::ensure_deleted`] and of a watch.
const MAX_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The timeout of the last request of [`Runs::ensure_deleted`], even if less time is left.
const LAST_REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// The training runs of an account. Returned by [`Client::runs`].
#[derive(Debug, Clone)]
pub struct Runs {
    client: Client,
}

impl Runs {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Returns a request to create a run. Awaiting the request creates the run.
    pub fn create(&self, config: RunConfig) -> CreateRun {
        CreateRun::new(self.client.clone(), config)
    }

    /// Returns the tokens and the cost of a run so far, and its status.
    ///
    /// A cost that is negative or contradictory is unknown: see [`total_cost`]. The response then has a
    /// [warning](openapi_runtime::Response::warnings).
    ///
    /// # Errors
    /// Returns an error if the call fails. [`is_not_found`](openapi_runtime::Error::is_not_found) is true if there is
    /// no such run. The kind is [`ErrorKind::UnexpectedResponse`] if the service returns the usage of another run.
    pub fn usage(&self, run_id: impl Into<String>) -> Call<RunUsageResponse> {
        let run_id = run_id.into();
        Call::new(&self.client, async move |client: Client| {
            let usage = Self::new(client).unchecked_usage(run_id.clone());
            let usage = usage.with_response().await?;
            let mut usage =
                check_usage(&run_id, usage).map_err(named::<builder::GetRunUsage<'_>>)?;
            let odd = total::check_cost(usage.value()).err();
            usage.add_warnings(odd.map(|(field, reason)| {
                Warning::new(field, format!("{reason}, so the cost is unknown"))
            }));
            Ok(usage)
        })
    }

    /// Returns the usage without checking which run it names.
    fn unchecked_usage(&self, run_id: String) -> Call<RunUsageResponse> {
        Call::new(&self.client, async move |client: Client| {
            let call = client
                .training_api()
                .get_run_usage()
                .run_id(check_id(&run_id)?);
            let call = client.on_behalf(call)?;
            Ok(call.send_with(client.context()).await?)
        })
    }

    /// Watches the usage of a run until the run ends.
    pub fn watch(&self, run_id: impl Into<String>) -> UsageWatch {
        UsageWatch::new(self.clone(), run_id.into())
    }

    /// Deletes a run: stops it and frees its hardware. Its billing rows remain. Deleting a run twice is harmless.
    /// [`Deletion::outcome`] tells whether this call deleted the run.
    ///
    /// # Errors
    /// If the call fails, or the service returns the deletion of another run. If
    /// [`outcome_unknown`](openapi_runtime::Error::outcome_unknown) is true, the run may be gone:
    /// [`ensure_deleted`](Self::ensure_deleted) retries until it is certain.
    pub fn delete(&self, run_id: impl Into<String>) -> Call<Deletion> {
        let run_id = run_id.into();
        Call::new(&self.client, async move |client: Client| {
            let deletion = Self::new(client).unchecked_delete(run_id.clone(), false);
            let deletion = deletion.with_response().await?;
            check_deletion(&run_id, deletion).map_err(named::<builder::DeleteRun<'_>>)
        })
    }

    /// Deletes a run, and retries for two minutes if a response is lost or the service cannot be reached.
    ///
    /// A request times out after 30 seconds, after the client's [timeout](CallOptions::timeout), or when the two
    /// minutes are over, whichever comes first. Near the end of the two minutes, a request still gets five seconds,
    /// unless the client's timeout is shorter. If a retried request finds nothing to delete, the outcome is
    /// [`DeletionOutcome::NowOrBefore`].
    ///
    /// # Errors
    /// If the service refuses the deletion, does not respond within two minutes, or returns the deletion of another
    /// run.
    pub async fn ensure_deleted(&self, run_id: &str) -> Result<Deletion, Error> {
        self.ensure_deleted_by(run_id, None).await
    }

    /// Returns the timeout of a request that is retried: the client's own, at most [`MAX_REQUEST_TIMEOUT`].
    fn request_timeout(&self) -> Duration {
        let own = self.client.options().get_timeout();
        own.map_or(MAX_REQUEST_TIMEOUT, |own| own.min(MAX_REQUEST_TIMEOUT))
    }

    /// Like [`ensure_deleted`](Self::ensure_deleted), but stops at the deadline if that comes before the two minutes
    /// are over. The last request is sent at the deadline, with [`LAST_REQUEST_TIMEOUT`].
    async fn ensure_deleted_by(
        &self,
        run_id: &str,
        deadline: Option<Instant>,
    ) -> Result<Deletion, Error> {
        let now = Instant::now();
        let left = deadline.map(|deadline| deadline.saturating_duration_since(now));
        let left = left.map_or(DELETION_RETRY_TIME, |left| left.min(DELETION_RETRY_TIME));
        let mut backoff = Backoff::from_now(DELETION_BACKOFF, left);
        let longest = self.request_timeout();
        let mut repeated = false;
        loop {
            let left = left.saturating_sub(now.elapsed()).max(LAST_REQUEST_TIMEOUT);
            let options = CallOptions::new().timeout(longest.min(left));
            let deletion = self
                .unchecked_delete(run_id.to_owned(), repeated)
                .options(options);
            let error = match deletion.with_response().await {
                Err(error) if error.is_not_found() && (repeated || error.outcome_unknown()) => {
                    return Ok(Deletion::not_found(run_id, true));
                }
                Err(error) => error,
                // The response for another run is not transient.
                Ok(deletion) => {
                    let deletion = check_deletion(run_id, deletion);
                    let deletion = deletion.map_err(named::<builder::DeleteRun<'_>>)?;
                    return Ok(deletion.into_value());
                }
            };
            repeated |= error.outcome_unknown();
            backoff.wait_before_retry(error).await?;
        }
    }

    fn unchecked_delete(&self, run_id: String, repeated: bool) -> Call<Deletion> {
        Call::new(&self.client, async move |client: Client| {
            let call = client
                .training_api()
                .delete_run()
                .run_id(check_id(&run_id)?);
            let call = client.on_behalf(call)?;
            let deleted = call.send_with(client.context()).await.map_err(Error::from);
            let deleted = deleted.or_else(|error| without_body(error, &run_id))?;
            // An earlier attempt may have deleted the run, and its response was lost.
            let repeated = repeated || deleted.meta().unknown_attempts() > 0;
            Ok(deleted.map(|deleted| Deletion::new(deleted, repeated)))
        })
    }
}

/// Treats a success without a body, such as 204, as a deletion. A response with status 200 must have a body (source:
/// specification).
fn without_body(error: Error, run_id: &str) -> Result<Response<DeleteRunResponse>, Error> {
    let is_empty = error
        .body()
        .is_some_and(|body| body.trim_ascii().is_empty());
    // The response was received, but could not be deserialized.
    let is_unexpected = error.kind() == ErrorKind::UnexpectedResponse;
    let is_other_success = |status: StatusCode| status.is_success() && status != StatusCode::OK;
    match error.meta() {
        Some(meta) if is_unexpected && is_empty && is_other_success(meta.status()) => {
            let deleted = DeleteRunResponse::new(true, run_id);
            Ok(Response::new(deleted, meta.clone(), Bytes::new()))
        }
        _ => Err(error),
    }
}

/// Rejects the deletion of another run. The outcome for the requested run is then unknown.
fn check_deletion(
    requested: &str,
    deletion: Response<Deletion>,
) -> Result<Response<Deletion>, Error> {
    match other_run(requested, deletion.value().run_id(), deletion.meta()) {
        None => Ok(deletion),
        Some(named) => {
            let message = format!(
                "the service returned the deletion of run {named:?} for run {requested:?}; check whether run \
                 {requested:?} still exists"
            );
            Err(of_other_run(message, deletion).with_outcome_unknown(true))
        }
    }
}

/// Rejects the usage of another run.
fn check_usage(
    requested: &str,
    usage: Response<RunUsageResponse>,
) -> Result<Response<RunUsageResponse>, Error> {
    match other_run(requested, &usage.value().run_id, usage.meta()) {
        None => Ok(usage),
        Some(named) => {
            let message =
                format!("the service returned the usage of run {named:?} for run {requested:?}");
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

/// Returns the run that a response names, redacted, if it is not the requested one.
fn other_run(requested: &str, named: &str, meta: &ResponseMeta) -> Option<String> {
    let named = named.trim();
    let same = named.is_empty() || named.eq_ignore_ascii_case(requested.trim());
    (!same).then(|| meta.redact(named))
}

/// Returns whether a run with this status has ended. A missing or unknown status means that it has not.
///
/// A run has ended with `STOPPED`, `FAILED`, `COMPLETED` and `PAUSED` (source: the provider's own client), and with
/// `DELETED`, `TERMINATED`, `CANCELLED` and `CANCELED`, which other services use. The case is ignored.
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

/// Checks that a run's id is a single path segment.
fn check_id(run_id: &str) -> Result<&str, Error> {
    if run_id.contains(['/', '\\']) || run_id.trim().is_empty() {
        return Err(Error::new(
            ErrorKind::Request,
            format!("invalid run id {run_id:?}"),
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
