//! What an event of a stream says: a chunk, the end, or that something went wrong.

use bytes::Bytes;
use openapi_runtime::error::{is_error_body, is_error_value};
use openapi_runtime::sse::{Event, EventStreamError};
use openapi_runtime::{Error as CallError, PayloadFault, ResponseMeta};
use pinference_api::types::{ChatCompletionChunk, ChatCompletionResponse};

use super::StreamEnd;
use super::chunk::{Chunk, MAX_CHOICES};
use super::values::{MAX_VALUES, has_too_many_values};

/// An ending that loses something, and its error.
pub(super) type Failure = (StreamEnd, CallError);

/// What an event says.
pub(super) enum EventKind {
    Chunk,
    /// Something went wrong. The chunk may contain a piece of the answer beside it.
    ChunkAndError(CallError),
    Done,
    Nothing,
}

const DONE: &str = "[DONE]";

/// Whether this is the data of the event that ends a whole answer.
pub(super) fn is_done(data: &str) -> bool {
    data.starts_with(DONE) && data.trim_ascii_end() == DONE
}

/// Reads an event, and a chunk in it into an empty one.
pub(super) fn read<'a>(
    event: &'a Event<'_>,
    meta: &ResponseMeta,
    chunk: &mut Chunk<'a>,
) -> Result<EventKind, Failure> {
    let data = &*event.data;
    if is_done(data) {
        return Ok(EventKind::Done);
    }
    let failed = || {
        let body = Bytes::copy_from_slice(data.as_bytes());
        let prefix = "the service ended the stream with an error: ";
        CallError::reported(StreamEnd::ServiceError.kind(), prefix, meta.clone(), body)
    };
    if event.name == "error" {
        return Err((StreamEnd::ServiceError, failed()));
    }
    if has_too_many_values(data) {
        return Err(too_large(&format!("it has more than {MAX_VALUES} values")));
    }
    match chunk.read_json(data) {
        Ok(()) if chunk.has_too_many_choices() => Err(too_large(&format!(
            "it has more than {MAX_CHOICES} answers"
        ))),
        Ok(()) if chunk.says_error() || chunk.says_nothing() && is_error(data) => {
            Ok(EventKind::ChunkAndError(failed()))
        }
        Ok(()) => Ok(EventKind::Chunk),
        // A sign of life.
        Err(_) if data.trim_ascii().is_empty() => Ok(EventKind::Nothing),
        Err(_) if is_error(data) => Err((StreamEnd::ServiceError, failed())),
        Err(error) => Err((StreamEnd::MalformedChunk, malformed(data, meta, &error))),
    }
}

/// Whether an event that is no chunk reports an error.
fn is_error(data: &str) -> bool {
    is_error_body(data.as_bytes())
}

fn too_large(reason: &str) -> Failure {
    let message = format!("an event of the stream is too large: {reason}");
    (
        StreamEnd::TooLarge,
        CallError::new(StreamEnd::TooLarge.kind(), message),
    )
}

fn malformed(data: &str, meta: &ResponseMeta, error: &serde_json::Error) -> CallError {
    // The generated type knows which field it is. It may accept what is not accepted here.
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

/// Why there are no more events.
pub(super) fn unread(error: EventStreamError) -> Failure {
    let failure =
        |ending: StreamEnd, message: &str| (ending, CallError::new(ending.kind(), message));
    match error {
        EventStreamError::Idle(limit) => {
            let message = format!("no event of the stream was received for {limit:?}");
            failure(StreamEnd::Idle, &message)
        }
        EventStreamError::TimedOut(source) => {
            let (ending, error) = failure(StreamEnd::Idle, "no event of the stream came in time");
            (ending, error.with_source(source))
        }
        EventStreamError::Broken(source) => {
            let message = "the connection broke before the answer was complete";
            let (ending, error) = failure(StreamEnd::CutOff, message);
            (ending, error.with_source(source))
        }
        EventStreamError::TooLarge(source) => {
            let reason = format!("{source}; `CallOptions::max_event` sets the limit");
            let (ending, error) = too_large(&reason);
            (ending, error.with_source(source))
        }
        _ => failure(
            StreamEnd::CutOff,
            "the stream ended before the answer was complete",
        ),
    }
}

/// The failure of a body that came instead of an event stream, and what it contains of an answer.
pub(super) fn instead_of_stream(
    body: &Bytes,
    meta: ResponseMeta,
) -> (Failure, ChatCompletionResponse) {
    let answer = serde_json::from_slice::<ChatCompletionResponse>(body).ok();
    let is_error = match &answer {
        Some(answer) => reports_error(answer),
        None => is_error_body(body),
    };
    let failure = if is_error {
        let ending = StreamEnd::ServiceError;
        let error = CallError::reported(ending.kind(), "", meta, body.clone());
        (ending, error)
    } else {
        let media = meta
            .media_type()
            .unwrap_or_else(|| "no media type".to_owned());
        let message = format!("expected an event stream, got {media}; `body()` has it");
        let ending = StreamEnd::NotAStream;
        let error = CallError::unexpected(ending.kind(), message, meta, body.clone());
        (ending, error)
    };
    let nothing = || ChatCompletionResponse::new(Vec::new());
    (failure, answer.unwrap_or_else(nothing))
}

/// Whether an answer reports an error, as a whole or in a choice.
pub(super) fn reports_error(answer: &ChatCompletionResponse) -> bool {
    let mut errors = answer.choices.iter().map(|choice| &choice.error);
    is_error_value(answer.error.as_ref()) || errors.any(|error| is_error_value(error.as_ref()))
}
