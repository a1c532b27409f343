//! Mock servers that record requests, and clients for them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use httpmock::{HttpMockResponse, MockServer};
use prime_ext::{CallOptions, Client, Error, ErrorKind, RetryPolicy};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const KEY: &str = "pit_key_5f1e0c7a";
pub(crate) const TOKEN: &str = "pit_run_token_93bd41";
pub(crate) const TEAM: &str = "team_4d2a";

pub(crate) use crate::support::MODEL;

/// An address without a listener.
const UNREACHABLE: &str = "http://127.0.0.1:1";

/// A response of a mock server.
#[derive(Debug, Clone)]
pub(crate) struct MockResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl MockResponse {
    pub(crate) fn new(status: u16, media: &str, body: impl AsRef<[u8]>) -> Self {
        Self::bare(status, body).header("content-type", media)
    }

    /// A response without a content type.
    pub(crate) fn bare(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.as_ref().to_vec(),
        }
    }

    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::new(status, "application/json", body)
    }

    pub(crate) fn events(body: impl AsRef<[u8]>) -> Self {
        Self::new(200, "text/event-stream", body)
    }

    pub(crate) fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A recorded request.
#[derive(Debug, Clone)]
pub(crate) struct RecordedRequest {
    /// The method, and the path and query as sent.
    pub(crate) line: String,
    /// Sorted by name, without `host`, `user-agent`, `content-length` and `accept-encoding`, which
    /// `raw` tests.
    pub(crate) headers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl RecordedRequest {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON body")
    }
}

/// One of the two services.
#[derive(Clone, Copy)]
enum Service {
    Inference,
    Platform,
}

/// A mock service that returns its responses in order, repeats the last one, and records the
/// requests. Its clients cannot reach the other service.
pub(crate) struct Wire {
    server: MockServer,
    service: Service,
    seen: Arc<Mutex<Vec<RecordedRequest>>>,
}

impl Wire {
    pub(crate) async fn inference(response: MockResponse) -> Self {
        Self::start(Service::Inference, vec![response]).await
    }

    pub(crate) async fn platform(response: MockResponse) -> Self {
        Self::start(Service::Platform, vec![response]).await
    }

    pub(crate) async fn inference_sequence(responses: Vec<MockResponse>) -> Self {
        Self::start(Service::Inference, responses).await
    }

    pub(crate) async fn platform_sequence(responses: Vec<MockResponse>) -> Self {
        Self::start(Service::Platform, responses).await
    }

    async fn start(service: Service, responses: Vec<MockResponse>) -> Self {
        let server = MockServer::start_async().await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = seen.clone();
        let base = server.base_url();
        server
            .mock_async(|when, then| {
                when.any_request();
                then.respond_with(move |request| {
                    let mut headers = request
                        .headers_vec()
                        .iter()
                        .map(|(name, value)| (name.to_ascii_lowercase(), value))
                        .filter(|(name, _)| {
                            !["host", "user-agent", "content-length", "accept-encoding"]
                                .contains(&name.as_str())
                        })
                        .map(|(name, value)| format!("{name}: {value}"))
                        .collect::<Vec<_>>();
                    headers.sort();
                    let mut seen = record.lock().unwrap();
                    let response = &responses[seen.len().min(responses.len() - 1)];
                    seen.push(RecordedRequest {
                        // The server adds its address to the path.
                        line: format!(
                            "{} {}",
                            request.method_str(),
                            request.uri_str().strip_prefix(&base).unwrap()
                        ),
                        headers,
                        body: request.body_vec(),
                    });
                    HttpMockResponse::builder()
                        .status(response.status)
                        .headers(response.headers.clone())
                        .body(response.body.clone())
                        .build()
                });
            })
            .await;
        Self {
            server,
            service,
            seen,
        }
    }

    /// Returns a client for the personal account.
    pub(crate) fn personal(&self) -> Client {
        match self.service {
            Service::Inference => client(&self.inference_url(), UNREACHABLE),
            Service::Platform => client(UNREACHABLE, &self.platform_url()),
        }
    }

    /// Returns a client for a team.
    pub(crate) fn team(&self) -> Client {
        self.personal().team(TEAM)
    }

    /// Returns the generated client.
    pub(crate) fn bare_inference(&self) -> pinference_api::Client {
        pinference_api::Client::new(&self.inference_url(), plain_http())
    }

