//! Connections that cannot be established, that are closed early, or that are idle.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prime_ext::{CallOptions, Client, ErrorKind, RetryPolicy};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio_rustls::TlsAcceptor;

use super::support::{KEY, MODEL, assert_clean_error};

/// Returns a client that retries at once.
fn client(url: &str, roots: Option<String>) -> Client {
    let retry = RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO);
    let builder = Client::builder()
        .api_key(KEY)
        .options(CallOptions::new().retry(retry))
        .allow_plain_http()
        .inference_url(url);
    match roots {
        Some(pem) => builder.root_certificate(pem),
        None => builder,
    }
    .build()
    .unwrap()
}

/// Starts a TLS server with an invalid certificate. Returns its URL, and the root certificate that its client needs.
async fn faulty(fault: &str) -> (String, Option<String>) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let (certificate, key) = if fault == "authority" {
        (authority.clone(), key)
    } else {
        let issuer = Issuer::new(params, key);
        let name = if fault == "name" {
            "other.test"
        } else {
            "localhost"
        };
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if fault == "expired" {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &issuer).unwrap(), key)
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            drop(acceptor.accept(connection).await);
        }
    });
    let roots = (fault != "issuer").then(|| authority.pem());
    (format!("https://localhost:{port}"), roots)
}

/// Starts a server that sends `response` on every connection after the first bytes of a request.
async fn responding(response: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            drop(connection.read(&mut [0; 1024]).await);
            drop(connection.write_all(response.as_bytes()).await);
        }
    });
    address
}

#[tokio::test]
async fn a_tls_fault_is_named_and_not_retried() {
    let no_tls = responding("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    for (fault, reason) in [
        ("expired", "certificate expired"),
        ("issuer", "UnknownIssuer"),
        ("name", "certificate not valid for name \"localhost\""),
        ("authority", "CaUsedAsEndEntity"),
        ("no TLS", "corrupt message"),
    ] {
        let (url, roots) = match fault {
            "no TLS" => (format!("https://{no_tls}"), None),
            fault => faulty(fault).await,
        };
        let error = client(&url, roots).chat(MODEL).user("?").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        let shown = error.to_string();
        let expected = format!("the TLS handshake with {url} failed: ");
        assert!(
            shown.contains(&expected) && shown.contains(reason),
            "{shown}"
        );
        assert_eq!(error.attempts(), 1, "{shown}");
        assert!(!error.is_retryable() && !error.outcome_unknown(), "{shown}");
        assert_clean_error(&error);
    }
}

#[tokio::test]
async fn an_unknown_host_is_named() {
    // No resolver looks for a label of more than 63 characters.
    let url = format!("http://{}.test", "a".repeat(64));
    let error = client(&url, None).models().list().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 3));
    let expected = format!("cannot connect to {url}: failed to lookup address");
    assert!(error.to_string().contains(&expected), "{error}");
}

/// The body of a child process. It does nothing in a normal run.
#[test]
fn child_without_file_descriptors() {
    if std::env::var("NO_FILE_DESCRIPTORS").is_err() {
        return;
    }
    let prime = client("http://127.0.0.1:1", None);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let open = || std::fs::File::open("/dev/null").ok();
    let _files: Vec<_> = std::iter::from_fn(open).collect();
    let error = runtime.block_on(async { prime.models().list().await });
    println!("{}", error.unwrap_err());
}

#[cfg(unix)]
#[test]
fn a_lack_of_file_descriptors_is_named() {
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["child_without_file_descriptors", "--nocapture"])
        .env("NO_FILE_DESCRIPTORS", "")
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    let expected = "cannot connect to http://127.0.0.1:1: Too many open files";
    assert!(shown.contains(expected), "{output:?}");
}

/// The server responds and closes the connection before it has read the request. The reset of the connection may
/// prevent the response from arriving. The request was not carried out then, because it was not complete.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_is_returned_or_the_request_is_incomplete() {
    for (status, response) in [
        (
            401,
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
        ),
        (
            413,
            "HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        ),
    ] {
        let url = format!("http://{}", responding(response).await);
        let prompt = "x".repeat(20 << 20);
        for _ in 0..4 {
            let error = client(&url, None)
                .chat(MODEL)
                .user(&*prompt)
                .await
                .unwrap_err();
            assert!(!error.outcome_unknown(), "{error}");
            match error.status() {
                Some(got) => assert_eq!(got, status),
                None => {
                    assert_eq!(error.attempts(), 3, "{error}");
                    let shown = error.to_string();
                    assert!(
                        shown.contains("before the request was sent completely"),
                        "{shown}"
                    );
                }
            }
        }
    }
}

/// Connections of requests that end together are used again by the next requests. Idle connections are closed before a
/// server closes them.
#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_are_used_again_or_closed() {
    const CALLS: usize = 160;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (accepted, open) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let all_are_asked = Arc::new(Barrier::new(CALLS));
    let counts = (accepted.clone(), open.clone());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let (open, all_are_asked) = (counts.1.clone(), all_are_asked.clone());
            counts.0.fetch_add(1, Ordering::SeqCst);
            open.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                while connection.read(&mut [0; 4096]).await.unwrap() > 0 {
                    all_are_asked.wait().await;
                    let response = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"data\": []}";
                    connection.write_all(response.as_bytes()).await.unwrap();
                }
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    let prime = client(&url, None);
    for _ in 0..2 {
        let calls = (0..CALLS).map(|_| async { prime.models().list().await });
        for response in futures_util::future::join_all(calls).await {
            response.unwrap();
        }
        // The last connections become idle after their responses were returned.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(accepted.load(Ordering::SeqCst), CALLS);
    let all_are_closed = async {
        while open.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let within = Duration::from_secs(10);
    tokio::time::timeout(within, all_are_closed).await.unwrap();
}
