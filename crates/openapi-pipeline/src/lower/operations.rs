//! What progenitor cannot take of operations, although it is legal.

use serde_json::{Map, Value, json};

use super::resolve::is_method;
use super::{LowerError, Note};
use crate::Pointer;

const JSON: &str = "application/json";
/// How the answers are described that this step makes.
const ANY_ERROR: &str = "An error.";
const EVENT_STREAM: &str = "text/event-stream";

/// Gives each operation one error body and one kind of success, and splits those that answer with JSON or an event stream.
pub(super) fn lower_operations(
    document: &mut Value,
    notes: &mut Vec<Note>,
) -> Result<(), LowerError> {
    let root = Pointer::root().join("paths");
    let Some(Value::Object(paths)) = document.get_mut("paths") else {
        return Err(LowerError::new(&Pointer::root(), "no `paths`"));
    };
    let mut lowered = Map::new();
    for (path, mut item) in std::mem::take(paths) {
        let place = root.join(&path);
        let Value::Object(methods) = &mut item else {
            return Err(LowerError::new(&place, "not a path item"));
        };
        let mut streams = Map::new();
        for (method, operation) in methods.iter_mut().filter(|(name, _)| is_method(name)) {
            let place = place.join(method);
            if !operation.get("responses").is_some_and(Value::is_object) {
                continue;
            }
            unify_error_bodies(operation, &place.join("responses"), notes);
            widen_success(operation);
            if let Some(stream) = split_stream(operation, &place)? {
                streams.insert(method.clone(), stream);
            }
        }
        lowered.insert(path.clone(), item);
        if !streams.is_empty() {
            // A fragment keeps two operations of one path and method apart, and no server sees it.
            lowered.insert(format!("{path}#stream"), Value::Object(streams));
        }
    }
    *paths = lowered;
    Ok(())
}

/// progenitor reads one error type an operation. So every error status, also those that nobody
/// listed, gets the one body that the operation documents, and the statuses move into the
/// operation's description.
fn unify_error_bodies(operation: &mut Value, place: &Pointer, notes: &mut Vec<Note>) {
    let Some(Value::Object(responses)) = operation.get_mut("responses") else {
        return;
    };
    let has_success = responses.keys().any(|status| status.starts_with('2'));
    let is_error = |status: &str| is_error(status) || status == "default" && has_success;
    let mut bodies: Vec<Value> = Vec::new();
    let mut statuses = String::new();
    for (status, response) in responses.iter().filter(|(status, _)| is_error(status)) {
        if let Some(schema) = json_content(response).and_then(|content| content.get("schema"))
            && !bodies.contains(schema)
        {
            bodies.push(schema.clone());
        }
        let description = response.get("description").and_then(Value::as_str);
        statuses.push_str(&format!(
            "\n- `{status}`: {}",
            description.unwrap_or_default()
        ));
    }
    let body = match bodies.as_slice() {
        [] => return,
        _ if responses
            .values()
            .filter(|r| r["description"] == ANY_ERROR)
            .count()
            == 2 =>
        {
            return;
        }
        [one] => one.clone(),
        several => {
            let what = format!(
                "{} different error bodies became untyped JSON",
                several.len()
            );
            notes.push(Note {
                place: place.clone(),
                what,
            });
            json!({})
        }
    };
    responses.retain(|status, _| !is_error(status));
    for range in ["4XX", "5XX"] {
        let content = json!({ JSON: { "schema": body } });
        let response = json!({ "description": ANY_ERROR, "content": content });
        responses.insert(range.to_owned(), response);
    }
    let said = operation
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let description = format!("{said}\n\n# Errors\n{statuses}");
    operation["description"] = description.trim_start().into();
}

/// An operation that documents one success is successful with any status of that kind: a service
/// that answers 200 where it said 201 has still done what was asked, and its answer must be read.
fn widen_success(operation: &mut Value) {
    let Some(Value::Object(responses)) = operation.get_mut("responses") else {
        return;
    };
    // No body and some body are not the same answer.
    let has_content = |response: &Value| response.get("content").is_some();
    let successes = responses
        .iter()
        .filter(|(status, response)| status.starts_with('2') && has_content(response))
        .map(|(status, _)| status);
    let only_kind = responses
        .keys()
        .filter(|status| status.starts_with('2'))
        .count()
        == 1;
    if only_kind && let [only] = successes.cloned().collect::<Vec<_>>().as_slice() {
        let renamed = std::mem::take(responses)
            .into_iter()
            .map(|(status, response)| {
                (
                    if &status == only {
                        "2XX".to_owned()
                    } else {
                        status
                    },
                    response,
                )
            });
        *responses = renamed.collect();
    }
}

/// The JSON content of an answer, whatever parameters or kind of JSON its media type names.
fn json_content(response: &Value) -> Option<&Value> {
    let content = response.get("content")?.as_object()?;
    let is_json = |media: &str| {
        let essence = media
            .split(';')
            .next()
            .unwrap_or(media)
            .trim()
            .to_ascii_lowercase();
        essence == JSON || essence.ends_with("+json")
    };
    content
        .iter()
        .find(|(media, _)| is_json(media))
        .map(|(_, content)| content)
}

fn is_error(status: &str) -> bool {
    status.starts_with('4') || status.starts_with('5')
}

/// The operation that answers with an event stream, if this one answers with JSON or with that.
fn split_stream(operation: &mut Value, place: &Pointer) -> Result<Option<Value>, LowerError> {
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
        return Ok(None);
    }
    let mut stream = operation.clone();
    keep_only(operation, JSON);
    keep_only(&mut stream, EVENT_STREAM);
    let Some(id) = stream.get("operationId").and_then(Value::as_str) else {
        return Err(LowerError::new(
            place,
            "answers with JSON or an event stream, and has no operationId to tell them apart by",
        ));
    };
    let stream_id = format!("{id}_stream");
    let summary = stream.get("summary").and_then(Value::as_str).unwrap_or(id);
    let summary = format!("{summary}, as an event stream");
    stream["summary"] = summary.into();
    stream["operationId"] = stream_id.into();
    Ok(Some(stream))
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
