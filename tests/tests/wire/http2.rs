//! The same over HTTP/2: negotiated by TLS, or known beforehand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

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

use crate::creations::{CREATED, config};
use crate::support::{KEY, http_builder};

const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";
const ONCE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Once\"}}]}\n\n";
const UPON: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" upon\"},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"total_tokens\":20}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// What the server does with a request.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// A whole answer.
    Whole,
    /// Breaks the stream off after a piece.
    Reset,
    /// Refuses the first request untouched, and answers the next.
    Refuse,
    /// Goes away when the first request comes, without having looked at it; answers the next.
    Leave,
    /// Sends less than it said, and ends as if that was all.
    Short,
    /// Sends without an end.
    Endless,
    /// The creation of a run, with so many bytes of headers.
    Created { header_bytes: usize },
}

/// What a server of HTTP/2 saw.
#[derive(Debug, Default)]
struct Seen {
    connections: AtomicUsize,
    requests: AtomicUsize,
    sent: AtomicUsize,
    /// Streams that the client gave up.
    cancelled: AtomicUsize,
}

async fn serve<T>(connection: T, way: Way, seen: Arc<Seen>)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let first = seen.connections.fetch_add(1, Ordering::SeqCst) == 0;
    if first && matches!(way, Way::Leave) {
        leave(connection, seen).await;
        return;
    }
    let Ok(mut connection) = h2::server::handshake(connection).await else {
        return;
    };
    while let Some(Ok((_, mut response))) = connection.accept().await {
        let number = seen.requests.fetch_add(1, Ordering::SeqCst);
        if matches!(way, Way::Refuse) && number == 0 {
            response.send_reset(Reason::REFUSED_STREAM);
            continue;
        }
        tokio::spawn(answer(response, way, seen.clone()));
    }
}

/// Waits for a request, and says goodbye: no stream was looked at.
async fn leave<T: AsyncRead + AsyncWrite + Unpin>(mut connection: T, seen: Arc<Seen>) {
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
    seen.requests.fetch_add(1, Ordering::SeqCst);
    connection.write_all(&GOAWAY).await.unwrap();
    connection.flush().await.unwrap();
    // Until the client closes it.
    let _ = connection.read_to_end(&mut Vec::new()).await;
}

async fn answer(mut response: SendResponse<Bytes>, way: Way, seen: Arc<Seen>) {
    let mut head = http::Response::builder().header("content-type", "text/event-stream");
    if matches!(way, Way::Short) {
        head = head.header("content-length", "100");
    }
    if let Way::Created { header_bytes } = way {
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
    match way {
        Way::Whole | Way::Refuse | Way::Leave => {
            for event in [ONCE, UPON, USAGE, DONE] {
                body.send_data(event.into(), false).unwrap();
                tokio::task::yield_now().await;
            }
            body.send_data(Bytes::new(), true).unwrap();
        }
        Way::Short => {
            body.send_data("[1,2,3]".into(), false).unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            body.send_reset(Reason::NO_ERROR);
        }
        Way::Reset => {
            body.send_data(ONCE.into(), false).unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            body.send_reset(Reason::INTERNAL_ERROR);
        }
        Way::Endless => {
            while let Some(room) = room(&mut body).await {
                let event = Bytes::from_static(ONCE.as_bytes());
                let event = event.slice(..room.min(event.len()));
                seen.sent.fetch_add(event.len(), Ordering::SeqCst);
                body.send_data(event, false).unwrap();
            }
            seen.cancelled.fetch_add(1, Ordering::SeqCst);
        }
        Way::Created { .. } => {}
    }
}

/// Waits until the client takes more; nothing once it takes no more.
async fn room(body: &mut SendStream<Bytes>) -> Option<usize> {
    body.reserve_capacity(ONCE.len());
    std::future::poll_fn(|cx| body.poll_capacity(cx))
        .await?
        .ok()
        .filter(|room| *room > 0)
}

/// A server with a certificate of its own making, which speaks what it says it speaks; its address, and
/// the certificate to trust.
async fn tls(protocols: &[&str], way: Way) -> (String, String, Arc<Seen>) {
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
    let seen = Arc::new(Seen::default());
    let record = seen.clone();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (acceptor, seen) = (acceptor.clone(), record.clone());
            tokio::spawn(async move {
                // What has not agreed on HTTP/2 is not served.
                if let Ok(connection) = acceptor.accept(connection).await
                    && connection.get_ref().1.alpn_protocol() == Some(b"h2")
                {
                    serve(connection, way, seen).await;
                }
            });
        }
    });
    (url, authority.pem(), seen)
}

/// A server that speaks HTTP/2 without being asked.
async fn plain(way: Way) -> (Client, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/v1", listener.local_addr().unwrap());
    let seen = Arc::new(Seen::default());
    let record = seen.clone();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, way, record.clone()));
        }
    });
    let http = http_builder().http2_prior_knowledge().build().unwrap();
    (client(&url).http_client(http).build().unwrap(), seen)
}

fn client(url: &str) -> ClientBuilder {
    let options = CallOptions::new().retry(RetryPolicy::none());
    let client = Client::builder().api_key(KEY).options(options);
    client.inference_url(url)
}

