//! The connection to Temporal.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use temporalio_client::errors::ClientConnectError;
use temporalio_client::{
    Client, ClientOptions, ClientTlsOptions, Connection, ConnectionOptions, TlsOptions, Url,
};

use crate::failure::Failure;

/// How Temporal is reached. The variables are those of Temporal's own programs.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Temporal")]
pub(crate) struct Temporal {
    /// The address of the server: HOST:PORT
    #[arg(
        long = "temporal-address",
        value_name = "ADDRESS",
        env = "TEMPORAL_ADDRESS",
        default_value = "127.0.0.1:7233"
    )]
    address: String,

    /// The namespace
    #[arg(
        long = "temporal-namespace",
        value_name = "NAME",
        env = "TEMPORAL_NAMESPACE",
        default_value = "default"
    )]
    namespace: String,

    /// The task queue. Workers take the jobs of one queue
    #[arg(
        long,
        value_name = "NAME",
        env = "PRIME_BATCH_TASK_QUEUE",
        default_value = "prime-batch"
    )]
    pub(crate) task_queue: String,

    /// A file with an API key, as for Temporal Cloud. The variable TEMPORAL_API_KEY may have the key itself. Turns TLS
    /// on
    #[arg(long = "temporal-api-key-file", value_name = "FILE")]
    api_key_file: Option<PathBuf>,

    /// Use TLS
    #[arg(
        long = "temporal-tls",
        env = "TEMPORAL_TLS",
        value_parser = clap::builder::BoolishValueParser::new()
    )]
    tls: bool,

    /// The client's certificate, a PEM file. Turns TLS on
    #[arg(
        long = "temporal-tls-cert",
        value_name = "FILE",
        env = "TEMPORAL_TLS_CLIENT_CERT_PATH",
        requires = "key"
    )]
    cert: Option<PathBuf>,

    /// The key of the client's certificate, a PEM file
    #[arg(
        id = "key",
        long = "temporal-tls-key",
        value_name = "FILE",
        env = "TEMPORAL_TLS_CLIENT_KEY_PATH",
        requires = "cert"
    )]
    key: Option<PathBuf>,

    /// The certificate of the authority that signed the server's, a PEM file. Turns TLS on
    #[arg(
        long = "temporal-tls-ca",
        value_name = "FILE",
        env = "TEMPORAL_TLS_SERVER_CA_CERT_PATH"
    )]
    ca: Option<PathBuf>,

    /// The name in the server's certificate, if it is not that of the address
    #[arg(
        long = "temporal-tls-server-name",
        value_name = "NAME",
        env = "TEMPORAL_TLS_SERVER_NAME"
    )]
    server_name: Option<String>,
}

/// Waits between attempts to reach the server: at first, and at most.
const WAIT: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

