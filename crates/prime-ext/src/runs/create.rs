//! Creates a run.

use std::time::Duration;

use openapi_runtime::{IntoRequest as _, Response, Secret};
use prime_training_api::builder;
use prime_training_api::types::{CreateDedicatedRunRequest, CreateDedicatedRunResponse};
use serde_json::Value;
use tokio::time::Instant;

use super::possible::add_possible_runs;
use super::{CreatedRun, RunConfig, secrets};
use crate::call::{Call, CallFuture};
use crate::client::Client;
use crate::error::{Error, ErrorKind, reject_known_fields};
use crate::options::CallOptions;

/// A request to create a run. Returned by [`Runs::create`](super::Runs::create). Awaiting it creates the run.
///
/// ```no_run
/// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// use prime_ext::RunConfig;
///
/// let config = RunConfig::from_toml_file("rl.toml")?;
/// match lab.runs().create(config).name("first").await {
///     Ok(run) => {
///         println!("{}", run.run_id());
///         run.save_token("run.token")?; // the service returns it only once
///     }
///     Err(error) if error.outcome_unknown() => {
///         eprintln!("{error}"); // check before you try again
///         for run in error.possible_runs().unwrap_or_default() {
///             eprintln!("{} {} {}", run.id, run.status, run.created_at);
///         }
///     }
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "requests do nothing unless awaited"]
pub struct CreateRun {
    client: Client,
    body: CreateDedicatedRunRequest,
}

impl CreateRun {
    pub(crate) fn new(client: Client, config: RunConfig) -> Self {
        let (config, fields) = config.into_parts();
        let mut body = CreateDedicatedRunRequest::new(config);
        for (field, value) in fields {
            match (field.as_str(), value) {
                ("name", Value::String(name)) => body.name = Some(name),
                ("imageTag", Value::String(tag)) => body.image_tag = Some(tag),
                (_, value) => {
                    body.extra.insert(field, value);
                }
            }
        }
        Self { client, body }
    }

    /// Sets the display name. Default: the configuration's `name`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.body.name = Some(name.into());
        self
    }

    /// Sets the tag of the prime-rl container image. Default: the configuration's `image_tag`, or else the default of
    /// the service.
    pub fn image_tag(mut self, tag: impl Into<String>) -> Self {
        self.body.image_tag = Some(tag.into());
        self
    }

    /// Sets the Weights & Biases API key. It is sent alongside the configuration, never as part of it.
    pub fn wandb_api_key(mut self, key: impl Into<Secret>) -> Self {
        self.body.wandb_api_key = Some(key.into());
        self
    }

    /// Sets the Hugging Face token. It is sent alongside the configuration, never as part of it.
    pub fn hf_token(mut self, token: impl Into<Secret>) -> Self {
        self.body.hf_token = Some(token.into());
        self
    }

    /// Sets options of this call. Options that are not set keep the client's value.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.client = self.client.with_options(options);
        self
    }

    /// Sets the timeout of the call: [`CallOptions::timeout`]. After a timeout it is unknown whether the run exists.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.options(CallOptions::new().timeout(timeout))
    }

    /// Sets the maximum number of retries. The call is retried only if nothing was sent, for example after a refused
    /// connection.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.client = self.client.with_max_retries(retries);
        self
    }

    /// Sets a request field that is not in the specification. Newer servers accept `gpuType`,
    /// `volume`, `mode` (`sft` for a fine-tuning configuration), `sourceRef` and `resumeFrom`
    /// (source: the provider's own client).
    pub fn extra(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.extra.insert(field.into(), value.into());
        self
    }

    /// Modifies the request directly, for fields that have no method here. Fields that are not in the specification go
    /// into `extra`.
    pub fn modify(mut self, set: impl FnOnce(&mut CreateDedicatedRunRequest)) -> Self {
        set(&mut self.body);
        self
    }

    /// Creates the run and returns it with the status, the headers and the body.
    ///
    /// # Errors
    /// Returns the same errors as awaiting the request.
    pub fn with_response(self) -> CallFuture<Response<CreatedRun>> {
        self.call().with_response()
    }

    fn call(self) -> Call<CreatedRun> {
        let Self { client, body } = self;
        Call::new(&client, async move |client: Client| {
            let checked = check(&body);
            let name = body.name.clone();
            let call = client.training_api().create_run().body(body);
            let named = |error: Error| error.with_operation(builder::CreateRun::OPERATION.id);
            checked.map_err(named)?;
            let call = client.on_behalf(call)?;
            let began = Instant::now();
            let result = call.send_with(client.context()).await;
            created(&client, name.as_deref(), began, result).await
        })
    }

    /// Creates the run in a task of its own, and passes the result to `keep`.
    ///
    /// If the future of an awaited request is dropped, it is unknown whether the run exists, and its token is lost. Use
    /// this method where the calling task may be cancelled, for example by a timeout or because a client disconnects.
    ///
    /// The task does not depend on the returned handle: `keep` is called even if the handle is dropped or aborted. Only
    /// the end of the runtime or of the process stops the task. The handle completes when `keep` has returned.
    ///
    /// ```no_run
    /// # async fn example(lab: prime_ext::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use prime_ext::RunConfig;
    ///
    /// let create = lab.runs().create(RunConfig::from_toml_file("rl.toml")?).name("first");
    /// let task = create.spawn(|created| match created {
    ///     Ok(run) => if let Err(error) = run.save_token("run.token") { eprintln!("{error}") },
    ///     Err(error) => eprintln!("{error}"),
    /// });
    /// task.await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// If it is called outside of a tokio runtime.
    pub fn spawn<K>(self, keep: K) -> tokio::task::JoinHandle<()>
    where
        K: FnOnce(Result<CreatedRun, Error>) + Send + 'static,
    {
        spawn(self.into_future(), keep)
    }
}