async fn waited(count: &AtomicUsize, for_what: usize) {
    for _ in 0..100 {
        if count.load(Ordering::SeqCst) >= for_what {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{count:?} of {for_what}");
}

#[tokio::test]
async fn a_stream_that_tls_negotiates() {
    let (url, certificate, seen) = tls(&["h2", "http/1.1"], Way::Whole).await;
    let prime = client(&url).root_certificate(certificate).build().unwrap();
    let streams = (0..20).map(|_| prime.chat(MODEL).user("?").stream());
    for stream in futures_util::future::join_all(streams).await {
        let answer = stream.unwrap().finish().await.unwrap();
        assert_eq!(answer.text(), "Once upon");
        assert_eq!(answer.stream_end(), Some(StreamEnd::Complete));
    }
    assert_eq!(seen.requests.load(Ordering::SeqCst), 20);
    let again = prime.chat(MODEL).user("?").stream().await.unwrap();
    again.finish().await.unwrap();
    // Those that were opened at once may have begun with a connection each; all but one are given up.
    let connections = seen.connections.load(Ordering::SeqCst);
    assert!(connections <= 20, "{connections}");
}

#[tokio::test]
async fn not_where_the_caller_wants_none() {
    let (url, certificate, seen) = tls(&["h2", "http/1.1"], Way::Whole).await;
    let prime = client(&url).root_certificate(certificate).http1_only();
    let prime = prime.build().unwrap();
    let error = prime.chat(MODEL).user("?").stream().await.unwrap_err();
    assert!(error.is_retryable() || error.outcome_unknown(), "{error}");
    assert_eq!(seen.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_stream_of_the_callers_own_client() {
    let (prime, seen) = plain(Way::Whole).await;
    let mut stream = prime.chat(MODEL).user("?").stream().await.unwrap();
    assert_eq!(stream.next_text().await.unwrap().as_deref(), Some("Once"));
    assert_eq!(stream.finish().await.unwrap().text(), "Once upon");
    assert_eq!(seen.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stream_that_is_reset() {
    let (prime, _) = plain(Way::Reset).await;
    let stream = prime.chat(MODEL).user("?").stream().await.unwrap();
    let error = stream.finish().await.unwrap_err();
    assert_eq!(error.stream_end(), Some(StreamEnd::CutOff));
    assert_eq!(error.partial_response().unwrap().text(), "Once");
}

/// HTTP/2 can say that a body is at its end when it is not.
#[tokio::test]
async fn a_body_that_is_shorter_than_it_says() {
    let (prime, _) = plain(Way::Short).await;
    let call = prime.call_inference(http::Method::GET, "x");
    let error = call.send_bytes().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
    assert_eq!(error.body().map(|body| &body[..]), Some(&b"[1,2,3]"[..]));
}

/// What was not looked at, as the protocol has it, is sent again: an attempt like others.
#[tokio::test]
async fn a_stream_that_is_not_looked_at() {
    for way in [Way::Refuse, Way::Leave] {
        let (url, certificate, seen) = tls(&["h2"], way).await;
        let prime = client(&url).root_certificate(certificate);
        let prime = prime
            .options(CallOptions::new().retry(RetryPolicy::new()))
            .build()
            .unwrap();
        let stream = prime.chat(MODEL).user("?").stream().await.unwrap();
        assert_eq!(stream.meta().attempts(), 2, "{way:?}");
        assert_eq!(stream.finish().await.unwrap().text(), "Once upon");
        assert_eq!(seen.requests.load(Ordering::SeqCst), 2, "{way:?}");
    }
}

/// Not where the caller wants each call to be sent once, and never the creation of a run.
#[tokio::test]
async fn a_request_that_is_not_looked_at() {
    for way in [Way::Refuse, Way::Leave] {
        let (url, certificate, seen) = tls(&["h2"], way).await;
        let prime = client(&url).root_certificate(certificate).build().unwrap();
        let error = prime.chat(MODEL).user("?").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Disconnected, "{way:?}: {error}");
        assert!(error.is_retryable() && !error.outcome_unknown());
        assert_eq!(error.attempts(), 1, "{way:?}");
        assert_eq!(seen.requests.load(Ordering::SeqCst), 1, "{way:?}");

        let (url, certificate, seen) = tls(&["h2"], way).await;
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
        assert_eq!(seen.requests.load(Ordering::SeqCst), 1, "{way:?}");
    }
}

/// A client of the caller's own repeats such a request as it is set.
#[tokio::test]
async fn a_stream_that_is_refused() {
    let (prime, seen) = plain(Way::Refuse).await;
    let stream = prime.chat(MODEL).user("?").stream().await.unwrap();
    assert_eq!(stream.finish().await.unwrap().text(), "Once upon");
    assert_eq!(seen.requests.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn who_stops_reading_stops_the_server() {
    let (url, certificate, seen) = tls(&["h2"], Way::Endless).await;
    let prime = client(&url).root_certificate(certificate).build().unwrap();
    let mut stream = prime.chat(MODEL).user("?").stream().await.unwrap();
    stream.next().await.unwrap();
    let mut sent = 0;
    let stopped = async {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = seen.sent.load(Ordering::SeqCst);
            if std::mem::replace(&mut sent, now) == now {
                return now;
            }
        }
    };
    let sent = tokio::time::timeout(Duration::from_secs(10), stopped).await;
    let sent = sent.expect("the server sends on");
    assert!(sent <= 600 << 10, "{sent} bytes before anybody read them");

    // Dropped, it is given up, and its connection is not.
    drop(stream);
    waited(&seen.cancelled, 1).await;
    let mut next = prime.chat(MODEL).user("?").stream().await.unwrap();
    assert_eq!(next.next_text().await.unwrap().as_deref(), Some("Once"));
    assert_eq!(seen.connections.load(Ordering::SeqCst), 1);
}

/// The token is shown once: a gateway's headers must not lose it.
#[tokio::test]
async fn a_run_survives_many_headers() {
    for (header_bytes, expected) in [(40_000, true), (500_000, true), (1_200_000, false)] {
        let (url, certificate, _) = tls(&["h2"], Way::Created { header_bytes }).await;
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
