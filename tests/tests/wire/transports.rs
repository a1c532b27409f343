//! Transports of the caller's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prime_ext::openapi_runtime::TransportErrorKind;
use prime_ext::{
    CallOptions, Client, ErrorKind, RetryPolicy, Transport, TransportError, TransportFuture,
    TransportResponse, reqwest,
};

use super::creations::{CREATED, config};
use super::support::{KEY, MODEL};

/// What a transport does with a request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Reply {
    NotSent,
    /// An error that does not say whether anything was sent.
    Unknown,
    /// An error of this kind.
    Fail(TransportErrorKind),
    Respond(&'static str),
    Never,
}

/// Gives its replies in turn, the last for ever.
#[derive(Debug, Clone)]
struct Scripted {
    replies: &'static [Reply],
    requests: Arc<AtomicUsize>,
}

impl Transport for Scripted {
    fn send(&self, request: reqwest::Request) -> TransportFuture<'_> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let reply = self.replies[number.min(self.replies.len() - 1)];
        let key = request.headers()["authorization"].to_str().unwrap();
        assert_eq!(key, format!("Bearer {KEY}"));
        Box::pin(async move {
            match reply {
                Reply::NotSent => Err(TransportError::not_sent("no route")),
                Reply::Unknown => Err(TransportError::new("something broke")),
                Reply::Fail(kind) => Err(TransportError::new("something broke").with_kind(kind)),
                Reply::Respond(body) => Ok(TransportResponse::from(http::Response::new(body))),
                Reply::Never => std::future::pending().await,
            }
        })
    }
}

fn client(replies: &'static [Reply]) -> (Client, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let transport = Scripted {
        replies,
        requests: requests.clone(),
    };
    let soon = RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO);
    let client = Client::builder()
        .api_key(KEY)
        .transport(transport)
        .options(CallOptions::new().retry(soon))
        .build();
    (client.unwrap(), requests)
}

#[tokio::test]
async fn a_transport_of_the_callers_own_answers_calls() {
    let (prime, requests) = client(&[Reply::Respond(r#"{"data": [{"id": "a/b"}]}"#)]);
    let models = prime.models().list().await.unwrap();
    assert_eq!(models[0].id, "a/b");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    let events = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n";
    let replies: &[Reply] = vec![Reply::Respond(String::leak(events.to_owned()))].leak();
    let (prime, _) = client(replies);
    let stream = prime.chat(MODEL).user("?").stream().await.unwrap();
    assert_eq!(stream.finish().await.unwrap().text(), "Hi");
}

/// A run is created again only if the transport says that nothing was sent.
#[tokio::test]
async fn a_creation_is_repeated_only_if_nothing_was_sent() {
    let (prime, requests) = client(&[Reply::NotSent, Reply::Respond(CREATED)]);
    prime.runs().create(config()).await.unwrap();
    assert_eq!(requests.load(Ordering::SeqCst), 2);

    let (prime, requests) = client(&[Reply::Unknown, Reply::Respond(CREATED)]);
    let error = prime.runs().create(config()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert!(error.outcome_unknown() && !error.is_retryable());
    // The second request looks for the run.
    assert_eq!(requests.load(Ordering::SeqCst), 2);

    // A read is retried. A chat completion is retried only if it may be billed twice.
    let replies = &[Reply::Unknown, Reply::Respond(r#"{"data": []}"#)];
    let (prime, _) = client(replies);
    prime.models().list().await.unwrap();
    let replies = &[Reply::Unknown, Reply::Respond(r#"{"choices": []}"#)];
    let (prime, requests) = client(replies);
    prime.chat(MODEL).user("?").await.unwrap_err();
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    let (prime, _) = client(replies);
    let twice = RetryPolicy::new().allow_duplicate_billing();
    let options = CallOptions::new().retry(twice);
    let answer = prime.chat(MODEL).user("?").options(options).await.unwrap();
    assert_eq!(answer.meta().attempts(), 2);
}

/// A request that was not sent completely was not carried out. A failed TLS handshake fails again.
#[tokio::test]
async fn kinds_of_failures_decide_about_retries() {
    let unfinished = Reply::Fail(TransportErrorKind::Unfinished);
    let replies: &[Reply] = vec![unfinished, Reply::Respond(r#"{"choices": []}"#)].leak();
    let (prime, _) = client(replies);
    let answer = prime.chat(MODEL).user("?").await.unwrap();
    assert_eq!(answer.meta().attempts(), 2);
    let (prime, _) = client(replies);
    let error = prime.runs().create(config()).await.unwrap_err();
    assert!(!error.outcome_unknown() && !error.is_retryable());
    assert_eq!(error.attempts(), 1);

    let (prime, _) = client(vec![Reply::Fail(TransportErrorKind::Tls)].leak());
    for error in [
        prime.models().list().await.unwrap_err(),
        prime.chat(MODEL).user("?").await.unwrap_err(),
        prime.runs().create(config()).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1));
        assert!(!error.outcome_unknown() && !error.is_retryable());
    }
}

#[tokio::test]
async fn timeouts_and_limits_stay_the_clients() {
    let (prime, _) = client(&[Reply::Never]);
    let hasty = prime.models().list().timeout(Duration::from_millis(50));
    assert!(hasty.await.unwrap_err().is_timeout());
    let (prime, _) = client(&[Reply::Respond("not JSON")]);
    let error = prime.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
}

#[test]
fn settings_of_connections_are_refused_beside_a_transport() {
    let transport = Scripted {
        replies: &[],
        requests: Arc::default(),
    };
    let builder = Client::builder().api_key(KEY).transport(transport);
    let error = builder.http1_only().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Settings);
}