    /// Returns the generated client.
    pub(crate) fn bare_training(&self) -> prime_training_api::Client {
        prime_training_api::Client::new(&self.platform_url(), plain_http())
    }

    pub(crate) fn inference_url(&self) -> String {
        self.server.url("/api/v1")
    }

    pub(crate) fn platform_url(&self) -> String {
        self.server.base_url()
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn hits(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// Returns the number of requests without the look-up of a failed creation and the second path of a
    /// deletion.
    pub(crate) fn hits_without_rft(&self) -> usize {
        let requests = self.requests().into_iter();
        requests.filter(|one| !one.line.contains("/rft/")).count()
    }

    /// Returns the only request.
    pub(crate) fn request(&self) -> RecordedRequest {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests.remove(0)
    }
}

/// Returns a client without retries. The `matrix` tests cover retries.
pub(crate) fn client(inference_url: &str, platform_url: &str) -> Client {
    Client::builder()
        .api_key(KEY)
        .options(CallOptions::new().retry(RetryPolicy::none()))
        .inference_url(inference_url)
        .platform_url(platform_url)
        .build()
        .unwrap()
}

/// Returns a plain client with a key, for the generated crates.
pub(crate) fn plain_http() -> reqwest::Client {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {KEY}").parse().unwrap());
    http_builder().default_headers(headers).build().unwrap()
}

pub(crate) fn http_builder() -> reqwest::ClientBuilder {
    // Fails if another test has installed it already.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy()
}

/// A server that writes raw responses in order, on any number of connections. It closes the
/// connection instead of an empty response, and after the last response.
pub(crate) struct RawServer {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl RawServer {
    pub(crate) async fn start(responses: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = seen.clone();
        let responses: Vec<String> = responses
            .iter()
            .map(|&response| response.to_owned())
            .collect();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                while let Some(request) = read_request(&mut connection).await {
                    let response = {
                        let mut seen = record.lock().unwrap();
                        seen.push(request);
                        responses.get(seen.len() - 1).cloned().unwrap_or_default()
                    };
                    if response.is_empty() {
                        break;
                    }
                    connection.write_all(response.as_bytes()).await.unwrap();
                    if response.contains("connection: close") {
                        break;
                    }
                }
            }
        });
        Self { address, seen }
    }

    /// Starts a server that reads requests and never responds.
    pub(crate) async fn silent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = seen.clone();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut connection, _)) = listener.accept().await {
                if let Some(request) = read_request(&mut connection).await {
                    record.lock().unwrap().push(request);
                }
                open.push(connection);
            }
        });
        Self { address, seen }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns a client for the personal account, for both services.
    pub(crate) fn personal(&self) -> Client {
        let url = format!("http://{}", self.address);
        client(&format!("{url}/api/v1"), &url)
    }

    /// Returns the requests with head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let text = |request: &Vec<u8>| String::from_utf8(request.clone()).unwrap();
        seen.iter().map(text).collect()
    }

    pub(crate) fn hits(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// Returns the number of requests without the look-up of a failed creation and the second path of a
    /// deletion.
    pub(crate) fn hits_without_rft(&self) -> usize {
        let requests = self.requests().into_iter();
        requests.filter(|one| !one.contains("/rft/")).count()
    }
}

/// Reads an HTTP/1.1 request. Returns `None` at the end of the connection.
async fn read_request(connection: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(request);
            }
        }
        match connection.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
        }
    }
}

/// Checks that the message of an error is a single line, and that the error shows no secret.
#[track_caller]
pub(crate) fn assert_clean_error(error: &Error) {
    let message = error.to_string();
    assert!(!message.trim().is_empty());
    assert!(
        !message.contains(['\n', '\r']),
        "more than one line: {message:?}"
    );
    let mut shown = format!("{message}\n{error:?}\n{error:#?}");
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        shown.push_str(&format!("\n{source}\n{source:?}"));
        cause = source.source();
    }
    assert_no_secret(&shown);
}

#[track_caller]
pub(crate) fn assert_no_secret(shown: &str) {
    for secret in [KEY, TOKEN] {
        assert!(!shown.contains(secret), "a secret is visible: {shown}");
    }
}

/// Checks that the error occurred before the request was sent.
#[track_caller]
pub(crate) fn assert_not_sent(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Request, "{error}");
    assert_eq!(error.status(), None);
    assert!(!error.outcome_unknown());
    assert_clean_error(error);
}
