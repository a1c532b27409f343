//! Media types.

use serde_json::{Map, Value};

use super::descriptions::code;

pub(super) const JSON: &str = "application/json";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
pub(super) const OCTETS: &str = "application/octet-stream";
pub(super) const TEXT: &str = "text/plain";
pub(super) const EVENT_STREAM: &str = "text/event-stream";

/// Returns a media type without parameters, in lower case.
pub(super) fn essence(media: &str) -> String {
    let essence = media.split(';').next().unwrap_or(media);
    essence.trim().to_ascii_lowercase()
}

/// Returns whether a media type has parameters that tell versions or profiles apart. The charset of JSON is UTF-8.
pub(super) fn has_parameters(media: &str) -> bool {
    let parameters = media.split(';').skip(1).map(str::trim);
    let mut names = parameters.filter_map(|parameter| parameter.split('=').next());
    names.any(|name| !name.is_empty() && !name.trim().eq_ignore_ascii_case("charset"))
}

/// Returns whether a media type is a kind of JSON.
pub(super) fn is_json(media: &str) -> bool {
    let essence = essence(media);
    essence == JSON || essence == "text/json" || essence.ends_with("+json")
}

/// Returns whether a schema describes bytes. They are never JSON, whatever the media type says.
pub(super) fn is_binary(schema: Option<&Value>) -> bool {
    schema.is_some_and(|schema| schema["type"] == "string" && schema["format"] == "binary")
}

/// Returns the JSON media type of a content map: `application/json`, or the first other JSON type.
pub(super) fn json_of(content: &Map<String, Value>) -> Option<(&String, &Value)> {
    let itself = content.iter().find(|(media, _)| essence(media) == JSON);
    itself.or_else(|| content.iter().find(|(media, _)| is_json(media)))
}

/// Returns whether a schema describes more than text.
pub(super) fn is_structured(schema: &Value) -> bool {
    let ty = schema.get("type").and_then(Value::as_str);
    ty.map_or_else(
        || {
            ["$ref", "properties", "items", "allOf", "oneOf", "anyOf"]
                .iter()
                .any(|k| schema.get(*k).is_some())
        },
        |ty| ty == "object" || ty == "array",
    )
}

/// Returns whether a schema describes only text or bytes.
pub(super) fn is_text(schema: &Value) -> bool {
    let types = ["boolean", "integer", "number"];
    let is_scalar = |ty: &Value| types.iter().any(|name| ty == name);
    !is_structured(schema) && !schema.get("type").is_some_and(is_scalar)
}

/// Returns the schema of the JSON body of a response.
pub(super) fn json_schema(response: &Value) -> Option<&Value> {
    response.get("content")?.get(JSON)?.get("schema")
}

/// Returns media types as they are written in documentation.
pub(super) fn quoted<'a>(media: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let media = media.into_iter();
    media.map(|media| code(media)).collect()
}
