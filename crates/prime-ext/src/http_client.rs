//! The default HTTP clients, used unless the caller provides a transport.

use std::env;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, HeaderValue, RANGE};
use hyper_util::client::proxy::matcher::Matcher;
use openapi_runtime::{Transport, TransportError, TransportFuture};
use reqwest::{ClientBuilder, Proxy, Url};
use reqwest::{redirect, retry};

use crate::error::{Error, ErrorKind};

/// The default connect timeout. Source: the provider's own client.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection may be used again. It is closed at most as long after that. Many servers close idle
/// connections after 5 s, and a request sent on a connection that is being closed is lost.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// The maximum number of idle connections per host. Each one uses a file descriptor. A lower maximum would close the
/// connections of many requests that end together, only for the next requests to open them again.
const POOL_MAX_IDLE: usize = 1024;

/// The limits on response headers. hyper's defaults (100 headers for HTTP/1, 16 KiB for HTTP/2) are too low if a
/// gateway adds headers. Rejecting the response to a run's creation would lose the run's token, which is sent only
/// once.
///
/// The limit for HTTP/1 does not apply to a server that only serves models: if it is set, hyper allocates and fills 64
/// bytes for each possible header of each response: 32 KiB, of which each slow stream keeps 10 KiB.
const MAX_HEADERS: usize = 512;
const MAX_HEADER_BYTES: u32 = 1 << 20;

/// The HTTP/2 flow-control windows. A small stream window applies backpressure to the server soon after a reader
/// stops; a large connection window keeps that stream from blocking the others on the connection.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 128 * STREAM_WINDOW;

/// The HTTP clients of a [`Client`](crate::Client). They do not follow redirects.
#[derive(Debug)]
pub(crate) struct HttpClients {
    connections: Connections,
    /// The server that creates runs.
    platform: Url,
    platform_client: OnceLock<reqwest::Client>,
    /// For all other servers.
    remote: OnceLock<reqwest::Client>,
    loopback: OnceLock<reqwest::Client>,
}

impl HttpClients {
    /// Returns the HTTP client for a URL. Each client is created when it is first used.
    fn get(&self, url: &Url) -> Result<&reqwest::Client, Error> {
        let (is_loopback, is_platform) = (is_loopback(url), server(url) == server(&self.platform));
        let slot = match (is_platform, is_loopback) {
            (true, _) => &self.platform_client,
            (false, true) => &self.loopback,
            (false, false) => &self.remote,
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        // A proxy cannot reach this machine's loopback interface.
        let client = self.connections.client(!is_loopback, is_platform)?;
        Ok(slot.get_or_init(|| client))
    }
}

impl Transport for HttpClients {
    fn send(&self, mut request: reqwest::Request) -> TransportFuture<'_> {
        // The runtime decodes gzip. A range is not requested in gzip, because it would be a range of the encoded body.
        let headers = request.headers_mut();
        if !headers.contains_key(RANGE) {
            let gzip = HeaderValue::from_static("gzip");
            headers.entry(ACCEPT_ENCODING).or_insert(gzip);
        }
        let response = self.get(request.url()).map(|http| http.execute(request));
        Box::pin(async move {
            match response.map_err(TransportError::not_sent)?.await {
                Ok(response) => Ok(response.into()),
                Err(error) => Err(TransportError::from(error).without_redirects()),
            }
        })
    }
}

/// Connection settings of the caller.
#[derive(Default)]
pub(crate) struct Connections {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) proxies: Vec<Proxy>,
    /// Root certificates in PEM. Each item holds one or more certificates.
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) user_agent: Option<String>,
    /// Disables HTTP/2.
    pub(crate) http1_only: bool,
}

