//! Reduces request bodies to one that progenitor supports.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::media::{
    FORM, JSON, OCTETS, TEXT, essence, has_parameters, is_binary, is_json, json_of,
};
use super::resolve::is_method;
use super::walk::{self, members};
use super::{BRACKETS, CONTENT_TYPE, LowerError};
use crate::Pointer;

/// Keeps one body per request: JSON, or else a form, or else text, or else raw bytes.
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
        cx.reject_or_repair(&place, "request body without content", "ignored")?;
        return Ok(());
    };
    if body.get("required") != Some(&Value::Bool(true)) {
        cx.note_loss(&place, "the body is optional; the client always sends one");
        body["required"] = true.into();
    }
    let chosen = choose(&content);
    let others: Vec<&String> = content.keys().filter(|media| **media != chosen).collect();
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(|media| format!("`{media}`")).collect();
        let what = format!(
            "the request body can also be {}; the client sends `{chosen}`",
            others.join(", ")
        );
        cx.note_loss(&place.join("content"), what);
    }
    let media = content.get(&chosen).cloned().unwrap_or_default();
    let schema = media.get("schema").cloned();
    let typed = schema.clone().unwrap_or_else(|| json!({}));
    let (key, media) = if is_json(&chosen) && !is_binary(schema.as_ref()) {
        (JSON, json!({ "schema": typed }))
    } else if essence(&chosen) == FORM {
        (FORM, json!({ "schema": typed }))
    } else if essence(&chosen) == TEXT {
        if schema
            .as_ref()
            .is_some_and(|schema| !super::responses::is_text(schema))
        {
            let what = format!("the type of `{chosen}`, which is sent as text");
            cx.note_loss(&place.join("content").join(&chosen).join("schema"), what);
        }
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
    let is_complete = named == key && (key != JSON || !has_parameters(&chosen));
    if is_complete || was_written {
        return Ok(());
    }
    if is_opaque {
        describe_form(body, schema.as_ref(), &named);
        let is_structured = schema.as_ref().is_some_and(super::responses::is_structured);
        if is_structured && !named.starts_with("multipart/") {
            let what = format!("the type of `{named}`, which the caller serializes");
            cx.note_loss(&place.join("content").join(&chosen).join("schema"), what);
        }
    }
    if named.contains('*') || named.starts_with("multipart/") {
        add_content_type(operation, &named);
        cx.note_loss(
            &place,
            format!("`{named}`: the caller sets the body and its content type"),
        );
    } else {
        body[CONTENT_TYPE] = chosen.into();
    }
    Ok(())
}

/// Notes which properties of a form are serialized with brackets.
fn lower_encoding(body: &mut Value, media: Option<&Value>, place: &Pointer, cx: &mut Context<'_>) {
    let encoding = media.and_then(|media| media.get("encoding")?.as_object());
    let mut brackets = Vec::new();
    for (property, encoding) in encoding.into_iter().flatten() {
        let style = encoding.get("style").and_then(Value::as_str);
        let place = place.join("content").join(FORM).join("encoding");
        if style == Some("deepObject") {
            brackets.push(Value::from(property.clone()));
        } else if encoding.get("contentType").is_some()
            || encoding.get("explode") == Some(&Value::Bool(false))
            || style.is_some_and(|style| style != "form")
        {
            let what = "the encoding; each item of a list is sent as a pair of its own";
            cx.note_loss(&place.join(property), what);
        }
        if encoding.get("allowReserved") == Some(&Value::Bool(true)) {
            let place = place.join(property).join("allowReserved");
            cx.note_loss(&place, super::parameters::RESERVED);
        }
    }
    if !brackets.is_empty() {
        body[BRACKETS] = Value::Array(brackets);
    }
}

/// Returns the media type that the client sends.
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

/// Documents the parts of a form in the body's description.
fn describe_form(body: &mut Value, schema: Option<&Value>, media: &str) {
    let mut sentence = format!("The raw `{media}` body.");
    let parts = schema.and_then(|schema| schema.get("properties"));
    if let Some(parts) = parts.and_then(Value::as_object) {
        let names: Vec<String> = parts.keys().map(|name| format!("`{name}`")).collect();
        sentence.push_str(&format!(" Parts: {}.", names.join(", ")));
    }
    walk::describe(body, &sentence);
}

/// Adds the parameter for the content type of a raw body.
fn add_content_type(operation: &mut Map<String, Value>, media: &str) {
    let description =
        format!("The content type of the body: `{media}`, with its boundary for a form.");
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
