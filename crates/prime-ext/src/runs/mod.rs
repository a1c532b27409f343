//! Training runs: create, list, watch, stop and delete them.
//!
//! | file | contents |
//! |---|---|
//! | `config` | [`RunConfig`]: an `rl.toml` as JSON |
//! | `toml_json` | converts TOML to JSON without loss |
//! | `secrets` | rejects secrets in a configuration |
//! | `path` | the path of a value in a configuration, for errors |
//! | `create`, `created` | [`CreateRun`]: the request; [`CreatedRun`]: the created run |
//! | `resume` | [`ResumeRun`]: the request to continue a paused run as a new run |
//! | `possible` | finds the runs that a failed call may have created |
//! | `list` | [`RunList`]: a stream of the runs of an account |
//! | `logs` | [`RunLogs`]: the request for the log of a run |
//! | `delete` | [`Runs::delete`], [`Runs::ensure_deleted`] |
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
mod delete;
mod deletion;
mod list;
mod logs;
mod path;
mod poller;
mod possible;
mod resume;
mod secrets;
mod toml_json;
mod total;
mod watch;

use std::fmt;
use std::time::Duration;

use openapi_runtime::{IntoRequest, Response, ResponseMeta, Warning};
use prime_platform_api::builder as platform;
use prime_platform_api::types::{PausedRun, Run, RunEnvelope, RunProgress};
use prime_training_api::builder;
use prime_training_api::types::RunUsageResponse;

use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind};

