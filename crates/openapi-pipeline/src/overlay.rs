//! Overlay documents: what a specification lacks, added where it lacks it.
//!
//! The format is the OpenAPI Overlay Specification, [1.0](https://spec.openapis.org/overlay/v1.0.0.html)
//! and [1.1](https://spec.openapis.org/overlay/v1.1.0.html).

use serde::Deserialize;
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use crate::document::{self, DocumentError};

/// What one action of an overlay did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Place of the action in the overlay's list, from 0.
    pub action: usize,
    /// Its target, an RFC 9535 JSONPath.
    pub target: String,
    /// Its description.
    pub description: Option<String>,
    /// In how many places the target was found. Nowhere: the specification has changed under the
    /// overlay, or the target is mistyped.
    pub matches: usize,
    /// False if the document already said what the action says: it is redundant.
    pub changed: bool,
}

/// An overlay that cannot be applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OverlayError {
    /// The text is no document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The document is no overlay.
    #[error("{name}: not a valid Overlay document: {reason}")]
    Invalid {
        /// The overlay's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An action cannot be carried out.
    #[error("{name}#/actions/{action}: target {target}: {reason}")]
    Action {
        /// The overlay's name.
        name: String,
        /// Place of the action in the overlay's list, from 0.
        action: usize,
        /// Its target.
        target: String,
        /// Why it cannot be carried out.
        reason: String,
    },
}

/// An Overlay document.
#[derive(Deserialize)]
struct Overlay {
    overlay: String,
    #[serde(rename = "info")]
    _info: Info,
    actions: Vec<Action>,
}

#[derive(Deserialize)]
struct Info {
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "version")]
    _version: Value,
}

#[derive(Deserialize)]
struct Action {
    target: String,
    description: Option<String>,
    update: Option<Value>,
    copy: Option<String>,
    #[serde(default)]
    remove: bool,
}

/// Applies the overlay in `text` to a document, action by action, strictly: every target must match
/// something. An action that no longer finds its place would otherwise be dropped when the specification
/// changes.
///
/// # Errors
/// If the overlay is invalid, or an action matches nothing. The document is then as it was.
pub fn apply(document: &mut Value, name: &str, text: &str) -> Result<Vec<Applied>, OverlayError> {
    let mut result = document.clone();
    let applied = apply_leniently(&mut result, name, text)?;
    if let Some(lost) = applied.iter().find(|applied| applied.matches == 0) {
        return Err(OverlayError::Action {
            name: name.to_owned(),
            action: lost.action,
            target: lost.target.clone(),
            reason:
                "matches nothing in the specification; has the provider moved, renamed or removed \
                     it?"
                .to_owned(),
        });
    }
    *document = result;
    Ok(applied)
}

/// Applies the overlay in `text` to a document, as the standard has it: an action whose target matches
/// nothing does nothing, and its [`Applied::matches`] says so.
///
/// # Errors
/// If the overlay is invalid, or an action cannot be carried out where it matches. The document is then as
/// it was.
pub fn apply_leniently(
    document: &mut Value,
    name: &str,
    text: &str,
) -> Result<Vec<Applied>, OverlayError> {
    let overlay = read(name, text)?;
    let mut result = document.clone();
    let mut applied = Vec::with_capacity(overlay.actions.len());
    for (index, action) in overlay.actions.iter().enumerate() {
        let (matches, changed) =
            carry_out(&mut result, action).map_err(|reason| OverlayError::Action {
                name: name.to_owned(),
                action: index,
                target: action.target.clone(),
                reason,
            })?;
        applied.push(Applied {
            action: index,
            target: action.target.clone(),
            description: action.description.clone(),
            matches,
            changed,
        });
    }
    *document = result;
    Ok(applied)
}

/// Carries out one action; in how many places, and whether that changed anything.
fn carry_out(document: &mut Value, action: &Action) -> Result<(usize, bool), String> {
    let places = places(document, &action.target)?;
    if action.remove {
        // From the end, so that what is left of a list keeps its place until its turn.
        for place in places.iter().rev() {
            remove(document, place)?;
        }
        return Ok((places.len(), !places.is_empty()));
    }
    let new = match (&action.update, &action.copy) {
        (Some(update), None) => update.clone(),
        (None, Some(source)) => {
            let path = JsonPath::parse(source).map_err(|e| format!("`copy`: {e}"))?;
            let found = path
                .query(document)
                .exactly_one()
                .map_err(|e| format!("`copy` {source}: {e}"))?;
            found.clone()
        }
        // The standard gives neither of two any effect, and an action without any does nothing.
        _ => return Ok((places.len(), false)),
    };
    let mut changed = false;
    let mut kinds = places
        .iter()
        .filter_map(|place| document.pointer(place))
        .map(kind);
    if let Some(first) = kinds.next()
        && kinds.any(|other| other != first)
    {
        return Err("matches objects, lists and plain values at once".to_owned());
    }
    for place in &places {
        let Some(node) = document.pointer_mut(place) else {
            continue;
        };
        let before = node.clone();
        update(node, new.clone())?;
        changed |= *node != before;
    }
    Ok((places.len(), changed))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "object",
        Value::Array(_) => "list",
        _ => "plain value",
    }
}

/// The JSON pointers of what a target matches, each once, in the order of the document.
fn places(document: &Value, target: &str) -> Result<Vec<String>, String> {
    let path = JsonPath::parse(target).map_err(|e| e.to_string())?;
    let found = path.query_located(document).dedup();
    let mut places: Vec<(Vec<String>, String)> = found
        .locations()
        .map(|location| (steps(location), location.to_json_pointer()))
        .collect();
    places.sort();
    Ok(places.into_iter().map(|(_, pointer)| pointer).collect())
}

