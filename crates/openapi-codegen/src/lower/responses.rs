//! Reduces the responses of each operation to one success type and one error type.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::media::{EVENT_STREAM, JSON, json_schema};
use super::merge::is_unrestricted;
use super::resolve::is_method;
use super::statuses::{
    BY_SHAPE, describe_statuses, describe_successes, is_error, is_success, list_statuses, name_of,
    unnamed_body,
};
use super::walk::members;
use super::{CONTENT_TYPE, LowerError, response_media};
use crate::Pointer;

/// The description of responses that this pass adds.
const ANY_ERROR: &str = "An error.";

/// The status of any success.
const ANY_SUCCESS: &str = "2XX";

/// Gives each operation one success type and one error body.
pub(super) fn lower_responses(
    document: &mut Value,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let root = Pointer::root().join("paths");
    for (path, item) in members(document.get_mut("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let place = root.join(path).join(method);
            let Value::Object(fields) = operation else {
                continue;
            };
            if !fields.get("responses").is_some_and(Value::is_object) {
                let place = place.join("responses");
                cx.reject_or_repair(&place, "missing responses", "any response is accepted")?;
                fields.insert("responses".to_owned(), json!({}));
                add_any_success(operation, method);
                continue;
            }
            let place = place.join("responses");
            if method == "head" {
                take_bodies(operation, &place, cx);
            }
            sort_statuses(operation, &place, cx)?;
            response_media::unify(operation, &place, cx);
            unify_successes(operation, &place, cx);
            unify_error_bodies(operation, &place, cx);
            widen_success(operation, &place, cx);
            add_any_success(operation, method);
        }
    }
    Ok(())
}

/// Removes the bodies of responses to HEAD, which HTTP does not allow.
fn take_bodies(operation: &mut Value, place: &Pointer, cx: &mut Context<'_>) {
    for (status, response) in members(operation.get_mut("responses")) {
        let response = response.as_object_mut();
        if response.is_some_and(|response| response.shift_remove("content").is_some()) {
            cx.note_loss(&place.join(status), "a response to HEAD has no body");
        }
    }
}

/// Adds a response with any body if no success or error is listed. 3.0 requires at least one response.
fn add_any_success(operation: &mut Value, method: &str) {
    if let Some(responses) = responses(operation)
        && responses.keys().all(|status| status.starts_with("x-"))
    {
        let mut any = json!({"description": "Any response."});
        if method != "head" {
            any["content"] = json!({"*/*": {"schema": {}}});
        }
        responses.insert("2XX".to_owned(), any);
    }
}

fn responses(operation: &mut Value) -> Option<&mut Map<String, Value>> {
    operation.get_mut("responses")?.as_object_mut()
}

/// Normalizes status keys. Statuses that are neither success nor error are only documented.
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
            cx.reject_or_repair(
                &place,
                "not a response",
                "treated as a response without a body",
            )?;
            response = json!({});
        }
        let summary = response
            .as_object_mut()
            .and_then(|map| map.shift_remove("summary"));
        if !response.get("description").is_some_and(Value::is_string) {
            let summary = summary.filter(Value::is_string);
            response["description"] = summary.unwrap_or_else(|| "".into());
        }
        let plain = status.to_ascii_uppercase();
        let is_status = plain.len() == 3
            && plain.starts_with(|c: char| ('1'..='5').contains(&c))
            && (plain.ends_with("XX") || plain.chars().all(|c| c.is_ascii_digit()));
        if plain == "DEFAULT" {
            responses.insert("default".to_owned(), response);
        } else if !is_status {
            cx.reject_or_repair(&place, "not a status code", "ignored")?;
        } else if is_success(&plain) || is_error(&plain) {
            responses.insert(plain, response);
        } else {
            cx.note_loss(&place, "a response that is neither a success nor an error");
            others.push(plain);
        }
    }
    let has_success = responses.keys().any(|status| is_success(status));
    let has_error = responses.keys().any(|status| is_error(status));
    if has_error
        && !has_success
        && let Some(default) = responses.shift_remove("default")
    {
        // With a redirect, `default` is an error.
        let range = match others.as_slice() {
            [] => ANY_SUCCESS,
            _ if responses.contains_key("5XX") => "4XX",
            _ => "5XX",
        };
        responses.entry(range).or_insert(default);
    }
    Ok(())
}

