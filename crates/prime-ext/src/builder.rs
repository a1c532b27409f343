//! What a client is built from.

use std::time::Duration;

use openapi_runtime::{Caller, RetryBudget, Secret, Transport};
use reqwest::Url;

use crate::account::Account;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http_client::{self, Connections};
use crate::options::{self, CallOptions};
use crate::settings::{Found, Setting, Settings, Source, Surroundings};

/// Settings of a [`Client`]. What is not set is as documented at each setting; the environment is
/// looked at only by [`or_env`](Self::or_env).
///
/// ```no_run
/// # fn example() -> Result<(), prime_ext::Error> {
/// use std::time::Duration;
/// use prime_ext::{CallOptions, Client, RetryPolicy};
///
/// let prime = Client::builder()
///     .team("team_123")
///     .options(CallOptions::new().timeout(Duration::from_secs(60)).retry(RetryPolicy::new().retries(4)))
///     .or_env()? // the key, and whatever else is not set, as `prime` has it
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct ClientBuilder {
    found: Found,
    transport: Option<Caller>,
    connections: Connections,
    plain_http: bool,
    options: CallOptions,
    budget: RetryBudget,
}

fn said<T>(value: impl Into<T>) -> Option<Setting<T>> {
    Some(Setting::new(value.into(), Source::Program))
}

impl ClientBuilder {
    /// The API key. Required, here or by [`or_env`](Self::or_env).
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.found.api_key = said(key);
        self
    }

    /// The team that is billed. Default: the key's owner.
    pub fn team(mut self, id: impl Into<String>) -> Self {
        self.found.account = said(Account::Team(id.into()));
        self
    }

    /// The key's owner is billed, whatever team the environment names.
    pub fn personal(mut self) -> Self {
        self.found.account = said(Account::Personal);
        self
    }

    /// Address of the Inference API, with its path. Default:
    /// [`pinference_api::Client::DEFAULT_BASE_URL`].
    pub fn inference_url(mut self, url: impl Into<String>) -> Self {
        self.found.inference_url = said(url);
        self
    }

    /// Address of the platform, which serves training and billing, without `/api/v1`. Default:
    /// [`prime_training_api::Client::DEFAULT_BASE_URL`].
    pub fn platform_url(mut self, url: impl Into<String>) -> Self {
        self.found.platform_url = said(url);
        self
    }

    /// Takes what is not set from where the `prime` command line has it; see [`Client::from_env`].
    ///
    /// # Errors
    /// If a file cannot be read, or `PRIME_CONTEXT` names what is none.
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
        self.found = self.found.or(&Surroundings {
            variable: &|name| std::env::var(name).ok(),
            home: std::env::home_dir().filter(|home| home.is_absolute()),
        })?;
        Ok(self)
    }

    /// Times, retries, limits, headers and fields of every call. A call can have its own; see
    /// [`Client::with_options`].
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options::checked(options).or(&self.options);
        self
    }

    /// Limits every call: [`CallOptions::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        self.options(CallOptions::new().timeout(timeout))
    }

    /// How often a call is repeated at most: [`RetryPolicy::retries`](crate::RetryPolicy::retries). Default: 2.
    pub fn max_retries(self, retries: u32) -> Self {
        let policy = self.options.get_retry().clone().retries(retries);
        self.options(CallOptions::new().retry(policy))
    }

    /// Adds a header to every request: [`CallOptions::header`].
    pub fn default_header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.options(CallOptions::new().header(name, value))
    }

    /// What this client and its clones may repeat in all. Default: [`RetryBudget::default`].
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Time to connect. Default: 10 s (source: the provider's own client).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connections.connect_timeout = Some(timeout);
        self
    }

    /// A proxy. Default: those of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    ///
    /// A loopback URL (`localhost`, `127.0.0.1`, `[::1]`) is never requested through a proxy, neither through this
    /// one nor through those of the environment.
    pub fn proxy(mut self, proxy: reqwest::Proxy) -> Self {
        self.connections.proxies.push(proxy);
        self
    }

    /// A certificate, or several, in PEM, that servers may be vouched for by, beside those of the
    /// operating system.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.connections.certificates.push(pem.into());
        self
    }

    /// HTTP/1.1 alone. Otherwise a server of `https` chooses, and most choose HTTP/2, which carries
    /// everything on one connection: with no handshake for each stream, but with no more streams at once
    /// than the server allows on it, often 100; those beyond wait for their turn, within the idle
    /// timeout. Set it if hundreds of answers are to be read at once.
    pub fn http1_only(mut self) -> Self {
        self.connections.http1_only = true;
        self
    }

    /// The `User-Agent`. Default: `prime-ext/` and its version.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.connections.user_agent = Some(name.into());
        self
    }

    /// An HTTP client of your own. Its TLS, protocols, proxies, redirects, compression, connection pool and connect
    /// timeout are then what you made them; timeouts of calls, limits and retries stay this client's. Its proxies
    /// also get requests to loopback URLs, with the key, unless you exclude them. Build
    /// it with `redirect(Policy::none())`, or a redirect of the service's takes a request, and the secrets
    /// in its body, to wherever it says. Since it may have followed one, a run that could not be created for
    /// want of a connection is not created again, and may exist. And with `retry(reqwest::retry::never())`,
    /// or what HTTP/2 says was not looked at is sent again beneath this client's policy, the creation of a
    /// run too.
    ///
    /// Beside this crate's feature `rustls`, reqwest's own `Client::new` needs a TLS provider and panics
    /// without one: switch on a TLS feature of reqwest, or install a provider of rustls.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.transport = Some(http.into());
        self
    }

    /// A transport of your own, which sends requests and gives responses: in a test without a socket, or another way.
    /// Timeouts of calls, limits and retries stay this client's.
    ///
    /// An operation that must not be repeated, such as the creation of a run, is repeated only if the transport says
    /// that [nothing was sent](openapi_runtime::TransportError::not_sent).
    ///
    /// ```
    /// use prime_ext::{Client, Transport, TransportFuture, TransportResponse};
    ///
    /// /// Answers every request with an empty list of models.
    /// #[derive(Debug)]
    /// struct NoModels;
    ///
    /// impl Transport for NoModels {
    ///     fn send(&self, request: prime_ext::reqwest::Request) -> TransportFuture<'_> {
    ///         Box::pin(async move {
    ///             assert_eq!(request.url().path(), "/api/v1/models");
    ///             Ok(TransportResponse::from(http::Response::new(r#"{"data": []}"#)))
    ///         })
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), prime_ext::Error> {
    /// let prime = Client::builder().api_key("none").transport(NoModels).build()?;
    /// assert!(prime.models().list().await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Caller::new(transport));
        self
    }

    /// Allows `http` addresses beyond this machine. The key then travels in the clear.
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Builds the client. Nothing is sent.
    ///
    /// # Errors
    /// If there is no key, or an address is wrong or would send the key in the clear.
    pub fn build(self) -> Result<Client, Error> {
        if let Some(fault) = self.options.fault() {
            return Err(Error::new(ErrorKind::Settings, fault));
        }
        let api_key = key(&self.found)?;
        if let Some(account) = &self.found.account {
            account
                .value
                .check()
                .map_err(|reason| invalid("account", &account.source, &reason))?;
        }
        let inference_url = self.address(
            "inference",
            self.found.inference_url.as_ref(),
            pinference_api::Client::DEFAULT_BASE_URL,
        )?;
        let mut platform_url = self.address(
            "platform",
            self.found.platform_url.as_ref(),
            prime_training_api::Client::DEFAULT_BASE_URL,
        )?;
        // People set it with the path that its operations have anyway.
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
                let urls = [&inference_url.value, &platform_url.value];
                Caller::new(self.connections.build(&urls)?)
            }
        };
        let caller = caller
            .with_bearer_token(api_key.value.clone())
            .map_err(|e| {
                let reason = format!("{e}; was it copied whole, on one line?");
                invalid("API key", &api_key.source, &reason)
            })?
            .with_retry_budget(self.budget);
        let account = self.found.account;
        let settings = Settings {
            api_key,
            account: account.unwrap_or(Setting::new(Account::Personal, Source::Default)),
            inference_url,
            platform_url,
        };
        Ok(Client::with_caller(settings, caller, self.options))
    }

    fn address(
        &self,
        what: &str,
        said: Option<&Setting<String>>,
        default: &str,
    ) -> Result<Setting<Url>, Error> {
        let (text, source) = match said {
            Some(setting) => (setting.value.as_str(), setting.source.clone()),
            None => (default, Source::Default),
        };
        let url = address(what, text, &source, self.plain_http)?;
        Ok(Setting::new(url, source))
    }
}

