//! Reads complete responses whose contents are not where the specification says.

use bytes::Bytes;
use openapi_runtime::error::is_error_body;
use openapi_runtime::sse::Decoder;
use openapi_runtime::{Error as CallError, Response, Warning, lenient};
use pinference_api::types::ChatCompletionResponse;

use super::accumulator::{ChatAccumulator, is_empty_usage};
use super::event::{is_done, is_keep_alive};
use super::shapes::{self, Part};
use super::values::has_too_many_values;
use crate::error::mismatched_body;

/// Reads the response again if its contents or its usage are not where the specification says.
pub(super) fn read(
    outcome: Result<Response<ChatCompletionResponse>, CallError>,
) -> Result<Response<ChatCompletionResponse>, CallError> {
    let (meta, body) = match &outcome {
        Ok(response) if !has_other_shape(response.value()) => return outcome,
        Ok(response) => (response.meta(), response.body()),
        Err(error) => match mismatched_body(error) {
            Some((meta, body)) if !is_error_body(body) => (meta, body),
            _ => return outcome,
        },
    };
    match of_other_shape(body).or_else(|| of_events(body)) {
        Some((response, warnings)) => {
            let meta = meta.clone().with_warnings(warnings);
            Ok(Response::new(response, meta, body.clone()))
        }
        None => outcome,
    }
}

fn of_other_shape(body: &[u8]) -> Option<(ChatCompletionResponse, Vec<Warning>)> {
    let (json, mut warnings) = shapes::rewrite(body, Part::Message)?;
    let (response, more) = lenient::from_json(json.as_bytes()).ok()?;
    warnings.extend(more);
    Some((response, warnings))
}

/// Reads a response from the events of a stream, which some servers send without being asked. Returns `None` if the
/// stream is not complete.
fn of_events(body: &Bytes) -> Option<(ChatCompletionResponse, Vec<Warning>)> {
    let mut decoder = Decoder::with_limit(body.len());
    decoder.feed(body.clone());
    let mut accumulator = ChatAccumulator::with_limits(1, body.len());
    let reason = "expected a complete response, got a stream; read as its result";
    let mut warnings = vec![Warning::new("", reason)];
    while let Some(event) = decoder.next() {
        let event = event.ok()?;
        if is_done(&event.data) {
            return accumulator
                .has_begun()
                .then(|| (accumulator.finish(), warnings));
        }
        if is_keep_alive(&event.data) {
            continue;
        }
        if event.name == "error" {
            return None;
        }
        if has_too_many_values(&event.data) {
            return None;
        }
        warnings.extend(accumulator.push_json(&event.data).ok()?);
        if accumulator.excess().is_some() {
            return None;
        }
    }
    accumulator
        .is_finished(1)
        .then(|| (accumulator.finish(), warnings))
}

fn has_other_shape(response: &ChatCompletionResponse) -> bool {
    response.choices.is_empty()
        || response.choices.iter().any(|choice| {
            choice.message.is_none()
                || choice.extra.contains_key("usage")
                    && response.usage.as_ref().is_none_or(is_empty_usage)
        })
}