impl Temporal {
    /// Connects to the server. While it cannot be reached, this tries again, as long as `patience`.
    pub(crate) async fn connect(&self, patience: Option<Duration>) -> Result<Client, Failure> {
        let (start, mut wait) = (Instant::now(), WAIT.0);
        loop {
            match Connection::connect(self.options()?).await {
                Ok(connection) => {
                    let options = ClientOptions::new(self.namespace.clone()).build();
                    let client = Client::new(connection, options);
                    return client.map_err(|error| self.failure(&error));
                }
                Err(error) if !is_transient(&error) => return Err(self.failure(&error)),
                Err(error) if patience.is_some_and(|patience| start.elapsed() >= patience) => {
                    return Err(self.failure(&error));
                }
                Err(error) => {
                    if wait == WAIT.0 {
                        eprintln!("waiting for Temporal: {}", self.failure(&error));
                    }
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(WAIT.1);
        }
    }

    fn options(&self) -> Result<ConnectionOptions, Failure> {
        let api_key = self.api_key()?;
        let read = |path: &Option<PathBuf>| path.as_deref().map(read).transpose();
        let client = match (read(&self.cert)?, read(&self.key)?) {
            (Some(cert), Some(key)) => Some(
                ClientTlsOptions::builder()
                    .client_cert(cert)
                    .client_private_key(key)
                    .build(),
            ),
            _ => None,
        };
        let ca = read(&self.ca)?;
        let is_https = self.address.starts_with("https://");
        let has_tls = self.tls
            || is_https
            || api_key.is_some()
            || client.is_some()
            || ca.is_some()
            || self.server_name.is_some();
        let url = match self.address.contains("://") {
            true => self.address.clone(),
            false => format!(
                "{}://{}",
                if has_tls { "https" } else { "http" },
                self.address
            ),
        };
        let url: Url = url.parse().map_err(|error| self.failure(&error))?;
        let tls = has_tls.then(|| {
            TlsOptions::builder()
                .maybe_server_root_ca_cert(ca)
                .maybe_domain(self.server_name.clone())
                .maybe_client_tls_options(client)
                .build()
        });
        Ok(ConnectionOptions::new(url)
            .identity(crate::worker_name())
            .client_name("prime-rs-batch".to_owned())
            .connect_timeout(Duration::from_secs(10))
            .maybe_api_key(api_key)
            .maybe_tls_options(tls)
            .build())
    }

    fn api_key(&self) -> Result<Option<String>, Failure> {
        let key = match &self.api_key_file {
            Some(path) => Some(String::from_utf8_lossy(&read(path)?).into_owned()),
            None => std::env::var("TEMPORAL_API_KEY").ok(),
        };
        let key = key.map(|key| key.trim().to_owned());
        Ok(key.filter(|key| !key.is_empty()))
    }

    fn failure(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::other(format!("Temporal at {}: {error}", self.address))
    }
}

/// Returns whether the server may be reached later.
fn is_transient(error: &ClientConnectError) -> bool {
    match error {
        ClientConnectError::TonicTransportError(_)
        | ClientConnectError::DnsResolutionError { .. } => true,
        ClientConnectError::SystemInfoCallError(status) => {
            // A key that is refused stays refused.
            let text = format!("{:?}", status.code());
            ["Unavailable", "DeadlineExceeded", "Unknown", "Internal"].contains(&text.as_str())
        }
        _ => false,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Arguments {
        #[command(flatten)]
        temporal: Temporal,
    }

    fn options(arguments: &str) -> Result<ConnectionOptions, Failure> {
        let arguments = ["test"].into_iter().chain(arguments.split_whitespace());
        Arguments::try_parse_from(arguments)
            .unwrap()
            .temporal
            .options()
    }

    #[test]
    fn a_plain_connection_has_no_tls() {
        let options = options("--temporal-address 10.0.0.1:7233").unwrap();
        assert_eq!(options.target.as_str(), "http://10.0.0.1:7233/");
        assert!(options.tls_options.is_none() && options.api_key.is_none());
    }

    #[test]
    fn a_key_or_a_certificate_turns_tls_on() {
        let path = std::env::temp_dir().join(format!("prime-batch-key-{}", std::process::id()));
        std::fs::write(&path, "secret\n").unwrap();
        let file = path.display();
        let with_key = options(&format!(
            "--temporal-address eu.example.com:7233 --temporal-api-key-file {file}"
        ))
        .unwrap();
        assert_eq!(with_key.target.as_str(), "https://eu.example.com:7233/");
        assert_eq!(with_key.api_key.as_deref(), Some("secret"));
        assert!(with_key.tls_options.is_some());
        let with_cert = options(&format!(
            "--temporal-tls-cert {file} --temporal-tls-key {file}"
        ))
        .unwrap();
        assert!(with_cert.tls_options.unwrap().client_tls_options.is_some());
        let plain = options("--temporal-tls").unwrap();
        assert_eq!(plain.target.scheme(), "https");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_missing_file_is_named() {
        let missing = options("--temporal-api-key-file /does/not/exist").unwrap_err();
        assert!(missing.to_string().contains("/does/not/exist"), "{missing}");
    }
}
