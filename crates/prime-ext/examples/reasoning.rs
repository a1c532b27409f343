//! Prints the reasoning of a model apart from its answer, and sends it back with the next question.
//!
//! `cargo run --example reasoning`, or with `-- --live` against the real service, which costs a little.

mod common;

use std::io::Write as _;

use prime_ext::{ChatDelta, ReasoningHistory};

const MODEL: &str = "openai/gpt-oss-120b";

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;
    let question = "Which is larger, 9.9 or 9.11?";

    let request = service.client.chat(MODEL).user(question);
    let mut stream = request.clone().reasoning_effort("low").stream().await?;
    while let Some(delta) = stream.next_delta().await? {
        match delta {
            // From whichever field the service uses.
            ChatDelta::Reasoning(text) => eprint!("{text}"),
            ChatDelta::Text(text) => print!("{text}"),
            _ => {}
        }
        std::io::stdout().flush()?;
    }
    let first = stream.finish().await?;
    let details = first
        .usage()
        .and_then(|usage| usage.completion_tokens_details.as_ref());
    let tokens = details.and_then(|details| details.reasoning_tokens);
    println!("\n{} tokens of reasoning", tokens.unwrap_or_default());

    // Some models need their reasoning to go on, and some services reject it. By default, it is sent back as received.
    let message = first.message().ok_or("no choice")?.clone();
    let second = request
        .message(message)
        .user("Are you sure?")
        .reasoning_history(ReasoningHistory::Omit)
        .await?;
    println!("{}", second.text());
    Ok(())
}
