//! A run about to be created.

use prime_runtime::Secret;
use prime_training_api::operations::CREATE_RUN;
use prime_training_api::types::{CreateDedicatedRunRequest, CreateDedicatedRunResponse};

use super::RunConfig;
use crate::account::on_behalf;
use crate::client::Client;
use crate::error::{Error, unlisted};

/// A run about to be created. From [`Runs::create`](super::Runs::create).
///
/// ```no_run
/// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// use prime_ext::RunConfig;
///
/// let run = lab.runs().create(RunConfig::from_toml_file("rl.toml")?).name("first").send().await?;
/// println!("{}", run.run_id);
/// let token = &run.token_value; // shown once: keep it
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is created until `send`"]
pub struct CreateRun {
    client: Client,
    body: CreateDedicatedRunRequest,
}

impl CreateRun {
    pub(crate) fn new(client: Client, config: RunConfig) -> Self {
        let body = CreateDedicatedRunRequest::new(config.into_json());
        Self { client, body }
    }

    /// A name for people.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.body.name = Some(name.into());
        self
    }

    /// Tag of the prime-rl container image. Default: the service's own.
    pub fn image_tag(mut self, tag: impl Into<String>) -> Self {
        self.body.image_tag = Some(tag.into());
        self
    }

    /// Key of Weights & Biases. It goes beside the configuration, never into it.
    pub fn wandb_api_key(mut self, key: impl Into<Secret>) -> Self {
        self.body.wandb_api_key = Some(key.into());
        self
    }

    /// Token of Hugging Face. It goes beside the configuration, never into it.
    pub fn hf_token(mut self, token: impl Into<Secret>) -> Self {
        self.body.hf_token = Some(token.into());
        self
    }

    /// Sets whatever the specification has, on the request itself; fields that it does not have go
    /// into `extra`.
    pub fn with(mut self, set: impl FnOnce(&mut CreateDedicatedRunRequest)) -> Self {
        set(&mut self.body);
        self
    }

    /// Creates the run, which starts hardware that costs money. Sent once, never again by itself.
    ///
    /// The answer's `token_value` is an API key that is shown this one time.
    ///
    /// # Errors
    /// If the call fails. With [`Error::outcome_unknown`] the run may exist: look at the wallet's
    /// training rows or the dashboard before you create it again. Dropping the future after it was
    /// first polled is such a case too.
    pub async fn send(self) -> Result<CreateDedicatedRunResponse, Error> {
        unlisted(&self.body.extra, CreateDedicatedRunRequest::FIELDS)?;
        let call = self.client.training_api().create_run().body(self.body);
        let call = on_behalf(self.client.account(), call)?;
        let run = call
            .send()
            .await
            .map_err(|e| Error::of_call(&CREATE_RUN, e))?;
        Ok(run.into_inner())
    }
}
