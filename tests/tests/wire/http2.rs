//! HTTP/2, negotiated with TLS or with prior knowledge.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use prime_ext::bytes::Bytes;
use prime_ext::{CallOptions, Client, ClientBuilder, ErrorKind, RetryPolicy, StreamEnd};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::creations::{CREATED, config};
use super::support::{KEY, MODEL, http_builder};

const ONCE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Once\"}}]}\n\n";
const UPON: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" upon\"},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"total_tokens\":20}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// The behavior of the server.
#[derive(Debug, Clone, Copy)]
enum Behavior {
    /// Sends a complete response.
    Complete,
    /// Resets the stream after the first event.
    Reset,
    /// Refuses the first request (`REFUSED_STREAM`) and serves the next one.
    Refuse,
    /// Sends `GOAWAY` on the first request without processing it, and serves the next one.
    GoAway,
    /// Sends less than `content-length` and ends the stream without an error.
    Short,
    /// Sends an endless stream.
    Endless,
    /// Sends a create response with headers of this size.
    Created { header_bytes: usize },
}

/// Counters of a server.
#[derive(Debug, Default)]
struct Counters {
    connections: AtomicUsize,
    requests: AtomicUsize,
    sent: AtomicUsize,
    /// Streams that the client cancelled.
    cancelled: AtomicUsize,
}

async fn serve<T>(connection: T, behavior: Behavior, counters: Arc<Counters>)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let first = counters.connections.fetch_add(1, Ordering::SeqCst) == 0;
    if first && matches!(behavior, Behavior::GoAway) {
        go_away(connection, counters).await;
        return;
    }
    let Ok(mut connection) = h2::server::handshake(connection).await else {
        return;
    };
    while let Some(Ok((_, mut response))) = connection.accept().await {
        let number = counters.requests.fetch_add(1, Ordering::SeqCst);
        if matches!(behavior, Behavior::Refuse) && number == 0 {
            response.send_reset(Reason::REFUSED_STREAM);
            continue;
        }
        tokio::spawn(respond(response, behavior, counters.clone()));
    }
}

/// Waits for a request and sends `GOAWAY` with no processed stream.
async fn go_away<T: AsyncRead + AsyncWrite + Unpin>(mut connection: T, counters: Arc<Counters>) {
    const PREFACE: usize = 24;
    const HEADERS: u8 = 1;
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    connection.write_all(&SETTINGS).await.unwrap();
    let mut preface = [0; PREFACE];
    connection.read_exact(&mut preface).await.unwrap();
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut frame = vec![0; length as usize];
        connection.read_exact(&mut frame).await.unwrap();
        if head[3] == HEADERS {
            break;
        }
    }
    counters.requests.fetch_add(1, Ordering::SeqCst);
    connection.write_all(&GOAWAY).await.unwrap();
    connection.flush().await.unwrap();
    // Waits until the client closes the connection.
    let _ = connection.read_to_end(&mut Vec::new()).await;
}

async fn respond(mut response: SendResponse<Bytes>, behavior: Behavior, counters: Arc<Counters>) {
    let mut head = http::Response::builder().header("content-type", "text/event-stream");
    if matches!(behavior, Behavior::Short) {
        head = head.header("content-length", "100");
    }
    if let Behavior::Created { header_bytes } = behavior {
        for number in 0..header_bytes / 1000 {
            head = head.header(format!("x-{number}"), "v".repeat(1000));
        }
        let mut body = response
            .send_response(head.body(()).unwrap(), false)
            .unwrap();
        body.send_data(CREATED.into(), true).unwrap();
        return;
    }
    let mut body = response
        .send_response(head.body(()).unwrap(), false)
        .unwrap();
    match behavior {
        Behavior::Complete | Behavior::Refuse | Behavior::GoAway => {
            for event in [ONCE, UPON, USAGE, DONE] {
                body.send_data(event.into(), false).unwrap();
                tokio::task::yield_now().await;
            }
            body.send_data(Bytes::new(), true).unwrap();
        }
        Behavior::Short => {
            body.send_data("[1,2,3]".into(), false).unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            body.send_reset(Reason::NO_ERROR);
        }
        Behavior::Reset => {
            body.send_data(ONCE.into(), false).unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            body.send_reset(Reason::INTERNAL_ERROR);
        }
        Behavior::Endless => {
            while let Some(capacity) = capacity(&mut body).await {
                let event = Bytes::from_static(ONCE.as_bytes());
                let event = event.slice(..capacity.min(event.len()));
                counters.sent.fetch_add(event.len(), Ordering::SeqCst);
                body.send_data(event, false).unwrap();
            }
            counters.cancelled.fetch_add(1, Ordering::SeqCst);
        }
        Behavior::Created { .. } => {}
    }
}