pub use audit::{Audit, Difference, audit};
pub use config::RunConfig;
pub use create::CreateRun;
pub use created::CreatedRun;
pub use deletion::{Deletion, DeletionOutcome};
pub use list::RunList;
pub use logs::RunLogs;
pub use resume::ResumeRun;
pub use total::total_cost;
pub use watch::{FinishedRun, UsageWatch};

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

    /// Returns a [`Stream`](futures_core::Stream) of the runs of the account. Runs that were deleted are not listed. No
    /// request is sent before the first run is awaited.
    ///
    /// Every run is returned once, even if runs are created while the list is read. The service returns pages, and a new
    /// run moves the others to later pages. If fewer runs were found than the service reports, the pages are read again,
    /// up to three times in all. If runs are still missing, the last item is an [`ErrorKind::Incomplete`] error. One case
    /// is not detected: a run that is missed while another one is deleted.
    ///
    /// Unofficial: observed in the provider's own client (`prime train list`).
    ///
    /// ```no_run
    /// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
    /// let mut runs = lab.runs().list().mine();
    /// while let Some(run) = runs.try_next().await? {
    ///     println!("{} {} {}", run.id, run.status, run.name.as_deref().unwrap_or_default());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> RunList {
        RunList::new(self.client.clone())
    }

    /// Returns a run. [`has_ended`] tells whether it has ended.
    ///
    /// Unofficial: observed in the provider's own client (`prime train get`).
    ///
    /// # Errors
    /// Returns an error if the call fails. [`is_not_found`](openapi_runtime::Error::is_not_found) is true if there is no
    /// such run. The kind is [`ErrorKind::UnexpectedResponse`] if the service returns another run.
    pub fn get(&self, run_id: impl Into<String>) -> Call<Run> {
        let run_id = run_id.into();
        Call::new(&self.client, async move |client: Client| {
            let call = client.platform_api().get_run().run_id(check_id(&run_id)?);
            let run = client.on_behalf(call)?.send_with(client.context()).await?;
            check_run::<platform::GetRun<'_>>(&run_id, run)
        })
    }

    /// Returns a request for the log of a run.
    ///
    /// Unofficial: observed in the provider's own client (`prime train logs`).
    pub fn logs(&self, run_id: impl Into<String>) -> RunLogs {
        RunLogs::new(self.client.clone(), run_id.into())
    }

    /// Returns the latest training step of a run, and the steps that have samples and distributions.
    ///
    /// Unofficial: observed in the provider's own client (`prime train progress`).
    ///
    /// # Errors
    /// Returns an error if the call fails. [`is_not_found`](openapi_runtime::Error::is_not_found) is true if there is no
    /// such run.
    pub fn progress(&self, run_id: impl Into<String>) -> Call<RunProgress> {
        let run_id = run_id.into();
        Call::new(&self.client, async move |client: Client| {
            let call = client.platform_api().get_run_progress();
            let call = client.on_behalf(call.run_id(check_id(&run_id)?))?;
            Ok(call.send_with(client.context()).await?)
        })
    }

    /// Begins to stop a run, and returns it. The run may still be running when the call returns, for up to some minutes:
    /// [`watch`](Self::watch) waits until it has ended. A stopped run remains in the list, and cannot be continued.
    /// [`delete`](Self::delete) also frees what the run has stored.
    ///
    /// The request is repeated like every idempotent request, because a stopped run does not start again.
    ///
    /// Unofficial: observed in the provider's own client (`prime train stop`).
    ///
    /// # Errors
    /// Returns the same errors as [`get`](Self::get). If
    /// [`outcome_unknown`](openapi_runtime::Error::outcome_unknown) is true, the run may be stopping.
    pub fn stop(&self, run_id: impl Into<String>) -> Call<Run> {
        let run_id = run_id.into();
        Call::new(&self.client, async move |client: Client| {
            let call = client.platform_api().stop_run().run_id(check_id(&run_id)?);
            let run = client.on_behalf(call)?.send_with(client.context()).await?;
            check_run::<platform::StopRun<'_>>(&run_id, run)
        })
    }

    /// Restarts a running run from its latest checkpoint, and returns it. The service refuses to restart other runs.
    ///
    /// A request that was sent is never sent again, because the run would restart twice.
    ///
    /// Unofficial: observed in the provider's own client (`prime train restart`).
    ///
    /// # Errors
    /// Returns the same errors as [`get`](Self::get). If
    /// [`outcome_unknown`](openapi_runtime::Error::outcome_unknown) is true, the run may be restarting.
    pub fn restart(&self, run_id: impl Into<String>) -> Call<Run> {
        let run_id = run_id.into();
        Call::new(&self.client, async move |client: Client| {
            let call = client.platform_api().restart_run();
            let call = client.on_behalf(call.run_id(check_id(&run_id)?))?;
            let run = call.send_with(client.context()).await?;
            check_run::<platform::RestartRun<'_>>(&run_id, run)
        })
    }

    /// Begins to pause a run at a checkpoint, and returns its status. The service releases the GPUs when the run is
    /// `PAUSED`. A paused run has ended: [`resume`](Self::resume) continues it as a new run.
    ///
    /// The request is repeated like every idempotent request, because a paused run does not start again.
    ///
    /// Unofficial: observed in the provider's own client (`prime train pause`).
    ///
    /// # Errors
    /// Returns an error if the call fails, for example because the run is not running. If
    /// [`outcome_unknown`](openapi_runtime::Error::outcome_unknown) is true, the run may be pausing.
    pub fn pause(&self, run_id: impl Into<String>) -> Call<PausedRun> {
        let run_id = run_id.into();
        Call::new(&self.client, async move |client: Client| {
            let call = client.platform_api().pause_run().run_id(check_id(&run_id)?);
            Ok(client.on_behalf(call)?.send_with(client.context()).await?)
        })
    }

    /// Returns a request to resume a paused run. Awaiting the request creates a new run, which continues the paused run
    /// from its checkpoint, with its configuration, volume, image and GPU type.
    ///
    /// Unofficial: observed in the provider's own client (`prime train resume`).
    pub fn resume(&self, run_id: impl Into<String>) -> ResumeRun {
        ResumeRun::new(self.client.clone(), run_id.into())
    }

    /// Watches the usage of a run until the run ends.
    pub fn watch(&self, run_id: impl Into<String>) -> UsageWatch {
        UsageWatch::new(self.clone(), run_id.into())
    }

    /// Returns the timeout of a request that is retried: the client's own, at most [`MAX_REQUEST_TIMEOUT`].
    fn request_timeout(&self) -> Duration {
        let own = self.client.options().get_timeout();
        own.map_or(MAX_REQUEST_TIMEOUT, |own| own.min(MAX_REQUEST_TIMEOUT))
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

/// Rejects another run than the requested one. The outcome is then unknown, unless the operation only reads.
fn check_run<B: IntoRequest>(
    requested: &str,
    response: Response<RunEnvelope>,
) -> Result<Response<Run>, Error> {
    let response = response.map(|envelope| envelope.run);
    match other_run(requested, &response.value().id, response.meta()) {
        None => Ok(response),
        Some(named) => {
            let message = format!("the service returned run {named:?} for run {requested:?}");
            let error =
                of_other_run(message, response).with_outcome_unknown(B::OPERATION.method != "GET");
            Err(error.with_operation(B::OPERATION.id))
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
/// `DELETED`, `TERMINATED`, `CANCELLED` and `CANCELED`, which other services use. The case is ignored. The status is that
/// of a usage or of a run: both generated crates have a type for it.
pub fn has_ended<S: fmt::Display + ?Sized>(status: Option<&S>) -> bool {
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
        let status = status.to_string();
        let status = status.trim();
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
            assert!(has_ended(Some(ended)), "{ended}");
        }
        for running in ["RUNNING", "queued", "PAUSING", "NEW_STATUS", ""] {
            assert!(!has_ended(Some(running)), "{running}");
        }
        assert!(!has_ended(None::<&str>));
    }
}
