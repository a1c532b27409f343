//! The HTTP client that is used unless the caller brings one.

use std::time::Duration;

use reqwest::redirect;
use reqwest::{ClientBuilder, Url};

use crate::error::{Error, ErrorKind};

/// Time to connect. Source: the provider's own client.
const CONNECT: Duration = Duration::from_secs(10);

/// Builds the client. Its own redirects are off: a key must not follow one to another host. It has no
/// limit between reads: that would set a timer for each of them. Whole answers have a limit on the road,
/// streams have one where they are read.
pub(crate) fn build(urls: &[&Url]) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("prime-ext/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .redirect(redirect::Policy::none());
    // No proxy can reach this machine's own loopback.
    if urls.iter().all(|url| is_loopback(url)) {
        builder = builder.no_proxy();
    }
    with_tls(builder)?
        .build()
        .map_err(|e| Error::new(ErrorKind::Settings, "the HTTP client cannot be built").because(e))
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

#[cfg(feature = "rustls")]
fn with_tls(builder: ClientBuilder) -> Result<ClientBuilder, Error> {
    use std::sync::Arc;

    use rustls::client::danger::ServerCertVerifier;
    use rustls_platform_verifier::Verifier;

    let failed =
        |e: rustls::Error| Error::new(ErrorKind::Settings, "TLS cannot be set up").because(e);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let config = match Verifier::new(provider) {
        Ok(verifier) => {
            let verifier: Arc<dyn ServerCertVerifier> = Arc::new(verifier);
            config
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth()
        }
        // A machine without certificates can still talk to its own loopback; any other host is then
        // refused, since nobody vouches for it.
        Err(_) => config
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth(),
    };
    Ok(builder.tls_backend_preconfigured(config))
}

#[cfg(not(feature = "rustls"))]
#[allow(clippy::unnecessary_wraps, reason = "the other features can fail")]
fn with_tls(builder: ClientBuilder) -> Result<ClientBuilder, Error> {
    Ok(builder)
}
