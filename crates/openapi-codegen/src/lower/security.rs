//! Security schemes, and what operations require.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::LowerError;
use super::context::Context;
use super::descriptions::describe_once;
use crate::Pointer;

/// Checks that the document declares the schemes that it requires. Each name is noted once.
pub(super) fn check_requirements(
    document: &Map<String, Value>,
    cx: &mut Context<'_>,
) -> Result<(), LowerError> {
    let schemes = document
        .get("components")
        .and_then(|components| components.get("securitySchemes"));
    let is_declared = |name: &str| schemes.is_some_and(|schemes| schemes.get(name).is_some());
    let root = Pointer::root();
    let paths = document.get("paths").and_then(Value::as_object);
    let paths = paths.into_iter().flatten();
    let paths = paths.filter(|(path, _)| !path.starts_with("x-"));
    let operations = paths.flat_map(|(path, item)| {
        let place = root.join("paths").join(path);
        let item = item.as_object().into_iter().flatten();
        let item = item.filter(|(method, _)| !method.starts_with("x-"));
        item.map(move |(method, operation)| (place.join(method), operation.get("security")))
    });
    let all = std::iter::once((root.clone(), document.get("security"))).chain(operations);
    let mut undeclared = BTreeSet::new();
    for (place, required) in all {
        let required = required.and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_object).flat_map(Map::keys) {
            if !is_declared(name) && undeclared.insert(name) {
                let fault = format!("the security scheme `{name}` is not declared");
                cx.reject_or_repair(
                    &place.join("security"),
                    fault,
                    "only its name is documented",
                )?;
            }
        }
    }
    Ok(())
}

/// Notes what the client does not do for a security scheme, and removes `mutualTLS`, which 3.0 does not support.
pub(super) fn lower_schemes(document: &mut Map<String, Value>, cx: &mut Context<'_>) {
    let place = Pointer::root().join("components").join("securitySchemes");
    let schemes = document
        .get_mut("components")
        .and_then(|components| components.get_mut("securitySchemes"))
        .and_then(Value::as_object_mut);
    let mut removed = Vec::new();
    if let Some(schemes) = schemes {
        schemes.retain(|name, scheme| {
            let text = |key: &str| scheme.get(key).and_then(Value::as_str);
            let is_removed = text("type") == Some("mutualTLS");
            let key = text("name").unwrap_or_default();
            let is_bearer = |scheme: &str| scheme.eq_ignore_ascii_case("bearer");
            let what = match (text("type"), text("in")) {
                (Some("mutualTLS"), _) => "security scheme `mutualTLS`".to_owned(),
                (_, Some("query")) => {
                    format!("the key in the query parameter `{key}`, which the client does not add")
                }
                (_, Some("header")) if !key.eq_ignore_ascii_case("authorization") => {
                    format!("the key in the header `{key}`, which the caller sets")
                }
                (_, Some("cookie")) => {
                    format!("the key in the cookie `{key}`; the caller sets the header `Cookie`")
                }
                (Some("http"), _) if !text("scheme").is_none_or(is_bearer) => {
                    let scheme = text("scheme").unwrap_or_default();
                    format!("the scheme HTTP {scheme}; the caller sets the header `Authorization`")
                }
                (Some("oauth2" | "openIdConnect"), _) => {
                    "how to get a token; the caller sets the header `Authorization`".to_owned()
                }
                _ => return true,
            };
            cx.note_loss(&place.join(name), what);
            if is_removed {
                removed.push(name.clone());
            }
            !is_removed
        });
    }
    if let Some(Value::Array(all)) = document.get_mut("security")
        && !removed.is_empty()
    {
        let is_gone = |one: &Value| {
            let mut names = one.as_object().into_iter().flat_map(Map::keys);
            names.any(|name| removed.contains(name))
        };
        all.retain(|one| !is_gone(one));
    }
}

/// Adds a sentence about what an operation requires to its description, unless that is what the document requires.
pub(super) fn document_requirement(document: &Value, operation: &mut Map<String, Value>) {
    if let Some(sentence) = requirement(document, operation) {
        describe_once(operation, &sentence);
    }
}

fn requirement(document: &Value, operation: &Map<String, Value>) -> Option<String> {
    let own = operation.get("security")?;
    if document.get("security") == Some(own) {
        return None;
    }
    let sentence = alternatives(document, own);
    // A document that requires nothing need not say so for each operation.
    let is_default = || {
        let default = document.get("security").and_then(Value::as_array);
        default.is_none_or(Vec::is_empty)
    };
    sentence.or_else(|| (!is_default()).then(|| "No authorization is required.".to_owned()))
}

/// Describes the authorization that the document requires, and its schemes.
pub(super) fn authorization(document: &Value) -> Option<String> {
    let required = document.get("security");
    let mut texts = Vec::new();
    texts.extend(required.and_then(|all| alternatives(document, all)));
    let schemes = document.pointer("/components/securitySchemes");
    let schemes = schemes.and_then(Value::as_object);
    for (name, scheme) in schemes.into_iter().flatten() {
        let description = scheme.get("description").and_then(Value::as_str);
        if let Some(description) = description.map(str::trim).filter(|text| !text.is_empty()) {
            let scheme = describe(document, name, &Value::Null);
            texts.push(format!("{scheme}: {description}"));
        }
    }
    let is_query = |scheme: &Value| scheme.get("in").is_some_and(|place| place == "query");
    if schemes.is_some_and(|schemes| schemes.values().any(is_query)) {
        let text = "A [`Transport`](openapi_runtime::Transport) of your own can add a query parameter to all requests.";
        texts.push(text.to_owned());
    }
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

/// Describes a list of requirements, of which one must be met. `None` if it requires nothing.
fn alternatives(document: &Value, all: &Value) -> Option<String> {
    let all = all.as_array()?.iter().filter_map(Value::as_object);
    let (optional, required): (Vec<_>, Vec<_>) = all.partition(|schemes| schemes.is_empty());
    if required.is_empty() {
        return None;
    }
    let alternatives = required.into_iter().map(|schemes| {
        let schemes = schemes.iter();
        let schemes = schemes.map(|(name, scopes)| describe(document, name, scopes));
        schemes.collect::<Vec<_>>().join(", and ")
    });
    let alternatives = alternatives.collect::<Vec<_>>().join(", or ");
    let none = if optional.is_empty() { "" } else { ", or none" };
    Some(format!("Authorization: {alternatives}{none}."))
}

/// Describes a required scheme: its name, and its header or scopes.
fn describe(document: &Value, name: &str, scopes: &Value) -> String {
    let scheme = |key: &str| {
        let schemes = document.get("components")?.get("securitySchemes")?;
        schemes.get(name)?.get(key)?.as_str()
    };
    let scopes = scopes.as_array().into_iter().flatten();
    let scopes: Vec<String> = scopes
        .filter_map(|scope| Some(format!("`{}`", scope.as_str()?)))
        .collect();
    let place = match scheme("in") {
        Some("query") => "query parameter",
        Some(place) => place,
        None => "",
    };
    match (scheme("scheme"), scheme("name"), scopes.as_slice()) {
        (None, Some(key), _) => format!("`{name}` in the {place} `{key}`"),
        (Some(scheme), ..) => format!("`{name}` (HTTP {scheme})"),
        (_, _, []) => format!("`{name}`"),
        (_, _, [scope]) => format!("`{name}` with the scope {scope}"),
        (_, _, scopes) => format!("`{name}` with the scopes {}", scopes.join(", ")),
    }
}
