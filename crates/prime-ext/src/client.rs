//! The client of all APIs.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use openapi_runtime::{CallContext, CallHooks, Caller, IntoRequest, WithTeam};
use reqwest::Url;

use crate::account::{Account, on_behalf};
use crate::builder::ClientBuilder;
use crate::call::Call;
use crate::chat::{self, ChatRequest, ChatResponse, ReasoningHistory};
use crate::cost::Meter;
use crate::error::Error;
use crate::models::{ModelId, Models};
use crate::options::{self, CallOptions};
use crate::raw::RawCall;
use crate::runs::Runs;
use crate::settings::Settings;
use crate::wallet::Wallet;

/// A client of the Inference API and the Training API, for one account.
///
/// Cloning is cheap. Clones share their connections and their retry budget. Clients that are made from this one, for
/// another account or with other options, share them too:
///
/// ```no_run
/// # fn example() -> Result<(), prime_ext::Error> {
/// let prime = prime_ext::Client::from_env()?;
/// let lab = prime.team("team_123"); // calls of `lab` are billed to the team
/// # Ok(())
/// # }
/// ```
///
/// # Runtime
///
/// Calls need a tokio runtime with I/O and time enabled (`enable_all`). A connection belongs to the runtime on which
/// it was opened, and makes progress only while that runtime is driven.
///
/// Use a client on one runtime only. A call on a second runtime may be sent on a connection of the first. If the first
/// runtime is not driven at that time, such as a `current_thread` runtime outside of `block_on`, the call waits until
/// its timeout. The error then says that the call may have been carried out.
///
/// # Idle connections
///
/// A server may close an idle connection while a request is being sent on it. The call then fails like any call whose
/// connection breaks. In about one of 100,000 such cases, the HTTP library does not notice that the connection was
/// closed, and the call waits until its timeout.
///
/// The client therefore closes connections that have been idle for 4 seconds. Common servers close them after 5 seconds
/// or more. A shorter [`CallOptions::timeout`] limits the wait in the cases that remain.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    scope: Arc<Scope>,
}

/// What a client shares with its clones.
#[derive(Debug)]
struct Shared {
    settings: Settings,
    caller: Caller,
    inference: pinference_api::Client,
    training: prime_training_api::Client,
    platform: prime_platform_api::Client,
    /// By model.
    reasoning_history: HashMap<String, ReasoningHistory>,
    /// The ids of the runs that calls returned as created.
    created_runs: Mutex<HashSet<String>>,
}

/// What may differ between clients that share connections.
#[derive(Debug, Clone)]
struct Scope {
    account: Account,
    meter: Option<Meter>,
    options: Arc<CallOptions>,
    context: CallContext,
}

impl Scope {
    fn new(account: Account, meter: Option<Meter>, options: Arc<CallOptions>) -> Self {
        let hooks = AccountHooks(account.clone());
        let context = CallContext::new()
            .with_options(options.clone())
            .with_hooks(Arc::new(hooks));
        Self {
            account,
            meter,
            options,
            context,
        }
    }
}

/// Names the account in traces.
#[derive(Debug)]
struct AccountHooks(Account);

impl CallHooks for AccountHooks {
    fn account(&self) -> Option<&str> {
        self.0.id()
    }
}