/// Returns the bodies of several statuses as alternatives. Bodies without a name get that of their status.
fn with_titles(bodies: &[(&str, &Value)]) -> Vec<Value> {
    let bodies = bodies.iter().map(|(status, body)| {
        let mut body = (*body).clone();
        if let Value::Object(body) = &mut body
            && !["$ref", "title"].iter().any(|key| body.contains_key(*key))
        {
            let title = match *status {
                "default" => "Default".to_owned(),
                status => format!("Status {status}"),
            };
            body.insert("title".to_owned(), title.into());
        }
        body
    });
    bodies.collect()
}

/// Returns the location of the JSON body of a response.
fn schema_place(responses: &Pointer, status: &str) -> Pointer {
    let content = responses.join(status).join("content");
    content.join(JSON).join("schema")
}

/// Unifies error bodies, because progenitor supports one error type per operation. Every error status,
/// including unlisted ones, gets the same body; several bodies become a union. The statuses are listed in the
/// operation's description.
fn unify_error_bodies(operation: &mut Value, place: &Pointer, cx: &mut Context<'_>) {
    let Some(responses) = responses(operation) else {
        return;
    };
    let has_success = responses.keys().any(|status| is_success(status));
    let is_error = |status: &str| is_error(status) || status == "default" && has_success;
    let mut bodies: Vec<(&str, &Value)> = Vec::new();
    let mut places = Vec::new();
    let mut lines = Vec::new();
    for (status, response) in responses.iter().filter(|(status, _)| is_error(status)) {
        lines.push((status.as_str(), response));
        if let Some(schema) = json_schema(response)
            && bodies.iter().all(|(_, other)| *other != schema)
        {
            bodies.push((status, schema));
            places.push(schema_place(place, status));
        }
    }
    let (mut statuses, have_same_body) = list_statuses(&lines);
    if let [(_, body), others @ ..] = bodies.as_slice() {
        match name_of(body).filter(|_| others.is_empty()) {
            // The list says which statuses have it.
            Some(_) if !have_same_body => {}
            Some(name) => statuses.push_str(&format!("\n\nThe body is {name}.")),
            None => statuses.push_str(&unnamed_body(have_same_body)),
        }
    }
    let body = match bodies.as_slice() {
        [] => {
            // For text or no body, the error keeps the raw bytes.
            for (status, response) in responses.iter_mut() {
                if is_error(status)
                    && let Value::Object(response) = response
                {
                    response.shift_remove("content");
                }
            }
            describe_statuses(operation, "Errors", &statuses);
            return;
        }
        _ if responses
            .values()
            .filter(|r| {
                r["description"]
                    .as_str()
                    .is_some_and(|text| text.starts_with(ANY_ERROR))
            })
            .count()
            == 2 =>
        {
            return;
        }
        [(_, one)] => (*one).clone(),
        several if several.iter().any(|(_, body)| is_untyped(body)) => {
            cx.note_loss(
                place,
                "the types of the error bodies: one of them is any JSON",
            );
            places.clear();
            json!({})
        }
        several => {
            statuses.push_str(BY_SHAPE);
            json!({ "oneOf": with_titles(several) })
        }
    };
    responses.retain(|status, _| !is_error(status));
    for range in ["4XX", "5XX"] {
        let content = json!({ JSON: { "schema": body } });
        let response = json!({ "description": ANY_ERROR, "content": content });
        responses.insert(range.to_owned(), response);
        let place = schema_place(place, range);
        match places.as_slice() {
            [only] => cx.moved(place, only.clone()),
            several => {
                for (index, original) in several.iter().enumerate() {
                    cx.moved(place.join("oneOf").join(index), original.clone());
                }
            }
        }
    }
    describe_statuses(operation, "Errors", &statuses);
}

/// Returns whether a schema allows any JSON.
fn is_untyped(schema: &Value) -> bool {
    schema.as_object().is_none_or(is_unrestricted)
}