/// Waits for flow-control capacity. Returns `None` if the client cancelled the stream.
async fn capacity(body: &mut SendStream<Bytes>) -> Option<usize> {
    body.reserve_capacity(ONCE.len());
    std::future::poll_fn(|cx| body.poll_capacity(cx))
        .await?
        .ok()
        .filter(|capacity| *capacity > 0)
}

/// Starts a server with a self-signed certificate and the given ALPN protocols. Returns its URL and
/// the certificate.
async fn tls(protocols: &[&str], behavior: Behavior) -> (String, String, Arc<Counters>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let mut config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "https://localhost:{}/api/v1",
        listener.local_addr().unwrap().port()
    );
    let counters = Arc::new(Counters::default());
    let record = counters.clone();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (acceptor, counters) = (acceptor.clone(), record.clone());
            tokio::spawn(async move {
                // Only HTTP/2 connections are served.
                if let Ok(connection) = acceptor.accept(connection).await
                    && connection.get_ref().1.alpn_protocol() == Some(b"h2")
                {
                    serve(connection, behavior, counters).await;
                }
            });
        }
    });
    (url, authority.pem(), counters)
}

/// Starts a server that uses HTTP/2 without TLS.
async fn plain(behavior: Behavior) -> (Client, Arc<Counters>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/v1", listener.local_addr().unwrap());
    let counters = Arc::new(Counters::default());
    let record = counters.clone();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, behavior, record.clone()));
        }
    });
    let http = http_builder().http2_prior_knowledge().build().unwrap();
    (client(&url).http_client(http).build().unwrap(), counters)
}

fn client(url: &str) -> ClientBuilder {
    let options = CallOptions::new().retry(RetryPolicy::none());
    let client = Client::builder().api_key(KEY).options(options);
    client.inference_url(url)
}

