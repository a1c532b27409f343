//! The end of a stream: its kind, the partial answer and the connection.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use prime_ext::bytes::Bytes;
use prime_ext::pinference_api::ByteStream;
use prime_ext::{CallOptions, ChatDelta, ChatStream, Client, Error, ErrorKind, StreamEnd};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::support::{KEY, MODEL, MockResponse, Wire, assert_clean_error, client};

const ONCE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Once\"}}]}\n\n";
const STOP: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"total_tokens\":20}}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// Returns how a stream ended, the received text and the error.
async fn stream_end(response: MockResponse) -> (StreamEnd, String, Option<Error>) {
    let wire = Wire::inference(response).await;
    let request = wire.personal().chat(MODEL).user("Tell me a story");
    let finished = match request.stream().await {
        Ok(stream) => stream.finish().await,
        Err(error) => Err(error),
    };
    match finished {
        Ok(response) => {
            let ending = response.stream_end().unwrap();
            assert!(ending.is_complete());
            (ending, response.text().into_owned(), None)
        }
        Err(error) => {
            assert_clean_error(&error);
            let ending = error.stream_end().unwrap();
            assert!(!ending.is_complete());
            let arrived = error.partial_response().unwrap().text().into_owned();
            (ending, arrived, Some(error))
        }
    }
}

#[tokio::test]
async fn the_events_determine_how_a_stream_ends() {
    let failed = "data: {\"error\":{\"message\":\"Overloaded\",\"code\":529}}\n\n";
    for (events, expected) in [
        (&[ONCE, STOP, USAGE, DONE][..], StreamEnd::Complete),
        (&[ONCE, STOP, USAGE], StreamEnd::Complete),
        (&[ONCE, STOP, USAGE, "data: [DONE]"], StreamEnd::Complete),
        (&[ONCE, USAGE, DONE], StreamEnd::NoFinishReason),
        (&[ONCE, STOP, DONE], StreamEnd::NoUsage),
        (&[ONCE, STOP], StreamEnd::NoUsage),
        (&[ONCE, USAGE], StreamEnd::CutOff),
        (
            &[ONCE, "data: {\"choices\":[{\"index\":0"],
            StreamEnd::CutOff,
        ),
        (&[ONCE, failed], StreamEnd::ServiceError),
        (&[ONCE, failed, DONE], StreamEnd::ServiceError),
        (
            &[ONCE, "event: error\ndata: gone\n\n"],
            StreamEnd::ServiceError,
        ),
        (
            &[ONCE, "data: 7\n\n", STOP, DONE],
            StreamEnd::MalformedChunk,
        ),
        (
            &[
                ONCE,
                "data: null\n\n",
                "data: {\"choices\":7}\n\n",
                STOP,
                USAGE,
                DONE,
            ],
            StreamEnd::Complete,
        ),
        (
            &[ONCE, "data:\n\n", ": ping\n\n", STOP, USAGE],
            StreamEnd::Complete,
        ),
    ] {
        let (ending, text, _) = stream_end(MockResponse::events(events.concat())).await;
        assert_eq!((ending, &*text), (expected, "Once"), "{events:?}");
    }
    for body in ["", ": ping\n\n", "\n"] {
        let (ending, ..) = stream_end(MockResponse::events(body)).await;
        assert_eq!(ending, StreamEnd::Empty, "{body:?}");
    }
}

