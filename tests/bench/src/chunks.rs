//! The responses of the server: a completion, and chunks of about 230 bytes in the format of vLLM.

/// The texts of the chunks, in order.
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

/// Returns an event with a delta.
pub fn event(number: usize) -> String {
    let text = TEXTS[number % TEXTS.len()];
    format!(
        "data: {{\"id\":\"chatcmpl-5c1f0e7a93bd4e2f\",\"object\":\"chat.completion.chunk\",\
         \"created\":1763775123,\"model\":\"meta-llama/llama-3.1-70b-instruct\",\"choices\":[{{\
         \"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"logprobs\":null,\"finish_reason\":null}}]}}\n\n"
    )
}

/// Returns the final events.
pub fn end() -> &'static str {
    "data: {\"id\":\"chatcmpl-5c1f0e7a93bd4e2f\",\"object\":\"chat.completion.chunk\",\
     \"created\":1763775123,\"model\":\"meta-llama/llama-3.1-70b-instruct\",\"choices\":[{\
     \"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n\
     data: {\"id\":\"chatcmpl-5c1f0e7a93bd4e2f\",\"object\":\"chat.completion.chunk\",\
     \"created\":1763775123,\"model\":\"meta-llama/llama-3.1-70b-instruct\",\"choices\":[],\
     \"usage\":{\"prompt_tokens\":12,\"total_tokens\":20,\"completion_tokens\":8}}\n\n\
     data: [DONE]\n\n"
}

/// Returns a response that is not a stream.
pub fn answer() -> &'static str {
    "{\"id\":\"chatcmpl-5c1f0e7a93bd4e2f\",\"object\":\"chat.completion\",\"created\":1763775123,\
     \"model\":\"meta-llama/llama-3.1-70b-instruct\",\"choices\":[{\"index\":0,\"message\":{\
     \"role\":\"assistant\",\"content\":\"The capital of France is Paris. It has been for most of its \
     history, and is the country's largest city, its seat of government, and its centre of culture, \
     commerce and transport.\"},\"logprobs\":null,\"finish_reason\":\"stop\"}],\
     \"usage\":{\"prompt_tokens\":25,\"completion_tokens\":40,\"total_tokens\":65}}"
}