/// Unifies successes with different bodies: a union of JSON bodies, `null` for a response without a body, raw
/// bytes if one of them is not JSON.
fn unify_successes(operation: &mut Value, place: &Pointer, cx: &mut Context<'_>) {
    let Some(responses) = responses(operation) else {
        return;
    };
    let successes: Vec<(String, Value)> = responses
        .iter()
        .filter(|(status, _)| is_success(status))
        .map(|(status, response)| (status.clone(), response.clone()))
        .collect();
    let mut statuses = describe_successes(&successes);
    if let [] | [_] = successes.as_slice() {
        // A lowered document lists the statuses before they were unified.
        let is_unified = successes.iter().any(|(status, _)| status == ANY_SUCCESS);
        let description = operation.get("description").and_then(Value::as_str);
        if !(is_unified && description.is_some_and(|text| text.contains("# Returns\n"))) {
            describe_statuses(operation, "Returns", &statuses);
        }
        return;
    }
    let mut bodies: Vec<(&str, &Value)> = Vec::new();
    let mut places = Vec::new();
    let (mut raw, mut empty, mut stream) = (None, false, None);
    for (status, response) in &successes {
        match (json_schema(response), response.get("content")) {
            (Some(schema), content) => {
                if bodies.iter().all(|(_, other)| *other != schema) {
                    bodies.push((status, schema));
                    places.push(schema_place(place, status));
                }
                stream = stream.or(content.and_then(|content| content.get(EVENT_STREAM)));
            }
            (None, Some(content)) => raw = raw.or(Some(content.clone())),
            (None, None) => empty = true,
        }
    }
    if raw.is_none() && bodies.is_empty() {
        describe_statuses(operation, "Returns", &statuses);
        return;
    }
    let mut content = match (raw, bodies.as_slice()) {
        (Some(raw), []) if !empty => raw,
        (Some(_), _) => {
            cx.note_loss(
                place,
                "successes with different media types are returned as bytes",
            );
            json!({ "application/octet-stream": { "schema": {"type": "string", "format": "binary"} } })
        }
        (None, [(_, one)]) if !empty => json!({ JSON: { "schema": one } }),
        (None, [(_, one)]) => json!({ JSON: { "schema": { "allOf": [one], "nullable": true } } }),
        (None, several) => {
            statuses.push_str(BY_SHAPE);
            let mut schema = json!({ "oneOf": with_titles(several) });
            if empty {
                schema["nullable"] = true.into();
            }
            json!({ JSON: { "schema": schema } })
        }
    };
    let unified_place = schema_place(place, ANY_SUCCESS);
    let keyword = match places.len() {
        1 => "allOf",
        _ => "oneOf",
    };
    for (index, original) in places.into_iter().enumerate() {
        if keyword == "allOf" {
            cx.moved(unified_place.clone(), original.clone());
        }
        cx.moved(unified_place.join(keyword).join(index), original);
    }
    if let Some(stream) = stream
        && content.get(JSON).is_some()
    {
        content[EVENT_STREAM] = stream.clone();
    }
    let mut unified = json!({ "description": statuses.trim_start(), "content": content });
    let media = successes
        .iter()
        .find_map(|(_, response)| response.get(CONTENT_TYPE));
    if let Some(media) = media {
        unified[CONTENT_TYPE] = media.clone();
    }
    responses.retain(|status, _| !is_success(status));
    responses.shift_insert(0, "2XX".to_owned(), unified);
    describe_statuses(operation, "Returns", &statuses);
}

/// Accepts any success status if the operation documents one success: a service may return 200 instead of the
/// documented 201.
fn widen_success(operation: &mut Value, place: &Pointer, cx: &mut Context<'_>) {
    let Some(responses) = responses(operation) else {
        return;
    };
    // A response with a body and one without are different types.
    let has_content = |response: &Value| response.get("content").is_some();
    let successes = responses
        .iter()
        .filter(|(status, response)| is_success(status) && has_content(response))
        .map(|(status, _)| status);
    let only_kind = responses.keys().filter(|status| is_success(status)).count() == 1;
    if only_kind && let [only] = successes.cloned().collect::<Vec<_>>().as_slice() {
        if only != ANY_SUCCESS {
            cx.moved(place.join(ANY_SUCCESS), place.join(only));
        }
        let renamed = std::mem::take(responses)
            .into_iter()
            .map(|(status, response)| {
                let status = if &status == only {
                    ANY_SUCCESS.to_owned()
                } else {
                    status
                };
                (status, response)
            });
        *responses = renamed.collect();
    }
}
