//! The address of a database, and how connections to it are encrypted.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::ledger::LedgerError;

/// How long a connection may take to be established, and how long data may remain unacknowledged.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The address of a database.
pub(super) struct Address {
    config: Config,
    /// `None` if connections are not encrypted.
    tls: Option<MakeRustlsConnect>,
    name: String,
}

impl Address {
    /// Parses a URL. No error contains the URL, because it may have a password.
    pub(super) fn parse(url: &str) -> Result<Self, LedgerError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(invalid("it does not begin with postgres://"));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut root, mut rest) = (None, None, Vec::new());
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => root = Some(value),
                _ => rest.push(parameter),
            }
        }
        let url = match rest.is_empty() {
            true => base.to_owned(),
            false => format!("{base}?{}", rest.join("&")),
        };
        let mut config: Config = url.parse().map_err(|error| match source(&error) {
            Some(reason) => invalid(&reason),
            None => invalid("it cannot be parsed"),
        })?;
        let is_encrypted = match mode {
            Some("disable") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some("prefer" | "allow") | None => !config.get_hosts().iter().all(is_local),
            Some(_) => {
                return Err(invalid(
                    "sslmode is one of disable, require and verify-full",
                ));
            }
        };
        let tls = is_encrypted.then(|| encryption(root.map(Path::new)));
        let tls = tls.transpose().map_err(|reason| invalid(&reason))?;
        config.ssl_mode(match is_encrypted {
            true => SslMode::Require,
            false => SslMode::Disable,
        });
        config
            .connect_timeout(TIMEOUT)
            .tcp_user_timeout(TIMEOUT)
            .keepalives_idle(TIMEOUT)
            .application_name("prime-batch");
        let name = name(&config);
        Ok(Self { config, tls, name })
    }

    /// Returns the address without user and password.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Connects to the database. The connection ends when the client is dropped.
    pub(super) async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                // Its end is noticed by the next statement.
                tokio::spawn(connection);
                Ok(client)
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                tokio::spawn(connection);
                Ok(client)
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address").field(&self.name).finish()
    }
}

fn invalid(reason: &str) -> LedgerError {
    LedgerError::Failed {
        path: "URL is invalid".to_owned(),
        reason: reason.to_owned(),
    }
}

/// Returns the text of the cause of an error.
pub(super) fn source(error: &dyn std::error::Error) -> Option<String> {
    error.source().map(ToString::to_string)
}

/// Returns whether a connection does not leave this machine.
fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse()
                    .is_ok_and(|address: IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn name(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config
        .get_dbname()
        .or(config.get_user())
        .unwrap_or_default();
    format!("postgres://{host}:{port}/{database}")
}

/// Returns how connections are encrypted. The certificate of the server is always verified: by the certificates of the
/// operating system, or by those of a file.
fn encryption(root: Option<&Path>) -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let failed = |error: rustls::Error| format!("TLS cannot be configured: {error}");
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let config = match root {
        Some(path) => {
            let unusable = |reason: String| format!("sslrootcert {}: {reason}", path.display());
            let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
                roots
                    .add(certificate)
                    .map_err(|error| unusable(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(unusable("it contains no certificate".to_owned()));
            }
            config.with_root_certificates(roots).with_no_client_auth()
        }
        None => {
            let verifier: Arc<dyn ServerCertVerifier> =
                Arc::new(Verifier::new(provider).map_err(failed)?);
            config
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth()
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn connections_to_other_machines_are_encrypted() {
        for (url, encrypted) in [
            ("postgres://u:secret@localhost/jobs", false),
            ("postgres://u:secret@127.0.0.1:5433/jobs", false),
            ("postgres://u:secret@localhost/jobs?sslmode=require", true),
            ("postgresql://u:secret@db.example.com/jobs", true),
            (
                "postgres://u:secret@db.example.com/jobs?sslmode=prefer",
                true,
            ),
            (
                "postgres://u:secret@db.example.com/jobs?sslmode=disable",
                false,
            ),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.tls.is_some(), encrypted, "{url}");
            assert!(!format!("{address:?}").contains("secret"));
        }
        let address = Address::parse("postgres://u:secret@localhost:5433/jobs").unwrap();
        assert_eq!(address.name(), "postgres://localhost:5433/jobs");
    }

    #[test]
    fn errors_do_not_show_the_password() {
        for url in [
            "mysql://u:secret@localhost/jobs",
            "postgres://u:secret@localhost:port/jobs",
            "postgres://u:secret@localhost/jobs?sslmode=secret",
            "postgres://u:secret@localhost/jobs?option=1",
            "postgres://u:secret@db.example.com/jobs?sslrootcert=/does/not/exist",
        ] {
            let error = Address::parse(url).err().unwrap().to_string();
            assert!(
                !error.contains("secret") || error.contains("sslmode"),
                "{error}"
            );
        }
    }
}
