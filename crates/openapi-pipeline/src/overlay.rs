//! Overlay documents: what a specification lacks, added where it lacks it.
//!
//! The format is the [OpenAPI Overlay Specification 1.0](https://spec.openapis.org/overlay/v1.0.0.html).

use roas_overlay::apply::{Apply as _, ApplyErrorKind, ApplyOptions};
use roas_overlay::v1_0::Overlay;
use roas_overlay::validation::Validate as _;
use serde_json::Value;

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
    #[error("{name}: not a valid Overlay 1.0 document: {reason}")]
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

/// Applies the overlay in `text` to a document, action by action.
///
/// Every target must match something: an action that no longer finds its place would otherwise be
/// dropped in silence when the specification changes.
///
/// # Errors
/// If the overlay is invalid, or an action matches nothing. The document is then as it was.
pub fn apply(document: &mut Value, name: &str, text: &str) -> Result<Vec<Applied>, OverlayError> {
    let overlay = read(name, text)?;
    let mut result = document.clone();
    let mut applied = Vec::with_capacity(overlay.actions.len());
    for (index, action) in overlay.actions.iter().enumerate() {
        let before = result.clone();
        let single = Overlay {
            actions: vec![action.clone()],
            ..overlay.clone()
        };
        single
            .apply(&mut result, ApplyOptions::ErrorOnZeroMatch.into())
            .map_err(|e| OverlayError::Action {
                name: name.to_owned(),
                action: index,
                target: action.target.clone(),
                reason: match e.kind {
                    ApplyErrorKind::ZeroMatch => {
                        "matches nothing in the specification; has the provider moved, renamed or \
                         removed it?"
                            .to_owned()
                    }
                    other => other.to_string(),
                },
            })?;
        applied.push(Applied {
            action: index,
            target: action.target.clone(),
            description: action.description.clone(),
            changed: before != result,
        });
    }
    *document = result;
    Ok(applied)
}

fn read(name: &str, text: &str) -> Result<Overlay, OverlayError> {
    let invalid = |reason: String| OverlayError::Invalid {
        name: name.to_owned(),
        reason,
    };
    let overlay: Overlay =
        serde_json::from_value(document::parse(name, text)?).map_err(|e| invalid(e.to_string()))?;
    overlay
        .validate(Default::default())
        .map_err(|e| invalid(e.to_string()))?;
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
        .filter(|(_, action)| action.is_remove());
    Ok(removing
        .filter_map(|(index, action)| {
            let path = serde_json_path::JsonPath::parse(&action.target).ok()?;
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
