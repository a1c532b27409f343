//! The HTTP client that is used unless the caller brings one.

use std::time::Duration;

use reqwest::{ClientBuilder, Proxy, Url};
use reqwest::{redirect, retry};

use crate::error::{Error, ErrorKind};

/// Time to connect. Source: the provider's own client.
const CONNECT: Duration = Duration::from_secs(10);

/// How much of an HTTP/2 stream, and of a connection with all its streams, is taken in before somebody
/// reads it. A reader who stops must stop the server soon, and must not use up what the others on the
/// connection need.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 128 * STREAM_WINDOW;

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

    /// Builds the client. Redirects are not followed: the key must not go along to another host. Nothing is
    /// sent again behind our back, which would be no attempt of any policy: who builds a client of his own
    /// has reqwest's way, which repeats what HTTP/2 says was not looked at.
    pub(crate) fn build(self, urls: &[&Url]) -> Result<reqwest::Client, Error> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout.unwrap_or(CONNECT))
            .redirect(redirect::Policy::none())
            .retry(retry::never().max_retries_per_request(0))
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW);
        if self.http1_only {
            builder = builder.http1_only();
        }
        builder = match self.user_agent {
            Some(name) => builder.user_agent(name),
            None => builder.user_agent(concat!("prime-ext/", env!("CARGO_PKG_VERSION"))),
        };
        // No proxy of the environment can reach this machine's own loopback.
        if self.proxies.is_empty() && urls.iter().all(|url| is_loopback(url)) {
            builder = builder.no_proxy();
        }
        for proxy in self.proxies {
            builder = builder.proxy(proxy);
        }
        with_tls(builder, &self.certificates, self.http1_only)?
            .build()
            .map_err(|e| {
                Error::new(ErrorKind::Settings, "the HTTP client cannot be built").because(e)
            })
    }
}

/// Whether a URL names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
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
            extra.push(certificate.map_err(|_| no_certificate("it is no PEM"))?);
        }
        if extra.len() == before {
            return Err(no_certificate("there is none in the PEM"));
        }
    }
    let failed =
        |e: rustls::Error| Error::new(ErrorKind::Settings, "TLS cannot be set up").because(e);
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
            .map_err(|_| no_certificate("it is no PEM"))?;
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
