//! Applies Overlay documents to a document.
//!
//! The format is the OpenAPI Overlay Specification, [1.0](https://spec.openapis.org/overlay/v1.0.0.html)
//! and [1.1](https://spec.openapis.org/overlay/v1.1.0.html).

use serde::Deserialize;
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use crate::document::{self, DocumentError};

/// The result of an action of an overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// The index of the action in the overlay.
    pub action: usize,
    /// The target, an RFC 9535 JSONPath.
    pub target: String,
    /// The description.
    pub description: Option<String>,
    /// The number of locations that the target matches. If it is 0, the specification may have changed, or the
    /// target may be misspelled.
    pub matches: usize,
    /// Whether the action changed the document. An action that changes nothing is redundant.
    pub changed: bool,
}

/// The error of an overlay that cannot be applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OverlayError {
    /// The text is neither YAML nor JSON, or is not an object.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The document is not a valid overlay.
    #[error("{name}: not a valid Overlay document: {reason}")]
    Invalid {
        /// The name of the overlay.
        name: String,
        /// The reason.
        reason: String,
    },
    /// An action cannot be applied.
    #[error("{name}#/actions/{action}: target {target}: {reason}")]
    Action {
        /// The name of the overlay.
        name: String,
        /// The index of the action in the overlay.
        action: usize,
        /// The target.
        target: String,
        /// The reason.
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

/// Applies the overlay in `text` to a document. The target of every action must match. Otherwise, a change of the
/// specification could make an action ineffective without notice.
///
/// # Errors
/// Returns an error if the overlay is invalid, if a target matches nothing, or if an action cannot be applied to a
/// match. The document is then unchanged.
pub fn apply(document: &mut Value, name: &str, text: &str) -> Result<Vec<Applied>, OverlayError> {
    let mut result = document.clone();
    let applied = apply_leniently(&mut result, name, text)?;
    if let Some(unmatched) = applied.iter().find(|applied| applied.matches == 0) {
        return Err(OverlayError::Action {
            name: name.to_owned(),
            action: unmatched.action,
            target: unmatched.target.clone(),
            reason:
                "matches nothing in the specification; has the provider moved, renamed or removed \
                     it?"
                .to_owned(),
        });
    }
    *document = result;
    Ok(applied)
}

/// Applies the overlay in `text` to a document. As the standard specifies, an action whose target matches nothing
/// has no effect. [`Applied::matches`] is then 0.
///
/// # Errors
/// Returns an error if the overlay is invalid or an action cannot be applied to a match. The document is then
/// unchanged.
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
            apply_action(&mut result, action).map_err(|reason| OverlayError::Action {
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

/// Applies one action. Returns the number of matches and whether the document changed.
fn apply_action(document: &mut Value, action: &Action) -> Result<(usize, bool), String> {
    let pointers = matching_pointers(document, &action.target)?;
    if action.remove {
        // Starts from the end, so that the indices of earlier list items remain valid.
        for place in pointers.iter().rev() {
            remove(document, place)?;
        }
        return Ok((pointers.len(), !pointers.is_empty()));
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
        // According to the standard, an action has no effect if it has both `update` and `copy`, or neither of them.
        _ => return Ok((pointers.len(), false)),
    };
    let mut changed = false;
    let mut kinds = pointers
        .iter()
        .filter_map(|place| document.pointer(place))
        .map(kind);
    if let Some(first) = kinds.next()
        && kinds.any(|other| other != first)
    {
        return Err("matches values of different kinds (objects, lists, scalars)".to_owned());
    }
    for place in &pointers {
        let Some(node) = document.pointer_mut(place) else {
            continue;
        };
        let before = node.clone();
        update(node, new.clone())?;
        changed |= *node != before;
    }
    Ok((pointers.len(), changed))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "object",
        Value::Array(_) => "list",
        _ => "scalar",
    }
}

/// Returns the JSON pointers of the matches of a target, without duplicates, in document order.
fn matching_pointers(document: &Value, target: &str) -> Result<Vec<String>, String> {
    let path = JsonPath::parse(target).map_err(|e| e.to_string())?;
    let found = path.query_located(document).dedup();
    let mut pointers: Vec<(Vec<String>, String)> = found
        .locations()
        .map(|location| (sort_key(location), location.to_json_pointer()))
        .collect();
    pointers.sort();
    Ok(pointers.into_iter().map(|(_, pointer)| pointer).collect())
}

/// Converts a location to a key that sorts list indices numerically.
fn sort_key(location: &serde_json_path::NormalizedPath<'_>) -> Vec<String> {
    let key = location.iter().map(|step| match step.as_index() {
        Some(index) => format!("{index:020}"),
        None => step.as_name().unwrap_or_default().to_owned(),
    });
    key.collect()
}

/// Merges an update into its target.
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
        (Value::Object(_), _) => Err("an object can only be updated with an object".to_owned()),
        (_, Value::Object(_) | Value::Array(_)) => {
            Err("a scalar can only be replaced by a scalar".to_owned())
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
        // The value was already removed together with its parent.
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
            "unsupported version {version:?}; supported versions: 1.0 and 1.1"
        )));
    }
    if overlay.actions.is_empty() {
        return Err(invalid("`actions` is empty; add an action".to_owned()));
    }
    for (index, action) in overlay.actions.iter().enumerate() {
        JsonPath::parse(&action.target)
            .map_err(|e| invalid(format!("#/actions/{index}: target {}: {e}", action.target)))?;
        if action.copy.is_some() && version.starts_with("1.0.") {
            return Err(invalid(format!(
                "#/actions/{index}: `copy` requires version 1.1"
            )));
        }
    }
    Ok(overlay)
}

/// The values that an action removes from a document.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Removed {
    /// The index of the action in the overlay.
    pub action: usize,
    /// The target.
    pub target: String,
    /// The removed values, in document order.
    pub values: Vec<Value>,
}

/// Returns the values that each `remove` action of an overlay would remove from `document`, to which the overlay
/// has not been applied.
///
/// An overlay can replace a list, such as `required`, with an action that removes the list and an action that adds
/// another. If the list in the specification changes, the overlay must be reviewed. Compare the removed values of
/// both versions of the specification to find such changes.
///
/// # Errors
/// Returns an error if the overlay is invalid.
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
    fn applies_updates_and_removals() {
        let mut document = json!({"a": {"b": 1, "list": [1]}, "gone": {"x": 1}});
        let text = format!(
            "{HEAD}  - {{target: $.a, update: {{c: 2, list: [2]}}}}\n  - {{target: $.gone, remove: true}}\n"
        );
        let applied = apply(&mut document, "o.yml", &text).unwrap();
        assert_eq!(document, json!({"a": {"b": 1, "list": [1, 2], "c": 2}}));
        assert!(applied.iter().all(|a| a.changed));
    }

    #[test]
    fn reports_redundant_actions() {
        let mut document = json!({"a": {"b": 1}});
        let text = format!("{HEAD}  - {{target: $.a, update: {{b: 1}}}}\n");
        assert!(!apply(&mut document, "o.yml", &text).unwrap()[0].changed);
    }

    #[test]
    fn unmatched_target_is_an_error_and_leaves_the_document_unchanged() {
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
    fn rejects_invalid_overlays() {
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
