//! The client.

use std::sync::Arc;

use prime_runtime::{Secret, Transport};
use reqwest::Url;

use crate::account::Account;
use crate::chat::ChatRequest;
use crate::cost::{Meter, Receipt};
use crate::error::{Error, ErrorKind};
use crate::http_client;
use crate::models::Models;
use crate::road::Road;
use crate::runs::Runs;
use crate::settings::{Settings, Surroundings};
use crate::wallet::Wallet;

/// Talks to both APIs, as one account.
///
/// A clone is cheap and shares connections, and so does a clone for another account:
///
/// ```no_run
/// # fn example() -> Result<(), prime_ext::Error> {
/// let prime = prime_ext::Client::from_env()?;
/// let lab = prime.team("team_123"); // what this one does is billed to the team
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    account: Account,
    meter: Option<Meter>,
}

#[derive(Debug)]
struct Shared {
    inference: pinference_api::Client,
    training: prime_training_api::Client,
    inference_url: Url,
    platform_url: Url,
    key: Secret,
}

impl Client {
    /// A client of the settings that the `prime` command line uses.
    ///
    /// The environment comes first: `PRIME_API_KEY`, `PRIME_TEAM_ID`, `PRIME_API_BASE_URL` (or
    /// `PRIME_BASE_URL`), `PRIME_INFERENCE_URL`; then the context that `PRIME_CONTEXT` names; then
    /// `~/.prime/config.json`; then the addresses of the services.
    ///
    /// # Errors
    /// If there is no key, or a setting is wrong. Nothing is sent.
    pub fn from_env() -> Result<Self, Error> {
        let settings = Settings::default().or(&Surroundings::real())?;
        ClientBuilder {
            settings,
            ..ClientBuilder::default()
        }
        .build()
    }

    /// A client of settings that the caller states.
    ///
    /// ```
    /// # fn example() -> Result<(), prime_ext::Error> {
    /// let prime = prime_ext::Client::builder().api_key("pit_…").team("team_123").build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The same client as a team: the team is billed. Shares connections.
    #[must_use]
    pub fn team(&self, id: impl Into<String>) -> Self {
        Self {
            account: Account::Team(id.into()),
            ..self.clone()
        }
    }

    /// The same client as the key's owner. Shares connections.
    #[must_use]
    pub fn personal(&self) -> Self {
        Self {
            account: Account::Personal,
            ..self.clone()
        }
    }

    /// The same client, whose chats are counted by a meter, streamed or not. What is made of it counts
    /// into the same meter. Shares connections.
    #[must_use]
    pub fn metered(&self, meter: &Meter) -> Self {
        Self {
            meter: Some(meter.clone()),
            ..self.clone()
        }
    }

    /// Whose account this client uses.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The models there are.
    pub fn models(&self) -> Models {
        Models::new(self.clone())
    }

    /// A question to a model, by its id: `meta-llama/llama-3.1-70b-instruct`, or
    /// `{base_model}:{adapter_id}` for an adapter.
    pub fn chat(&self, model: impl Into<String>) -> ChatRequest {
        ChatRequest::new(self.clone(), model.into())
    }

    /// The account's wallet.
    pub fn wallet(&self) -> Wallet {
        Wallet::new(self.clone())
    }

    /// Training runs.
    pub fn runs(&self) -> Runs {
        Runs::new(self.clone())
    }

    /// Address of the Inference API.
    pub fn inference_url(&self) -> &Url {
        &self.shared.inference_url
    }

    /// Address of the platform, which serves training and billing.
    pub fn platform_url(&self) -> &Url {
        &self.shared.platform_url
    }

    /// The key, to be kept out of what a stream says.
    pub(crate) fn key(&self) -> &Secret {
        &self.shared.key
    }

    /// What counts a question to a model.
    pub(crate) fn receipt(&self, model: &str) -> Receipt {
        Receipt::new(self.meter.as_ref(), model, &self.account)
    }

    /// The generated client of the Inference API, on the same road. It knows no account: its team
    /// header is the caller's to set.
    pub fn inference_api(&self) -> &pinference_api::Client {
        &self.shared.inference
    }

    /// The generated client of the Training API, on the same road. It knows no account: its team
    /// parameters are the caller's to set.
    pub fn training_api(&self) -> &prime_training_api::Client {
        &self.shared.training
    }
}

/// Settings of a [`Client`]. What is not set is as documented at each setting; the environment is not
/// looked at.
#[derive(Debug, Default)]
pub struct ClientBuilder {
    settings: Settings,
    http: Option<reqwest::Client>,
    plain_http: bool,
}

