//! Media types.

use serde_json::{Map, Value};

pub(super) const JSON: &str = "application/json";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
pub(super) const OCTETS: &str = "application/octet-stream";
pub(super) const TEXT: &str = "text/plain";
pub(super) const EVENT_STREAM: &str = "text/event-stream";

/// A media type without its parameters, in small letters.
pub(super) fn essence(media: &str) -> String {
    let essence = media.split(';').next().unwrap_or(media);
    essence.trim().to_ascii_lowercase()
}

/// Whether a media type is JSON of some kind.
pub(super) fn is_json(media: &str) -> bool {
    let essence = essence(media);
    essence == JSON || essence == "text/json" || essence.ends_with("+json")
}

/// The JSON of some contents: `application/json` itself, or the first that is JSON of another name.
pub(super) fn json_of(content: &Map<String, Value>) -> Option<(&String, &Value)> {
    let itself = content.iter().find(|(media, _)| essence(media) == JSON);
    itself.or_else(|| content.iter().find(|(media, _)| is_json(media)))
}
