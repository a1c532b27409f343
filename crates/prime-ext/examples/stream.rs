//! Prints a response as it arrives, with reasoning and tool calls.
//!
//! `cargo run --example stream`, or with `-- --live` against the real service, which costs a little.

mod common;

use std::io::Write as _;

use prime_ext::ChatDelta;

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;
    let request = service
        .client
        .chat("meta-llama/llama-3.1-70b-instruct")
        .user("Tell me a short story.")
        .max_tokens(100);

    let mut stream = request.stream().await?;
    while let Some(delta) = stream.next_delta().await? {
        match delta {
            ChatDelta::Text(text) => print!("{text}"),
            ChatDelta::Reasoning(text) => eprint!("{text}"),
            ChatDelta::ToolCall(_) => eprintln!("{:?}", stream.tool_calls()),
            _ => {}
        }
        std::io::stdout().flush()?;
    }
    println!();

    // `finish` returns an error if the stream was cut off.
    let response = stream.finish().await?;
    println!(
        "ended: {:?}, cost: {}",
        response.stream_end(),
        response.cost()
    );
    Ok(())
}
