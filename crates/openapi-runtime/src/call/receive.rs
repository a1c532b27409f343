//! Receives responses, buffered or as a stream.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::failure::Failure;
use super::{NotOpened, headers};
use crate::content_coding::codings;
use crate::error::Error;
use crate::meta::{CallRecord, ResponseMeta};
use crate::operation::Operation;
use crate::response_body::{
    Body, BodyError, ByteStream, ExactLength, ReadError, TimeoutError, read,
};
use crate::sse::EventStream;
use crate::time_limits::{TimeLimits, TimeoutStream};
use crate::transport::TransportResponse;

/// The maximum size of the body of an error response, in bytes.
const MAX_ERROR_BODY: usize = 1 << 20;
/// The maximum time to read the body of an error response.
const MAX_ERROR_TIME: Duration = Duration::from_secs(10);

/// A response whose body has not been read, and the limits that apply to the body.
pub(super) struct Received {
    pub(super) operation: Operation,
    pub(super) limits: TimeLimits,
    pub(super) max_body: usize,
    pub(super) max_event: usize,
    pub(super) record: Arc<CallRecord>,
    pub(super) response: TransportResponse,
}

/// The body of a response to a request for an event stream.
#[allow(clippy::large_enum_variant, reason = "it is moved once per stream")]
pub enum StreamBody {
    /// An event stream. Its first event has not been read.
    Events(EventStream),
    /// Another body, such as JSON or HTML. It has been read completely.
    Other(Bytes),
}

impl StreamBody {
    /// Detects whether a body is an event stream. Use this for a body that does not come from a call, such as a
    /// recording.
    ///
    /// # Errors
    /// If a body that is not an event stream cannot be read completely.
    pub async fn detect(
        body: ByteStream,
        max_event: usize,
        max_body: usize,
        idle: Duration,
    ) -> Result<Self, Error> {
        let mut events = EventStream::new(body, max_event, idle);
        match events.take_other_body(false, false, max_body).await {
            Ok(None) => Ok(Self::Events(events)),
            Ok(Some(body)) => Ok(Self::Other(body)),
            Err(error) => {
                let meta = ResponseMeta::new(StatusCode::OK, HeaderMap::new());
                let operation = Operation::new("", "GET", "").streaming();
                Err(Failure::incomplete_body(error, &operation, meta).error)
            }
        }
    }
}

/// Reads the complete body of a response. A status other than 2xx is a failure.
pub(super) async fn read_body(received: Received) -> Result<(ResponseMeta, Bytes), Failure<Error>> {
    let Received {
        operation,
        limits,
        max_body,
        record,
        response,
        ..
    } = received;
    let TransportResponse {
        status,
        headers,
        body,
        content_length,
    } = response;
    let meta = ResponseMeta::of_call(status, headers, record);
    // The response to HEAD states the length of a body that is not sent.
    let length = content_length.filter(|_| operation.method != "HEAD");
    let (limits, max_len) = match status.is_success() {
        true => (limits, max_body),
        false => (error_limits(limits), MAX_ERROR_BODY),
    };
    let body = match body {
        Body::Buffered(bytes) if bytes.len() <= max_len => Ok(bytes),
        Body::Buffered(received) => Err(BodyError {
            received,
            source: ReadError::TooLong { limit: max_len },
        }),
        Body::Stream(stream) => read(&mut TimeoutStream::new(stream, limits), max_len).await,
    };
    // With HTTP/2, the HTTP client can mistake a truncated body for a complete one.
    let body = body.and_then(|body| match length {
        Some(length) if (body.len() as u64) < length => {
            let end = io::Error::from(io::ErrorKind::UnexpectedEof);
            Err(BodyError {
                received: body,
                source: ReadError::Broken(end.into()),
            })
        }
        _ => Ok(body),
    });
    match (body, status.is_success()) {
        (Ok(body), true) => Ok((meta, body)),
        (Err(error), true) => Err(Failure::incomplete_body(error, &operation, meta)),
        (Ok(body), false) => Err(Failure::error_status(&operation, meta, body)),
        // The status decides. The error describes as much of the body as was received.
        (Err(error), false) => Err(Failure::error_status(&operation, meta, error.received)),
    }
}

