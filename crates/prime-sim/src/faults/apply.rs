//! Applies a fault to a response.

use std::future::pending;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::connection::{Connection, Gate};
use crate::faults::body::{EventReader, Writer, is_final_event, next, write_body};
use crate::faults::fault::Kind;
use crate::faults::{Fault, responses};
use crate::operation::{Api, Operation};

/// The time to wait before a reset, so that written data is sent.
const FLUSH: Duration = Duration::from_millis(10);

/// The chunk size of an endless body.
const BLOCK: usize = 64 << 10;

/// The parts of a request that faults need.
pub(crate) struct Attempt {
    pub(crate) operation: Option<Operation>,
    pub(crate) connection: Connection,
    pub(crate) gate: Arc<Gate>,
}

/// Applies a fault to a request. `response` carries out the request when it is awaited.
pub(crate) async fn apply(
    fault: Fault,
    attempt: Attempt,
    response: impl Future<Output = Response>,
) -> Response {
    let normal = if fault.carried_out || fault.needs_response() {
        Some(response.await)
    } else {
        None
    };
    let mut response = match (&fault.kind, normal) {
        (Kind::Refuse(duration), _) => return refuse(*duration, attempt).await,
        (Kind::Reset, _) => {
            attempt.connection.reset();
            return pending().await;
        }
        (Kind::Close, _) => {
            attempt.connection.close();
            return pending().await;
        }
        (Kind::Stall, _) => return pending().await,
        (Kind::Delay(by), normal) => {
            tokio::time::sleep(*by).await;
            normal.unwrap_or_default()
        }
        (Kind::Status(status), _) => responses::build(&fault, *status, attempt.operation),
        (Kind::GzipBomb { mebibytes }, normal) => bomb(*mebibytes, normal.unwrap_or_default()),
        (Kind::Headers, normal) => normal.unwrap_or_default(),
        (Kind::RowsArrive(_) | Kind::RowsMove(_), normal) => normal.unwrap_or_default(),
        (_, normal) => broken(&fault, &attempt, normal.unwrap_or_default()).await,
    };
    if let Err(why) = responses::set_headers(&fault, response.headers_mut()) {
        return responses::invalid_fault(&why);
    }
    response
}

impl Fault {
    /// Returns whether the fault changes the state of the simulator instead of the response.
    pub(crate) fn is_change(&self) -> bool {
        matches!(self.kind, Kind::RowsArrive(_) | Kind::RowsMove(_))
    }

    /// Returns whether the fault needs the normal response.
    fn needs_response(&self) -> bool {
        !matches!(
            self.kind,
            Kind::Refuse(_) | Kind::Reset | Kind::Close | Kind::Stall | Kind::Status(_)
        )
    }
}

async fn refuse(duration: Duration, attempt: Attempt) -> Response {
    let Attempt {
        connection, gate, ..
    } = attempt;
    tokio::spawn(async move {
        gate.set_open(false).await;
        connection.reset();
        tokio::time::sleep(duration).await;
        gate.set_open(true).await;
    });
    pending().await
}

/// Returns a response whose body fails.
async fn broken(fault: &Fault, attempt: &Attempt, normal: Response) -> Response {
    let (mut head, body) = normal.into_parts();
    let streamed = is_stream(&head.headers);
    let kind = fault.kind.clone();
    let connection = attempt.connection.clone();
    let body = match (&kind, streamed) {
        (Kind::EmptyStream, _) => {
            head.headers.remove(header::CONTENT_LENGTH);
            Body::empty()
        }
        (Kind::SlowDrip { bytes, every }, _) => drip((*bytes).max(1), *every, body),
        (_, true) => {
            let after = fault.after;
            write_body(async move |out| events(kind, after, connection, body, out).await)
        }
        (_, false) => {
            let whole = axum::body::to_bytes(body, usize::MAX).await;
            let whole = whole.unwrap_or_default();
            if matches!(kind, Kind::ErrorEvent) {
                head.status = StatusCode::OK;
            }
            // If the connection fails, the `Content-Length` is that of the complete body.
            // Otherwise, it is removed.
            if !matches!(kind, Kind::ResetMidway | Kind::StallMidway) {
                head.headers.remove(header::CONTENT_LENGTH);
            } else if let Ok(length) = HeaderValue::from_str(&whole.len().to_string()) {
                head.headers.insert(header::CONTENT_LENGTH, length);
            }
            match kind {
                Kind::CutOff | Kind::MalformedChunk => Body::from(whole.slice(..whole.len() / 2)),
                Kind::ErrorEvent => Body::from(error(attempt.operation)),
                _ => write_body(async move |out| half(kind, connection, whole, out).await),
            }
        }
    };
    Response::from_parts(head, body)
}

