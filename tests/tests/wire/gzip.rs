//! Compressed responses, requested or not.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use prime_ext::{CallOptions, Client, ErrorKind, StreamEnd};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::support::{MODEL, MockResponse, Wire, client};

const ONCE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Once\"}}]}\n\n";
const UPON: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" upon\"},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"total_tokens\":20}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn gzip(body: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(body.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

fn compressed(response: MockResponse) -> MockResponse {
    response.header("content-encoding", "gzip")
}

#[tokio::test]
async fn compressed_responses_are_read() {
    let models = r#"{"object":"list","data":[{"id":"meta-llama/llama-3.1-70b-instruct"}]}"#;
    let wire = Wire::inference(compressed(MockResponse::new(
        200,
        "application/json",
        gzip(models),
    )))
    .await;
    let models = wire.personal().models().list().await.unwrap();
    assert_eq!(models[0].id, MODEL);

    let response = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"Paris"},"finish_reason":"stop"}]}"#;
    let wire = Wire::inference(compressed(MockResponse::new(
        200,
        "application/json",
        gzip(response),
    )))
    .await;
    let request = wire.personal().chat(MODEL).user("?");
    assert_eq!(request.await.unwrap().text(), "Paris");
}

#[tokio::test]
async fn a_compressed_error_is_read() {
    let error = r#"{"error":{"message":"no such model","code":"model_not_found"}}"#;
    let response = compressed(MockResponse::new(404, "application/json", gzip(error)));
    let wire = Wire::inference(response).await;
    let error = wire.personal().models().get(MODEL).await.unwrap_err();
    assert_eq!(error.code(), Some("model_not_found"));
}

/// Some servers send a `content-encoding` with an empty body.
#[tokio::test]
async fn an_empty_body_with_a_content_encoding_is_empty() {
    for status in [200, 204] {
        let response = compressed(MockResponse::bare(status, ""));
        let wire = Wire::platform(response).await;
        for method in [http::Method::DELETE, http::Method::HEAD] {
            let call = wire.personal().call_platform(method, "api/v1/pods/1");
            assert!(call.send_bytes().await.unwrap().is_empty());
        }
    }
}

async fn stream_end(body: &[u8]) -> (StreamEnd, String) {
    let wire = Wire::inference(compressed(MockResponse::events(body))).await;
    let request = wire.personal().chat(MODEL).user("?");
    let finished = match request.stream().await {
        Ok(stream) => stream.finish().await,
        Err(error) => Err(error),
    };
    match finished {
        Ok(response) => (response.stream_end().unwrap(), response.text().into_owned()),
        Err(error) => {
            let arrived = error.partial_response().unwrap();
            (error.stream_end().unwrap(), arrived.text().into_owned())
        }
    }
}

#[tokio::test]
async fn a_truncated_compressed_stream_is_cut_off() {
    let whole = [ONCE, UPON, USAGE, DONE].concat();
    let text = "Once upon".to_owned();
    assert_eq!(stream_end(&gzip(&whole)).await, (StreamEnd::Complete, text));
    // The trailer with the checksum is missing.
    let mut cut = GzEncoder::new(Vec::new(), Compression::default());
    cut.write_all(ONCE.as_bytes()).unwrap();
    cut.flush().unwrap();
    let text = "Once".to_owned();
    assert_eq!(stream_end(cut.get_ref()).await, (StreamEnd::CutOff, text));
    // The body is not compressed.
    assert_eq!(
        stream_end(whole.as_bytes()).await,
        (StreamEnd::CutOff, String::new())
    );
}