/// A place as steps that sort as lists do: 9 before 10.
fn steps(location: &serde_json_path::NormalizedPath<'_>) -> Vec<String> {
    let steps = location.iter().map(|step| match step.as_index() {
        Some(index) => format!("{index:020}"),
        None => step.as_name().unwrap_or_default().to_owned(),
    });
    steps.collect()
}

/// Merges an update into what it is for.
fn update(node: &mut Value, new: Value) -> Result<(), String> {
    match (node, new) {
        (Value::Object(old), Value::Object(new)) => {
            merge(old, new);
            Ok(())
        }
        (Value::Array(old), Value::Array(new)) => {
            old.extend(new);
            Ok(())
        }
        (Value::Array(old), new) => {
            old.push(new);
            Ok(())
        }
        (Value::Object(_), _) => Err("an object cannot be updated by something else".to_owned()),
        (_, Value::Object(_) | Value::Array(_)) => {
            Err("a plain value can only be replaced by another".to_owned())
        }
        (old, new) => {
            *old = new;
            Ok(())
        }
    }
}

fn merge(old: &mut Map<String, Value>, new: Map<String, Value>) {
    for (key, new) in new {
        match (old.get_mut(&key), new) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (Some(Value::Array(old)), Value::Array(new)) => old.extend(new),
            (Some(old), new) => *old = new,
            (None, new) => {
                old.insert(key, new);
            }
        }
    }
}

fn remove(document: &mut Value, place: &str) -> Result<(), String> {
    let (parent, last) = place
        .rsplit_once('/')
        .ok_or("the whole document cannot be removed")?;
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.shift_remove(&last.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(items)) => {
            if let Some(index) = last.parse().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        // It went with what it stood in.
        _ => {}
    }
    Ok(())
}

fn read(name: &str, text: &str) -> Result<Overlay, OverlayError> {
    let invalid = |reason: String| OverlayError::Invalid {
        name: name.to_owned(),
        reason,
    };
    let overlay: Overlay =
        serde_json::from_value(document::parse(name, text)?).map_err(|e| invalid(e.to_string()))?;
    let version = &overlay.overlay;
    if !(version.starts_with("1.0.") || version.starts_with("1.1.")) {
        return Err(invalid(format!(
            "version {version:?} is not supported, only 1.0 and 1.1"
        )));
    }
    if overlay.actions.is_empty() {
        return Err(invalid("no actions".to_owned()));
    }
    for (index, action) in overlay.actions.iter().enumerate() {
        JsonPath::parse(&action.target)
            .map_err(|e| invalid(format!("#/actions/{index}: target {}: {e}", action.target)))?;
        if action.copy.is_some() && version.starts_with("1.0.") {
            return Err(invalid(format!(
                "#/actions/{index}: `copy` is of version 1.1"
            )));
        }
    }
    Ok(overlay)
}

/// What an overlay's action takes out of a document.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Removed {
    /// Place of the action in the overlay's list, from 0.
    pub action: usize,
    /// Its target.
    pub target: String,
    /// What is taken out, in the order of the document.
    pub values: Vec<Value>,
}

/// What the removing actions of an overlay take out of a document, as it is before the overlay.
///
/// An overlay replaces a list, such as `required`, by removing it and adding another. When the list
/// changes, that overlay has to be looked at again.
///
/// # Errors
/// If the overlay is invalid.
pub fn removed(document: &Value, name: &str, text: &str) -> Result<Vec<Removed>, OverlayError> {
    let overlay = read(name, text)?;
    let removing = overlay
        .actions
        .iter()
        .enumerate()
        .filter(|(_, action)| action.remove);
    Ok(removing
        .filter_map(|(index, action)| {
            let path = JsonPath::parse(&action.target).ok()?;
            Some(Removed {
                action: index,
                target: action.target.clone(),
                values: path.query(document).all().into_iter().cloned().collect(),
            })
        })
        .collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    const HEAD: &str = "overlay: 1.0.0\ninfo: {title: T, version: '1'}\nactions:\n";

    #[test]
    fn update_merges_and_remove_removes() {
        let mut document = json!({"a": {"b": 1, "list": [1]}, "gone": {"x": 1}});
        let text = format!(
            "{HEAD}  - {{target: $.a, update: {{c: 2, list: [2]}}}}\n  - {{target: $.gone, remove: true}}\n"
        );
        let applied = apply(&mut document, "o.yml", &text).unwrap();
        assert_eq!(document, json!({"a": {"b": 1, "list": [1, 2], "c": 2}}));
        assert!(applied.iter().all(|a| a.changed));
    }

    #[test]
    fn what_is_already_so_is_redundant() {
        let mut document = json!({"a": {"b": 1}});
        let text = format!("{HEAD}  - {{target: $.a, update: {{b: 1}}}}\n");
        assert!(!apply(&mut document, "o.yml", &text).unwrap()[0].changed);
    }

    #[test]
    fn a_target_without_match_names_its_place_and_leaves_the_document() {
        let mut document = json!({"a": {"b": 1}});
        let text = format!(
            "{HEAD}  - {{target: $.a, update: {{b: 2}}}}\n  - {{target: $.nowhere, update: {{b: 1}}}}\n"
        );
        let error = apply(&mut document, "o.yml", &text)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("o.yml#/actions/1: target $.nowhere: matches nothing"),
            "{error}"
        );
        assert_eq!(document, json!({"a": {"b": 1}}));
    }

    #[test]
    fn what_is_no_overlay_is_refused() {
        for text in [
            "openapi: 3.1.0",
            &format!("{HEAD}  - {{target: '$.[', remove: true}}\n"),
        ] {
            let error = apply(&mut json!({}), "o.yml", text)
                .unwrap_err()
                .to_string();
            assert!(error.starts_with("o.yml: not a valid Overlay"), "{error}");
        }
    }
}
