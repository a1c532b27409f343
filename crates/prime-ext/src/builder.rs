//! Builds a client from its settings.

use std::collections::HashMap;
use std::time::Duration;

use openapi_runtime::{Caller, RetryBudget, Secret, Transport};
use reqwest::Url;

use crate::account::Account;
use crate::chat::ReasoningHistory;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http_client::{self, Connections};
use crate::options::{self, CallOptions};
use crate::settings::{self, EnvSource, PartialConfig, Setting, Settings, Source};

/// Builds a [`Client`]. Each method documents its default.
///
/// Only [`or_env`](Self::or_env) reads settings from the environment. The one exception are proxies: see
/// [`proxy`](Self::proxy).
///
/// ```no_run
/// # fn example() -> Result<(), prime_ext::Error> {
/// use std::time::Duration;
/// use prime_ext::{CallOptions, Client, RetryPolicy};
///
/// let prime = Client::builder()
///     .team("team_123")
///     .options(CallOptions::new().timeout(Duration::from_secs(60)).retry(RetryPolicy::new().max_retries(4)))
///     .or_env()? // the key and all other unset settings, from the sources of the `prime` CLI
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct ClientBuilder {
    config: PartialConfig,
    transport: Option<Caller>,
    connections: Connections,
    plain_http: bool,
    keyless: bool,
    options: CallOptions,
    budget: RetryBudget,
    reasoning_history: HashMap<String, ReasoningHistory>,
}

fn by_program<T>(value: impl Into<T>) -> Option<Setting<T>> {
    Some(Setting::new(value.into(), Source::Program))
}