/// Returns the time limits for the body of an error response.
fn error_limits(limits: TimeLimits) -> TimeLimits {
    let error_end = (Instant::now() + MAX_ERROR_TIME, MAX_ERROR_TIME);
    let end = limits.end.filter(|(end, _)| *end < error_end.0);
    TimeLimits {
        idle: MAX_ERROR_TIME.min(limits.idle),
        end: Some(end.unwrap_or(error_end)),
    }
}

/// Returns the body of a 2xx response as a stream. Any other status is a failure.
pub(super) async fn stream_body(
    received: Received,
) -> Result<(ResponseMeta, ByteStream), Failure<Error>> {
    if !received.response.status.is_success() {
        return Err(read_error_response(received).await);
    }
    let (meta, body) = into_parts(received.response, received.record);
    let limits = TimeLimits {
        end: None,
        ..received.limits
    };
    Ok((meta, ByteStream::new(TimeoutStream::new(body, limits))))
}

/// Opens an event stream within the timeout of the call. A status other than 2xx is a failure.
pub(super) async fn open_stream<S, E, F>(
    received: Received,
    open: &impl Fn(StreamBody, ResponseMeta) -> F,
) -> Result<S, Failure<E>>
where
    E: From<Error>,
    F: Future<Output = Result<S, NotOpened<E>>>,
{
    if !received.response.status.is_success() {
        return Err(read_error_response(received).await.into_other());
    }
    let Received {
        operation,
        limits,
        max_body,
        max_event,
        record,
        response,
    } = received;
    let (meta, body) = into_parts(response, record);
    // Boxed, to keep the future of the call small.
    let opening = Box::pin(async {
        let mut events = EventStream::new(body, max_event, limits.idle);
        let has_other_type = has_other_type(meta.headers());
        let has_coding = !codings(meta.headers()).is_empty();
        let other = events.take_other_body(has_other_type, has_coding, max_body);
        let body = match other.await {
            Ok(None) => StreamBody::Events(events),
            Ok(Some(body)) => StreamBody::Other(body),
            Err(error) => {
                let failure = Failure::incomplete_body(error, &operation, meta.clone());
                return Err(failure.into_other());
            }
        };
        let opened = open(body, meta.clone()).await;
        opened.map_err(|NotOpened { error, class }| Failure { error, class })
    });
    match limits.end {
        None => opening.await,
        Some((end, total)) => match timeout_at(end, opening).await {
            Ok(opened) => opened,
            Err(_) => {
                let timeout = TimeoutError::Total(total);
                let failure = Failure::stream_timed_out(timeout, &operation);
                Err(failure.into_other())
            }
        },
    }
}

/// Splits a response into its metadata and its body. Copies the headers, because the originals would keep the buffer of
/// the connection alive.
fn into_parts(response: TransportResponse, record: Arc<CallRecord>) -> (ResponseMeta, ByteStream) {
    let headers = headers::copy_headers(&response.headers);
    let meta = ResponseMeta::of_call(response.status, headers, record);
    let body = response.body.into_stream();
    let body = match response.content_length {
        Some(length) => ByteStream::new(ExactLength::new(body, length)),
        None => body,
    };
    (meta, body)
}

/// Reads a response with a status other than 2xx.
async fn read_error_response(received: Received) -> Failure<Error> {
    let operation = received.operation;
    match Box::pin(read_body(received)).await {
        Err(failure) => failure,
        Ok((meta, body)) => Failure::error_status(&operation, meta, body),
    }
}

/// Returns whether the response has a `Content-Type` other than that of an event stream. Some servers send event
/// streams without a `Content-Type`.
fn has_other_type(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|media| {
        let media = media.as_bytes();
        let prefix = b"text/event-stream";
        media.len() < prefix.len() || !media[..prefix.len()].eq_ignore_ascii_case(prefix)
    })
}
