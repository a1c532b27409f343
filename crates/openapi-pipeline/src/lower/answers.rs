//! One kind of success and one kind of error for each operation.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::media::{EVENT_STREAM, JSON, essence, json_of};
use super::resolve::is_method;
use super::walk::members;
use super::{CONTENT_TYPE, LowerError};
use crate::Pointer;

/// How the answers are described that this step makes.
const ANY_ERROR: &str = "An error.";

/// Gives each operation one error body and one kind of success.
pub(super) fn lower_answers(document: &mut Value, cx: &mut Context<'_>) -> Result<(), LowerError> {
    let root = Pointer::root().join("paths");
    for (path, item) in members(document.get_mut("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let place = root.join(path).join(method);
            let Value::Object(fields) = operation else {
                continue;
            };
            if !fields.get("responses").is_some_and(Value::is_object) {
                let place = place.join("responses");
                cx.fault(&place, "no answers", "any answer is taken")?;
                fields.insert("responses".to_owned(), json!({}));
                add_any_success(operation, method);
                continue;
            }
            let place = place.join("responses");
            if method == "head" {
                take_bodies(operation, &place, cx);
            }
            sort_statuses(operation, &place, cx)?;
            unify_media(operation, &place, cx);
            unify_error_bodies(operation);
            unify_successes(operation, &place, cx);
            widen_success(operation);
            add_any_success(operation, method);
        }
    }
    Ok(())
}

/// HTTP answers HEAD without a body, whatever the document says.
fn take_bodies(operation: &mut Value, place: &Pointer, cx: &mut Context<'_>) {
    for (status, response) in members(operation.get_mut("responses")) {
        let response = response.as_object_mut();
        if response.is_some_and(|response| response.shift_remove("content").is_some()) {
            cx.lose(&place.join(status), "an answer to HEAD has no body");
        }
    }
}

/// Where no success or error is listed, a redirection or nothing at all, bytes may come, but to HEAD. 3.0
/// wants to have one answer at least.
fn add_any_success(operation: &mut Value, method: &str) {
    if let Some(responses) = responses(operation)
        && responses.keys().all(|status| status.starts_with("x-"))
    {
        let mut any = json!({"description": "Any answer."});
        if method != "head" {
            any["content"] = json!({"*/*": {"schema": {}}});
        }
        responses.insert("2XX".to_owned(), any);
    }
}

fn responses(operation: &mut Value) -> Option<&mut Map<String, Value>> {
    operation.get_mut("responses")?.as_object_mut()
}

fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

fn is_error(status: &str) -> bool {
    status.starts_with('4') || status.starts_with('5')
}

/// Statuses as 3.0 writes them; those that are neither success nor error are documented only.
fn sort_statuses(
    operation: &mut Value,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let Some(responses) = responses(operation) else {
        return Ok(());
    };
    let mut others = Vec::new();
    for (status, mut response) in std::mem::take(responses) {
        if status.starts_with("x-") {
            responses.insert(status, response);
            continue;
        }
        let place = place.join(&status);
        if !response.is_object() {
            cx.fault(&place, "not an answer", "read as one without a body")?;
            response = json!({});
        }
        if !response.get("description").is_some_and(Value::is_string) {
            response["description"] = "".into();
        }
        let plain = status.to_ascii_uppercase();
        let is_status = plain.len() == 3
            && plain.starts_with(|c: char| ('1'..='5').contains(&c))
            && (plain.ends_with("XX") || plain.chars().all(|c| c.is_ascii_digit()));
        if plain == "DEFAULT" {
            responses.insert("default".to_owned(), response);
        } else if !is_status {
            cx.fault(&place, "not a status", "left out")?;
        } else if is_success(&plain) || is_error(&plain) {
            responses.insert(plain, response);
        } else {
            cx.lose(&place, "an answer that is neither a success nor an error");
            others.push(plain);
        }
    }
    let has_success = responses.keys().any(|status| is_success(status));
    let has_error = responses.keys().any(|status| is_error(status));
    if has_error
        && !has_success
        && others.is_empty()
        && let Some(default) = responses.shift_remove("default")
    {
        responses.insert("2XX".to_owned(), default);
    }
    Ok(())
}

/// Answers that are JSON under another name are JSON here; what is no JSON is one kind of it.
fn unify_media(operation: &mut Value, place: &Pointer, cx: &mut Context<'_>) {
    for (status, response) in members(operation.get_mut("responses")) {
        let place = place.join(status).join("content");
        let Some(Value::Object(content)) = response.get_mut("content") else {
            if let Value::Object(response) = response {
                response.shift_remove("content");
            }
            continue;
        };
        content.retain(|_, media| media.is_object());
        if content.is_empty() {
            if let Value::Object(response) = response {
                response.shift_remove("content");
            }
            continue;
        }
        // Any kind of content that has a structure is JSON in fact.
        if let Some(any) = content.get("*/*")
            && json_of(content).is_none()
            && any.get("schema").is_some_and(is_structured)
        {
            let any = any.clone();
            content.clear();
            content.insert(JSON.to_owned(), any);
        }
        let Some((media, json)) =
            json_of(content).map(|(media, json)| (media.clone(), json.clone()))
        else {
            continue;
        };
        let mut json = json;
        if json.get("schema").is_none() {
            json["schema"] = json!({});
        }
        if let Value::Object(json) = &mut json {
            json.shift_remove("encoding");
        }
        let stream = content.get(EVENT_STREAM).cloned();
        let mut others: Vec<&String> = content.keys().filter(|other| **other != media).collect();
        others.retain(|other| essence(other) != EVENT_STREAM || !is_success(status));
        if !others.is_empty() && is_success(status) {
            let others: Vec<String> = others.iter().map(|media| format!("`{media}`")).collect();
            let what = format!(
                "an answer can also be {}; `{media}` is asked for",
                others.join(", ")
            );
            cx.lose(&place, what);
        }
        content.clear();
        content.insert(JSON.to_owned(), json);
        if let Some(stream) = stream.filter(|_| is_success(status)) {
            content.insert(EVENT_STREAM.to_owned(), stream);
        }
        if essence(&media) != JSON && is_success(status) && response.get(CONTENT_TYPE).is_none() {
            response[CONTENT_TYPE] = media.into();
        }
    }
}

