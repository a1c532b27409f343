//! Makes parameters valid, unique and consistent with their path.

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::descriptions;
use super::media::{FORM, is_json, is_text};
use super::names::target;
use super::resolve::is_method;
use super::walk::members;
use crate::Pointer;

/// On a parameter, while it is lowered: its location in the original document. Parameters are removed, added and split,
/// so their indices change.
const PLACE: &str = "x-place";

/// Remembers the original location of a parameter.
pub(super) fn set_place(parameter: &mut Value, place: &Pointer) {
    if let Value::Object(parameter) = parameter {
        parameter.insert(PLACE.to_owned(), place.to_string().into());
    }
}

/// Returns the original location of a parameter. `list` is the list of parameters, to which a pass may have added it.
pub(super) fn place_of(parameter: &Value, list: &Pointer) -> Pointer {
    let known = parameter.get(PLACE).and_then(Value::as_str);
    known.map_or_else(|| list.clone(), Pointer::from_text)
}

/// Forgets the original locations of all parameters.
pub(super) fn forget_places(document: &mut Value) {
    for (_, item) in members(document.get_mut("paths")) {
        for (_, operation) in members(Some(item)) {
            let list = operation
                .get_mut("parameters")
                .and_then(Value::as_array_mut);
            let parameters = list.into_iter().flatten().filter_map(Value::as_object_mut);
            for parameter in parameters {
                parameter.shift_remove(PLACE);
            }
        }
    }
}

/// Headers that OpenAPI defines elsewhere in the document.
const RESERVED_HEADERS: &[&str] = &["accept", "authorization", "content-type"];

/// Repairs the parameters of all operations, regardless of their schemas.
pub(super) fn lower_parameters(
    document: &mut Value,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let root = Pointer::root().join("paths");
    lower_paths(document, &root, cx)?;
    for (path, item) in members(document.get_mut("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let place = root.join(path).join(method).join("parameters");
            let Value::Object(operation) = operation else {
                continue;
            };
            let own = match operation.shift_remove("parameters") {
                Some(Value::Array(own)) => own,
                _ => Vec::new(),
            };
            let mut kept = Vec::new();
            for parameter in own {
                let place = place_of(&parameter, &place);
                keep(parameter, &mut kept, path, &place, cx)?;
            }
            lower_cookies(&mut kept, &place, cx);
            add_missing(&mut kept, path, &place, cx)?;
            if !kept.is_empty() {
                operation.insert("parameters".to_owned(), Value::Array(kept));
            }
        }
    }
    Ok(())
}

/// Makes paths begin with a slash, and rejects paths with unbalanced braces.
fn lower_paths(
    document: &mut Value,
    root: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let Some(Value::Object(paths)) = document.get_mut("paths") else {
        return Ok(());
    };
    for (path, item) in std::mem::take(paths) {
        if path.starts_with("x-") {
            continue;
        }
        let place = root.join(&path);
        let mut mended = path.clone();
        if !mended.starts_with('/') {
            cx.reject_or_repair(&place, "path without a leading slash", "a slash is added")?;
            mended = format!("/{mended}");
        }
        if names_in(&mended).is_none() {
            if !cx.options.skip_unsupported {
                return Err(LowerError::new(&place, "path with unbalanced braces"));
            }
            cx.note_dropped(&place, "path with unbalanced braces");
            continue;
        }
        match paths.get_mut(&mended) {
            Some(Value::Object(there)) => {
                there.extend(item.as_object().cloned().unwrap_or_default())
            }
            _ => {
                paths.insert(mended, item);
            }
        }
    }
    Ok(())
}

/// Returns the parameter names in a path. `None` if braces are unbalanced.
fn names_in(path: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        if before.contains('}') || name.is_empty() || name.contains(['{', '/']) {
            return None;
        }
        names.push(name.to_owned());
        rest = after;
    }
    (!rest.contains('}')).then_some(names)
}