/// Writes the first half of a body that is not a stream, then fails.
async fn half(kind: Kind, connection: Connection, whole: Bytes, out: Writer) {
    match kind {
        Kind::EndlessLine | Kind::EndlessBody => {
            if out.send("{\"id\":\"").await {
                endless(&out).await;
            }
        }
        _ if !out.send(whole.slice(..whole.len() / 2)).await => {}
        Kind::ResetMidway => reset(&connection, &out).await,
        _ => out.stall().await,
    }
}

/// Writes the first events of a stream, then fails.
async fn events(kind: Kind, after: usize, connection: Connection, body: Body, out: Writer) {
    let mut events = EventReader::new(body);
    let mut last = Bytes::from_static(b": no event yet\n\n");
    for _ in 0..after {
        match events.next().await {
            // A stream with fewer events fails before its final event.
            Some(event) if !is_final_event(&event) => {
                last = event.clone();
                if !out.send(event).await {
                    return;
                }
            }
            _ => break,
        }
    }
    match kind {
        Kind::CutOff => {}
        Kind::ResetMidway => reset(&connection, &out).await,
        Kind::ErrorEvent => {
            let body = error(Some(Operation::CreateChatCompletion));
            let text = String::from_utf8_lossy(&body);
            let _ = out.send(format!("data: {text}\n\n")).await;
        }
        Kind::MalformedChunk => {
            let half =
                "data: {\"id\":\"chatcmpl-broken\",\"choices\":[{\"index\":0,\"delta\":{\"con\n\n";
            let mut connected = out.send(half).await;
            while let Some(event) = events.next().await
                && connected
            {
                connected = out.send(event).await;
            }
        }
        Kind::EndlessLine => {
            if out.send("data: {\"id\":\"").await {
                endless(&out).await;
            }
        }
        Kind::EndlessBody => while out.send(last.clone()).await {},
        _ => out.stall().await,
    }
}

async fn reset(connection: &Connection, out: &Writer) {
    if out.pause(FLUSH).await {
        connection.reset();
        out.fail().await;
    }
}

async fn endless(out: &Writer) {
    let block = Bytes::from(vec![b'x'; BLOCK]);
    while out.send(block.clone()).await {}
}

fn drip(bytes: usize, every: Duration, body: Body) -> Body {
    write_body(async move |out| {
        let mut body = body.into_data_stream();
        while let Some(mut chunk) = next(&mut body).await {
            while !chunk.is_empty() {
                let part = chunk.split_to(bytes.min(chunk.len()));
                if !(out.pause(every).await && out.send(part).await) {
                    return;
                }
            }
        }
    })
}

/// Returns a response whose body is compressed white space.
fn bomb(mebibytes: u64, normal: Response) -> Response {
    let (mut head, _) = normal.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    let gzip = HeaderValue::from_static("gzip");
    head.headers.insert(header::CONTENT_ENCODING, gzip);
    let body = write_body(async move |out| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let megabyte = vec![b' '; 1 << 20];
        for _ in 0..mebibytes {
            // Writing to memory cannot fail.
            drop(gzip.write_all(&megabyte));
            let chunk = std::mem::take(gzip.get_mut());
            if !(chunk.is_empty() || out.send(chunk).await) {
                return;
            }
            // Other requests must not wait for a large body.
            tokio::task::yield_now().await;
        }
        let _ = out.send(gzip.finish().unwrap_or_default()).await;
    });
    Response::from_parts(head, body)
}

/// Returns an error body that is sent with status 200.
fn error(operation: Option<Operation>) -> Bytes {
    let body = match operation.map(Operation::api) {
        Some(Api::Inference) => {
            r#"{"error":{"message":"The model failed in the middle of its answer","type":"server_error","code":"upstream_error"}}"#
        }
        _ => r#"{"detail":"The service failed in the middle of its answer"}"#,
    };
    Bytes::from_static(body.as_bytes())
}

fn is_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}