impl ClientBuilder {
    /// Sets the API key. It is required, here or from [`or_env`](Self::or_env), unless
    /// [`optional_key`](Self::optional_key) is set.
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.config.api_key = by_program(key);
        self
    }

    /// Bills a team. Default: the key's owner is billed.
    pub fn team(mut self, id: impl Into<String>) -> Self {
        self.config.account = by_program(Account::Team(id.into()));
        self
    }

    /// Bills the key's owner, even if the environment names a team.
    pub fn personal(mut self) -> Self {
        self.config.account = by_program(Account::Personal);
        self
    }

    /// Sets the base URL of the Inference API, with its path. Default:
    /// [`pinference_api::Client::DEFAULT_BASE_URL`].
    pub fn inference_url(mut self, url: impl Into<String>) -> Self {
        self.config.inference_url = by_program(url);
        self
    }

    /// Sets the base URL of the platform, which serves training and billing, without `/api/v1`. Default:
    /// [`prime_training_api::Client::DEFAULT_BASE_URL`].
    pub fn platform_url(mut self, url: impl Into<String>) -> Self {
        self.config.platform_url = by_program(url);
        self
    }

    /// Selects a context for [`or_env`](Self::or_env), instead of the one that `PRIME_CONTEXT` names.
    pub fn context(mut self, name: impl Into<String>) -> Self {
        self.config.context = Some(name.into());
        self
    }

    /// Reads the settings that are still unset from the sources of the `prime` CLI: see [`Client::from_env`].
    ///
    /// # Errors
    /// If a file exists but cannot be read, or `PRIME_CONTEXT` names a context that does not exist. `config.json` is
    /// not read if the key, the account and both URLs are already set, by this builder or by the environment.
    pub fn or_env(mut self) -> Result<Self, Error> {
        for name in [
            "PRIME_API_KEY",
            "PRIME_TEAM_ID",
            "PRIME_API_BASE_URL",
            "PRIME_BASE_URL",
            "PRIME_INFERENCE_URL",
            "PRIME_CONTEXT",
        ] {
            if let Err(std::env::VarError::NotUnicode(_)) = std::env::var(name) {
                let message = format!("{name} is not valid UTF-8");
                return Err(Error::new(ErrorKind::Settings, message));
            }
        }
        self.config = self.config.or(&EnvSource {
            variable: &|name| std::env::var(name).ok(),
            home: std::env::home_dir().filter(|home| home.is_absolute()),
        })?;
        Ok(self)
    }

    /// Sets options of every call: timeouts, retries, limits, headers and body fields. The options of a call replace
    /// those of its client. [`Client::with_options`] returns a client with other options.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options::checked(options).or(&self.options);
        self
    }

    /// Sets the timeout of every call: [`CallOptions::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        self.options(CallOptions::new().timeout(timeout))
    }

    /// Sets the maximum number of retries: [`RetryPolicy::max_retries`](crate::RetryPolicy::max_retries). Default: 2.
    pub fn max_retries(self, retries: u32) -> Self {
        let policy = self.options.get_retry().clone().max_retries(retries);
        self.options(CallOptions::new().retry(policy))
    }

    /// Adds a header to every request: [`CallOptions::header`].
    pub fn default_header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.options(CallOptions::new().header(name, value))
    }

    /// Sets whether requests to a model contain the reasoning of its earlier responses. It also applies to the adapters
    /// of the model. Default: [`ReasoningHistory::AsReceived`].
    pub fn reasoning_history(
        mut self,
        model: impl Into<String>,
        history: ReasoningHistory,
    ) -> Self {
        self.reasoning_history.insert(model.into(), history);
        self
    }

    /// Limits the total number of retries of this client, its clones and the clients that are made from them. Default:
    /// [`RetryBudget::default`].
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Sets the time to establish a connection. Default: 10 seconds (source: the provider's own client).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connections.connect_timeout = Some(timeout);
        self
    }

    /// Adds an HTTP, HTTPS or SOCKS proxy. Default: the proxies of the environment (`HTTPS_PROXY`, `HTTP_PROXY`,
    /// `ALL_PROXY`, `NO_PROXY`). If a variable applies to a base URL but is not the URL of such a proxy,
    /// [`build`](Self::build) fails.
    ///
    /// A loopback URL (`localhost`, `127.0.0.1`, `[::1]`) is never requested through a proxy.
    pub fn proxy(mut self, proxy: reqwest::Proxy) -> Self {
        self.connections.proxies.push(proxy);
        self
    }

    /// Trusts one or more root certificates in PEM, in addition to those of the operating system.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.connections.certificates.push(pem.into());
        self
    }

    /// Uses HTTP/1.1 only. By default, an `https` server chooses, and most choose HTTP/2.
    ///
    /// HTTP/2 carries all requests on one connection, which saves handshakes. But a server limits the number of
    /// concurrent streams on a connection, often to 100, and further requests wait for their turn, within their
    /// timeout. Use HTTP/1.1 to read hundreds of streams at once: each stream then has its own connection.
    pub fn http1_only(mut self) -> Self {
        self.connections.http1_only = true;
        self
    }

    /// Sets the `User-Agent` header. Default: `prime-ext/` and its version.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.connections.user_agent = Some(name.into());
        self
    }

    /// Sends requests with your own HTTP client. The HTTP client decides on TLS, protocols, proxies, redirects,
    /// compression, the connection pool and the connect timeout. Timeouts of calls, limits and retries are still those
    /// of this builder.
    ///
    /// - Build the HTTP client with `redirect(Policy::none())`. Otherwise a redirect sends the request, and the secrets
    ///   in its body, to whatever URL the response names. This builder cannot tell whether your HTTP client follows
    ///   redirects. A failure to connect therefore does not prove that nothing was sent: chat calls and the creation of
    ///   a run are then not retried, and their outcome is unknown.
    /// - Build the HTTP client with `retry(reqwest::retry::never())`. Otherwise it may resend an HTTP/2 request that
    ///   the server refused, including the creation of a run, regardless of the retry policy of this client.
    /// - The proxies of the HTTP client also receive requests to loopback URLs, with the key, unless you exclude them.
    ///
    /// With this crate's feature `rustls`, `reqwest::Client::new` panics because it has no TLS provider: enable a TLS
    /// feature of reqwest, or install a process-wide `rustls::crypto::CryptoProvider`.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.transport = Some(http.into());
        self
    }

    /// Sends requests with your own transport, for example in a test without a network. Timeouts of calls, limits and
    /// retries are still those of this builder. To return transport errors or delayed responses, implement
    /// [`Transport`].
    ///
    /// An operation that must not be repeated, such as the creation of a run, is retried only if the transport reports
    /// that [nothing was sent](openapi_runtime::TransportError::not_sent).
    ///
    /// ```
    /// use prime_ext::{Client, transport};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), prime_ext::Error> {
    /// let transport = transport::from_fn(|request| {
    ///     assert_eq!(request.url().path(), "/api/v1/models");
    ///     http::Response::new(r#"{"data": []}"#)
    /// });
    /// let prime = Client::builder().api_key("none").transport(transport).build()?;
    /// assert!(prime.models().list().await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Caller::new(transport));
        self
    }

    /// Allows `http` URLs of other machines. The key is then sent unencrypted.
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Allows a client without an API key. If there is none, requests have no `Authorization` header, and only operations
    /// that need no key succeed.
    ///
    /// ```
    /// # use prime_ext::{Client, transport};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), prime_ext::Error> {
    /// let transport = transport::from_fn(|request| {
    ///     assert!(!request.headers().contains_key("authorization"));
    ///     http::Response::new(r#"{"data": []}"#)
    /// });
    /// let prime = Client::builder().optional_key().transport(transport).build()?;
    /// assert!(prime.models().list().await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn optional_key(mut self) -> Self {
        self.keyless = true;
        self
    }

    /// Builds the client. No request is sent.
    ///
    /// # Errors
    /// If there is no key, or a setting is invalid. A URL is also invalid if the key would be sent to it unencrypted.
    pub fn build(self) -> Result<Client, Error> {
        if let Some(fault) = self.options.fault() {
            return Err(Error::new(ErrorKind::Settings, fault));
        }
        let api_key = key(&self.config, self.keyless)?;
        if let Some(account) = &self.config.account {
            account
                .value
                .check()
                .map_err(|reason| invalid("account", &account.source, &reason))?;
        }
        let inference_url = self.base_url(
            "inference",
            self.config.inference_url.as_ref(),
            pinference_api::Client::DEFAULT_BASE_URL,
        )?;
        let mut platform_url = self.base_url(
            "platform",
            self.config.platform_url.as_ref(),
            prime_training_api::Client::DEFAULT_BASE_URL,
        )?;
        // Many users set the URL with this path, which the operations already contain.
        let path = platform_url.value.path().trim_end_matches('/');
        if let Some(stem) = path.strip_suffix("/api/v1") {
            let stem = stem.to_owned();
            platform_url.value.set_path(&stem);
        }
        let caller = match self.transport {
            Some(_) if self.connections.is_set() => {
                let message = "an HTTP client or transport of your own has its own connect timeout, proxies, \
                               certificates, protocols and user agent: set them there";
                return Err(Error::new(ErrorKind::Settings, message));
            }
            Some(caller) => caller,
            None => {
                let (inference, platform) = (&inference_url.value, &platform_url.value);
                Caller::new(self.connections.build(inference, platform)?)
            }
        };
        let caller = match api_key.value.expose() {
            "" => caller,
            _ => caller
                .with_bearer_token(api_key.value.clone())
                .map_err(|e| invalid("API key", &api_key.source, &e.to_string()))?,
        };
        let caller = caller.with_retry_budget(self.budget);
        let account = self.config.account;
        let settings = Settings {
            api_key,
            account: account.unwrap_or(Setting::new(Account::Personal, Source::Default)),
            inference_url,
            platform_url,
        };
        Ok(Client::with_caller(
            settings,
            caller,
            self.options,
            self.reasoning_history,
        ))
    }

    fn base_url(
        &self,
        what: &str,
        setting: Option<&Setting<String>>,
        default: &str,
    ) -> Result<Setting<Url>, Error> {
        let (text, source) = match setting {
            Some(setting) => (setting.value.as_str(), setting.source.clone()),
            None => (default, Source::Default),
        };
        let url = parse_url(what, text, &source, self.plain_http)?;
        Ok(Setting::new(url, source))
    }
}

