//! Splits operations that return JSON or an event stream into two.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::LowerError;
use super::facts::OperationFacts;
use super::media::{EVENT_STREAM, JSON};
use super::resolve::is_method;
use super::response_media;
use crate::Pointer;

/// Splits the operations that return JSON or an event stream. Both resulting operations have the same facts.
pub(super) fn split_streams(
    document: &mut Value,
    facts: &mut BTreeMap<String, OperationFacts>,
) -> Result<(), LowerError> {
    let root = Pointer::root().join("paths");
    let Some(Value::Object(paths)) = document.get_mut("paths") else {
        return Err(LowerError::new(&Pointer::root(), "missing `paths`"));
    };
    let mut lowered = Map::new();
    for (path, mut item) in std::mem::take(paths) {
        let place = root.join(&path);
        let Value::Object(methods) = &mut item else {
            return Err(LowerError::new(&place, "not a path item"));
        };
        let mut streams = Map::new();
        for (method, operation) in methods.iter_mut().filter(|(name, _)| is_method(name)) {
            if let Some((stream_id, stream)) = split_stream(operation) {
                let id = operation.get("operationId").and_then(Value::as_str);
                let twins = id.and_then(|id| facts.get(id)).cloned();
                facts.extend(twins.map(|facts| (stream_id, facts)));
                streams.insert(method.clone(), stream);
            }
        }
        lowered.insert(path.clone(), item);
        if !streams.is_empty() {
            // A fragment, which is never sent, distinguishes two operations of one path and method.
            lowered.insert(format!("{path}#stream"), Value::Object(streams));
        }
    }
    *paths = lowered;
    Ok(())
}

/// Returns the id and the streaming variant of an operation that returns JSON or an event stream.
fn split_stream(operation: &mut Value) -> Option<(String, Value)> {
    let has = |operation: &Value, media: &str| {
        operation["responses"]
            .as_object()
            .into_iter()
            .flatten()
            .any(|(status, r)| {
                status.starts_with('2') && r.get("content").is_some_and(|c| c.get(media).is_some())
            })
    };
    if !has(operation, EVENT_STREAM) || !has(operation, JSON) {
        return None;
    }
    let mut stream = operation.clone();
    let responses = operation["responses"].as_object().into_iter().flatten();
    let event = responses
        .filter_map(|(_, response)| response.get("content")?.get(EVENT_STREAM))
        .find_map(response_media::event);
    keep_only(operation, JSON);
    keep_only(&mut stream, EVENT_STREAM);
    let id = stream.get("operationId").and_then(Value::as_str)?;
    let stream_id = format!("{id}_stream");
    let summary = stream.get("summary").and_then(Value::as_str).unwrap_or(id);
    let event = event.unwrap_or_else(|| "an event stream".to_owned());
    let summary = format!("{summary}, as {event}");
    stream["summary"] = summary.into();
    stream["operationId"] = stream_id.clone().into();
    Some((stream_id, stream))
}

fn keep_only(operation: &mut Value, media: &str) {
    let Some(Value::Object(responses)) = operation.get_mut("responses") else {
        return;
    };
    for (status, response) in responses {
        if status.starts_with('2')
            && let Some(Value::Object(content)) = response.get_mut("content")
        {
            content.retain(|key, _| key == media);
        }
    }
}
