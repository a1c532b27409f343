//! The HTTP clients that are used unless the caller brings one.

use std::net::IpAddr;
use std::time::Duration;

use openapi_runtime::{Transport, TransportError, TransportFuture};
use reqwest::{ClientBuilder, Proxy, Url};
use reqwest::{redirect, retry};

use crate::error::{Error, ErrorKind};

/// Time to connect. Source: the provider's own client.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept. Many servers close theirs after 5 s. A request that meets the closing
/// connection is lost.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How many idle connections are kept for each host: they use up file descriptors.
const POOL_MAX_IDLE: usize = 128;

/// How large the head of a response may be: the token of a run, which is shown once, must survive a gateway that
/// adds headers. hyper's defaults are 100 headers for HTTP/1, and 16 KiB for HTTP/2.
const MAX_HEADERS: usize = 512;
const MAX_HEADER_BYTES: u32 = 1 << 20;

/// How much of an HTTP/2 stream, and of a connection with all its streams, is buffered before it is read. A reader
/// that stops must stop the server soon, and must not use up the window of the others on the connection.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 128 * STREAM_WINDOW;

/// The HTTP clients for the URLs of one [`Client`](crate::Client). They do not follow redirects.
#[derive(Debug, Clone)]
pub(crate) struct HttpClients {
    main: reqwest::Client,
    /// For loopback URLs, if `main` may use a proxy, which does not reach this machine's loopback interface.
    loopback: Option<reqwest::Client>,
}

impl Transport for HttpClients {
    fn send(&self, request: reqwest::Request) -> TransportFuture<'_> {
        let http = match &self.loopback {
            Some(loopback) if is_loopback(request.url()) => loopback,
            _ => &self.main,
        };
        let sending = http.execute(request);
        Box::pin(async move {
            match sending.await {
                Ok(response) => Ok(response.into()),
                Err(error) => Err(TransportError::from(error).without_redirects()),
            }
        })
    }
}

/// What the caller says of connections.
#[derive(Default)]
pub(crate) struct Connections {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) proxies: Vec<Proxy>,
    /// PEM, each with one certificate or several.
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) user_agent: Option<String>,
    /// Without HTTP/2.
    pub(crate) http1_only: bool,
}

/// Numbers only: a proxy's address may hold a password.
impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connections")
            .field("connect_timeout", &self.connect_timeout)
            .field("proxies", &self.proxies.len())
            .field("certificates", &self.certificates.len())
            .field("user_agent", &self.user_agent)
            .finish()
    }
}

impl Connections {
    /// Whether the caller said anything.
    pub(crate) fn is_set(&self) -> bool {
        self.connect_timeout.is_some()
            || self.user_agent.is_some()
            || self.http1_only
            || !self.proxies.is_empty()
            || !self.certificates.is_empty()
    }

    /// Builds the clients for these URLs. Loopback URLs are never sent through a proxy.
    pub(crate) fn build(self, urls: &[&Url]) -> Result<HttpClients, Error> {
        if urls.iter().all(|url| is_loopback(url)) {
            return Ok(HttpClients {
                main: self.client(false)?,
                loopback: None,
            });
        }
        let loopback = match urls.iter().any(|url| is_loopback(url)) {
            true => Some(self.client(false)?),
            false => None,
        };
        Ok(HttpClients {
            main: self.client(true)?,
            loopback,
        })
    }

    /// Builds a client. It does not follow redirects: the key must not be sent to another host. It does not retry:
    /// by default, reqwest repeats what HTTP/2 refuses, beneath every retry policy.
    fn client(&self, with_proxies: bool) -> Result<reqwest::Client, Error> {
        let user_agent = self
            .user_agent
            .as_deref()
            .unwrap_or(concat!("prime-ext/", env!("CARGO_PKG_VERSION")));
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .connect_timeout(self.connect_timeout.unwrap_or(CONNECT_TIMEOUT))
            .redirect(redirect::Policy::none())
            .retry(retry::never().max_retries_per_request(0))
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .pool_max_idle_per_host(POOL_MAX_IDLE)
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW);
        if self.http1_only {
            builder = builder.http1_only();
        }
        if with_proxies {
            for proxy in &self.proxies {
                builder = builder.proxy(proxy.clone());
            }
        } else {
            builder = builder.no_proxy();
        }
        with_tls(builder, &self.certificates, self.http1_only)?
            .build()
            .map_err(|e| {
                Error::new(ErrorKind::Settings, "the HTTP client cannot be built").with_source(e)
            })
    }
}

/// Whether a URL names this machine's loopback interface.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    if host.trim_end_matches('.').eq_ignore_ascii_case("localhost") {
        return true;
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        Ok(IpAddr::V6(address)) => address.to_canonical().is_loopback(),
        Err(_) => false,
    }
}

fn no_certificate(why: &str) -> Error {
    Error::new(
        ErrorKind::Settings,
        format!("a root certificate cannot be used: {why}"),
    )
}

#[cfg(feature = "rustls")]
fn with_tls(
    builder: ClientBuilder,
    certificates: &[Vec<u8>],
    http1_only: bool,
) -> Result<ClientBuilder, Error> {
    use std::sync::Arc;

    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    use rustls_platform_verifier::Verifier;

    let mut extra: Vec<CertificateDer<'static>> = Vec::new();
    for pem in certificates {
        let before = extra.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            extra.push(certificate.map_err(|_| no_certificate("invalid PEM"))?);
        }
        if extra.len() == before {
            return Err(no_certificate("the PEM contains none"));
        }
    }
    let failed =
        |e: rustls::Error| Error::new(ErrorKind::Settings, "TLS cannot be set up").with_source(e);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let mut config = match Verifier::new_with_extra_roots(extra.clone(), provider) {
        Ok(verifier) => {
            let verifier: Arc<dyn ServerCertVerifier> = Arc::new(verifier);
            config
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth()
        }
        // A machine without certificates can still talk to its own loopback, and to whom the caller
        // vouches for; any other host is then refused.
        Err(_) => {
            let mut roots = rustls::RootCertStore::empty();
            for certificate in extra {
                roots.add(certificate).map_err(failed)?;
            }
            config.with_root_certificates(roots).with_no_client_auth()
        }
    };
    // What reqwest leaves to whoever configures TLS.
    let protocols: &[&[u8]] = match http1_only {
        true => &[b"http/1.1"],
        false => &[b"h2", b"http/1.1"],
    };
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(builder.tls_backend_preconfigured(config))
}

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
fn with_tls(
    mut builder: ClientBuilder,
    certificates: &[Vec<u8>],
    _http1_only: bool,
) -> Result<ClientBuilder, Error> {
    for pem in certificates {
        let bundle = reqwest::Certificate::from_pem_bundle(pem)
            .map_err(|_| no_certificate("invalid PEM"))?;
        for certificate in bundle {
            builder = builder.add_root_certificate(certificate);
        }
    }
    Ok(builder)
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
fn with_tls(
    builder: ClientBuilder,
    certificates: &[Vec<u8>],
    _http1_only: bool,
) -> Result<ClientBuilder, Error> {
    match certificates {
        [] => Ok(builder),
        _ => Err(no_certificate(
            "this build has no TLS (features `rustls` and `native-tls`)",
        )),
    }
}
