//! Inlines shared parts into operations.
//!
//! A document may keep parameters, request bodies and responses in `components`, and parameters of a whole
//! path next to its operations. Later passes only look at operations, so shared parts are copied to where
//! they are used.

use serde_json::{Map, Value};

use super::LowerError;
use super::context::Context;
use super::descriptions::{describe_map, describe_once, line};
use super::methods;
use super::names::unescape;
use super::parameters::set_place;
use super::security;
use super::walk::members;
use crate::Pointer;

/// The keys of a path item that are operations.
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The maximum length of a chain of references.
const MAX_REFERENCES: usize = 16;

/// Returns whether a key of a path item is an operation.
pub(super) fn is_method(name: &str) -> bool {
    METHODS.contains(&name)
}

/// Copies shared parts into the operations that use them.
pub(super) fn resolve_operations(
    document: &mut Value,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let whole = document.clone();
    let place = Pointer::root().join("paths");
    let Some(Value::Object(paths)) = document.get_mut("paths") else {
        return Err(LowerError::new(&Pointer::root(), "missing `paths`"));
    };
    for (path, item) in paths.iter_mut().filter(|(path, _)| !path.starts_with("x-")) {
        resolve(&whole, item, &place.join(path), cx)?;
    }
    methods::split(paths, &place, cx)?;
    let mut removed = Vec::new();
    for (path, item) in paths.iter_mut().filter(|(path, _)| !path.starts_with("x-")) {
        let place = place.join(path);
        let Value::Object(item) = item else {
            if !item.is_null() {
                return Err(LowerError::new(&place, "not a path item"));
            }
            removed.push(path.clone());
            continue;
        };
        let shared = item.shift_remove("parameters");
        let servers = item.shift_remove("servers");
        let server_of_path = note_servers(&whole, servers, &place, cx);
        let texts = ["summary", "description"].map(|key| item.shift_remove(key));
        let of_path: Vec<&str> = texts.iter().flatten().filter_map(Value::as_str).collect();
        for (name, operation) in item.iter_mut().filter(|(name, _)| is_method(name)) {
            let place = place.join(name);
            let Value::Object(operation) = operation else {
                return Err(LowerError::new(&place, "not an operation"));
            };
            for text in of_path.iter().filter(|text| !text.trim().is_empty()) {
                describe_path(operation, text.trim());
            }
            share_parameters(&whole, operation, shared.as_ref(), &place, cx)?;
            let servers = operation.shift_remove("servers");
            let server = match servers {
                None => server_of_path.clone(),
                servers => note_servers(&whole, servers, &place, cx),
            };
            if let Some(server) = server {
                describe_map(operation, &server);
            }
            security::document_requirement(&whole, operation);
            if let Some(callbacks) = operation.shift_remove("callbacks")
                && callbacks
                    .as_object()
                    .is_some_and(|callbacks| !callbacks.is_empty())
            {
                cx.note_dropped(
                    &place.join("callbacks"),
                    "callbacks are requests from the service; nothing is generated",
                );
            }
            if let Some(body) = operation.get_mut("requestBody") {
                let place = place.join("requestBody");
                resolve(&whole, body, &place, cx)?;
                resolve_content(&whole, body, &place, cx)?;
            }
            if let Some(Value::Object(responses)) = operation.get_mut("responses") {
                for (status, response) in responses {
                    let place = place.join("responses").join(status);
                    resolve(&whole, response, &place, cx)?;
                    resolve_content(&whole, response, &place, cx)?;
                    if let Value::Object(response) = response {
                        take_headers(&whole, response, &place, cx);
                    }
                }
            }
            // progenitor writes both.
            if operation.get("description") == operation.get("summary") {
                operation.shift_remove("description");
            }
        }
    }
    for path in removed {
        paths.shift_remove(&path);
    }
    if let Some(Value::Object(components)) = document.get_mut("components") {
        for copied in [
            "parameters",
            "requestBodies",
            "responses",
            "pathItems",
            "headers",
            "links",
            "callbacks",
            "mediaTypes",
        ] {
            components.shift_remove(copied);
        }
    }
    Ok(())
}

/// Removes the headers of a response and its links to other operations, and adds the headers to its description.
fn take_headers(
    whole: &Value,
    response: &mut Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) {
    let mut taken = |field: &str| {
        let named = response.shift_remove(field);
        let named = named.as_ref().and_then(Value::as_object).cloned();
        named.filter(|named| !named.is_empty())
    };
    let (headers, links) = (taken("headers"), taken("links"));
    if links.is_some() {
        cx.note_loss(&place.join("links"), "links to other operations");
    }
    let Some(headers) = headers else {
        return;
    };
    let what = "the types of the headers, which are read as text";
    cx.note_loss(&place.join("headers"), what);
    let described = headers.iter().map(|(name, header)| {
        // A header that cannot be resolved has no description.
        let target = header.get("$ref").and_then(Value::as_str);
        let header = target
            .and_then(|target| find(whole, target))
            .unwrap_or(header);
        match line(header) {
            None => format!("`{name}`"),
            Some(line) => format!("`{name}` ({})", line.trim_end_matches('.')),
        }
    });
    let described = described.collect::<Vec<_>>().join(", ");
    describe_once(response, &format!("Headers: {described}."));
}

