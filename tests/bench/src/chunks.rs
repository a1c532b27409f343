//! What the server sends: chunks of about 230 bytes, of the shape that vLLM and its like send.

/// The texts of the chunks, in turn.
const TEXTS: [&str; 8] = [
    " the",
    " capital",
    " of",
    " France",
    " is",
    " \\\"Paris\\\"",
    ",\\n",
    " naïve",
];

/// An event with the piece of an answer.
pub fn event(number: usize) -> String {
    let text = TEXTS[number % TEXTS.len()];
    format!(
        "data: {{\"id\":\"chatcmpl-5c1f0e7a93bd4e2f\",\"object\":\"chat.completion.chunk\",\
         \"created\":1763775123,\"model\":\"meta-llama/llama-3.1-70b-instruct\",\"choices\":[{{\
         \"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"logprobs\":null,\"finish_reason\":null}}]}}\n\n"
    )
}

/// The events that end an answer.
pub fn end() -> &'static str {
    "data: {\"id\":\"chatcmpl-5c1f0e7a93bd4e2f\",\"object\":\"chat.completion.chunk\",\
     \"created\":1763775123,\"model\":\"meta-llama/llama-3.1-70b-instruct\",\"choices\":[{\
     \"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n\
     data: {\"id\":\"chatcmpl-5c1f0e7a93bd4e2f\",\"object\":\"chat.completion.chunk\",\
     \"created\":1763775123,\"model\":\"meta-llama/llama-3.1-70b-instruct\",\"choices\":[],\
     \"usage\":{\"prompt_tokens\":12,\"total_tokens\":20,\"completion_tokens\":8}}\n\n\
     data: [DONE]\n\n"
}
