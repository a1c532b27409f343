//! Converts everything outside of paths and schemas: version, `info`, servers, and fields that 3.0 lacks.

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::{descriptions, security};
use crate::Pointer;

/// The maximum nesting depth of a document, about ten times that of real documents.
const MAX_DEPTH: usize = 128;

/// Rejects a document that is nested too deeply for the recursive passes. This check is not recursive.
pub(super) fn check_depth(document: &Value) -> Result<(), LowerError> {
    let mut open = vec![(document, 0_usize)];
    while let Some((value, depth)) = open.pop() {
        if depth > MAX_DEPTH {
            let reason = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(LowerError::new(&Pointer::root(), reason));
        }
        match value {
            Value::Object(map) => open.extend(map.values().map(|value| (value, depth + 1))),
            Value::Array(items) => open.extend(items.iter().map(|value| (value, depth + 1))),
            _ => {}
        }
    }
    Ok(())
}

/// Converts 3.1 constructs outside of paths and schemas to 3.0.
pub(super) fn lower_structure(
    document: &mut Value,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let root = Pointer::root();
    let Value::Object(map) = document else {
        return Err(LowerError::new(&root, "not an object"));
    };
    let has_webhooks = map.contains_key("webhooks");
    lower_webhooks(map, cx);
    if map.shift_remove("jsonSchemaDialect").is_some() {
        let what = "the JSON Schema dialect; schemas are read with the OpenAPI 3.1 dialect";
        cx.note_loss(&root.join("jsonSchemaDialect"), what);
    }
    lower_components(map, cx)?;
    let may_lack_paths = has_webhooks || map.contains_key("components");
    match map.get("paths") {
        Some(Value::Object(_)) => {}
        Some(Value::Null) | None if may_lack_paths => {
            map.insert("paths".to_owned(), json!({}));
        }
        Some(_) => return Err(LowerError::new(&root.join("paths"), "not an object")),
        None => return Err(LowerError::new(&root, "missing `paths`")),
    }
    lower_info(map, cx)?;
    document_info(map);
    lower_servers(map, cx)?;
    security::check_requirements(map, cx)?;
    security::lower_schemes(map, cx);
    for list in ["tags", "servers", "security"] {
        if map.get(list).is_some_and(|value| !value.is_array()) {
            map.shift_remove(list);
            cx.reject_or_repair(&root.join(list), "not a list", "ignored")?;
        }
    }
    Ok(())
}

/// Removes components that are not objects, such as the empty `schemas:` of a YAML document.
fn lower_components(map: &mut Map<String, Value>, cx: &mut Context<'_>) -> Result<(), LowerError> {
    let place = Pointer::root().join("components");
    let Some(components) = map.get_mut("components") else {
        return Ok(());
    };
    let Value::Object(kinds) = components else {
        *components = json!({});
        return cx.reject_or_repair(&place, "not an object", "ignored");
    };
    for kind in kinds.keys().cloned().collect::<Vec<_>>() {
        if kind.starts_with("x-") {
            continue;
        }
        if !kinds[&kind].is_object() {
            kinds.shift_remove(&kind);
            cx.reject_or_repair(&place.join(&kind), "not an object", "ignored")?;
            continue;
        }
        let reference = kinds[&kind].as_object_mut();
        let reference = reference.and_then(|all| all.shift_remove("$ref"));
        if let Some(reference) = reference {
            let fault = format!("a list of components cannot be the reference {reference}");
            cx.reject_or_repair(&place.join(&kind).join("$ref"), fault, "ignored")?;
        }
    }
    Ok(())
}

fn lower_webhooks(map: &mut Map<String, Value>, cx: &mut Context<'_>) {
    if let Some(webhooks) = map.shift_remove("webhooks") {
        let place = Pointer::root().join("webhooks");
        for name in webhooks.as_object().into_iter().flat_map(Map::keys) {
            let what = "webhooks are requests from the service; nothing is generated";
            cx.note_dropped(&place.join(name), what);
        }
    }
}

fn lower_info(map: &mut Map<String, Value>, cx: &mut Context<'_>) -> Result<(), LowerError> {
    let place = Pointer::root().join("info");
    if !map.get("info").is_some_and(Value::is_object) {
        cx.reject_or_repair(&place, "missing `info`", "an empty one is added")?;
        map.insert("info".to_owned(), json!({}));
    }
    let Some(Value::Object(info)) = map.get_mut("info") else {
        return Ok(());
    };
    for (field, placeholder) in [("title", "API"), ("version", "0")] {
        match info.get(field) {
            Some(Value::String(_)) => {}
            Some(scalar @ (Value::Number(_) | Value::Bool(_))) => {
                let text = scalar.to_string();
                cx.reject_or_repair(&place.join(field), "not a string", "converted to a string")?;
                info.insert(field.to_owned(), text.into());
            }
            _ => {
                cx.reject_or_repair(
                    &place,
                    format!("missing `{field}`"),
                    "a placeholder is added",
                )?;
                info.insert(field.to_owned(), placeholder.into());
            }
        }
    }
    if let Some(summary) = info.shift_remove("summary") {
        info.entry("description").or_insert(summary);
    }
    if let Some(Value::Object(license)) = info.get_mut("license")
        && let Some(identifier) = license.shift_remove("identifier")
        && let Some(identifier) = identifier.as_str()
    {
        let url = format!("https://spdx.org/licenses/{identifier}.html");
        license.entry("url").or_insert(url.into());
        license.entry("name").or_insert(identifier.into());
    }
    Ok(())
}

