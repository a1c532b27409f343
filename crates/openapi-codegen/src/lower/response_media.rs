//! Gives each response one media type.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::media::{
    EVENT_STREAM, JSON, OCTETS, essence, has_parameters, is_binary, is_structured, is_text,
    json_of, quoted,
};
use super::statuses::{is_error, is_success, name_of};
use super::walk::members;
use super::{CONTENT_TYPE, descriptions};
use crate::Pointer;

/// Reduces each response to JSON, with an event stream if there is one, or to other media types, which are returned as
/// bytes.
pub(super) fn unify(operation: &mut Value, place: &Pointer, cx: &mut Context<'_>) {
    let mut returned = Vec::new();
    for (status, response) in members(operation.get_mut("responses")) {
        let Value::Object(response) = response else {
            continue;
        };
        let Some(Value::Object(mut content)) = response.shift_remove("content") else {
            continue;
        };
        content.retain(|_, media| media.is_object());
        if content.is_empty() {
            continue;
        }
        let place = place.join(status).join("content");
        structured_as_json(&mut content);
        let json = json_of(&content).map(|(media, json)| (media.clone(), json.clone()));
        match json {
            Some((_, bytes)) if is_binary(bytes.get("schema")) => {
                if is_success(status) {
                    returned.extend(quoted(content.keys()));
                }
                content = Map::from_iter([(OCTETS.to_owned(), bytes)]);
            }
            Some((media, json)) => {
                note_others(&media, &content, status, &place, cx);
                let is_plain = essence(&media) == JSON && !has_parameters(&media);
                if !is_plain && is_success(status) {
                    let media = Value::from(media);
                    response.entry(CONTENT_TYPE).or_insert(media);
                }
                content = only_json(json, content, status);
            }
            None => {
                note_raw(&content, status, &place, cx);
                if is_success(status) {
                    let stream = content.get(EVENT_STREAM).and_then(event);
                    returned.extend(stream);
                    let is_named = |media: &str| ![EVENT_STREAM, OCTETS, "*/*"].contains(&media);
                    let named = content.keys().filter(|media| is_named(&essence(media)));
                    returned.extend(quoted(named));
                }
            }
        }
        response.insert("content".to_owned(), content.into());
    }
    if let Value::Object(operation) = operation
        && !returned.is_empty()
    {
        let sentence = format!("Returns {}.", returned.join(" or "));
        descriptions::describe_once(operation, &sentence);
    }
}

/// Returns what an event stream consists of.
pub(super) fn event(stream: &Value) -> Option<String> {
    Some(format!(
        "an event stream of {}",
        name_of(stream.get("schema")?)?
    ))
}

/// Structured content of any media type is JSON in practice.
fn structured_as_json(content: &mut Map<String, Value>) {
    if json_of(content).is_none()
        && let Some(any) = content.get("*/*")
        && any.get("schema").is_some_and(is_structured)
    {
        *content = Map::from_iter([(JSON.to_owned(), any.clone())]);
    }
}

/// Returns the content of a response without media types other than JSON and an event stream.
fn only_json(mut json: Value, content: Map<String, Value>, status: &str) -> Map<String, Value> {
    if let Value::Object(json) = &mut json {
        json.entry("schema").or_insert_with(|| json!({}));
        json.shift_remove("encoding");
    }
    let stream = content.into_iter().find(|(media, _)| media == EVENT_STREAM);
    let stream = stream.filter(|_| is_success(status));
    Map::from_iter([(JSON.to_owned(), json)].into_iter().chain(stream))
}

/// Notes media types that the client does not accept beside JSON.
fn note_others(
    json: &str,
    content: &Map<String, Value>,
    status: &str,
    place: &Pointer,
    cx: &mut Context<'_>,
) {
    let is_lost =
        |media: &&String| *media != json && (essence(media) != EVENT_STREAM || !is_success(status));
    let others = quoted(content.keys().filter(is_lost));
    if !others.is_empty() && !is_error(status) {
        let what = format!(
            "a response can also be {}; the client accepts `{json}`",
            others.join(", ")
        );
        cx.note_loss(place, what);
    }
}

/// Notes what is lost because a response is returned as bytes.
fn note_raw(content: &Map<String, Value>, status: &str, place: &Pointer, cx: &mut Context<'_>) {
    for (media, content) in content {
        let has_type = content.get("schema").is_some_and(|schema| !is_text(schema));
        if has_type && essence(media) != EVENT_STREAM {
            let what = match is_error(status) {
                true => format!("the type of `{media}`; the error keeps the bytes"),
                false => format!("the type of `{media}`, which is returned as bytes"),
            };
            cx.note_loss(&place.join(media).join("schema"), what);
        }
    }
    if content.len() > 1 && !is_error(status) {
        let what = format!(
            "the response is one of {}; the client accepts all of them",
            quoted(content.keys()).join(", ")
        );
        cx.note_loss(place, what);
    }
}