/// The content type may be JSON, an event stream or missing.
#[tokio::test]
async fn a_json_response_to_a_stream_request_is_read_as_a_stream() {
    let body = r#"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Once"},
        "finish_reason":"stop"}],"usage":{"total_tokens":9}}"#;
    for response in [
        MockResponse::json(200, body),
        MockResponse::events(body),
        MockResponse::bare(200, body),
    ] {
        let wire = Wire::inference(response).await;
        let request = wire.personal().chat(MODEL).user("Tell me a story");
        let stream = request.stream().await.unwrap();
        let response = stream.finish().await.unwrap();
        assert_eq!(response.stream_end(), Some(StreamEnd::Complete));
        assert_eq!(response.text(), "Once");
        assert_eq!(response.usage().unwrap().total_tokens, Some(9));
        let warnings: Vec<String> = response
            .warnings()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(
            warnings[0].starts_with("expected an event stream, got "),
            "{warnings:?}"
        );
        assert_eq!(
            warnings[1],
            "choices[0].delta: missing; read from `message`"
        );
    }
    let error = r#"{"error":{"message":"Overloaded","code":529}}"#;
    for response in [MockResponse::json(200, error), MockResponse::events(error)] {
        let (ending, _, error) = stream_end(response).await;
        assert_eq!(ending, StreamEnd::ServiceError);
        assert_eq!(error.unwrap().message(), Some("Overloaded"));
    }
    let (ending, ..) = stream_end(MockResponse::events("<html>log in</html>")).await;
    assert_eq!(ending, StreamEnd::NotAStream);
}

#[tokio::test]
async fn a_stream_is_complete_without_usage_if_none_was_requested() {
    let wire = Wire::inference(MockResponse::events([ONCE, STOP, DONE].concat())).await;
    let request = wire.personal().chat(MODEL).user("Tell me a story");
    let stream = request.include_usage(false).stream().await.unwrap();
    assert_eq!(
        stream.finish().await.unwrap().stream_end(),
        Some(StreamEnd::Complete)
    );
    let request = wire.request().json();
    assert_eq!(request["stream_options"]["include_usage"], false);
}

#[tokio::test]
async fn size_limits_are_configurable() {
    let long = format!(
        "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n",
        "x".repeat(900)
    );
    let wire = Wire::inference(MockResponse::events([&long, &long, DONE].concat())).await;
    let request = wire.personal().chat(MODEL).user("Tell me a story");
    let error = request
        .clone()
        .options(CallOptions::new().max_event(500))
        .stream()
        .await
        .unwrap_err();
    assert_eq!(error.stream_end(), Some(StreamEnd::TooLarge));
    assert_eq!(error.kind(), ErrorKind::MalformedEvent);
    let stream = request
        .clone()
        .options(CallOptions::new().max_body(1000))
        .stream()
        .await
        .unwrap();
    let error = stream.finish().await.unwrap_err();
    assert_eq!(error.stream_end(), Some(StreamEnd::TooLarge));
    assert_eq!(error.partial_response().unwrap().text().len(), 1800);
    let stream = request
        .options(CallOptions::new().max_body(1800))
        .stream()
        .await
        .unwrap();
    assert_eq!(stream.finish().await.unwrap().text().len(), 1800);
}

/// A server whose events the test sends.
struct Paced {
    listener: TcpListener,
    client: Client,
}

impl Paced {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self {
            listener,
            client: client(&format!("{url}/api/v1"), &url),
        }
    }

    /// Accepts a connection, reads the request, and sends the head and some events.
    async fn respond(&self, events: &[&str]) -> TcpStream {
        let (mut connection, _) = self.listener.accept().await.unwrap();
        take_request(&mut connection).await;
        connection.write_all(HEAD.as_bytes()).await.unwrap();
        for event in events {
            send(&mut connection, event).await;
        }
        connection
    }
}

async fn take_request(connection: &mut TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        assert_ne!(connection.read_buf(&mut request).await.unwrap(), 0);
    }
}

async fn send(connection: &mut TcpStream, event: &str) {
    let frame = format!("{:x}\r\n{event}\r\n", event.len());
    connection.write_all(frame.as_bytes()).await.unwrap();
}

/// Returns the time until the peer closes the connection.
async fn closed(mut connection: TcpStream) -> Duration {
    let start = Instant::now();
    let mut rest = Vec::new();
    let read = connection.read_to_end(&mut rest);
    let _ = tokio::time::timeout(Duration::from_secs(10), read)
        .await
        .expect("the connection is still open");
    start.elapsed()
}