fn text<'a>(parameter: &'a Value, key: &str) -> &'a str {
    parameter
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Returns whether a name is a valid header name.
fn is_header(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

fn keep(
    mut parameter: Value,
    kept: &mut Vec<Value>,
    path: &str,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let (name, location) = (
        text(&parameter, "name").to_owned(),
        text(&parameter, "in").to_owned(),
    );
    if text(&parameter, "description").trim().is_empty()
        && let Value::Object(parameter) = &mut parameter
    {
        parameter.shift_remove("description");
    }
    if name.is_empty() || location.is_empty() {
        return cx.reject_or_repair(place, "parameter without `name` or `in`", "ignored");
    }
    if kept
        .iter()
        .any(|other| text(other, "name") == name && text(other, "in") == location)
    {
        return cx.reject_or_repair(
            place,
            format!("duplicate parameter {name:?}"),
            "the first one is used",
        );
    }
    match location.as_str() {
        "path" => {
            let names = names_in(path).unwrap_or_default();
            if !names.contains(&name) {
                return cx.reject_or_repair(
                    place,
                    format!("the path does not contain {{{name}}}"),
                    "ignored",
                );
            }
            if parameter.get("required") != Some(&Value::Bool(true)) {
                parameter["required"] = Value::Bool(true);
            }
        }
        "header" if parameter.get(super::CONTENT_TYPE).is_some() => {}
        "header" if RESERVED_HEADERS.contains(&name.to_ascii_lowercase().as_str()) => {
            cx.note_loss(
                place,
                format!("header {name:?}, which OpenAPI defines elsewhere"),
            );
            return Ok(());
        }
        "header" if !is_header(&name) => {
            return cx.reject_or_repair(
                place,
                format!("{name:?} is not a valid header name"),
                "ignored",
            );
        }
        "query" | "header" | "cookie" => {}
        "querystring" => {
            // A form is written like a parameter for each property.
            let content = parameter
                .get_mut("content")
                .and_then(|content| content.get_mut(FORM));
            let Some(schema) = content
                .and_then(|form| form.get_mut("schema"))
                .map(Value::take)
            else {
                cx.note_loss(place, "the whole query as one parameter");
                return Ok(());
            };
            if let Value::Object(parameter) = &mut parameter {
                parameter.shift_remove("content");
                parameter.insert("in".to_owned(), "query".into());
                parameter.insert("style".to_owned(), "form".into());
                parameter.insert("explode".to_owned(), true.into());
                parameter.insert("schema".to_owned(), schema);
            }
        }
        other => {
            return cx.reject_or_repair(
                place,
                format!("unknown parameter location {other:?}"),
                "ignored",
            );
        }
    }
    if let Some(Value::Object(content)) = parameter.get("content") {
        let media = content.keys().next().cloned().unwrap_or_default();
        let schema = content
            .get(&media)
            .and_then(|content| content.get("schema"));
        if is_json(&media) || schema.is_some_and(|schema| !is_text(schema)) {
            let what = format!("the type; the caller serializes the value as `{media}`");
            cx.note_loss(&place.join("content").join(&media), what);
        }
        let Value::Object(map) = &mut parameter else {
            return Ok(());
        };
        map.shift_remove("content");
        map.insert("schema".to_owned(), json!({"type": "string"}));
        descriptions::describe(&mut parameter, &format!("Serialized as `{media}`."));
    }
    if !parameter
        .get("schema")
        .is_some_and(|schema| schema.is_object() || schema.is_boolean())
    {
        // Older versions of the standard have the type next to the name.
        let ty = parameter.get("type").filter(|ty| ty.is_string()).cloned();
        cx.reject_or_repair(place, "parameter without schema", "treated as a scalar")?;
        parameter["schema"] = json!({"type": ty.unwrap_or_else(|| "string".into())});
    }
    kept.push(parameter);
    Ok(())
}

/// Merges cookie parameters into one `Cookie` header parameter.
fn lower_cookies(kept: &mut Vec<Value>, place: &Pointer, cx: &mut Context<'_>) {
    let (cookies, others): (Vec<Value>, Vec<Value>) = std::mem::take(kept)
        .into_iter()
        .partition(|parameter| text(parameter, "in") == "cookie");
    *kept = others;
    if cookies.is_empty() {
        return;
    }
    let names: Vec<String> = cookies
        .iter()
        .map(|c| format!("`{}=…`", text(c, "name")))
        .collect();
    let required = cookies
        .iter()
        .any(|c| c.get("required") == Some(&Value::Bool(true)));
    cx.note_loss(
        place,
        format!("cookies are merged into one header: {}", names.join(", ")),
    );
    let is_header = |parameter: &Value| {
        text(parameter, "in") == "header" && text(parameter, "name").eq_ignore_ascii_case("cookie")
    };
    if !kept.iter().any(is_header) {
        kept.push(json!({
            "name": "Cookie",
            "in": "header",
            "required": required,
            "description": format!("Cookies: {}.", names.join("; ")),
            "schema": {"type": "string"},
        }));
    }
}

/// Adds parameters that are missing for names in the path.
fn add_missing(
    kept: &mut Vec<Value>,
    path: &str,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let path = path.split('#').next().unwrap_or(path);
    for name in names_in(path).unwrap_or_default() {
        let matches = |p: &Value| text(p, "in") == "path" && text(p, "name") == name;
        if !kept.iter().any(matches) {
            cx.reject_or_repair(
                place,
                format!("missing parameter for {{{name}}}"),
                "a string parameter is added",
            )?;
            let schema = json!({"type": "string"});
            kept.push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
        }
    }
    Ok(())
}

/// Converts parameters to schemas that are supported in a path, query or header, after schemas have been
/// normalized.
pub(super) fn shape_parameters(
    document: &mut Value,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let root = Pointer::root().join("paths");
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    let schemas = schemas.cloned().unwrap_or_default();
    for (path, item) in members(document.get_mut("paths")) {
        for (method, operation) in members(Some(item)).filter(|(name, _)| is_method(name)) {
            let place = root.join(path).join(method).join("parameters");
            let Some(Value::Array(parameters)) = operation.get_mut("parameters") else {
                continue;
            };
            let mut shaped: Vec<Value> = Vec::new();
            for mut parameter in std::mem::take(parameters) {
                let place = place_of(&parameter, &place);
                reveal_secret(&mut parameter, &schemas, &place, cx);
                let new = super::styles::shape(parameter, &schemas, &place, cx);
                for parameter in new {
                    let matches = |other: &Value| {
                        other["name"] == parameter["name"] && other["in"] == parameter["in"]
                    };
                    if shaped.iter().any(matches) {
                        let name = parameter["name"].as_str().unwrap_or_default();
                        let what = format!(
                            "another parameter is serialized as {name:?}; this one is ignored"
                        );
                        cx.note_loss(&place, what);
                    } else {
                        shaped.push(parameter);
                    }
                }
            }
            *parameters = shaped;
        }
    }
    Ok(())
}

/// The effect of `allowReserved`.
pub(super) const RESERVED: &str = "reserved characters are percent-encoded";

/// Removes keywords of a parameter that the generator does not read.
pub(super) fn plain(parameter: &mut Value) -> Option<&mut Map<String, Value>> {
    let map = parameter.as_object_mut()?;
    for key in [
        "explode",
        "example",
        "examples",
        "allowEmptyValue",
        "allowReserved",
        "collectionFormat",
    ] {
        map.shift_remove(key);
    }
    Some(map)
}

/// Makes a secret in a path, a header or a cookie plain text: generated code writes it with `to_string`.
fn reveal_secret(
    parameter: &mut Value,
    schemas: &Map<String, Value>,
    place: &Pointer,
    cx: &mut Context<'_>,
) {
    let Some(schema) = parameter
        .get("schema")
        .filter(|_| parameter["in"] != "query")
    else {
        return;
    };
    let only = schema.get("allOf").and_then(|parts| parts.get(0));
    let reference = only.unwrap_or(schema).get("$ref").and_then(Value::as_str);
    let named = reference
        .and_then(target)
        .and_then(|name| schemas.get(&name));
    if named.unwrap_or(schema)["format"] == "password" {
        parameter["schema"] = json!({"type": "string"});
        cx.note_loss(
            place,
            "a secret outside of the query and the body is plain text",
        );
    }
}
