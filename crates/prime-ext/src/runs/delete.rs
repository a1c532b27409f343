//! Deletes runs.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use openapi_runtime::Response;
use prime_training_api::builder;
use prime_training_api::types::DeleteRunResponse;
use tokio::time::Instant;

use super::backoff::Backoff;
use super::{Deletion, LAST_REQUEST_TIMEOUT, Runs, check_id, named, of_other_run, other_run};
use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::options::CallOptions;

/// The first wait between two requests of [`Runs::ensure_deleted`].
const DELETION_BACKOFF: Duration = Duration::from_millis(250);

/// How long [`Runs::ensure_deleted`] retries.
const DELETION_RETRY_TIME: Duration = Duration::from_secs(120);

impl Runs {
    /// Deletes a run: stops it and frees its hardware. Its billing rows remain. Deleting a run twice is harmless.
    /// [`Deletion::outcome`] tells whether this call deleted the run.
    ///
    /// If the service refuses the deletion with status 403, the run is deleted by another path, which the provider's own
    /// client uses: the first path may be reserved for administrators. If that is refused too, or does not find the
    /// run, the error is the first one.
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
    /// [`DeletionOutcome::NowOrBefore`](super::DeletionOutcome::NowOrBefore).
    ///
    /// # Errors
    /// If the service refuses the deletion, does not respond within two minutes, or returns the deletion of another
    /// run.
    pub async fn ensure_deleted(&self, run_id: &str) -> Result<Deletion, Error> {
        self.ensure_deleted_by(run_id, None).await
    }

    /// Like [`ensure_deleted`](Self::ensure_deleted), but stops at the deadline if that comes before the two minutes
    /// are over. The last request is sent at the deadline, with [`LAST_REQUEST_TIMEOUT`].
    pub(super) async fn ensure_deleted_by(
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

    /// Deletes a run by the path of the specification, or else by the path of the provider's own client.
    fn unchecked_delete(&self, run_id: String, repeated: bool) -> Call<Deletion> {
        Call::new(&self.client, async move |client: Client| {
            let call = client
                .training_api()
                .delete_run()
                .run_id(check_id(&run_id)?);
            let call = client.on_behalf(call)?;
            let deleted = call.send_with(client.context()).await.map_err(Error::from);
            let deleted = match deleted.or_else(|error| without_body(error, &run_id)) {
                Err(refused) if refused.status() == Some(StatusCode::FORBIDDEN) => {
                    delete_as_owner(&client, &run_id, repeated, refused).await?
                }
                other => other?,
            };
            // An earlier attempt may have deleted the run, and its response was lost.
            let repeated = repeated || deleted.meta().unknown_attempts() > 0;
            Ok(deleted.map(|deleted| Deletion::new(deleted, repeated)))
        })
    }
}

/// Deletes a run by the path of the provider's own client. Its owner may use this path without being an administrator,
/// which the path of the specification may require (source: the provider's own client).
///
/// `refused` is the error of the path of the specification. It is returned if this path does not help either. So a run
/// is never taken for deleted because this path does not find it.
async fn delete_as_owner(
    client: &Client,
    run_id: &str,
    repeated: bool,
    refused: Error,
) -> Result<Response<DeleteRunResponse>, Error> {
    let call = client.platform_api().delete_rft_run().run_id(run_id);
    let call = client.on_behalf(call)?;
    let response = match call.send_with(client.context()).await {
        Ok(response) => response.map(|run| {
            // The provider's own client takes every success for a deletion.
            let deleted = run.deleted.unwrap_or(true);
            DeleteRunResponse::new(deleted, run.run_id.as_deref().unwrap_or(run_id))
        }),
        Err(error) => match without_body(error.into(), run_id) {
            Ok(response) => response,
            // An earlier request may have deleted the run.
            Err(error) if repeated || error.outcome_unknown() => return Err(error),
            Err(error) if is_unhelpful(&error) => return Err(refused),
            Err(error) => return Err(error),
        },
    };
    Ok(response)
}

/// Returns whether the path of the provider's own client is refused too, or does not exist.
fn is_unhelpful(error: &Error) -> bool {
    let status = error.status().map(|status| status.as_u16());
    matches!(status, Some(401 | 403 | 404 | 405))
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