#[tokio::test]
async fn keep_alive_comments_do_not_prevent_an_idle_timeout() {
    for ping in ["8\r\n: ping\n\n\r\n", "7\r\ndata:\n\n\r\n"] {
        let server = Paced::start().await;
        let request = server.client.chat(MODEL).user("Tell me a story");
        let request = request.options(CallOptions::new().idle_timeout(Duration::from_millis(200)));
        let (stream, connection) = tokio::join!(request.stream(), server.respond(&[ONCE]));
        let pings = async {
            let mut connection = connection;
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_millis(50)).await;
                let _ = connection.write_all(ping.as_bytes()).await;
            }
        };
        let (error, ()) = tokio::join!(stream.unwrap().finish(), pings);
        let error = error.unwrap_err();
        assert_eq!(
            (error.stream_end(), error.is_timeout()),
            (Some(StreamEnd::Idle), true)
        );
        assert_eq!(error.partial_response().unwrap().text(), "Once");
    }
}

/// A server that sends comments faster than the client reads them. The stream yields, so that other tasks and timers
/// run.
#[tokio::test]
async fn endless_comments_do_not_starve_other_tasks() {
    let nothing = futures_util::stream::repeat_with(|| {
        Ok::<_, std::io::Error>(Bytes::from_static(b": ping\n\ndata:\n\n"))
    });
    let once = futures_util::stream::iter([Ok(Bytes::from(ONCE))]);
    let body = ByteStream::new(once.chain(nothing));
    let stream = ChatStream::from_byte_stream(body).await.unwrap();
    let patience = Duration::from_millis(100);
    let started = Instant::now();
    let finished = tokio::time::timeout(patience, stream.finish()).await;
    assert!(finished.is_err());
    assert!(started.elapsed() < patience * 10);
}

/// A transport that returns empty chunks forever. The end of the body is read only so far.
#[tokio::test]
async fn endless_empty_chunks_after_the_end_are_not_read() {
    let nothing = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::new()));
    let events = [ONCE, STOP, DONE].concat();
    let whole = futures_util::stream::iter([Ok(Bytes::from(events))]);
    let body = ByteStream::new(whole.chain(nothing));
    let stream = ChatStream::from_byte_stream(body).await.unwrap();
    assert_eq!(
        stream.finish().await.unwrap().stream_end(),
        Some(StreamEnd::Complete)
    );
}

/// Some servers send an empty finish reason in each chunk. It completes the response only together with `[DONE]`.
#[tokio::test]
async fn an_empty_finish_reason_completes_a_stream_only_with_done() {
    let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n";
    let piece = "data: {\"choices\":[{\"delta\":{\"content\":\"Transfer 100\"},\"finish_reason\":\"\"}]}\n\n";
    for (events, ending) in [
        (vec![role, piece], StreamEnd::CutOff),
        (vec![role, piece, USAGE, DONE], StreamEnd::Complete),
        (vec![role, piece, STOP, USAGE], StreamEnd::Complete),
        (vec![DONE], StreamEnd::Empty),
    ] {
        let (ended, ..) = stream_end(MockResponse::events(events.concat())).await;
        assert_eq!(ended, ending, "{events:?}");
    }
}

/// Response headers in an error are redacted and truncated.
#[tokio::test]
async fn response_headers_in_an_error_are_redacted_and_truncated() {
    let media = format!("text/plain-{KEY}; p={}", "x".repeat(9000));
    let wire = Wire::inference(MockResponse::new(200, &media, "hello")).await;
    let error = wire.personal().chat(MODEL).user("?").stream().await;
    let error = error.unwrap_err();
    assert_eq!(error.stream_end(), Some(StreamEnd::NotAStream));
    assert!(error.to_string().contains("text/plain-…"), "{error}");
    assert!(error.to_string().len() < 400, "{error}");
    assert_clean_error(&error);
}

#[tokio::test]
async fn the_idle_timeout_applies_before_the_first_event() {
    let server = Paced::start().await;
    let request = server.client.chat(MODEL).user("Tell me a story");
    let request = request.options(CallOptions::new().idle_timeout(Duration::from_millis(100)));
    let error = request.clone().stream().await.unwrap_err();
    assert!(error.is_timeout() && error.outcome_unknown());
    let server = Paced::start().await;
    let request = server
        .client
        .chat(MODEL)
        .user("?")
        .options(CallOptions::new().idle_timeout(Duration::from_millis(100)));
    let (error, _connection) = tokio::join!(request.stream(), server.respond(&[]));
    assert_eq!(error.unwrap_err().stream_end(), Some(StreamEnd::Idle));
}