impl ClientBuilder {
    /// The API key. Required.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.settings.api_key = Some(key.into());
        self
    }

    /// The team that is billed. Default: the key's owner.
    #[must_use]
    pub fn team(mut self, id: impl Into<String>) -> Self {
        self.settings.account = Some(Account::Team(id.into()));
        self
    }

    /// Address of the Inference API, with its path. Default:
    /// [`pinference_api::Client::DEFAULT_BASE_URL`].
    #[must_use]
    pub fn inference_url(mut self, url: impl Into<String>) -> Self {
        self.settings.inference_url = Some(url.into());
        self
    }

    /// Address of the platform, which serves training and billing, without `/api/v1`. Default:
    /// [`prime_training_api::Client::DEFAULT_BASE_URL`].
    #[must_use]
    pub fn platform_url(mut self, url: impl Into<String>) -> Self {
        self.settings.platform_url = Some(url.into());
        self
    }

    /// An HTTP client of your own. Its TLS, proxies, redirects, connect and idle timeouts are then
    /// what you made them: build it with `redirect(Policy::none())`, or a redirect of the service's
    /// takes a request, and the secrets in its body, to wherever it says.
    ///
    /// Beside this crate's feature `rustls`, reqwest's own `Client::new` needs a TLS provider and panics
    /// without one: switch on a TLS feature of reqwest, or install a provider of rustls.
    #[must_use]
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Allows `http` addresses beyond this machine. The key then travels in the clear.
    #[must_use]
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Builds the client. Nothing is sent.
    ///
    /// # Errors
    /// If there is no key, or an address is wrong or would send the key in the clear.
    pub fn build(self) -> Result<Client, Error> {
        let Settings {
            api_key,
            account,
            inference_url,
            platform_url,
        } = self.settings;
        let key = api_key.map(|key| Secret::from(key.expose().trim()));
        let key = key.filter(|key| !key.expose().is_empty()).ok_or_else(|| {
            let message = "no API key: set PRIME_API_KEY, or api_key in ~/.prime/config.json (`prime \
                           login` writes it), or call `Client::builder().api_key(…)`";
            Error::new(ErrorKind::Settings, message)
        })?;
        let inference_url =
            inference_url.unwrap_or_else(|| pinference_api::Client::DEFAULT_BASE_URL.to_owned());
        let platform_url =
            platform_url.unwrap_or_else(|| prime_training_api::Client::DEFAULT_BASE_URL.to_owned());
        let inference_url = address("inference", &inference_url, self.plain_http)?;
        let mut platform_url = address("platform", &platform_url, self.plain_http)?;
        // People set it with the path that its operations have anyway.
        let path = platform_url.path().trim_end_matches('/');
        if let Some(stem) = path.strip_suffix("/api/v1") {
            let stem = stem.to_owned();
            platform_url.set_path(&stem);
        }
        let http = match self.http {
            Some(http) => http,
            None => http_client::build(&[&inference_url, &platform_url])?,
        };
        let road: Arc<dyn Transport> = Arc::new(Road::new(http.clone(), key.clone())?);
        Ok(Client {
            shared: Arc::new(Shared {
                inference: pinference_api::Client::with_transport(
                    inference_url.as_str(),
                    http.clone(),
                    road.clone(),
                ),
                training: prime_training_api::Client::with_transport(
                    platform_url.as_str(),
                    http,
                    road,
                ),
                inference_url,
                platform_url,
                key,
            }),
            account: account.unwrap_or_default(),
            meter: None,
        })
    }
}

/// Checks an address. Its text is not repeated before it is known to hold no password.
fn address(what: &str, text: &str, plain_http: bool) -> Result<Url, Error> {
    let wrong =
        |reason: String| Error::new(ErrorKind::Settings, format!("the {what} URL {reason}"));
    let url = Url::parse(text.trim()).map_err(|e| wrong(format!("is none: {e}")))?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if has_user || url.query().is_some() || url.fragment().is_some() {
        let reason = "has a user, a password, a query or a fragment, and must have none";
        return Err(wrong(reason.to_owned()));
    }
    match url.scheme() {
        "https" => {}
        "http" if plain_http || http_client::is_loopback(&url) => {}
        "http" => {
            return Err(wrong(format!(
                "{url} would send the API key in the clear; use https, or allow it with \
                 `ClientBuilder::allow_plain_http`"
            )));
        }
        scheme => return Err(wrong(format!("is neither http nor https: {scheme}"))),
    }
    if !url.has_host() {
        return Err(wrong("names no host".to_owned()));
    }
    Ok(url)
}
