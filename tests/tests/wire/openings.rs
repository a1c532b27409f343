//! Streams that fail before the first text. Opening such a stream fails, and it is retried like
//! other failed requests.

use std::time::{Duration, Instant};

use prime_ext::{CallOptions, Client, Error, Meter, RetryPolicy, StreamEnd};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::support::{MODEL, MockResponse, Wire, assert_clean_error, client};

const WHOLE: &str = concat!(
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Once\"},\"finish_reason\":\"stop\"}],",
    "\"usage\":{\"total_tokens\":9,\"cost\":0.5}}\n\ndata: [DONE]\n\n"
);
const BUSY: &str = "data: {\"error\":{\"message\":\"Busy\",\"code\":503}}\n\n";

fn quick() -> RetryPolicy {
    RetryPolicy::new().backoff(Duration::from_millis(1), Duration::from_millis(2))
}

fn with(client: Client, policy: RetryPolicy) -> Client {
    client.with_options(CallOptions::new().retry(policy))
}

/// Returns the text of a response and the number of attempts.
async fn read(client: &Client) -> Result<(String, u32), Error> {
    let stream = client.chat(MODEL).user("A story").stream().await?;
    let response = stream.finish().await?;
    Ok((response.text().into_owned(), response.meta().attempts()))
}

/// Opens streams with the given bodies in order, and repeats the last one. Returns the result and
/// the number of requests.
async fn opened(beginnings: &[&str], policy: RetryPolicy) -> (Result<(String, u32), Error>, usize) {
    let responses = beginnings.iter().map(MockResponse::events).collect();
    let wire = Wire::inference_sequence(responses).await;
    let result = read(&with(wire.personal(), policy)).await;
    let hits = wire.hits();
    assert!(
        wire.requests()
            .iter()
            .all(|r| r.body == wire.requests()[0].body)
    );
    (result, hits)
}

#[tokio::test]
async fn an_error_event_is_retried_like_an_error_status() {
    for beginning in [
        BUSY,
        "data: {\"error\":{\"message\":\"Slow down\",\"code\":\"429\"}}\n\n",
        "event: error\ndata: {\"error\":{\"message\":\"Slow down\",\"type\":\"rate_limit_error\"}}\n\n",
        "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
        "data: {\"choices\":[],\"error\":{\"message\":\"Busy\",\"code\":503}}\n\ndata: [DONE]\n\n",
        "\u{feff}: a comment\r\n\r\ndata:\r\n\r\ndata: {\"error\":{\"message\":\"B\",\"code\":408}}\r\n\r\n",
    ] {
        let (result, hits) = opened(&[beginning, WHOLE], quick()).await;
        assert_eq!(result.unwrap(), ("Once".to_owned(), 2), "{beginning:?}");
        assert_eq!(hits, 2, "{beginning:?}");
        // The error is returned if it persists.
        let (result, hits) = opened(&[beginning], quick()).await;
        let error = result.unwrap_err();
        assert_clean_error(&error);
        assert_eq!((hits, error.attempts()), (3, 3), "{beginning:?}");
        assert!(error.is_retryable(), "{beginning:?}");
        assert_eq!(error.stream_end(), Some(StreamEnd::ServiceError));
        assert!(error.partial_response().is_some());
        let (_, hits) = opened(&[beginning, WHOLE], RetryPolicy::none()).await;
        assert_eq!(hits, 1, "{beginning:?}");
    }
}

#[tokio::test]
async fn an_exceeded_quota_in_an_event_is_not_retried() {
    let quota = "data: {\"error\":{\"message\":\"No\",\"code\":\"insufficient_quota\"}}\n\n";
    let (result, hits) = opened(&[quota], quick()).await;
    let error = result.unwrap_err();
    assert!(
        error.to_string().contains("waiting does not help"),
        "{error}"
    );
    assert!(!error.is_retryable());
    assert_eq!(hits, 1);
    // The same if the prompt contains a word of the error code.
    let refused = r#"{"error":{"message":"No quota","code":"insufficient_quota"}}"#;
    for response in [
        MockResponse::json(429, refused),
        MockResponse::events(quota),
    ] {
        let wire = Wire::inference(response).await;
        let request = wire.personal().chat(MODEL).user("quota");
        let error = request.stream().await.unwrap_err();
        assert!(!error.is_retryable() && !error.outcome_unknown(), "{error}");
        assert_eq!(wire.hits(), 1);
        assert_eq!(error.code(), Some("insufficient_quota"));
    }
}

