//! Asks a model twice, in one conversation.
//!
//! `cargo run --example chat`, or with `-- --live` against the real service, which costs a little.

mod common;

const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;
    let prime = &service.client;

    let request = prime
        .chat(MODEL)
        .system("Be brief.")
        .user("What is the capital of France?")
        .max_tokens(50);
    let response = request.clone().await?;
    println!("{}", response.text());

    // The whole message, with tool calls and reasoning if there are any, is sent back.
    let Some(message) = response.message() else {
        return Err("the response has no message".into());
    };
    let response = request
        .message(message.clone())
        .user("And of Italy?")
        .await?;
    println!("{}", response.text());
    println!("finish reason: {:?}", response.finish_reason());
    Ok(())
}
