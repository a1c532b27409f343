//! The model's reasoning, whichever of its three spellings a server chose.

use std::borrow::Cow;

use serde_json::Value;

/// The text of the reasoning. Servers that write it in two spellings write the same in both, so one
/// counts.
pub(super) fn of<'a>(
    reasoning_content: Option<&'a str>,
    reasoning: Option<&'a str>,
    details: Option<&'a [Value]>,
) -> Cow<'a, str> {
    let spelled = [reasoning_content, reasoning].into_iter().flatten();
    if let Some(text) = spelled.into_iter().find(|text| !text.is_empty()) {
        return text.into();
    }
    let texts = details.unwrap_or_default().iter().filter_map(|detail| {
        detail["text"]
            .as_str()
            .or_else(|| detail["summary"].as_str())
    });
    texts.collect::<String>().into()
}