/// Some servers compress each event by itself.
#[tokio::test]
async fn all_members_are_read() {
    let members = [ONCE, UPON, "", USAGE, DONE].map(gzip);
    let text = "Once upon".to_owned();
    let complete = (StreamEnd::Complete, text);
    assert_eq!(stream_end(&members.concat()).await, complete);
    // The stream ends within the second member.
    let cut = [&members[0][..], &members[1][..20]].concat();
    let text = "Once".to_owned();
    assert_eq!(stream_end(&cut).await, (StreamEnd::CutOff, text));

    let parts = [r#"{"data": [{"id":"#, r#" "a/b"}"#, "]}"]
        .map(gzip)
        .concat();
    let wire = Wire::inference(compressed(MockResponse::json(200, "").body(parts))).await;
    assert_eq!(wire.personal().models().list().await.unwrap()[0].id, "a/b");
}

/// Names of codings are case-insensitive, and `x-gzip` is gzip.
#[tokio::test]
async fn a_coding_is_recognized_however_it_is_written() {
    for coding in [
        "GZIP",
        "Gzip",
        "x-gzip",
        "identity, gzip",
        "gzip,",
        "identity",
        "",
        "utf-8",
    ] {
        let models = r#"{"data": [{"id": "a/b"}]}"#;
        let body = match coding.to_lowercase().contains("gzip") {
            true => gzip(models),
            false => models.into(),
        };
        let response = MockResponse::json(200, "").body(body);
        let wire = Wire::inference(response.header("content-encoding", coding)).await;
        let models = wire.personal().models().list().await.unwrap();
        assert_eq!(models[0].id, "a/b", "{coding}");
        let bare = wire.bare_inference().list_models().send().await;
        assert_eq!(bare.unwrap().into_value().data[0].id, "a/b", "{coding}");
    }
}

/// A response is read even if it declares a coding that it does not use.
#[tokio::test]
async fn a_stream_that_is_not_encoded_is_read() {
    let events = [ONCE, UPON, USAGE, DONE].concat();
    let response = MockResponse::events(events).header("content-encoding", "utf-8");
    let wire = Wire::inference(response).await;
    let stream = wire.personal().chat(MODEL).user("?").stream().await;
    assert_eq!(stream.unwrap().finish().await.unwrap().text(), "Once upon");
}

#[tokio::test]
async fn an_unknown_coding_is_named() {
    let brotli = [0x0b, 0x02, 0x80, 0x7b, 0x22, 0xff, 0x03];
    for coding in ["br", "zstd", "gzip, gzip"] {
        for status in [200, 500] {
            let response = MockResponse::new(status, "text/event-stream", brotli);
            let response = response.header("content-encoding", coding);
            let wire = Wire::inference(response).await;
            let prime = wire.personal();
            let request = || prime.chat(MODEL).user("?");
            for error in [
                prime.models().list().await.unwrap_err(),
                request().await.unwrap_err(),
                request().stream().await.unwrap_err(),
            ] {
                let named = format!("the content coding {coding:?} was not decoded");
                assert!(error.to_string().contains(&named), "{status}: {error}");
                assert_eq!(error.status().unwrap().as_u16(), status);
            }
        }
    }
}

/// Timeouts apply while a body is decompressed, even if the body expands to nothing.
#[tokio::test]
async fn a_body_of_nothing_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        assert_ne!(connection.read(&mut [0; 4096]).await.unwrap(), 0);
        let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n";
        connection.write_all(head.as_bytes()).await.unwrap();
        let nothing = gzip("").repeat(100);
        while connection.write_all(&nothing).await.is_ok() {}
    });
    let call = client(&url, &url);
    let call = call.models().list().timeout(Duration::from_millis(300));
    let error = tokio::time::timeout(Duration::from_secs(20), call).await;
    let error = error.unwrap().unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

/// An event is available as soon as its bytes have arrived.
#[tokio::test]
async fn a_compressed_event_is_returned_immediately() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (seen, wait) = oneshot::channel();
    let server = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let read = connection.read(&mut request).await.unwrap();
        let request = String::from_utf8_lossy(&request[..read]).into_owned();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n";
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(ONCE.as_bytes()).unwrap();
        gzip.flush().unwrap();
        // One byte at a time.
        for byte in std::mem::take(gzip.get_mut()) {
            connection.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        wait.await.unwrap();
        gzip.write_all([UPON, USAGE, DONE].concat().as_bytes())
            .unwrap();
        let rest = gzip.finish().unwrap();
        connection.write_all(&rest).await.unwrap();
        request
    });
    let client = client(&url, &url);
    let mut stream = client.chat(MODEL).user("?").stream().await.unwrap();
    let text = tokio::time::timeout(Duration::from_secs(5), stream.next_text());
    assert_eq!(text.await.unwrap().unwrap().as_deref(), Some("Once"));
    seen.send(()).unwrap();
    assert_eq!(stream.finish().await.unwrap().text(), "Once upon");
    let request = server.await.unwrap();
    assert!(request.contains("\r\naccept-encoding: identity\r\n"));
}

/// The size limits of bodies, events and error bodies apply after decompression.
#[tokio::test]
async fn size_limits_apply_after_decompression() {
    let bomb = gzip(&" ".repeat(32 << 20));
    assert!(bomb.len() < 64 << 10);
    let limits = CallOptions::new().max_body(1 << 20).max_event(1 << 20);
    let with_limits = |client: Client| client.with_options(limits.clone());

    let response = compressed(MockResponse::json(200, "").body(bomb.clone()));
    let wire = Wire::inference(response).await;
    let error = with_limits(wire.personal()).models().list().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    assert!(error.to_string().contains("1048576 bytes"), "{error}");
    assert!(error.body().unwrap().len() <= 1 << 20);

    let wire = Wire::inference(compressed(MockResponse::events(&bomb))).await;
    let request = with_limits(wire.personal()).chat(MODEL).user("?");
    let error = request.stream().await.unwrap_err();
    assert_eq!(error.stream_end(), Some(StreamEnd::TooLarge));

    let response = compressed(MockResponse::json(500, "").body(bomb));
    let wire = Wire::inference(response).await;
    let error = wire.personal().models().list().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 500);
    assert!(error.body().unwrap().len() <= 1 << 20);
}