/// Shows only the number of proxies, because a proxy URL may contain a password.
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
    /// Returns whether the caller has set anything.
    pub(crate) fn is_set(&self) -> bool {
        self.connect_timeout.is_some()
            || self.user_agent.is_some()
            || self.http1_only
            || !self.proxies.is_empty()
            || !self.certificates.is_empty()
    }

    /// Builds the client for the inference URL, so that an invalid setting is an error now. Other clients are created
    /// when they are used: each reads the certificates of the system. Requests to loopback URLs are never sent through a
    /// proxy.
    pub(crate) fn build(self, inference: &Url, platform: &Url) -> Result<HttpClients, Error> {
        let urls = [inference, platform];
        // If the caller sets proxies, the variables do not apply.
        if self.proxies.is_empty() {
            urls.into_iter().try_for_each(check_proxy_variable)?;
        }
        let clients = HttpClients {
            connections: self,
            platform: platform.clone(),
            platform_client: OnceLock::new(),
            remote: OnceLock::new(),
            loopback: OnceLock::new(),
        };
        clients.get(inference)?;
        Ok(clients)
    }

    /// Builds a client that does not follow redirects, because the API key must not be sent to another host. It does
    /// not retry either: by default, reqwest retries streams that HTTP/2 refuses, regardless of the retry policy.
    fn client(&self, with_proxies: bool, many_headers: bool) -> Result<reqwest::Client, Error> {
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
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW);
        if many_headers {
            builder = builder.http1_max_headers(MAX_HEADERS);
        }
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
                Error::new(ErrorKind::Settings, "cannot build the HTTP client").with_source(e)
            })
    }
}

/// Returns an error if a URL would be requested through a proxy of the environment that cannot be used. reqwest would
/// ignore the invalid variable, and send the key without the proxy.
fn check_proxy_variable(url: &Url) -> Result<(), Error> {
    let first = |names: [&'static str; 2]| {
        let mut values = names.into_iter().map(|name| (name, env::var(name)));
        let is_missing = |value: &Result<_, _>| value == &Err(env::VarError::NotPresent);
        values.find(|(_, value)| !is_missing(value))
    };
    let names = match url.scheme() {
        "https" => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    let is_set = |(_, value): &(_, Result<String, _>)| value.as_deref() != Ok("");
    let variable = first(names).filter(is_set);
    let variable = variable.or_else(|| first(["ALL_PROXY", "all_proxy"]).filter(is_set));
    // In a CGI script, the client of the server can set `HTTP_PROXY` by a header, so reqwest uses no proxy.
    let is_cgi = env::var_os("REQUEST_METHOD").is_some();
    let Some((name, proxy)) = variable.filter(|_| !is_cgi && !is_loopback(url)) else {
        return Ok(());
    };
    let exempt = first(["NO_PROXY", "no_proxy"]).and_then(|(_, hosts)| hosts.ok());
    let is_used = |proxy: &str, exempt: String| {
        let proxies = Matcher::builder().all(proxy).no(exempt).build();
        url.as_str()
            .parse()
            .is_ok_and(|url| proxies.intercept(&url).is_some())
    };
    if is_used("http://proxy", exempt.unwrap_or_default())
        && !is_used(&proxy.unwrap_or_default(), String::new())
    {
        let host = url.host_str().unwrap_or_default();
        let message = format!(
            "invalid {name}: it must be the URL of a proxy, with the scheme http, https, socks4, socks4a, socks5 or \
             socks5h; correct it, or add {host} to NO_PROXY"
        );
        return Err(Error::new(ErrorKind::Settings, message));
    }
    Ok(())
}

/// Returns what identifies the server of a URL.
fn server(url: &Url) -> (&str, Option<&str>, Option<u16>) {
    (url.scheme(), url.host_str(), url.port_or_known_default())
}

/// Returns whether a URL refers to this machine's loopback interface.
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

fn invalid_certificate(reason: &str) -> Error {
    Error::new(
        ErrorKind::Settings,
        format!("invalid root certificate: {reason}"),
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
            extra.push(certificate.map_err(|_| invalid_certificate("invalid PEM"))?);
        }
        if extra.len() == before {
            return Err(invalid_certificate("the PEM contains no certificate"));
        }
    }
    let failed =
        |e: rustls::Error| Error::new(ErrorKind::Settings, "cannot configure TLS").with_source(e);
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
        // The platform has no root certificates. The caller's certificates and plain HTTP to loopback still work;
        // any other TLS connection fails.
        Err(_) => {
            let mut roots = rustls::RootCertStore::empty();
            for certificate in extra {
                roots.add(certificate).map_err(failed)?;
            }
            config.with_root_certificates(roots).with_no_client_auth()
        }
    };
    // reqwest does not set ALPN on a preconfigured TLS backend.
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
            .map_err(|_| invalid_certificate("invalid PEM"))?;
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
        _ => Err(invalid_certificate(
            "TLS is disabled; enable the feature `rustls` or `native-tls`",
        )),
    }
}
