//! Reads the reasoning text from whichever of three fields a server uses.

use std::borrow::Cow;

use serde_json::Value;

/// Returns the reasoning text. Servers that fill several fields write the same text into each, so only the first
/// non-empty field is read.
pub(super) fn text<'a>(
    reasoning_content: Option<&'a str>,
    reasoning: Option<&'a str>,
    details: Option<&'a [Value]>,
) -> Cow<'a, str> {
    let texts = [reasoning_content, reasoning].into_iter().flatten();
    if let Some(text) = texts.into_iter().find(|text| !text.is_empty()) {
        return text.into();
    }
    let texts = details.unwrap_or_default().iter().filter_map(|detail| {
        detail["text"]
            .as_str()
            .or_else(|| detail["summary"].as_str())
    });
    texts.collect::<String>().into()
}
