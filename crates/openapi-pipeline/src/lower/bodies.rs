//! One body of a request, of a kind that progenitor writes.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::media::{FORM, JSON, OCTETS, TEXT, essence, is_json, json_of};
use super::resolve::is_method;
use super::walk::{self, members};
use super::{BRACKETS, CONTENT_TYPE, LowerError};
use crate::Pointer;

/// Leaves each request one body: JSON before a form, a form before text, text before anything else,
/// which is sent as the caller made it.
pub(super) fn lower_bodies(document: &mut Value, cx: &mut Context<'_>) -> Result<(), LowerError> {
    let root = Pointer::root().join("paths");
    for (path, item) in members(document.get_mut("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let place = root.join(path).join(method);
            let Value::Object(operation) = operation else {
                continue;
            };
            lower_body(operation, &place, cx)?;
        }
    }
    Ok(())
}

fn lower_body(
    operation: &mut Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let place = place.join("requestBody");
    let Some(body) = operation.get_mut("requestBody") else {
        return Ok(());
    };
    let content = body.get_mut("content").and_then(Value::as_object_mut);
    let Some(content) = content.map(std::mem::take).filter(|c| !c.is_empty()) else {
        operation.shift_remove("requestBody");
        cx.fault(&place, "a body without content", "left out")?;
        return Ok(());
    };
    let chosen = choose(&content);
    let others: Vec<&String> = content.keys().filter(|media| **media != chosen).collect();
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(|media| format!("`{media}`")).collect();
        let what = format!(
            "a body can also be {}; `{chosen}` is sent",
            others.join(", ")
        );
        cx.lose(&place.join("content"), what);
    }
    let media = content.get(&chosen).cloned().unwrap_or_default();
    let schema = media.get("schema").cloned();
    let typed = schema.clone().unwrap_or_else(|| json!({}));
    let (key, media) = if is_json(&chosen) {
        (JSON, json!({ "schema": typed }))
    } else if essence(&chosen) == FORM {
        (FORM, json!({ "schema": typed }))
    } else if essence(&chosen) == TEXT {
        (TEXT, json!({"schema": {"type": "string"}}))
    } else {
        (
            OCTETS,
            json!({"schema": {"type": "string", "format": "binary"}}),
        )
    };
    if key == FORM {
        lower_encoding(body, content.get(&chosen), &place, cx);
    }
    let is_opaque = key == OCTETS;
    let mut kept = Map::new();
    kept.insert(key.to_owned(), media);
    body["content"] = Value::Object(kept);
    let was_written = body.get(CONTENT_TYPE).is_some();
    let named = essence(&chosen);
    if named == key || was_written {
        return Ok(());
    }
    if is_opaque {
        describe_form(body, schema.as_ref(), &named);
    }
    if named.contains('*') || named.starts_with("multipart/") {
        add_content_type(operation, &named);
        cx.lose(
            &place,
            format!("`{named}`: the caller writes the body and its content type"),
        );
    } else {
        body[CONTENT_TYPE] = chosen.into();
    }
    Ok(())
}

/// Keeps which properties of a form are written with brackets.
fn lower_encoding(body: &mut Value, media: Option<&Value>, place: &Pointer, cx: &mut Context<'_>) {
    let encoding = media.and_then(|media| media.get("encoding")?.as_object());
    let mut brackets = Vec::new();
    for (property, encoding) in encoding.into_iter().flatten() {
        let style = encoding.get("style").and_then(Value::as_str);
        if style == Some("deepObject") {
            brackets.push(Value::from(property.clone()));
        } else if encoding.get("contentType").is_some() || style.is_some_and(|s| s != "form") {
            let what = format!("how {property:?} is written in the form");
            cx.lose(&place.join("content").join(FORM).join("encoding"), what);
        }
    }
    if !brackets.is_empty() {
        body[BRACKETS] = Value::Array(brackets);
    }
}

/// The media type that is sent, of those that a body can be.
pub(super) fn sent_media(body: &Value) -> Option<String> {
    let content = body.get("content")?.as_object()?;
    (!content.is_empty()).then(|| choose(content))
}

fn choose(content: &Map<String, Value>) -> String {
    if let Some((media, _)) = json_of(content) {
        return media.clone();
    }
    let wanted = |media: &str| {
        let essence = essence(media);
        if essence == FORM {
            0
        } else if essence.starts_with("multipart/") {
            1
        } else if essence == TEXT {
            2
        } else if essence == OCTETS {
            3
        } else {
            4
        }
    };
    let best = content.keys().min_by_key(|media| wanted(media));
    best.cloned().unwrap_or_default()
}

/// Says in the body's description what the parts of a form are.
fn describe_form(body: &mut Value, schema: Option<&Value>, media: &str) {
    let mut sentence = format!("The body is `{media}`, as you write it.");
    let parts = schema.and_then(|schema| schema.get("properties"));
    if let Some(parts) = parts.and_then(Value::as_object) {
        let names: Vec<String> = parts.keys().map(|name| format!("`{name}`")).collect();
        sentence.push_str(&format!(" Its parts: {}.", names.join(", ")));
    }
    walk::describe(body, &sentence);
}

/// The parameter that says what the caller's body is.
fn add_content_type(operation: &mut Map<String, Value>, media: &str) {
    let description = format!("What the body is: `{media}`, for a form with its boundary.");
    let parameter = json!({
        "name": "Content-Type",
        "in": "header",
        "required": true,
        "description": description,
        "schema": {"type": "string"},
        CONTENT_TYPE: media,
    });
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Value::Array(parameters) = parameters {
        parameters.push(parameter);
    }
}
