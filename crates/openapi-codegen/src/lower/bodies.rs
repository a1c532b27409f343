//! Reduces request bodies to one that progenitor supports.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use super::context::Context;
use super::descriptions::{self, code_of};
use super::media::{
    FORM, JSON, OCTETS, TEXT, essence, has_parameters, is_binary, is_json, is_structured, is_text,
    json_of, quoted,
};
use super::resolve::{find, is_method};
use super::schema;
use super::walk::members;
use super::{BRACKETS, CONTENT_TYPE, LowerError, untyped};
use crate::Pointer;

/// Keeps one body per request: JSON, or else a form, or else text, or else raw bytes. References point into the original
/// document.
pub(super) fn lower_bodies(
    document: &mut Value,
    original: &Value,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let root = Pointer::root().join("paths");
    for (path, item) in members(document.get_mut("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let place = root.join(path).join(method);
            let Value::Object(operation) = operation else {
                continue;
            };
            lower_body(operation, original, &place, cx)?;
        }
    }
    Ok(())
}

fn lower_body(
    operation: &mut Map<String, Value>,
    original: &Value,
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
    let chosen = choose(&content, original);
    let is_raw = |media: &str| {
        let schema = content.get(media).and_then(|media| media.get("schema"));
        let has_type = is_json(media) && !is_binary(schema);
        !has_type && ![FORM, TEXT].contains(&essence(media).as_str())
    };
    // The caller chooses one of several types of raw bytes.
    let raw: Vec<&String> = match is_raw(&chosen) {
        true => content.keys().filter(|media| is_raw(media)).collect(),
        false => Vec::new(),
    };
    let is_other = |media: &&String| **media != chosen && !raw.contains(media);
    let others: Vec<String> = content
        .keys()
        .filter(is_other)
        .map(|media| format!("`{media}`"))
        .collect();
    if !others.is_empty() {
        let what = format!(
            "the request body can also be {}; the client sends `{chosen}`",
            others.join(", ")
        );
        cx.note_loss(&place.join("content"), what);
    }
    let schema = content.get(&chosen).and_then(|media| media.get("schema"));
    let place_of_schema = place.join("content").join(&chosen).join("schema");
    let (key, sent) = lower_media(&chosen, schema, &place_of_schema, cx);
    if key == FORM {
        lower_encoding(body, content.get(&chosen), &place, cx);
    }
    body["content"] = json!({ key: { "schema": sent } });
    let was_written = body.get(CONTENT_TYPE).is_some();
    let named = essence(&chosen);
    let names = quoted(raw.iter().copied()).join(" or ");
    // The charset of JSON is UTF-8.
    let is_complete = match key {
        JSON => named == key && !has_parameters(&chosen),
        _ => chosen.eq_ignore_ascii_case(key),
    };
    let is_plain = was_written || is_complete && raw.len() < 2;
    if !raw.is_empty() && !is_plain {
        let form = content.get(&chosen).unwrap_or(&Value::Null);
        describe_form(body, form, original, &names);
    }
    let untyped = [&chosen].into_iter().filter(|_| key == TEXT);
    for media in raw.iter().copied().chain(untyped) {
        let place = place.join("content").join(media).join("schema");
        let is_only = raw.len() < 2;
        let content = content.get(media);
        describe_untyped(body, (media, is_only), content, original, &place, cx);
    }
    if is_plain {
        return Ok(());
    }
    if raw.len() > 1 || named.contains('*') || is_multipart(&named) {
        add_content_type(operation, &chosen, &names);
        let what = format!("{names}: the caller sets the body and its content type");
        cx.note_loss(&place, what);
    } else {
        body[CONTENT_TYPE] = chosen.into();
    }
    Ok(())
}

/// Documents the schema of a body that is text or bytes, and notes what the client does not do. `content` is the body's
/// media type object. `is_only` is whether the body has no other media type.
fn describe_untyped(
    body: &mut Value,
    (media, is_only): (&str, bool),
    content: Option<&Value>,
    original: &Value,
    place: &Pointer,
    cx: &mut Context<'_>,
) {
    let Some(schema) = content.and_then(|content| content.get("schema")) else {
        return;
    };
    // `lower_media` notes what text loses.
    if is_structured(schema) && !is_multipart(media) && essence(media) != TEXT {
        let what = format!("the type of `{media}`, which the caller serializes");
        cx.note_loss(place, what);
    }
    let reference = schema.get("$ref").and_then(Value::as_str);
    let target = reference.and_then(|reference| find(original, reference));
    if let Value::Object(body) = body {
        let schema = target.unwrap_or(schema);
        let texts = match is_only {
            true => untyped::texts(schema),
            false => untyped::text_of(media, schema).into_iter().collect(),
        };
        untyped::describe(body, &texts);
    }
    // The constraints of a component are noted there.
    if let Value::Object(schema) = schema {
        schema::note_unchecked(schema, place, cx);
    }
}