/// Replaces references to shared media types, and reads the fields that OpenAPI 3.2 adds.
fn resolve_content(
    whole: &Value,
    holder: &mut Value,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let place = place.join("content");
    for (media, content) in members(holder.get_mut("content")) {
        let place = place.join(media);
        resolve(whole, content, &place, cx)?;
        let Value::Object(content) = content else {
            continue;
        };
        if let Some(item) = content.shift_remove("itemSchema") {
            let what = "the type of the items of a stream, which is sent or returned as bytes";
            cx.note_loss(&place.join("itemSchema"), what);
            if !media.starts_with("multipart/") {
                content.entry("schema").or_insert(item);
            }
        }
        for field in ["itemEncoding", "prefixEncoding"] {
            if content.shift_remove(field).is_some() {
                cx.note_loss(&place.join(field), "the encoding of the parts of the body");
            }
        }
    }
    Ok(())
}

/// Adds the summary or the description of a path to the description of an operation, unless the operation says the same.
fn describe_path(operation: &mut Map<String, Value>, text: &str) {
    let summary = operation.get("summary").and_then(Value::as_str);
    if summary.is_none_or(|summary| summary.trim() != text) {
        describe_once(operation, text);
    }
}

/// Notes the servers of a path or an operation, unless they are those of the document. Returns a sentence about them for
/// the description of the operation.
fn note_servers(
    whole: &Value,
    servers: Option<Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Option<String> {
    let servers = servers.filter(|servers| whole.get("servers") != Some(servers))?;
    let urls = servers.as_array().into_iter().flatten();
    let urls: Vec<String> = urls
        .filter_map(|server| Some(format!("`{}`", server.get("url")?.as_str()?)))
        .collect();
    if urls.is_empty() {
        return None;
    }
    let urls = urls.join(", ");
    let what = format!("the server {urls}; the client sends requests to its base URL");
    cx.note_loss(&place.join("servers"), what);
    Some(format!(
        "Server: {urls}. The client sends this request to its base URL."
    ))
}

/// Adds the parameters of the path to an operation, unless it overrides them.
fn share_parameters(
    whole: &Value,
    operation: &mut Map<String, Value>,
    shared: Option<&Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let shared_place = place
        .prefixes()
        .nth(1)
        .map(|(path, _)| path.join("parameters"));
    let place = place.join("parameters");
    let mut parameters = match operation.shift_remove("parameters") {
        Some(Value::Array(parameters)) => parameters,
        Some(Value::Null) | None => Vec::new(),
        Some(_) => {
            cx.reject_or_repair(&place, "not a list of parameters", "ignored")?;
            Vec::new()
        }
    };
    for (index, parameter) in parameters.iter_mut().enumerate() {
        resolve(whole, parameter, &place.join(index), cx)?;
    }
    let shared = shared.and_then(Value::as_array).into_iter().flatten();
    for (index, parameter) in shared.enumerate() {
        let mut parameter = parameter.clone();
        resolve(whole, &mut parameter, &place, cx)?;
        let same = |own: &Value| {
            own.get("name") == parameter.get("name") && own.get("in") == parameter.get("in")
        };
        if !parameters.iter().any(same) {
            if let Some(shared) = &shared_place {
                cx.moved(place.join(parameters.len()), shared.join(index));
            }
            parameters.push(parameter);
        }
    }
    for (index, parameter) in parameters.iter_mut().enumerate() {
        set_place(parameter, &cx.original(&place.join(index)));
    }
    parameters.retain(|parameter| !parameter.is_null());
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), Value::Array(parameters));
    }
    Ok(())
}

/// Replaces a reference by its target. As in 3.1, summary and description next to the reference take
/// precedence.
fn resolve(
    whole: &Value,
    value: &mut Value,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    for _ in 0..MAX_REFERENCES {
        let Some(Value::String(reference)) = value.get("$ref") else {
            return Ok(());
        };
        let Some(target) = find(whole, reference) else {
            let fault = format!("{reference:?} cannot be resolved");
            cx.reject_or_repair(place, fault, "ignored")?;
            *value = Value::Null;
            return Ok(());
        };
        let mut target = target.clone();
        if let (Value::Object(target), Value::Object(own)) = (&mut target, &*value) {
            for key in ["summary", "description"] {
                target.extend(own.get(key).map(|value| (key.to_owned(), value.clone())));
            }
        }
        *value = target;
    }
    Err(LowerError::new(place, "cyclic references"))
}

/// Returns the target of a reference within the document. A part of a path that lies behind another reference is
/// looked up there.
pub(crate) fn find<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    find_through(document, reference, MAX_REFERENCES)
}

fn find_through<'a>(document: &'a Value, reference: &str, through: usize) -> Option<&'a Value> {
    let tokens = reference.strip_prefix('#')?.split('/').skip(1);
    tokens.map(unescape).try_fold(document, |value, token| {
        let mut value = value;
        for left in (0..through).rev() {
            let found = match value {
                Value::Array(items) => items.get(token.parse::<usize>().ok()?),
                value => value.get(&token),
            };
            if found.is_some() {
                return found;
            }
            value = find_through(document, value.get("$ref")?.as_str()?, left)?;
        }
        None
    })
}