fn is_structured(schema: &Value) -> bool {
    let ty = schema.get("type").and_then(Value::as_str);
    ty.map_or_else(
        || {
            ["$ref", "properties", "items", "allOf", "oneOf", "anyOf"]
                .iter()
                .any(|k| schema.get(*k).is_some())
        },
        |ty| ty == "object" || ty == "array",
    )
}

fn json_schema(response: &Value) -> Option<&Value> {
    response.get("content")?.get(JSON)?.get("schema")
}

/// progenitor reads one error type an operation. So every error status, also those that nobody
/// listed, gets the one body that the operation documents, and the statuses move into the
/// operation's description. Several bodies are alternatives.
fn unify_error_bodies(operation: &mut Value) {
    let Some(responses) = responses(operation) else {
        return;
    };
    let has_success = responses.keys().any(|status| is_success(status));
    let is_error = |status: &str| is_error(status) || status == "default" && has_success;
    let mut bodies: Vec<Value> = Vec::new();
    let mut statuses = String::new();
    for (status, response) in responses.iter().filter(|(status, _)| is_error(status)) {
        if let Some(schema) = json_schema(response)
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
        [] => {
            // Text or nothing: the error keeps the bytes either way.
            for (status, response) in responses.iter_mut() {
                if is_error(status)
                    && let Value::Object(response) = response
                {
                    response.shift_remove("content");
                }
            }
            return;
        }
        _ if responses
            .values()
            .filter(|r| r["description"] == ANY_ERROR)
            .count()
            == 2 =>
        {
            return;
        }
        [one] => one.clone(),
        several => json!({ "oneOf": several }),
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

/// Successes with different bodies become one: alternatives of JSON, nothing for an answer without a
/// body, bytes where one of them is no JSON.
fn unify_successes(operation: &mut Value, place: &Pointer, cx: &mut Context<'_>) {
    let Some(responses) = responses(operation) else {
        return;
    };
    let successes: Vec<(String, Value)> = responses
        .iter()
        .filter(|(status, _)| is_success(status))
        .map(|(status, response)| (status.clone(), response.clone()))
        .collect();
    if successes.len() < 2 {
        return;
    }
    let mut bodies: Vec<Value> = Vec::new();
    let (mut raw, mut empty, mut stream) = (None, false, None);
    for (_, response) in &successes {
        match (json_schema(response), response.get("content")) {
            (Some(schema), content) => {
                if !bodies.contains(schema) {
                    bodies.push(schema.clone());
                }
                stream = stream.or(content.and_then(|content| content.get(EVENT_STREAM)));
            }
            (None, Some(content)) => raw = raw.or(Some(content.clone())),
            (None, None) => empty = true,
        }
    }
    if raw.is_none() && bodies.is_empty() {
        return;
    }
    let mut content = match (raw, bodies.as_slice()) {
        (Some(raw), []) if !empty => raw,
        (Some(_), _) => {
            cx.lose(place, "successes of different kinds are read as bytes");
            json!({ "application/octet-stream": { "schema": {"type": "string", "format": "binary"} } })
        }
        (None, [one]) if !empty => json!({ JSON: { "schema": one } }),
        (None, [one]) => json!({ JSON: { "schema": { "allOf": [one], "nullable": true } } }),
        (None, several) if empty => {
            json!({ JSON: { "schema": { "oneOf": several, "nullable": true } } })
        }
        (None, several) => json!({ JSON: { "schema": { "oneOf": several } } }),
    };
    if let Some(stream) = stream
        && content.get(JSON).is_some()
    {
        content[EVENT_STREAM] = stream.clone();
    }
    let described: Vec<String> = successes
        .iter()
        .map(|(status, response)| {
            let said = response["description"].as_str().unwrap_or_default();
            format!("`{status}`: {said}")
        })
        .collect();
    let mut unified = json!({ "description": described.join("\n"), "content": content });
    let media = successes
        .iter()
        .find_map(|(_, response)| response.get(CONTENT_TYPE));
    if let Some(media) = media {
        unified[CONTENT_TYPE] = media.clone();
    }
    responses.retain(|status, _| !is_success(status));
    responses.shift_insert(0, "2XX".to_owned(), unified);
}

/// An operation that documents one success is successful with any status of that kind: a service
/// that answers 200 where it said 201 has still done what was asked, and its answer must be read.
fn widen_success(operation: &mut Value) {
    let Some(responses) = responses(operation) else {
        return;
    };
    // No body and some body are not the same answer.
    let has_content = |response: &Value| response.get("content").is_some();
    let successes = responses
        .iter()
        .filter(|(status, response)| is_success(status) && has_content(response))
        .map(|(status, _)| status);
    let only_kind = responses.keys().filter(|status| is_success(status)).count() == 1;
    if only_kind && let [only] = successes.cloned().collect::<Vec<_>>().as_slice() {
        let renamed = std::mem::take(responses)
            .into_iter()
            .map(|(status, response)| {
                let status = if &status == only {
                    "2XX".to_owned()
                } else {
                    status
                };
                (status, response)
            });
        *responses = renamed.collect();
    }
}