impl Client {
    /// Creates a client from the settings of the `prime` CLI.
    ///
    /// Each setting comes from the first of these sources that has it:
    ///
    /// 1. The environment: `PRIME_API_KEY`, `PRIME_TEAM_ID`, `PRIME_API_BASE_URL` (or `PRIME_BASE_URL`),
    ///    `PRIME_INFERENCE_URL`.
    /// 2. The context that `PRIME_CONTEXT` names: the file `~/.prime/environments/{name}.json`, or the defaults if the
    ///    name is `production`. A context replaces the team and the URLs of `config.json`, even if the context does not
    ///    set them.
    /// 3. `~/.prime/config.json`.
    /// 4. The default: the personal account and the URLs of the services. The key has no default.
    ///
    /// No request is sent.
    ///
    /// # Errors
    /// If there is no key or a setting is invalid. The error names the sources.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().or_env()?.build()
    }

    /// Creates a builder, whose methods set each setting in code.
    ///
    /// ```
    /// # fn example() -> Result<(), prime_ext::Error> {
    /// let prime = prime_ext::Client::builder().api_key("pit_123").team("team_123").build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Creates a client that makes its calls through `caller`.
    pub(crate) fn with_caller(
        settings: Settings,
        caller: Caller,
        options: CallOptions,
        reasoning_history: HashMap<String, ReasoningHistory>,
    ) -> Self {
        let account = settings.account.value.clone();
        let (inference_url, platform_url) =
            (&settings.inference_url.value, &settings.platform_url.value);
        let shared = Shared {
            inference: pinference_api::Client::with_caller(inference_url.as_str(), caller.clone()),
            training: prime_training_api::Client::with_caller(
                platform_url.as_str(),
                caller.clone(),
            ),
            platform: prime_platform_api::Client::with_caller(
                platform_url.as_str(),
                caller.clone(),
            ),
            settings,
            caller,
            reasoning_history,
            created_runs: Mutex::default(),
        };
        let options = Arc::new(options::checked(options));
        Self {
            shared: Arc::new(shared),
            scope: Arc::new(Scope::new(account, None, options)),
        }
    }

    fn scoped(&self, account: Account, meter: Option<Meter>, options: Arc<CallOptions>) -> Self {
        Self {
            shared: self.shared.clone(),
            scope: Arc::new(Scope::new(account, meter, options)),
        }
    }

    fn with_account(&self, account: Account) -> Self {
        let scope = &self.scope;
        self.scoped(account, scope.meter.clone(), scope.options.clone())
    }

    /// Returns a client whose calls are billed to a team. Both clients share their connections, retry budget, meter and
    /// options.
    #[must_use]
    pub fn team(&self, id: impl Into<String>) -> Self {
        self.with_account(Account::Team(id.into()))
    }

    /// Returns a client whose calls are billed to the key's owner. Both clients share their connections, retry budget,
    /// meter and options.
    #[must_use]
    pub fn personal(&self) -> Self {
        self.with_account(Account::Personal)
    }

    /// Returns a client whose chat calls, streamed or not, are counted by a meter. The meter also counts the calls of
    /// clients that are made from the returned client. Both clients share their connections, retry budget and options.
    #[must_use]
    pub fn with_meter(&self, meter: &Meter) -> Self {
        let scope = &self.scope;
        let meter = Some(meter.clone());
        self.scoped(scope.account.clone(), meter, scope.options.clone())
    }

    /// Returns a client with these options for all its calls. Options that are not set keep their value. Both clients
    /// share their connections, retry budget and meter.
    ///
    /// ```no_run
    /// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
    /// use std::time::Duration;
    /// use prime_ext::CallOptions;
    ///
    /// let impatient = prime.with_options(CallOptions::new().timeout(Duration::from_secs(5)));
    /// let wallet = impatient.wallet().get().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        let scope = &self.scope;
        let options = options::checked(options).or(&scope.options);
        self.scoped(
            scope.account.clone(),
            scope.meter.clone(),
            Arc::new(options),
        )
    }

    /// Returns the account that is billed.
    pub fn account(&self) -> &Account {
        &self.scope.account
    }

    /// Returns the settings of this client, each with its source.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Returns a handle, whose methods list the models or get one of them.
    pub fn models(&self) -> Models {
        Models::new(self.clone())
    }

    /// Creates a chat request to a model, by its id: `meta-llama/llama-3.1-70b-instruct`, or
    /// `{base_model}:{adapter_id}` for an adapter.
    pub fn chat(&self, model: impl Into<String>) -> ChatRequest {
        ChatRequest::new(self.clone(), model.into())
    }

    /// Creates a chat request whose body is JSON already, such as a line of a file. The body is sent byte for byte, after
    /// the [body fields](CallOptions::body_field) of the options were added. It is not checked, except that it must name
    /// a model and must not request a stream.
    ///
    /// ```no_run
    /// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
    /// let body = r#"{"model": "openai/gpt-oss-120b", "messages": [{"role": "user", "content": "Hello"}]}"#;
    /// let response = prime.chat_json(body).await?;
    /// println!("{} for {}", response.text(), response.cost());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Awaiting the call returns the same errors as awaiting a [`ChatRequest`].
    pub fn chat_json(&self, body: impl Into<Bytes>) -> Call<ChatResponse> {
        chat::json::call(self, body.into())
    }

    /// Returns a handle to the account's wallet, whose methods read the balance and the billing rows.
    pub fn wallet(&self) -> Wallet {
        Wallet::new(self.clone())
    }

    /// Returns a handle, whose methods create, list, watch, stop and delete training runs.
    pub fn runs(&self) -> Runs {
        Runs::new(self.clone())
    }

    /// Creates a call to an operation of the Inference API that is not in the specification. The path is relative to
    /// [`inference_url`](Self::inference_url).
    ///
    /// ```no_run
    /// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
    /// let response = prime
    ///     .personal()
    ///     .call_inference(http::Method::POST, "embeddings")
    ///     .json(&serde_json::json!({"model": "m", "input": "a text"}))
    ///     .send::<serde_json::Value>()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn call_inference(&self, method: http::Method, path: impl AsRef<str>) -> RawCall {
        RawCall::new(self.clone(), self.inference_url(), method, path.as_ref())
    }

    /// Creates a call to an operation of the platform that is in no specification, such as `api/v1/pods`. The path
    /// is relative to [`platform_url`](Self::platform_url).
    pub fn call_platform(&self, method: http::Method, path: impl AsRef<str>) -> RawCall {
        RawCall::new(self.clone(), self.platform_url(), method, path.as_ref())
    }

    /// Returns the base URL of the Inference API.
    pub fn inference_url(&self) -> &Url {
        &self.shared.settings.inference_url.value
    }

    /// Returns the base URL of the platform, which serves training and billing.
    pub fn platform_url(&self) -> &Url {
        &self.shared.settings.platform_url.value
    }

    /// Returns a client with another maximum number of retries. The rest of the retry policy is unchanged.
    pub(crate) fn with_max_retries(&self, retries: u32) -> Self {
        let policy = self.options().get_retry().clone().max_retries(retries);
        self.with_options(CallOptions::new().retry(policy))
    }

    pub(crate) fn options(&self) -> &CallOptions {
        &self.scope.options
    }

    /// Returns whether requests to a model, or to an adapter of it, contain the reasoning of earlier responses.
    pub(crate) fn reasoning_history(&self, model: &str) -> ReasoningHistory {
        let histories = &self.shared.reasoning_history;
        let base = || histories.get(ModelId::parse(model).ok()?.base());
        let history = histories.get(model).or_else(base);
        history.copied().unwrap_or_default()
    }

    /// Remembers that a call returned this run as created.
    pub(crate) fn remember_created_run(&self, id: &str) {
        let runs = self.shared.created_runs.lock();
        runs.unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned());
    }

    /// Returns whether a call of this client returned this run as created.
    pub(crate) fn has_created_run(&self, id: &str) -> bool {
        let runs = self.shared.created_runs.lock();
        runs.unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    pub(crate) fn meter(&self) -> Option<&Meter> {
        self.scope.meter.as_ref()
    }

    /// Returns the [`Caller`] that sends this client's requests. It has the key, the connections and the retry budget.
    ///
    /// The generated client of another API can use this `Caller` too. Every request through it, to whatever URL,
    /// carries this client's key: use it only with services that may know the key.
    ///
    /// ```no_run
    /// # async fn example(prime: prime_ext::Client) -> Result<(), prime_ext::Error> {
    /// use prime_ext::prime_training_api as other_api;
    ///
    /// let other = other_api::Client::with_caller("https://other.example", prime.caller().clone());
    /// let wallet = prime.on_behalf(other.get_wallet())?.send_with(prime.context()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn caller(&self) -> &Caller {
        &self.shared.caller
    }

    /// Returns the context of this client's calls, for `send_with` of a generated operation: the options, and the
    /// account for traces. The context does not set the team of a request; [`on_behalf`](Self::on_behalf) does.
    pub fn context(&self) -> &CallContext {
        &self.scope.context
    }

    /// Sets this client's team in a generated operation, in the header, query parameter or body property that the
    /// specification names. Without a team, the operation is returned unchanged.
    ///
    /// # Errors
    /// If the team's id is invalid.
    pub fn on_behalf<B: IntoRequest + WithTeam>(&self, operation: B) -> Result<B, Error> {
        on_behalf(&self.scope.account, operation)
    }

    /// Returns the generated client of the Inference API, with this client's key, connections and retry budget. Use
    /// [`on_behalf`](Self::on_behalf) to set this client's team in a call, and [`context`](Self::context) to apply this
    /// client's options.
    pub fn inference_api(&self) -> &pinference_api::Client {
        &self.shared.inference
    }

    /// Returns the generated client of the Training API, with this client's key, connections and retry budget. Use
    /// [`on_behalf`](Self::on_behalf) to set this client's team in a call, and [`context`](Self::context) to apply this
    /// client's options.
    pub fn training_api(&self) -> &prime_training_api::Client {
        &self.shared.training
    }

    /// Returns the generated client of operations that no specification of the provider describes, with this client's
    /// key, connections and retry budget. Its specification was written by this project, from the provider's own client.
    /// Use [`on_behalf`](Self::on_behalf) to set this client's team in a call, and [`context`](Self::context) to apply
    /// this client's options.
    pub fn platform_api(&self) -> &prime_platform_api::Client {
        &self.shared.platform
    }
}
