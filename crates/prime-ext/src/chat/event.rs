//! What an event of a stream says: a chunk, the end, or that something went wrong.

use bytes::Bytes;
use openapi_runtime::PayloadFault;
use pinference_api::types::{ChatCompletionChunk, ChatCompletionResponse};

use super::chunk::{Chunk, MAX_CHOICES};
use super::values::{MAX_VALUES, has_too_many_values};
use super::{ChatAnswer, Ending};
use crate::error::{Envelope, Error, says_error};
use crate::events::{Event, EventsError};
use crate::head::Head;
use crate::road::is_timeout;

/// An ending that loses something, and the error that tells it.
pub(super) type Failure = (Ending, Error);

/// What an event says.
pub(super) enum Said {
    Chunk,
    /// Something went wrong. There may be a piece of the answer beside it in the chunk.
    ChunkAndError(Error),
    Done,
    Nothing,
}

/// What the first event of a stream says of its beginning.
pub(crate) enum FirstEvent {
    /// It has begun, or has failed in a way that its reader is to tell.
    Begins,
    /// It says what went wrong, and nothing of an answer or of what it costs.
    Fails(Error),
    /// Nothing: the next event is the first.
    SaysNothing,
}

/// Reads the event that may be the first.
pub(crate) fn first_event(event: &Event<'_>, head: &Head) -> FirstEvent {
    let error = match read(event, head, &mut Chunk::default()) {
        Ok(Said::Nothing) => return FirstEvent::SaysNothing,
        Ok(Said::ChunkAndError(error)) | Err((Ending::ServiceError, error)) => error,
        Ok(Said::Chunk | Said::Done) | Err(_) => return FirstEvent::Begins,
    };
    match serde_json::from_str::<ChatCompletionChunk>(&event.data) {
        Ok(chunk) if !chunk.choices.is_empty() || chunk.usage.is_some() => FirstEvent::Begins,
        _ => FirstEvent::Fails(error),
    }
}

const DONE: &str = "[DONE]";

/// Whether this is the data of the event that ends a whole answer.
pub(super) fn is_done(data: &str) -> bool {
    data.starts_with(DONE) && data.trim_ascii_end() == DONE
}

/// Reads an event, a chunk into an empty one; the key must not show in an error.
pub(super) fn read<'a>(
    event: &'a Event<'_>,
    head: &Head,
    chunk: &mut Chunk<'a>,
) -> Result<Said, Failure> {
    let data = &*event.data;
    if is_done(data) {
        return Ok(Said::Done);
    }
    let failed = || Error::in_stream(data, head.clone());
    if event.name == "error" {
        return Err((Ending::ServiceError, failed()));
    }
    if has_too_many_values(data) {
        return Err(too_large(format!("it has more than {MAX_VALUES} values")));
    }
    match chunk.read_json(data) {
        Ok(()) if chunk.has_too_many_choices() => {
            Err(too_large(format!("it has more than {MAX_CHOICES} answers")))
        }
        Ok(()) if chunk.says_error() || chunk.says_nothing() && is_error(data) => {
            Ok(Said::ChunkAndError(failed()))
        }
        Ok(()) => Ok(Said::Chunk),
        // A sign of life.
        Err(_) if data.trim_ascii().is_empty() => Ok(Said::Nothing),
        Err(_) if is_error(data) => Err((Ending::ServiceError, failed())),
        Err(error) => Err((Ending::MalformedChunk, malformed(data, head, &error))),
    }
}

/// Whether an event that is no chunk says what went wrong.
fn is_error(data: &str) -> bool {
    Envelope::is_error(data.as_bytes())
}

fn too_large(reason: String) -> Failure {
    let message = format!("an event of the stream is too large: {reason}");
    (
        Ending::TooLarge,
        Error::new(Ending::TooLarge.kind(), message),
    )
}

fn malformed(data: &str, head: &Head, error: &serde_json::Error) -> Error {
    // The generated type says which field it is. It may be one that is only read here.
    let fault = match serde_json::from_str::<ChatCompletionChunk>(data) {
        Err(_) => PayloadFault::of::<ChatCompletionChunk>(data.as_bytes()).to_string(),
        Ok(_) => format!("line {} column {}", error.line(), error.column()),
    };
    let message = format!("an event of the stream is no chunk of an answer: {fault}");
    let body = Bytes::copy_from_slice(data.as_bytes());
    Error::unexpected(message, head.clone(), body)
}

/// Why there are no more events.
pub(super) fn unread(error: EventsError) -> Failure {
    match error {
        EventsError::Idle(limit) => {
            let message = format!("nothing more of the stream came for {limit:?}");
            (Ending::Idle, Error::new(Ending::Idle.kind(), message))
        }
        EventsError::Broken(source) if is_timeout(&source) => {
            let message = "nothing more of the stream came in time";
            let error = Error::new(Ending::Idle.kind(), message);
            (Ending::Idle, error.because(source))
        }
        EventsError::Broken(source) => {
            let message = "the connection broke before the answer was whole";
            let error = Error::new(Ending::CutOff.kind(), message);
            (Ending::CutOff, error.because(source))
        }
        EventsError::TooLarge(source) => {
            let (ending, error) =
                too_large(format!("{source}; `CallOptions::max_event` sets the limit"));
            (ending, error.because(source))
        }
    }
}

/// A body that came in the place of a stream, with what there is of an answer in it.
pub(super) fn in_place_of_a_stream(body: &Bytes, head: Head) -> (Failure, ChatCompletionResponse) {
    let answer = serde_json::from_slice::<ChatCompletionResponse>(body).ok();
    let says_error = match &answer {
        Some(answer) => {
            let mut errors = answer.choices.iter().map(|choice| &choice.error);
            says_error(answer.error.as_ref()) || errors.any(|error| says_error(error.as_ref()))
        }
        None => Envelope::is_error(body),
    };
    let failure = if says_error {
        (
            Ending::ServiceError,
            Error::in_success(body.clone(), head.clone()),
        )
    } else {
        let media = head.media_type().map(|media| format!(" ({media})"));
        let media = media.unwrap_or_default();
        let message = format!(
            "a stream was asked for, and something else came{media}; it is kept in `body()`"
        );
        let error = Error::unexpected(message, head, body.clone());
        (Ending::NotAStream, error)
    };
    let nothing = || ChatCompletionResponse::new(Vec::new());
    (failure, answer.unwrap_or_else(nothing))
}

/// An error of opening a stream, told as what it is: an answer may have come all the same.
pub(super) fn not_opened(error: Error) -> Error {
    let (Some(body), Some((head, _))) = (error.body(), error.answer()) else {
        return error;
    };
    if error.kind() != Ending::NotAStream.kind() {
        return error;
    }
    let ((ending, told), answer) = in_place_of_a_stream(body, head.clone());
    // A page of a proxy's says nothing of what became of the question.
    let unknown = ending == Ending::NotAStream && answer.choices.is_empty();
    let told = told
        .with_attempts(error.attempts())
        .with_unknown_outcome(unknown);
    let partial = ChatAnswer::new(answer, head.clone()).ended(ending);
    told.with_partial(partial)
}