fn key(found: &Found) -> Result<Setting<Secret>, Error> {
    let key = found.api_key.as_ref().map(|key| {
        let trimmed = Secret::from(key.value.expose().trim());
        Setting::new(trimmed, key.source.clone())
    });
    if let Some(key) = &key
        && key.value.expose().len() > MAX_KEY
    {
        let reason = format!("it has more than {MAX_KEY} bytes");
        return Err(invalid("API key", &key.source, &reason));
    }
    key.filter(|key| !key.value.expose().is_empty()).ok_or_else(|| {
        let looked = match found.no_key_in.as_slice() {
            [] => "set one with `Client::builder().api_key(…)`, or take it from the environment with \
                   `Client::from_env`"
                .to_owned(),
            places => format!(
                "looked for in {}; set the variable, or let `prime login` write the file, or call \
                 `Client::builder().api_key(…)`",
                places.join(" and ")
            ),
        };
        Error::new(ErrorKind::Settings, format!("no API key: {looked}"))
    })
}

/// The longest API key, in bytes.
const MAX_KEY: usize = 4096;

/// The longest URL, in bytes.
const MAX_URL: usize = 2048;

/// The error of a setting that cannot be.
fn invalid(setting: &str, source: &Source, reason: &str) -> Error {
    let from = match source {
        Source::Default | Source::Program => String::new(),
        source => format!(" from {source}"),
    };
    let message = format!("invalid {setting}{from}: {reason}");
    Error::new(ErrorKind::Settings, message)
}

/// Parses a URL. Its text is not shown before it is known to contain no password.
fn address(what: &str, text: &str, source: &Source, plain_http: bool) -> Result<Url, Error> {
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