/// A slow reader does not cause an idle timeout.
#[tokio::test]
async fn the_idle_timeout_ignores_the_time_between_reads() {
    let server = Paced::start().await;
    let request = server.client.chat(MODEL).user("Tell me a story");
    let request = request.options(CallOptions::new().idle_timeout(Duration::from_millis(150)));
    let events = [ONCE, ONCE, STOP, USAGE, DONE];
    let (stream, _connection) = tokio::join!(request.stream(), server.respond(&events));
    let mut stream = stream.unwrap();
    while stream.try_next().await.unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(stream.stream_end(), Some(StreamEnd::Complete));
}

#[tokio::test]
async fn dropping_or_cancelling_a_stream_closes_the_connection() {
    let server = Paced::start().await;
    let request = server.client.chat(MODEL).user("Tell me a story");
    let (stream, connection) = tokio::join!(request.clone().stream(), server.respond(&[ONCE]));
    drop(stream);
    assert!(closed(connection).await < Duration::from_secs(1));

    let (stream, connection) = tokio::join!(request.stream(), server.respond(&[ONCE, ONCE]));
    let mut stream = stream.unwrap();
    assert_eq!(stream.next_text().await.unwrap().as_deref(), Some("Once"));
    let response = stream.cancel();
    assert_eq!(response.stream_end(), Some(StreamEnd::Cancelled));
    assert_eq!(response.text(), "Once");
    assert!(closed(connection).await < Duration::from_secs(1));
}

/// Most servers end the body shortly after `[DONE]`.
#[tokio::test]
async fn a_completed_stream_reuses_its_connection() {
    let server = Paced::start().await;
    let request = server.client.chat(MODEL).user("Tell me a story");
    let serve = async {
        let mut connection = server.respond(&[ONCE, STOP, USAGE, DONE]).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        connection.write_all(b"0\r\n\r\n").await.unwrap();
        take_request(&mut connection).await;
    };
    let ask = async {
        request
            .clone()
            .stream()
            .await
            .unwrap()
            .finish()
            .await
            .unwrap();
        let _ = tokio::time::timeout(Duration::from_millis(200), request.stream()).await;
    };
    let both = async { tokio::join!(serve, ask) };
    tokio::time::timeout(Duration::from_secs(5), both)
        .await
        .expect("both requests use one connection");
}

/// The client does not wait for the end of the body after `[DONE]`.
#[tokio::test]
async fn a_stream_ends_at_done() {
    let server = Paced::start().await;
    let request = server.client.chat(MODEL).user("Tell me a story");
    let events = [ONCE, STOP, USAGE, DONE];
    let (stream, connection) = tokio::join!(request.stream(), server.respond(&events));
    let start = Instant::now();
    assert_eq!(stream.unwrap().finish().await.unwrap().text(), "Once");
    assert!(start.elapsed() < Duration::from_secs(1));
    assert!(closed(connection).await < Duration::from_secs(1));
}

/// Backpressure reaches the server.
#[tokio::test]
async fn a_stream_applies_backpressure() {
    let server = Paced::start().await;
    let request = server.client.chat(MODEL).user("Tell me a story");
    let (stream, mut connection) = tokio::join!(request.stream(), server.respond(&[ONCE]));
    let mut stream = stream.unwrap();
    let long = ONCE.replace("Once", &"x".repeat(64 << 10));
    let flood = async {
        let mut sent = 0;
        loop {
            let frame = format!("{:x}\r\n{long}\r\n", long.len());
            let write = connection.write_all(frame.as_bytes());
            if tokio::time::timeout(Duration::from_millis(300), write)
                .await
                .is_err()
            {
                return sent;
            }
            sent += frame.len();
            assert!(sent < 64 << 20, "the client reads ahead without limit");
        }
    };
    flood.await;
    assert_eq!(stream.next_text().await.unwrap().as_deref(), Some("Once"));
    assert_eq!(stream.next_text().await.unwrap().unwrap().len(), 64 << 10);
}