/// Runs a future in a task that the returned handle does not abort.
pub(super) fn spawn<K>(created: CallFuture<CreatedRun>, keep: K) -> tokio::task::JoinHandle<()>
where
    K: FnOnce(Result<CreatedRun, Error>) + Send + 'static,
{
    let creation = tokio::spawn(async move { keep(created.await) });
    // Aborting this task does not abort the other one.
    tokio::spawn(async move {
        if let Err(error) = creation.await
            && let Ok(panic) = error.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
    })
}

/// Returns the run of a response. If the outcome of a call is unknown, adds the runs that it may have created to the
/// error. `name` is the requested name.
pub(super) async fn created(
    client: &Client,
    name: Option<&str>,
    began: Instant,
    result: Result<Response<CreateDedicatedRunResponse>, openapi_runtime::Error>,
) -> Result<Response<CreatedRun>, Error> {
    let run = match result {
        Ok(response) => {
            let (run, meta, body) = response.into_parts();
            Response::new(CreatedRun::new(run, &body), meta, body)
        }
        Err(error) => match CreatedRun::within(&error) {
            Some(run) => run,
            None => return Err(add_possible_runs(client, name, began, error.into()).await),
        },
    };
    client.remember_created_run(run.value().run_id());
    Ok(run)
}

/// Creates the run, which starts hardware that costs money. A request that was sent is never sent again.
///
/// # Errors
/// If the configuration contains a secret, in which case nothing is sent, or if the call fails. If
/// [`outcome_unknown`](openapi_runtime::Error::outcome_unknown) is true, the run may exist:
/// [`possible_runs`](Error::possible_runs) has the runs that may be it. To find them, the call may take up to five seconds
/// longer. Check them, the dashboard or the training rows of the wallet before you create the run again. The run may also
/// exist if the future is dropped after its first poll.
impl IntoFuture for CreateRun {
    type Output = Result<CreatedRun, Error>;
    type IntoFuture = CallFuture<CreatedRun>;

    fn into_future(self) -> CallFuture<CreatedRun> {
        self.call().into_future()
    }
}

/// Rejects secrets in the configuration and in extra fields, and extra fields that the specification lists.
fn check(body: &CreateDedicatedRunRequest) -> Result<(), Error> {
    reject_known_fields(&body.extra, CreateDedicatedRunRequest::FIELDS)?;
    let misplaced = body
        .extra
        .keys()
        .find_map(|key| Some((key, secrets::misplaced(key)?)));
    let refused = match misplaced {
        Some((key, advice)) => Err(format!("{key} is a secret: {advice}")),
        None => secrets::reject(&body.config),
    };
    refused.map_err(|reason| Error::new(ErrorKind::Request, reason))
}