/// Returns the key, or an empty one if there is none and `keyless` is set.
fn key(config: &PartialConfig, keyless: bool) -> Result<Setting<Secret>, Error> {
    let key = match &config.api_key {
        Some(key) => {
            let cleaned = settings::clean_key(key.value.expose())
                .map_err(|reason| invalid("API key", &key.source, &reason))?;
            Some(Setting::new(cleaned, key.source.clone()))
        }
        None => None,
    };
    let key = key.filter(|key| !key.value.expose().is_empty());
    let none = || keyless.then(|| Setting::new(Secret::from(""), Source::Default));
    key.or_else(none).ok_or_else(|| {
        let looked = match config.no_key_in.as_slice() {
            [] => {
                "set one with `Client::builder().api_key(…)`, or take it from the environment with \
                   `Client::from_env`"
                    .to_owned()
            }
            places => format!(
                "looked for in {}; set the variable, or let `prime login` write the file, or call \
                 `Client::builder().api_key(…)`",
                places.join(" and ")
            ),
        };
        Error::new(ErrorKind::Settings, format!("no API key: {looked}"))
    })
}

/// The maximum length of a URL, in bytes.
const MAX_URL: usize = 2048;

/// The error of an invalid setting.
fn invalid(setting: &str, source: &Source, reason: &str) -> Error {
    let from = match source {
        Source::Default => String::new(),
        source => format!(" from {source}"),
    };
    let message = format!("invalid {setting}{from}: {reason}");
    Error::new(ErrorKind::Settings, message)
}

/// Parses a URL. An error shows the URL only if it contains no password.
fn parse_url(what: &str, text: &str, source: &Source, plain_http: bool) -> Result<Url, Error> {
    let invalid = |reason: &str| invalid(&format!("{what} URL"), source, reason);
    if text.len() > MAX_URL {
        return Err(invalid(&format!("it has more than {MAX_URL} bytes")));
    }
    let url = Url::parse(text.trim()).map_err(|e| invalid(&e.to_string()))?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if has_user || url.query().is_some() || url.fragment().is_some() {
        return Err(invalid(
            "it must not have a user, a password, a query or a fragment",
        ));
    }
    match url.scheme() {
        "https" => {}
        "http" if plain_http || http_client::is_loopback(&url) => {}
        "http" => {
            return Err(invalid(&format!(
                "{url} would send the API key in the clear; use https, or allow it with \
                 `ClientBuilder::allow_plain_http`"
            )));
        }
        scheme => {
            return Err(invalid(&format!(
                "the scheme {scheme} is neither http nor https"
            )));
        }
    }
    if !url.has_host() {
        return Err(invalid("it has no host"));
    }
    Ok(url)
}
