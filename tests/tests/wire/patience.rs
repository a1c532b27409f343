//! Endless responses, redirects, and requests that are rejected before they are sent.

use std::time::{Duration, Instant};

use prime_ext::{CallOptions, Client, ErrorKind, RetryPolicy, RunConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::support::{KEY, http_builder};

const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

/// Starts a server that sends the same response to each request, then repeats `drip` forever.
async fn server(response: String, drip: &'static [u8]) -> (String, impl Fn() -> usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let hits = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = hits.clone();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let (response, hits) = (response.clone(), hits.clone());
            tokio::spawn(async move {
                let mut buffer = [0; 8192];
                if connection.read(&mut buffer).await.unwrap_or(0) == 0 {
                    return;
                }
                hits.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let mut sent = connection.write_all(response.as_bytes()).await;
                while sent.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    sent = connection.write_all(drip).await;
                }
            });
        }
    });
    (address, move || {
        counted.load(std::sync::atomic::Ordering::SeqCst)
    })
}

fn builder(address: &str) -> prime_ext::ClientBuilder {
    let quick = RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO);
    Client::builder()
        .api_key(KEY)
        .inference_url(address)
        .platform_url(address)
        .options(CallOptions::new().retry(quick))
}

fn client(address: &str, options: CallOptions) -> Client {
    builder(address).options(options).build().unwrap()
}

fn create(client: &Client) -> prime_ext::runs::CreateRun {
    client
        .runs()
        .create(RunConfig::from_toml("max_steps = 2").unwrap())
}

#[tokio::test]
async fn a_stream_without_a_response_times_out() {
    let (address, _) = server(String::new(), b"").await;
    let hasty = CallOptions::new().timeout(Duration::from_millis(300));
    let started = Instant::now();
    let request = client(&address, hasty).chat("m").user("?");
    let error = request.stream().await.unwrap_err();
    assert!(error.is_timeout() && error.outcome_unknown(), "{error}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn an_incomplete_json_response_to_a_stream_request_times_out() {
    let (address, _) = server(format!("{STREAM}{{\"error\":"), b"").await;
    let idle = CallOptions::new().idle_timeout(Duration::from_millis(300));
    let started = Instant::now();
    let request = client(&address, idle).chat("m").user("?");
    request.stream().await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn an_endless_error_body_is_abandoned_at_the_timeout() {
    let response = "HTTP/1.1 400 Bad Request\r\n\r\nit is wrong: ";
    let (address, hits) = server(response.to_owned(), b"x").await;
    let hasty = CallOptions::new().timeout(Duration::from_millis(400));
    let started = Instant::now();
    let client = client(&address, hasty);
    let error = client.chat("m").user("?").stream().await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), hits()), (400, 1));
    assert!(error.message().unwrap().starts_with("it is wrong: x"));
    assert!(started.elapsed() < Duration::from_secs(3));
}

/// The caller's HTTP client follows redirects. The run may exist.
#[tokio::test]
async fn a_refused_connection_after_a_redirect_has_an_unknown_outcome() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = nobody.local_addr().unwrap();
    drop(nobody);
    for status in ["303 See Other", "307 Temporary Redirect"] {
        let response =
            format!("HTTP/1.1 {status}\r\nlocation: http://{gone}/\r\ncontent-length: 0\r\n\r\n");
        let (address, hits) = server(response, b"").await;
        let following = http_builder().redirect(reqwest::redirect::Policy::limited(3));
        let client = builder(&address)
            .http_client(following.build().unwrap())
            .build()
            .unwrap();
        let error = create(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
        assert!(error.outcome_unknown() && !error.is_retryable(), "{error}");
        assert_eq!(hits(), 1, "{status}");
    }
}

/// A 303 is a common response to a successful create request. It is not followed.
#[tokio::test]
async fn a_303_has_an_unknown_outcome() {
    for (status, unknown) in [("303 See Other", true), ("307 Temporary Redirect", false)] {
        let response = format!("HTTP/1.1 {status}\r\nlocation: /r\r\ncontent-length: 0\r\n\r\n");
        let (address, hits) = server(response, b"").await;
        let client = client(&address, CallOptions::new());
        let error = create(&client).await.unwrap_err();
        assert_eq!((error.outcome_unknown(), hits()), (unknown, 1), "{error}");
    }
}

/// reqwest reports a redirect to a URL that it cannot use as a fault of the request, which was sent.
#[tokio::test]
async fn a_redirect_to_an_unusable_url_leaves_the_outcome_unknown() {
    let host = "%E6%96%87".repeat(990);
    for status in ["301 Moved Permanently", "303 See Other"] {
        let response =
            format!("HTTP/1.1 {status}\r\nlocation: http://{host}/\r\ncontent-length: 0\r\n\r\n");
        let (address, hits) = server(response, b"").await;
        let error = create(&client(&address, CallOptions::new()))
            .await
            .unwrap_err();
        assert_eq!((error.outcome_unknown(), hits()), (true, 1), "{error}");
    }
}

#[tokio::test]
async fn a_402_is_not_retried_even_with_x_should_retry() {
    let response =
        "HTTP/1.1 402 Payment Required\r\nx-should-retry: true\r\ncontent-length: 0\r\n\r\n";
    let (address, hits) = server(response.to_owned(), b"").await;
    let client = client(&address, CallOptions::new());
    let error = client.models().list().await.unwrap_err();
    assert!(error.is_payment_required() && !error.is_retryable());
    assert_eq!((error.attempts(), hits()), (1, 1));
}

#[tokio::test]
async fn an_unlimited_retry_after_is_an_error() {
    let response = "HTTP/1.1 503 Busy\r\nretry-after: 1e300\r\ncontent-length: 0\r\n\r\n";
    let (address, hits) = server(response.to_owned(), b"").await;
    let patient = RetryPolicy::new()
        .max_retry_after(Duration::MAX)
        .backoff(Duration::MAX, Duration::MAX);
    let options = CallOptions::new()
        .retry(patient)
        .timeout(Duration::MAX)
        .idle_timeout(Duration::MAX);
    let error = client(&address, options).models().list().await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), hits()), (503, 1));
}

/// The team is set by `Client::team` only.
#[tokio::test]
async fn a_duplicate_team_is_rejected() {
    let (address, hits) = server(String::new(), b"").await;
    let lab = client(&address, CallOptions::new()).team("team_a");
    let header = CallOptions::new().header("x-prime-team-id", "team_b");
    let error = lab
        .with_options(header.clone())
        .wallet()
        .get()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("Client::team"), "{error}");
    assert!(builder(&address).options(header).build().is_err());
    let twice = lab.call_platform(reqwest::Method::GET, "api/v1/pods");
    let twice = twice.query("teamId", "team_b").team_query("teamId");
    assert_eq!(
        twice.send_bytes().await.unwrap_err().kind(),
        ErrorKind::Request
    );
    let lost = lab
        .call_inference(reqwest::Method::GET, "models")
        .team_header("Authorization");
    assert_eq!(
        lost.send_bytes().await.unwrap_err().kind(),
        ErrorKind::Request
    );
    let unsaid = lab.call_platform(reqwest::Method::GET, "api/v1/pods");
    let error = unsaid.send_bytes().await.unwrap_err();
    assert!(error.to_string().contains("no_team"), "{error}");
    assert_eq!(hits(), 0, "no request was sent");
}

#[test]
fn a_proxy_password_is_not_shown() {
    let proxy = reqwest::Proxy::all("http://user:canary@localhost:1").unwrap();
    let shown = format!("{:?}", Client::builder().proxy(proxy));
    assert!(!shown.contains("canary"), "{shown}");
}