/// Returns the media type of a body in the lowered document, and its schema there.
fn lower_media(
    media: &str,
    schema: Option<&Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> (&'static str, Value) {
    let typed = || schema.cloned().unwrap_or_else(|| json!({}));
    if is_json(media) && !is_binary(schema) {
        (JSON, typed())
    } else if essence(media) == FORM {
        (FORM, typed())
    } else if essence(media) == TEXT {
        if schema.is_some_and(|schema| !is_text(schema)) {
            let what = format!("the type of `{media}`, which is sent as text");
            cx.note_loss(place, what);
        }
        (TEXT, json!({"type": "string"}))
    } else {
        (OCTETS, json!({"type": "string", "format": "binary"}))
    }
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
pub(super) fn sent_media(body: &Value, original: &Value) -> Option<String> {
    let content = body.get("content")?.as_object()?;
    (!content.is_empty()).then(|| choose(content, original))
}

fn choose(content: &Map<String, Value>, original: &Value) -> String {
    // JSON has no files.
    let has_file = |media: &Value| {
        let parts = media.get("schema").map(|schema| parts(schema, original));
        parts
            .into_iter()
            .flatten()
            .any(|(_, part)| is_file(part, original))
    };
    let files = content
        .iter()
        .find(|(media, content)| is_multipart(media) && has_file(content));
    if let Some((media, json)) = json_of(content) {
        let media = files
            .filter(|_| has_file(json))
            .map_or(media, |files| files.0);
        return media.clone();
    }
    let wanted = |media: &str| {
        let essence = essence(media);
        if essence == FORM {
            0
        } else if is_multipart(&essence) {
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

fn is_multipart(media: &str) -> bool {
    essence(media).starts_with("multipart/")
}

/// Returns the properties of a form, including those of schemas that it refers to or combines.
fn parts<'a>(schema: &'a Value, original: &'a Value) -> Vec<(&'a String, &'a Value)> {
    /// A schema can contain itself.
    const MAX_SCHEMAS: usize = 100;
    let mut parts: Vec<(&String, &Value)> = Vec::new();
    let mut open = VecDeque::from([schema]);
    for _ in 0..MAX_SCHEMAS {
        let Some(schema) = open.pop_front() else {
            break;
        };
        let reference = schema.get("$ref").and_then(Value::as_str);
        open.extend(reference.and_then(|reference| find(original, reference)));
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let combined = schema.get(keyword).and_then(Value::as_array);
            open.extend(combined.into_iter().flatten());
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if parts.iter().all(|(known, _)| *known != name) {
                parts.push((name, property));
            }
        }
    }
    parts
}

/// Returns whether a part of a form is a file or a list of files.
fn is_file(part: &Value, original: &Value) -> bool {
    let target = |schema: &Value| {
        find(original, schema.get("$ref")?.as_str()?).map(|target| is_binary(Some(target)))
    };
    let is_one = |schema: &Value| is_binary(Some(schema)) || target(schema) == Some(true);
    is_one(part) || part.get("items").is_some_and(is_one)
}

/// Documents the parts of a form in the body's description. `form` is the form's media type object.
fn describe_form(body: &mut Value, form: &Value, original: &Value, media: &str) {
    let mut text = format!("The raw body, {media}.");
    let empty = Value::Null;
    let schema = form.get("schema").unwrap_or(&empty);
    let encoding = form.get("encoding").unwrap_or(&empty);
    // The body is an item of a list.
    let parts = describe_parts(schema, encoding, original, "  ");
    if !parts.is_empty() {
        text.push_str(&format!(" Parts:{parts}"));
    }
    descriptions::describe(body, &text);
}

/// Returns a line for each part of a form or member of a part.
fn describe_parts(schema: &Value, encoding: &Value, original: &Value, indent: &str) -> String {
    /// Parts and their members. There can be many below, and a part can contain itself.
    const MAX_INDENT: usize = 4;
    if indent.len() > MAX_INDENT {
        return String::new();
    }
    let required = schema.get("required").and_then(Value::as_array);
    let lines = parts(schema, original).into_iter().map(|(name, part)| {
        let mut names = required.into_iter().flatten();
        let mut words = Vec::new();
        words.extend(names.any(|one| one == name).then(|| "required".to_owned()));
        let reference = part.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|reference| find(original, reference));
        let target = target.unwrap_or(part);
        match is_file(part, original) {
            true => words.push("file".to_owned()),
            false => words.extend(untyped::type_words(target)),
        }
        let media = encoding.get(name).and_then(|one| one.get("contentType"));
        words.extend(media.map(|media| format!("sent as {}", code_of(media))));
        let words = match words.as_slice() {
            [] => String::new(),
            words => format!(" ({})", words.join("; ")),
        };
        let description = descriptions::line(part).or_else(|| descriptions::line(target));
        let description = description.map(|line| format!(": {line}"));
        let members = describe_parts(target, &Value::Null, original, &format!("{indent}  "));
        format!(
            "\n{indent}- `{name}`{words}{}{members}",
            description.unwrap_or_default()
        )
    });
    lines.collect()
}

/// Adds the parameter for the content type of a raw body.
fn add_content_type(operation: &mut Map<String, Value>, media: &str, names: &str) {
    let boundary = match is_multipart(media) {
        true => ", with its boundary for a form",
        false => "",
    };
    let description = format!("The content type of the body: {names}{boundary}.");
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