#[tokio::test]
async fn a_billable_request_is_retried_only_with_allow_duplicate_billing() {
    for (beginning, ending) in [
        (
            "data: {\"error\":{\"message\":\"Failed\",\"code\":500}}\n\n",
            StreamEnd::ServiceError,
        ),
        ("event: error\ndata: gone\n\n", StreamEnd::ServiceError),
        ("event: error\ndata:\n\n", StreamEnd::ServiceError),
        (
            "data: {\"error\":{\"message\":\"B\",\"type\":\"server_error\"}}\n\n",
            StreamEnd::ServiceError,
        ),
        ("", StreamEnd::Empty),
        (": ping\n\n", StreamEnd::Empty),
        ("data: {\"choi", StreamEnd::Empty),
    ] {
        let (result, hits) = opened(&[beginning, WHOLE], quick()).await;
        let error = result.unwrap_err();
        assert_eq!(
            (hits, error.stream_end()),
            (1, Some(ending)),
            "{beginning:?}"
        );
        assert!(!error.is_retryable());
        let (result, hits) = opened(&[beginning, WHOLE], quick().allow_duplicate_billing()).await;
        assert_eq!(result.unwrap(), ("Once".to_owned(), 2), "{beginning:?}");
        assert_eq!(hits, 2, "{beginning:?}");
    }
}

#[tokio::test]
async fn a_permanent_error_is_not_retried() {
    let text_and_error = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"On\"}}],\
                          \"error\":{\"message\":\"Busy\",\"code\":503}}\n\n";
    let text_then_error = format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"On\"}}}}]}}\n\n{BUSY}"
    );
    for (beginning, text) in [
        (text_and_error, "On"),
        (&*text_then_error, "On"),
        (
            "data: {\"error\":{\"message\":\"No\",\"code\":\"insufficient_quota\"}}\n\n",
            "",
        ),
        (
            "data: {\"error\":{\"message\":\"No\",\"code\":401}}\n\n",
            "",
        ),
        (
            "data: {\"error\":{\"message\":\"No\",\"code\":\"unavailable_for_legal_reasons\",\"type\":\
             \"invalid_request_error\",\"status\":451}}\n\n",
            "",
        ),
        // The event reports a cost, so the request was billed.
        (
            "data: {\"choices\":[],\"usage\":{\"cost\":0.5},\"error\":{\"message\":\"B\",\"code\":503}}\n\n",
            "",
        ),
        ("data: {\"choices\":7}\n\n", ""),
    ] {
        let (result, hits) = opened(&[beginning, WHOLE], quick().allow_duplicate_billing()).await;
        let error = result.unwrap_err();
        assert_eq!(hits, 1, "{beginning:?}");
        assert!(!error.is_retryable());
        let partial = error.partial_response().unwrap();
        assert_eq!(partial.text(), text, "{beginning:?}");
    }
    // A chunk with a `message` that is not an error.
    let queued = format!(
        "data: {{\"id\":\"c1\",\"model\":\"m\",\"choices\":[],\"message\":\"queued\",\"type\":\"overloaded\"}}\n\n{WHOLE}"
    );
    let (result, hits) = opened(&[&queued], quick().allow_duplicate_billing()).await;
    assert_eq!((result.unwrap(), hits), (("Once".to_owned(), 1), 1));
    // A stream with `[DONE]` and no chunk.
    let (result, hits) = opened(&["data: [DONE]", WHOLE], quick().allow_duplicate_billing()).await;
    assert_eq!(result.unwrap_err().stream_end(), Some(StreamEnd::Empty));
    assert_eq!(hits, 1);
}

/// As with an error status, requests that may have been processed are counted with unknown outcome.
#[tokio::test]
async fn a_failed_opening_is_counted_by_the_meter() {
    for (code, answers, unknown) in [(503, 3, true), (429, 0, false)] {
        let failed = format!("data: {{\"error\":{{\"message\":\"Busy\",\"code\":{code}}}}}\n\n");
        let wire = Wire::inference(MockResponse::events(failed)).await;
        let meter = Meter::new();
        let client = with(wire.personal(), quick()).with_meter(&meter);
        let error = read(&client).await.unwrap_err();
        assert_eq!(
            (wire.hits(), error.outcome_unknown()),
            (3, unknown),
            "{code}"
        );
        assert_eq!(meter.total().responses, answers, "{code}");
    }
    for (code, answers) in [(503, 2), (429, 1)] {
        let failed = format!("data: {{\"error\":{{\"message\":\"Busy\",\"code\":{code}}}}}\n\n");
        let turns = vec![MockResponse::events(failed), MockResponse::events(WHOLE)];
        let wire = Wire::inference_sequence(turns).await;
        let meter = Meter::new();
        let client = with(wire.personal(), quick()).with_meter(&meter);
        assert_eq!(read(&client).await.unwrap().1, 2);
        let spent = meter.total();
        assert_eq!(
            (spent.responses, spent.with_known_cost),
            (answers, 1),
            "{code}"
        );
    }
}

