//! Reads the answer of a response.

use openapi_runtime::{IntoRequest as _, PayloadFault, Warning};
use pinference_api::builder;
use pinference_api::types::FinishReason;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::failure::{ParseFailure, ParseFailureReason};
use super::response::TypedResponse;
use crate::chat::{ChatResponse, STREAM_OPERATION};
use crate::error::Error;

/// Deserializes the text of a response.
pub(super) fn read<T: DeserializeOwned>(response: ChatResponse) -> Result<TypedResponse<T>, Error> {
    let text = response.text();
    let (json, is_fenced) = unfence(&text);
    let finish_reason = response.finish_reason();
    let is_cut_off = finish_reason == Some(&FinishReason::Length);
    let mut detail = None;
    let reason = if response.refusal().is_some() {
        ParseFailureReason::Refused
    } else if finish_reason == Some(&FinishReason::ContentFilter) {
        ParseFailureReason::ContentFilter
    } else {
        match deserialize(json) {
            Ok(value) => {
                drop(text);
                let warning = |reason| Warning::new("choices[0].message.content", reason);
                let fence = "the answer is in a Markdown code block, which was removed";
                let end = "the token limit was reached after the answer";
                let fence = is_fenced.then(|| warning(fence));
                let end = is_cut_off.then(|| warning(end));
                let response = response.with_warnings(fence.into_iter().chain(end));
                return Ok(TypedResponse::new(value, response));
            }
            Err(_) if is_cut_off => ParseFailureReason::TokenLimit,
            Err(_) if json.is_empty() && !response.tool_calls().is_empty() => {
                ParseFailureReason::ToolCalls
            }
            Err(error) if serde_json::from_str::<IgnoredAny>(json).is_ok() => {
                detail = Some(error.to_string());
                ParseFailureReason::Mismatch(fault::<T>(json))
            }
            Err(_) => ParseFailureReason::NotJson(PayloadFault::of::<IgnoredAny>(json.as_bytes())),
        }
    };
    drop(text);
    let detail = detail.unwrap_or_else(|| reason.to_string());
    Err(failure::<T>(reason, detail, response))
}

/// Deserializes an answer, which is an object. A list is not, although serde accepts one for a struct.
fn deserialize<T: DeserializeOwned>(json: &str) -> Result<T, serde_json::Error> {
    if json.starts_with('[') {
        return Err(serde::de::Error::custom(NOT_AN_OBJECT));
    }
    serde_json::from_str(json)
}

const NOT_AN_OBJECT: &str = "invalid type: list, expected an object";

/// Returns why an answer in JSON does not fit the type.
fn fault<T: DeserializeOwned>(json: &str) -> PayloadFault {
    let mut fault = PayloadFault::of::<T>(json.as_bytes());
    if json.starts_with('[') {
        NOT_AN_OBJECT.clone_into(&mut fault.what);
    }
    fault
}

/// Returns the error of a response whose answer is not a `T`.
fn failure<T>(reason: ParseFailureReason, detail: String, response: ChatResponse) -> Error {
    let name = std::any::type_name::<T>();
    let name = name
        .split('<')
        .next()
        .and_then(|name| name.rsplit("::").next());
    let message = match &reason {
        ParseFailureReason::Mismatch(fault) => {
            format!(
                "the answer does not fit the type `{}`: {fault}",
                name.unwrap_or_default()
            )
        }
        ParseFailureReason::NotJson(_) if response.text().trim().is_empty() => {
            "the answer is empty".to_owned()
        }
        reason => reason.to_string(),
    };
    let operation = match response.stream_end() {
        Some(_) => STREAM_OPERATION,
        None => builder::CreateChatCompletion::OPERATION.id,
    };
    let (meta, body) = (response.meta().clone(), response.body().clone());
    let error = Error::unexpected(message, meta, body).with_operation(operation);
    error.with_parse_failure(ParseFailure::new(reason, detail, response))
}

/// Removes white space, and a Markdown code block that contains the complete answer. Returns whether there was one.
fn unfence(text: &str) -> (&str, bool) {
    let space = text.len() - text.trim_start().len();
    let opening = opening(text).filter(|length| *length > space);
    let inner = opening.and_then(|length| text[length..].trim().strip_suffix("```"));
    match inner {
        Some(inner) => (inner.trim(), true),
        None => (text.trim(), false),
    }
}

/// Returns the length of what precedes the JSON: white space, and the beginning of a Markdown code block. Returns
/// `None` if more text is needed.
pub(super) fn opening(text: &str) -> Option<usize> {
    let trimmed = text.trim_start();
    let space = text.len() - trimmed.len();
    if trimmed.is_empty() || trimmed.len() < 3 && "```".starts_with(trimmed) {
        return None;
    }
    let Some(info) = trimmed.strip_prefix("```") else {
        return Some(space);
    };
    let end = info.find(|c: char| !c.is_ascii_alphabetic());
    match end {
        Some(end) if end == 0 || info[..end].eq_ignore_ascii_case("json") => Some(space + 3 + end),
        None if info.len() <= "json".len() => None,
        // A code block in another language.
        _ => Some(space),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_block_around_the_answer_is_removed() {
        for (text, expected) in [
            ("{}", ("{}", false)),
            (" \n{}\n", ("{}", false)),
            ("```json\n{}\n```", ("{}", true)),
            ("\n```JSON\r\n{}\r\n```\n", ("{}", true)),
            ("```\n{}\n```", ("{}", true)),
            ("```json {}```", ("{}", true)),
            ("```{}```", ("{}", true)),
            ("```json\n\"```\"\n```", ("\"```\"", true)),
            // Not closed, another language, or text around it.
            ("```json\n{}", ("```json\n{}", false)),
            ("```rust\n{}\n```", ("```rust\n{}\n```", false)),
            (
                "Here:\n```json\n{}\n```",
                ("Here:\n```json\n{}\n```", false),
            ),
            ("", ("", false)),
            ("``", ("``", false)),
            ("```", ("```", false)),
        ] {
            assert_eq!(unfence(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_opening_is_known_as_soon_as_possible() {
        for (text, expected) in [
            ("", None),
            (" \n", None),
            (" {", Some(1)),
            ("`", None),
            ("``", None),
            ("`a", Some(0)),
            ("```", None),
            ("```js", None),
            ("```json", None),
            ("```json\n", Some(7)),
            ("```{", Some(3)),
            ("```python", Some(0)),
            ("```rust\n", Some(0)),
        ] {
            assert_eq!(opening(text), expected, "{text:?}");
        }
    }
}