#[tokio::test]
async fn texts_deltas_and_chunks_are_returned() {
    let events = [
        "data: {\"provider\":\"p\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"hm\",\"reasoning_details\":[{\"text\":\"hm\"}]}}]}\n\n",
        ONCE,
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"t\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"}\"}}]},\"finish_reason\":\"tool_calls\",\"native_finish_reason\":\"x\"}]}\n\n",
        USAGE,
        DONE,
    ];
    let wire = Wire::inference(MockResponse::events(events.concat())).await;
    let request = wire.personal().chat(MODEL).user("Tell me a story");
    let mut stream = request.clone().stream().await.unwrap();
    let mut seen = Vec::new();
    while let Some(piece) = stream.next_delta().await.unwrap() {
        seen.push(match piece {
            ChatDelta::Text(text) => text,
            ChatDelta::Reasoning(text) => format!("({text})"),
            _ => {
                let calls = stream.tool_calls();
                let function = calls[0].function.as_ref().unwrap();
                format!(
                    "{} {}",
                    function.name,
                    function.arguments.as_deref().unwrap()
                )
            }
        });
    }
    assert_eq!(seen, ["(hm)", "Once", "f {", "f {}"]);
    assert_eq!((&*stream.text(), &*stream.reasoning()), ("Once", "hm"));
    let response = stream.finish().await.unwrap();
    assert_eq!(response.raw().extra["provider"], "p");
    assert_eq!(response.raw().choices[0].extra["native_finish_reason"], "x");
    assert_eq!(response.reasoning(), "hm");

    let mut stream = request.stream().await.unwrap();
    let mut raw = Vec::new();
    while stream.try_next().await.unwrap().is_some() {
        raw.push(format!("data: {}\n\n", stream.chunk_json().unwrap()));
    }
    assert_eq!(raw, events[..5]);
    assert_eq!(stream.chunk_json(), None);
}

/// Texts, deltas and chunks can be read alternately.
#[tokio::test]
async fn alternating_reads_lose_nothing() {
    let mixed = |text: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"reasoning\":\"hm\",\"content\":\"{text}\",\
             \"tool_calls\":[{{\"index\":0,\"id\":\"t\"}}]}}}}]}}\n\n"
        )
    };
    let events = [mixed("Once"), mixed(" upon"), mixed(" a time")];
    let events = [&events.concat(), STOP, USAGE, DONE].concat();
    let wire = Wire::inference(MockResponse::events(events)).await;
    let request = wire.personal().chat(MODEL).user("Tell me a story");

    let mut stream = request.clone().stream().await.unwrap();
    let piece = stream.next_delta().await.unwrap();
    assert!(matches!(piece, Some(ChatDelta::Reasoning(_))), "{piece:?}");
    let mut text = String::new();
    while let Some(more) = stream.next_text().await.unwrap() {
        text.push_str(&more);
    }
    assert_eq!(text, "Once upon a time");
    assert_eq!(stream.text(), text);

    // After the text of a chunk, the rest of that chunk.
    let mut stream = request.clone().stream().await.unwrap();
    stream.next_delta().await.unwrap();
    assert_eq!(stream.next_text().await.unwrap().unwrap(), "Once");
    let piece = stream.next_delta().await.unwrap();
    assert!(matches!(piece, Some(ChatDelta::ToolCall(_))), "{piece:?}");
    assert_eq!(stream.next_text().await.unwrap().unwrap(), " upon");

    // Reading a chunk keeps the remaining deltas of the current chunk.
    let mut stream = request.stream().await.unwrap();
    stream.next_delta().await.unwrap();
    let chunk = stream.next().await.unwrap().unwrap();
    let content = chunk.choices[0].delta.as_ref().unwrap().content.as_ref();
    assert_eq!(content.unwrap().text(), " upon");
    assert_eq!(stream.next_text().await.unwrap().unwrap(), "Once");
    assert_eq!(stream.next_text().await.unwrap().unwrap(), " a time");
}
