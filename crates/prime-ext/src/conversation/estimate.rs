//! Estimates the number of tokens of a message.

use openapi_runtime::TextOrParts;
use pinference_api::types::ChatMessage;
use serde_json::Value;

/// The number of bytes of text in a token. English has about 4, other languages and code have fewer.
const BYTES_PER_TOKEN: u64 = 3;

/// The number of tokens that a message takes besides its text: its role and its delimiters.
const TOKENS_PER_MESSAGE: u64 = 4;

/// The number of tokens of an image, a sound or a file. Most models charge between 85 and 1,600 tokens for an image.
const TOKENS_PER_ATTACHMENT: u64 = 1_000;

/// Estimates the number of tokens of a message without the tokenizer of the model: one token for 3 bytes of text, tool
/// calls and reasoning, 4 tokens for the message itself, and 1,000 tokens for each image, sound or file.
///
/// The estimate is higher than the number of tokens for most texts in European languages, and lower for some texts in
/// other languages. Do not use it for bills: [`Spent`](crate::Spent) has what the service counted.
pub fn estimate_tokens(message: &ChatMessage) -> u64 {
    let mut bytes = 0;
    let mut attachments = 0;
    match &message.content {
        Some(TextOrParts::Text(text)) => bytes += text.len(),
        Some(TextOrParts::Parts(parts)) => {
            for part in parts {
                match ["text", "refusal"]
                    .iter()
                    .find_map(|name| part[*name].as_str())
                {
                    Some(text) => bytes += text.len(),
                    None => attachments += 1,
                }
            }
        }
        // Another variant is not a text.
        _ => {}
    }
    let texts = [
        &message.name,
        &message.reasoning,
        &message.reasoning_content,
        &message.refusal,
    ];
    bytes += texts.into_iter().flatten().map(String::len).sum::<usize>();
    if message.reasoning.is_none() && message.reasoning_content.is_none() {
        let details = message.reasoning_details.iter().flatten();
        bytes += details.map(json_len).sum::<usize>();
    }
    let calls = message.tool_calls.iter().flatten();
    for function in calls.filter_map(|call| call.function.as_ref()) {
        let arguments = function.arguments.as_ref().map_or(0, String::len);
        bytes += function.name.len() + arguments;
    }
    attachments += u64::from(message.audio.is_some());
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    bytes.div_ceil(BYTES_PER_TOKEN) + TOKENS_PER_MESSAGE + TOKENS_PER_ATTACHMENT * attachments
}

fn json_len(value: &Value) -> usize {
    value.to_string().len()
}

#[cfg(test)]
mod tests {
    use pinference_api::types::{ContentPart, FunctionCall, ToolCall};

    use super::*;

    #[test]
    fn estimates_include_calls_and_attachments() {
        assert_eq!(estimate_tokens(&ChatMessage::user("")), 4);
        assert_eq!(estimate_tokens(&ChatMessage::user("Hello.")), 6);
        let parts = [
            ContentPart::text("Hello."),
            ContentPart::image("image/png", [0; 100_000]),
        ];
        assert_eq!(estimate_tokens(&ChatMessage::user(parts)), 1_006);

        let mut message = ChatMessage::assistant("Hello.");
        message.reasoning_content = Some("Think.".to_owned());
        let mut call = ToolCall::default();
        let mut function = FunctionCall::default();
        function.name = "time".to_owned();
        function.arguments = Some("{}".to_owned());
        call.function = Some(function);
        message.tool_calls = Some(vec![call]);
        assert_eq!(estimate_tokens(&message), 4 + 6);
    }
}