async fn wait_for(count: &AtomicUsize, expected: usize) {
    for _ in 0..100 {
        if count.load(Ordering::SeqCst) >= expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{count:?} of {expected}");
}

#[tokio::test]
async fn http2_is_negotiated_with_tls() {
    let (url, certificate, counters) = tls(&["h2", "http/1.1"], Behavior::Complete).await;
    let prime = client(&url).root_certificate(certificate).build().unwrap();
    let streams = (0..20).map(|_| prime.chat(MODEL).user("?").stream());
    for stream in futures_util::future::join_all(streams).await {
        let answer = stream.unwrap().finish().await.unwrap();
        assert_eq!(answer.text(), "Once upon");
        assert_eq!(answer.stream_end(), Some(StreamEnd::Complete));
    }
    assert_eq!(counters.requests.load(Ordering::SeqCst), 20);
    let again = prime.chat(MODEL).user("?").stream().await.unwrap();
    again.finish().await.unwrap();
    // Simultaneous requests may open several connections. All but one are closed.
    let connections = counters.connections.load(Ordering::SeqCst);
    assert!(connections <= 20, "{connections}");
}

#[tokio::test]
async fn http1_only_disables_http2() {
    let (url, certificate, counters) = tls(&["h2", "http/1.1"], Behavior::Complete).await;
    let prime = client(&url).root_certificate(certificate).http1_only();
    let prime = prime.build().unwrap();
    let error = prime.chat(MODEL).user("?").stream().await.unwrap_err();
    assert!(error.is_retryable() || error.outcome_unknown(), "{error}");
    assert_eq!(counters.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_custom_http_client_may_use_http2() {
    let (prime, counters) = plain(Behavior::Complete).await;
    let mut stream = prime.chat(MODEL).user("?").stream().await.unwrap();
    assert_eq!(stream.next_text().await.unwrap().as_deref(), Some("Once"));
    assert_eq!(stream.finish().await.unwrap().text(), "Once upon");
    assert_eq!(counters.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_reset_stream_is_cut_off() {
    let (prime, _) = plain(Behavior::Reset).await;
    let stream = prime.chat(MODEL).user("?").stream().await.unwrap();
    let error = stream.finish().await.unwrap_err();
    assert_eq!(error.stream_end(), Some(StreamEnd::CutOff));
    assert_eq!(error.partial_response().unwrap().text(), "Once");
}

#[tokio::test]
async fn a_body_shorter_than_its_content_length_is_an_error() {
    let (prime, _) = plain(Behavior::Short).await;
    let call = prime.call_inference(http::Method::GET, "x");
    let error = call.send_bytes().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
    assert_eq!(error.body().map(|body| &body[..]), Some(&b"[1,2,3]"[..]));

    // A stream too.
    let call = prime.call_inference(http::Method::GET, "x");
    let mut body = call.stream().await.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "[1,2,3]");
    assert!(body.next().await.unwrap().is_err());
    assert!(body.next().await.is_none());
}

/// A request that the server did not process is retried, which counts as an attempt.
#[tokio::test]
async fn an_unprocessed_stream_request_is_retried() {
    for behavior in [Behavior::Refuse, Behavior::GoAway] {
        let (url, certificate, counters) = tls(&["h2"], behavior).await;
        let prime = client(&url).root_certificate(certificate);
        let prime = prime
            .options(CallOptions::new().retry(RetryPolicy::new()))
            .build()
            .unwrap();
        let stream = prime.chat(MODEL).user("?").stream().await.unwrap();
        assert_eq!(stream.meta().attempts(), 2, "{behavior:?}");
        assert_eq!(stream.finish().await.unwrap().text(), "Once upon");
        assert_eq!(counters.requests.load(Ordering::SeqCst), 2, "{behavior:?}");
    }
}

/// An unprocessed request is not retried without retries, and a create request is never retried.
#[tokio::test]
async fn an_unprocessed_request_is_retried_only_if_allowed() {
    for behavior in [Behavior::Refuse, Behavior::GoAway] {
        let (url, certificate, counters) = tls(&["h2"], behavior).await;
        let prime = client(&url).root_certificate(certificate).build().unwrap();
        let error = prime.chat(MODEL).user("?").await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Disconnected,
            "{behavior:?}: {error}"
        );
        assert!(error.is_retryable() && !error.outcome_unknown());
        assert_eq!(error.attempts(), 1, "{behavior:?}");
        assert_eq!(counters.requests.load(Ordering::SeqCst), 1, "{behavior:?}");

        let (url, certificate, counters) = tls(&["h2"], behavior).await;
        let prime = client(&url)
            .platform_url(&url)
            .options(CallOptions::new().retry(RetryPolicy::new()));
        let prime = prime.root_certificate(certificate).build().unwrap();
        let error = prime.runs().create(config()).await.unwrap_err();
        assert!(
            error.to_string().contains("before processing it"),
            "{error}"
        );
        assert!(!error.is_retryable() && !error.outcome_unknown());
        assert_eq!(counters.requests.load(Ordering::SeqCst), 1, "{behavior:?}");
    }
}

/// The caller's HTTP client retries such a request as configured.
#[tokio::test]
async fn a_refused_stream_is_retried_by_a_custom_http_client() {
    let (prime, counters) = plain(Behavior::Refuse).await;
    let stream = prime.chat(MODEL).user("?").stream().await.unwrap();
    assert_eq!(stream.finish().await.unwrap().text(), "Once upon");
    assert_eq!(counters.requests.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn backpressure_reaches_the_server() {
    let (url, certificate, counters) = tls(&["h2"], Behavior::Endless).await;
    let prime = client(&url).root_certificate(certificate).build().unwrap();
    let mut stream = prime.chat(MODEL).user("?").stream().await.unwrap();
    stream.try_next().await.unwrap();
    let mut sent = 0;
    let stopped = async {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = counters.sent.load(Ordering::SeqCst);
            if std::mem::replace(&mut sent, now) == now {
                return now;
            }
        }
    };
    let sent = tokio::time::timeout(Duration::from_secs(10), stopped).await;
    let sent = sent.expect("the server continues to send");
    assert!(sent <= 600 << 10, "{sent} bytes before anybody read them");

    // Dropping the stream cancels it but keeps the connection.
    drop(stream);
    wait_for(&counters.cancelled, 1).await;
    let mut next = prime.chat(MODEL).user("?").stream().await.unwrap();
    assert_eq!(next.next_text().await.unwrap().as_deref(), Some("Once"));
    assert_eq!(counters.connections.load(Ordering::SeqCst), 1);
}

/// The token is returned only once, so many headers of a gateway must not lose it.
#[tokio::test]
async fn a_create_response_with_many_headers_is_read() {
    for (header_bytes, expected) in [(40_000, true), (500_000, true), (1_200_000, false)] {
        let (url, certificate, _) = tls(&["h2"], Behavior::Created { header_bytes }).await;
        let platform = url.trim_end_matches("/api/v1");
        let client = client(&url).platform_url(platform);
        let prime = client.root_certificate(certificate).build().unwrap();
        let created = prime.runs().create(config()).await;
        assert_eq!(created.is_ok(), expected, "{header_bytes}: {created:?}");
        if let Err(error) = created {
            assert!(error.to_string().contains("too large"), "{error}");
            assert!(error.outcome_unknown());
        }
    }
}