const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// Starts a server that sends each response in pieces, then disconnects or stalls.
async fn in_pieces(responses: Vec<Vec<String>>, silent: bool) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = Vec::new();
        for response in responses {
            let (mut connection, _) = listener.accept().await.unwrap();
            connection.set_nodelay(true).unwrap();
            let mut request = [0; 4096];
            let _ = connection.read(&mut request).await;
            connection.write_all(HEAD.as_bytes()).await.unwrap();
            for piece in response {
                let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
                connection.write_all(chunk.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
            if silent {
                open.push(connection);
            }
        }
        std::future::pending::<()>().await;
    });
    client(&url, &url)
}

#[tokio::test]
async fn prefetched_bytes_are_neither_lost_nor_duplicated() {
    let whole = format!(": hello\n\n{WHOLE}");
    for size in [1, 7, 50, 1000] {
        let pieces: Vec<String> = whole
            .as_bytes()
            .chunks(size)
            .map(|piece| String::from_utf8(piece.to_vec()).unwrap())
            .collect();
        let client = in_pieces(vec![pieces], true).await;
        let client = with(client, quick());
        assert_eq!(read(&client).await.unwrap(), ("Once".to_owned(), 1));
    }
}

#[tokio::test]
async fn a_connection_error_before_the_first_event_has_an_unknown_outcome() {
    let broken = || vec![": ping\n\ndata: {\"choi".to_owned()];
    let client = in_pieces(vec![broken(), vec![WHOLE.to_owned()]], false).await;
    let error = read(&with(client, quick())).await.unwrap_err();
    assert_eq!(
        (error.stream_end(), error.attempts()),
        (Some(StreamEnd::CutOff), 1)
    );
    assert!(!error.is_retryable() && error.outcome_unknown());
    assert!(std::error::Error::source(&error).is_some());

    let client = in_pieces(vec![broken(), vec![WHOLE.to_owned()]], false).await;
    let client = with(client, quick().allow_duplicate_billing());
    assert_eq!(read(&client).await.unwrap(), ("Once".to_owned(), 2));

    // The same without any byte of the body.
    let client = in_pieces(vec![Vec::new(); 3], false).await;
    let error = read(&with(client, quick().allow_duplicate_billing())).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.attempts(), error.is_retryable()),
        (3, true),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_idle_timeout_before_the_first_event_is_not_retried() {
    let idle = Duration::from_millis(300);
    let silent = || vec![": ping\n\n".to_owned()];
    for policy in [quick(), quick().allow_duplicate_billing()] {
        let client = in_pieces(vec![silent(), vec![WHOLE.to_owned()]], true).await;
        let options = CallOptions::new().retry(policy).idle_timeout(idle);
        let started = Instant::now();
        let error = read(&client.with_options(options)).await.unwrap_err();
        assert_eq!(
            (error.stream_end(), error.attempts()),
            (Some(StreamEnd::Idle), 1)
        );
        assert!(error.is_timeout() && !error.is_retryable());
        let took = started.elapsed();
        assert!(took >= idle && took < idle * 2, "{took:?}");
    }
}

/// The error says why there is no further attempt.
#[tokio::test]
async fn an_error_event_after_the_deadline_is_not_retried() {
    let wire = Wire::inference(MockResponse::events(BUSY)).await;
    let policy = quick().deadline(Duration::ZERO);
    let error = read(&with(wire.personal(), policy)).await.unwrap_err();
    assert_eq!((wire.hits(), error.is_retryable()), (1, true));
    assert!(error.to_string().contains("no time"), "{error}");
}

/// The memory for comments is limited.
#[tokio::test]
async fn comments_before_the_first_event_do_not_count_towards_the_event_limit() {
    let comments = vec![format!(": {}\n", "x".repeat(1000)); 200];
    let mut pieces = comments.clone();
    pieces.push(WHOLE.to_owned());
    let client = in_pieces(vec![pieces], true).await;
    let options = CallOptions::new().retry(quick()).max_event(10_000);
    let result = read(&client.with_options(options)).await;
    assert_eq!(result.unwrap(), ("Once".to_owned(), 1));
}
