//! Parameters that fit their path, each of which there is one.

use serde_json::{Map, Value, json};

use super::LowerError;
use super::context::Context;
use super::resolve::is_method;
use super::walk::{self, members};
use crate::Pointer;

/// Headers that OpenAPI leaves to other parts of the document.
const SAID_ELSEWHERE: &[&str] = &["accept", "authorization", "content-type"];

/// Mends the parameters of all operations, whatever their schemas are.
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
            let said = match operation.shift_remove("parameters") {
                Some(Value::Array(said)) => said,
                _ => Vec::new(),
            };
            let mut kept = Vec::new();
            for (index, parameter) in said.into_iter().enumerate() {
                keep(parameter, &mut kept, path, &place.join(index), cx)?;
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

/// Paths that begin with a slash and whose braces match.
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
            cx.fault(
                &place,
                "a path that does not begin with a slash",
                "one is put before it",
            )?;
            mended = format!("/{mended}");
        }
        if names_in(&mended).is_none() {
            if !cx.options.skip_unsupported {
                return Err(LowerError::new(&place, "a path whose braces do not match"));
            }
            cx.drop(&place, "a path whose braces do not match");
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

/// The names in a path's braces; nothing if the braces do not match.
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

fn word<'a>(parameter: &'a Value, key: &str) -> &'a str {
    parameter
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Whether a name can stand in front of a header's colon.
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
        word(&parameter, "name").to_owned(),
        word(&parameter, "in").to_owned(),
    );
    if name.is_empty() || location.is_empty() {
        return cx.fault(place, "a parameter without name or place", "left out");
    }
    if kept
        .iter()
        .any(|other| word(other, "name") == name && word(other, "in") == location)
    {
        return cx.fault(
            place,
            format!("the parameter {name:?} stands twice"),
            "the first counts",
        );
    }
    match location.as_str() {
        "path" => {
            let names = names_in(path).unwrap_or_default();
            if !names.contains(&name) {
                return cx.fault(place, format!("the path has no {{{name}}}"), "left out");
            }
            if parameter.get("required") != Some(&Value::Bool(true)) {
                parameter["required"] = Value::Bool(true);
            }
        }
        "header" if parameter.get(super::CONTENT_TYPE).is_some() => {}
        "header" if SAID_ELSEWHERE.contains(&name.to_ascii_lowercase().as_str()) => {
            cx.lose(
                place,
                format!("the header {name:?}, which OpenAPI says elsewhere"),
            );
            return Ok(());
        }
        "header" if !is_header(&name) => {
            return cx.fault(
                place,
                format!("{name:?} cannot be the name of a header"),
                "left out",
            );
        }
        "query" | "header" | "cookie" => {}
        "querystring" => {
            cx.lose(place, "a whole query as one parameter");
            return Ok(());
        }
        other => {
            return cx.fault(place, format!("a parameter in {other:?}"), "left out");
        }
    }
    if let Some(Value::Object(content)) = parameter.get("content") {
        let media = content.keys().next().cloned().unwrap_or_default();
        let Value::Object(map) = &mut parameter else {
            return Ok(());
        };
        map.shift_remove("content");
        map.insert("schema".to_owned(), json!({"type": "string"}));
        walk::describe(&mut parameter, &format!("As `{media}`."));
    }
    if !parameter
        .get("schema")
        .is_some_and(|schema| schema.is_object() || schema.is_boolean())
    {
        // Older versions of the standard had the type beside the name.
        let ty = parameter.get("type").filter(|ty| ty.is_string()).cloned();
        cx.fault(
            place,
            "a parameter without schema",
            "read as one of a plain type",
        )?;
        parameter["schema"] = json!({"type": ty.unwrap_or_else(|| "string".into())});
    }
    kept.push(parameter);
    Ok(())
}

/// Cookies travel in one header, and that is what a caller can set.
fn lower_cookies(kept: &mut Vec<Value>, place: &Pointer, cx: &mut Context<'_>) {
    let (cookies, others): (Vec<Value>, Vec<Value>) = std::mem::take(kept)
        .into_iter()
        .partition(|parameter| word(parameter, "in") == "cookie");
    *kept = others;
    if cookies.is_empty() {
        return;
    }
    let names: Vec<String> = cookies
        .iter()
        .map(|c| format!("`{}=…`", word(c, "name")))
        .collect();
    let required = cookies
        .iter()
        .any(|c| c.get("required") == Some(&Value::Bool(true)));
    cx.lose(
        place,
        format!("cookies are one header: {}", names.join(", ")),
    );
    if !kept
        .iter()
        .any(|parameter| word(parameter, "name").eq_ignore_ascii_case("cookie"))
    {
        kept.push(json!({
            "name": "Cookie",
            "in": "header",
            "required": required,
            "description": format!("Cookies: {}.", names.join("; ")),
            "schema": {"type": "string"},
        }));
    }
}

/// Every name in the path has a parameter.
fn add_missing(
    kept: &mut Vec<Value>,
    path: &str,
    place: &Pointer,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let path = path.split('#').next().unwrap_or(path);
    for name in names_in(path).unwrap_or_default() {
        let is_it = |p: &Value| word(p, "in") == "path" && word(p, "name") == name;
        if !kept.iter().any(is_it) {
            cx.fault(
                place,
                format!("no parameter for {{{name}}}"),
                "it is taken for a text",
            )?;
            let schema = json!({"type": "string"});
            kept.push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
        }
    }
    Ok(())
}

/// Gives parameters the schemas that can stand in a path, a query or a header, after schemas have been
/// shaped.
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
            for (index, parameter) in std::mem::take(parameters).into_iter().enumerate() {
                let new = super::styles::shape(parameter, &schemas, &place.join(index), cx);
                for parameter in new {
                    let is_it = |other: &Value| {
                        other["name"] == parameter["name"] && other["in"] == parameter["in"]
                    };
                    if shaped.iter().any(is_it) {
                        let name = parameter["name"].as_str().unwrap_or_default();
                        let what =
                            format!("another parameter is written as {name:?}; that one counts");
                        cx.lose(&place.join(index), what);
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

/// Takes a parameter's words that only matter to others.
pub(super) fn plain(parameter: &mut Value) -> Option<&mut Map<String, Value>> {
    let map = parameter.as_object_mut()?;
    for key in [
        "explode",
        "example",
        "examples",
        "allowEmptyValue",
        "collectionFormat",
    ] {
        map.shift_remove(key);
    }
    Some(map)
}
