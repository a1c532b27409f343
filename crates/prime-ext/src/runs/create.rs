//! A run about to be created.

use openapi_runtime::Secret;
use prime_training_api::operations::CREATE_RUN;
use prime_training_api::types::CreateDedicatedRunRequest;
use serde_json::Value;

use super::{CreatedRun, RunConfig, secrets};
use crate::account::on_behalf;
use crate::client::Client;
use crate::error::{Error, ErrorKind, unlisted};
use crate::options::CallOptions;

/// A run about to be created. From [`Runs::create`](super::Runs::create).
///
/// ```no_run
/// # async fn example(lab: prime_ext::Client) -> Result<(), prime_ext::Error> {
/// use prime_ext::RunConfig;
///
/// let config = RunConfig::from_toml_file("rl.toml")?;
/// match lab.runs().create(config).name("first").send().await {
///     Ok(run) => {
///         println!("{}", run.run_id);
///         run.save_token("run.token")?; // shown this one time
///     }
///     Err(error) if error.outcome_unknown() => {
///         eprintln!("{error}: look at the dashboard before you create it again");
///     }
///     Err(error) => return Err(error),
/// }
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

    /// A name for people. Default: the configuration's `name`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.body.name = Some(name.into());
        self
    }

    /// Tag of the prime-rl container image. Default: the configuration's `image_tag`, or else the
    /// service's own.
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

    /// Times and limits of this call alone, and what goes along with it.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.client = self.client.with_options(options);
        self
    }

    /// Sets a field of the request that the specification does not have. Newer servers take `gpuType`,
    /// `volume`, `mode` (`sft` for the configuration of a fine-tuning), `sourceRef` and `resumeFrom`
    /// (source: the provider's own client).
    pub fn extra(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.extra.insert(field.into(), value.into());
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
    /// # Errors
    /// If a secret stands in the configuration; nothing is sent then. If the call fails. With
    /// [`Error::outcome_unknown`] the run may exist: look at the wallet's training rows or the dashboard
    /// before you create it again. Dropping the future after it was first polled is such a case too.
    pub async fn send(self) -> Result<CreatedRun, Error> {
        self.check()?;
        let call = self.client.training_api().create_run().body(self.body);
        let call = on_behalf(self.client.account(), call)?;
        let run = call
            .send()
            .await
            .map_err(|e| Error::of_call(&CREATE_RUN, e))?;
        let (run, head, body) = run.into_parts();
        Ok(CreatedRun::new(run, &body, head.into()))
    }

    /// Creates the run as [`send`](Self::send) does, in a task of its own, and passes the result to `keep`.
    ///
    /// If the future of `send` is dropped, nobody knows whether the run exists, and its token, which is shown
    /// once, is lost. Use this where the caller may be cancelled, for example by a timeout or by a client that
    /// disconnects.
    ///
    /// The task belongs to the runtime and not to the returned handle: it runs to its end, and `keep` is called,
    /// also if the handle is dropped or aborted, and before the task is first polled. Only the end of the runtime
    /// or of the process stops it. The handle completes when `keep` has returned.
    ///
    /// ```no_run
    /// # async fn example(lab: prime_ext::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use prime_ext::RunConfig;
    ///
    /// let create = lab.runs().create(RunConfig::from_toml_file("rl.toml")?).name("first");
    /// let task = create.spawn(|created| match created {
    ///     Ok(run) => { let _ = run.save_token("run.token"); }
    ///     Err(error) => eprintln!("{error}"),
    /// });
    /// task.await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn<K>(self, keep: K) -> tokio::task::JoinHandle<()>
    where
        K: FnOnce(Result<CreatedRun, Error>) + Send + 'static,
    {
        let creation = tokio::spawn(async move { keep(self.send().await) });
        // Aborting this task leaves the other alone.
        tokio::spawn(async move {
            if let Err(error) = creation.await
                && let Ok(panic) = error.try_into_panic()
            {
                std::panic::resume_unwind(panic);
            }
        })
    }

    fn check(&self) -> Result<(), Error> {
        unlisted(&self.body.extra, CreateDedicatedRunRequest::FIELDS)?;
        let misspelt = self
            .body
            .extra
            .keys()
            .find_map(|key| Some((key, secrets::misplaced(key)?)));
        let refused = match misspelt {
            Some((key, advice)) => Err(format!("{key} is a secret: {advice}")),
            None => secrets::refuse(&self.body.config),
        };
        refused.map_err(|reason| Error::new(ErrorKind::Request, reason).of(&CREATE_RUN))
    }
}
