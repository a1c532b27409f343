//! Classifies the events of a stream: a chunk, the end, or an error.

use std::cell::OnceCell;

use bytes::Bytes;
use openapi_runtime::error::{is_error_body, is_error_value};
use openapi_runtime::sse::{Event, EventStreamError};
use openapi_runtime::{Error as CallError, PayloadFault, ResponseMeta, Warning};
use pinference_api::types::{ChatCompletionChunk, ChatCompletionResponse};

use super::StreamEnd;
use super::chunk::{Chunk, MAX_CHOICES};
use super::values::{MAX_VALUES, has_too_many_values};

/// How a stream failed, and the error that reports it.
pub(super) type Failure = (StreamEnd, CallError);

/// What an event contains.
pub(super) enum EventKind {
    Chunk,
    /// An error of the service. The chunk may still contain a delta.
    ChunkAndError(CallError),
    Done,
    /// Whitespace or `null`, which some servers send to keep the connection open.
    KeepAlive,
}

const DONE: &str = "[DONE]";

/// Returns whether the data is `[DONE]`, which ends a complete response.
pub(super) fn is_done(data: &str) -> bool {
    data.starts_with(DONE) && data.trim_ascii_end() == DONE
}

/// Returns whether the data only keeps the connection open.
pub(super) fn is_keep_alive(data: &str) -> bool {
    matches!(data.trim_ascii(), "" | "null")
}

/// Classifies an event and reads its chunk, if any, into `chunk`, which must be empty. The warnings are added to `meta`.
pub(super) fn read<'a>(
    event: &'a Event<'_>,
    meta: &mut ResponseMeta,
    chunk: &mut Chunk<'a>,
    rewritten: &'a OnceCell<String>,
) -> Result<EventKind, Failure> {
    let data = &*event.data;
    if is_done(data) {
        return Ok(EventKind::Done);
    }
    if has_too_many_values(data) {
        return Err(too_large(&format!("more than {MAX_VALUES} values")));
    }
    if event.name == "error" {
        return Err((StreamEnd::ServiceError, service_error(data, meta)));
    }
    let warnings = chunk.read_lenient(data, rewritten);
    if chunk.is_plain() && warnings.as_ref().is_ok_and(Vec::is_empty) {
        return Ok(EventKind::Chunk);
    }
    classify(warnings, data, meta, chunk)
}

/// Classifies an event whose data was read into `chunk`, with the given result. Out of line, to keep the path of most
/// chunks short.
#[inline(never)]
fn classify(
    read: serde_json::Result<Vec<Warning>>,
    data: &str,
    meta: &mut ResponseMeta,
    chunk: &Chunk<'_>,
) -> Result<EventKind, Failure> {
    match read {
        Ok(warnings) => {
            if !warnings.is_empty() {
                meta.add_warnings(warnings);
            }
            if chunk.has_too_many_choices() {
                Err(too_large(&format!("more than {MAX_CHOICES} choices")))
            } else if chunk.reports_error() || chunk.is_empty() && is_error(data) {
                Ok(EventKind::ChunkAndError(service_error(data, meta)))
            } else {
                Ok(EventKind::Chunk)
            }
        }
        Err(_) if is_keep_alive(data) => Ok(EventKind::KeepAlive),
        Err(_) if is_error(data) => Err((StreamEnd::ServiceError, service_error(data, meta))),
        Err(error) => Err((StreamEnd::MalformedChunk, malformed(data, meta, &error))),
    }
}

#[cold]
fn service_error(data: &str, meta: &ResponseMeta) -> CallError {
    let body = Bytes::copy_from_slice(data.as_bytes());
    let prefix = "the service ended the stream with an error: ";
    CallError::reported(StreamEnd::ServiceError.kind(), prefix, meta.clone(), body)
}

/// Returns whether an event that is not a chunk reports an error.
fn is_error(data: &str) -> bool {
    is_error_body(data.as_bytes())
}

#[cold]
fn too_large(reason: &str) -> Failure {
    let message = format!("stream event too large: {reason}");
    (
        StreamEnd::TooLarge,
        CallError::new(StreamEnd::TooLarge.kind(), message),
    )
}

fn malformed(data: &str, meta: &ResponseMeta, error: &serde_json::Error) -> CallError {
    // The generated type names the invalid field, but may accept what `Chunk` rejects.
    let fault = match serde_json::from_str::<ChatCompletionChunk>(data) {
        Err(_) => PayloadFault::of::<ChatCompletionChunk>(data.as_bytes()).to_string(),
        Ok(_) => format!("line {} column {}", error.line(), error.column()),
    };
    let message = format!("malformed stream event: {fault}");
    let body = Bytes::copy_from_slice(data.as_bytes());
    CallError::unexpected(
        StreamEnd::MalformedChunk.kind(),
        message,
        meta.clone(),
        body,
    )
}

/// Returns why an event could not be read.
pub(super) fn read_failure(error: EventStreamError) -> Failure {
    let failure = |end: StreamEnd, message: &str| (end, CallError::new(end.kind(), message));
    match error {
        EventStreamError::Idle(limit) => {
            let message = format!("no stream event for {limit:?}; see `CallOptions::idle_timeout`");
            failure(StreamEnd::Idle, &message)
        }
        EventStreamError::TimedOut(source) => {
            let (end, error) = failure(StreamEnd::Idle, "no stream event was received in time");
            (end, error.with_source(source))
        }
        EventStreamError::Broken(source) => {
            let message = "the connection broke before the response was complete";
            let (end, error) = failure(StreamEnd::CutOff, message);
            (end, error.with_source(source))
        }
        EventStreamError::TooLarge(source) => {
            let message = format!("{source}; see `CallOptions::max_event`");
            let (end, error) = failure(StreamEnd::TooLarge, &message);
            (end, error.with_source(source))
        }
        _ => failure(
            StreamEnd::CutOff,
            "the stream ended before the response was complete",
        ),
    }
}

/// Returns the failure for a body that is not an event stream, and the response in that body, if any.
pub(super) fn not_a_stream(body: &Bytes, meta: ResponseMeta) -> (Failure, ChatCompletionResponse) {
    let response = serde_json::from_slice::<ChatCompletionResponse>(body).ok();
    let is_error = match &response {
        Some(response) => reports_error(response),
        None => is_error_body(body),
    };
    let failure = if is_error {
        let end = StreamEnd::ServiceError;
        let error = CallError::reported(end.kind(), "", meta, body.clone());
        (end, error)
    } else {
        let media = meta
            .media_type()
            .unwrap_or_else(|| "no media type".to_owned());
        let message = format!("expected an event stream, got {media}; see `body()`");
        let end = StreamEnd::NotAStream;
        let error = CallError::unexpected(end.kind(), message, meta, body.clone());
        (end, error)
    };
    let empty = || ChatCompletionResponse::new(Vec::new());
    (failure, response.unwrap_or_else(empty))
}

/// Returns whether a response or one of its choices reports an error.
pub(super) fn reports_error(response: &ChatCompletionResponse) -> bool {
    let mut errors = response.choices.iter().map(|choice| &choice.error);
    is_error_value(response.error.as_ref()) || errors.any(|error| is_error_value(error.as_ref()))
}