/// Adds what surrounds the operations to the description of the document: links, contact, license and tags.
fn document_info(map: &mut Map<String, Value>) {
    let text = |value: Option<&Value>, key: &str| -> Option<String> {
        Some(value?.get(key)?.as_str()?.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let info = map.get("info");
    let list = |label: &str, value: Option<&Value>, keys: &[&str]| {
        let texts: Vec<String> = keys.iter().filter_map(|key| text(value, key)).collect();
        let texts = texts.iter().map(|text| match text.contains("://") {
            true => format!("<{text}>"),
            false => text.clone(),
        });
        let texts = texts.collect::<Vec<_>>().join(", ");
        (!texts.is_empty()).then(|| format!("{label}: {texts}."))
    };
    let part = |key: &str| info.and_then(|info| info.get(key));
    let mut sentences = vec![
        list(
            "Documentation",
            map.get("externalDocs"),
            &["description", "url"],
        ),
        list("Contact", part("contact"), &["name", "email", "url"]),
        list("License", part("license"), &["name", "url"]),
        list("Terms of service", info, &["termsOfService"]),
    ];
    let tags = map.get("tags").and_then(Value::as_array);
    sentences.extend(tags.into_iter().flatten().map(|tag| {
        let name = text(Some(tag), "name")?;
        let links = list(
            "Documentation",
            tag.get("externalDocs"),
            &["description", "url"],
        );
        let texts: Vec<String> = [text(Some(tag), "description"), links]
            .into_iter()
            .flatten()
            .collect();
        (!texts.is_empty()).then(|| format!("# {name}\n\n{}", texts.join("\n\n")))
    }));
    let Some(Value::Object(info)) = map.get_mut("info") else {
        return;
    };
    for sentence in sentences.into_iter().flatten() {
        let description = info.get("description").and_then(Value::as_str);
        let description = description.unwrap_or_default();
        if !description.contains(&sentence) {
            let text = format!("{}\n\n{sentence}", description.trim_end());
            info.insert("description".to_owned(), text.trim_start().into());
        }
    }
}

/// Keeps the first server with an absolute URL, with the defaults of its variables. The client has one default base URL.
fn lower_servers(map: &mut Map<String, Value>, cx: &mut Context<'_>) -> Result<(), LowerError> {
    let place = Pointer::root().join("servers");
    let Some(Value::Array(servers)) = map.get_mut("servers") else {
        return Ok(());
    };
    let mut kept = false;
    for (index, mut server) in std::mem::take(servers).into_iter().enumerate() {
        let place = place.join(index);
        let description = descriptions::line(&server).map(|line| format!(" ({line})"));
        let description = description.unwrap_or_default();
        let Some(url) = server.get("url").and_then(Value::as_str).map(str::to_owned) else {
            cx.reject_or_repair(&place, "server without `url`", "ignored")?;
            continue;
        };
        let Some(resolved) = with_defaults(&url, server.get("variables")) else {
            let what = format!(
                "the server `{url}`{description}: its URL has variables without a usable default"
            );
            cx.note_loss(&place, what);
            continue;
        };
        if !resolved.contains("://") {
            let has_path = !resolved.trim_matches('/').is_empty();
            let what = match has_path {
                true => "; the caller adds it to the base URL",
                false => "; the caller gives the base URL",
            };
            if has_path || !description.is_empty() {
                let what = format!("the relative server `{url}`{description}{what}");
                cx.note_loss(&place, what);
            }
            continue;
        }
        if kept {
            let what =
                format!("the server `{url}`{description}; the caller gives its URL to use it");
            cx.note_loss(&place, what);
            continue;
        }
        kept = true;
        if resolved != url {
            let what = format!("the variables; the default base URL is `{resolved}`");
            cx.note_loss(&place.join("variables"), what);
            server["url"] = resolved.into();
            if let Value::Object(server) = &mut server {
                server.shift_remove("variables");
            }
        }
        servers.push(server);
    }
    Ok(())
}

/// Returns a URL with the defaults of its variables. `None` if one has no default.
fn with_defaults(url: &str, variables: Option<&Value>) -> Option<String> {
    let mut url = url.to_owned();
    let variables = variables.and_then(Value::as_object);
    for (name, variable) in variables.into_iter().flatten() {
        let default = match variable.get("default")? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        url = url.replace(&format!("{{{name}}}"), &default);
    }
    (!url.contains('{')).then_some(url)
}
