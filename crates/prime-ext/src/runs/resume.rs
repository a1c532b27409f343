//! Resumes a paused run as a new run.

use std::time::Duration;

use openapi_runtime::{Response, Secret};
use prime_platform_api::types::{ResumeRunRequest, ResumedRun};
use prime_training_api::types::CreateDedicatedRunResponse;
use serde_json::Value;
use tokio::time::Instant;

use super::create::{self, created};
use super::{CreatedRun, check_id};
use crate::call::{Call, CallFuture};
use crate::client::Client;
use crate::error::Error;
use crate::options::CallOptions;

/// A request to resume a paused run as a new run. Returned by [`Runs::resume`](super::Runs::resume). Awaiting it creates
/// the new run.
#[derive(Debug, Clone)]
#[must_use = "requests do nothing unless awaited"]
pub struct ResumeRun {
    client: Client,
    run_id: String,
    body: ResumeRunRequest,
}

impl ResumeRun {
    pub(super) fn new(client: Client, run_id: String) -> Self {
        Self {
            client,
            run_id,
            body: ResumeRunRequest::default(),
        }
    }

    /// Sets the GPU type, such as `H200_141GB`. Default: that of the paused run.
    pub fn gpu_type(self, gpu: impl Into<String>) -> Self {
        self.modify(|body| body.gpu_type = Some(gpu.into()))
    }

    /// Sets the tag of the prime-rl container image. Default: that of the paused run.
    pub fn image_tag(self, tag: impl Into<String>) -> Self {
        self.modify(|body| body.image_tag = Some(tag.into()))
    }

    /// Sets the Weights & Biases API key. The service does not keep the key of the paused run.
    pub fn wandb_api_key(self, key: impl Into<Secret>) -> Self {
        self.modify(|body| body.wandb_api_key = Some(key.into()))
    }

    /// Sets the Hugging Face token. The service does not keep the token of the paused run.
    pub fn hf_token(self, token: impl Into<Secret>) -> Self {
        self.modify(|body| body.hf_token = Some(token.into()))
    }

    /// Modifies the request directly, for fields that have no method here.
    pub fn modify(mut self, set: impl FnOnce(&mut ResumeRunRequest)) -> Self {
        set(&mut self.body);
        self
    }

    /// Sets options of this call. Options that are not set keep the client's value.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.client = self.client.with_options(options);
        self
    }

    /// Sets the timeout of the call: [`CallOptions::timeout`]. The default is 120 seconds. After a timeout it is unknown
    /// whether the new run exists.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.options(CallOptions::new().timeout(timeout))
    }

    /// Sets the maximum number of retries. The call is retried only if nothing was sent, for example after a refused
    /// connection.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.client = self.client.with_max_retries(retries);
        self
    }

    /// Creates the new run and returns it with the status, the headers and the body.
    ///
    /// # Errors
    /// Returns the same errors as awaiting the request.
    pub fn with_response(self) -> CallFuture<Response<CreatedRun>> {
        self.call().with_response()
    }

    /// Creates the new run in a task of its own, and passes the result to `keep`:
    /// [`CreateRun::spawn`](super::CreateRun::spawn).
    ///
    /// # Panics
    /// If it is called outside of a tokio runtime.
    pub fn spawn<K>(self, keep: K) -> tokio::task::JoinHandle<()>
    where
        K: FnOnce(Result<CreatedRun, Error>) + Send + 'static,
    {
        create::spawn(self.into_future(), keep)
    }

    fn call(self) -> Call<CreatedRun> {
        let Self {
            client,
            run_id,
            body,
        } = self;
        Call::new(&client, async move |client: Client| {
            let call = client
                .platform_api()
                .resume_run()
                .run_id(check_id(&run_id)?);
            let call = client.on_behalf(call.body(body))?;
            let began = Instant::now();
            let result = call.send_with(client.context()).await;
            let result = result.map(|response| response.map(of_training_api));
            created(&client, None, began, result).await
        })
    }
}

/// Creates the new run, which starts hardware that costs money. A request that was sent is never sent again.
///
/// # Errors
/// If the call fails, for example because the run is not paused. If
/// [`outcome_unknown`](openapi_runtime::Error::outcome_unknown) is true, the new run may exist:
/// [`possible_runs`](Error::possible_runs) has the runs that may be it.
impl IntoFuture for ResumeRun {
    type Output = Result<CreatedRun, Error>;
    type IntoFuture = CallFuture<CreatedRun>;

    fn into_future(self) -> CallFuture<CreatedRun> {
        self.call().into_future()
    }
}

/// Converts a new run to the type of the Training API, which has the same fields.
fn of_training_api(run: ResumedRun) -> CreateDedicatedRunResponse {
    let mut created = CreateDedicatedRunResponse::new(run.run_id, run.token_value);
    let job_id = run.extra.get("jobId").and_then(Value::as_str);
    created.job_id = job_id.map(str::to_owned);
    created.on_demand = run.on_demand;
    created.gpu_type = run.gpu_type;
    created.price_per_gpu_hour = run.price_per_gpu_hour;
    created.estimated_cost_per_hour = run.estimated_cost_per_hour;
    created.is_beta = run.is_beta;
    created
}
