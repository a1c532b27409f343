//! Keeps a conversation, stores it, continues it, and forks it.
//!
//! `cargo run --example conversation`, or with `-- --live` against the real service, which costs a little.

mod common;

use std::io::Write as _;

use prime_ext::Conversation;

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;
    let prime = service.client;

    let mut conversation = Conversation::new("openai/gpt-oss-120b").system("Be brief.");
    let answer = conversation
        .ask(&prime, "Capital of France?")
        .request(|request| request.max_tokens(200))
        .await?;
    println!("{}", answer.text());

    // A streamed turn. It belongs to the conversation once it is complete: a turn that fails or is dropped does not.
    let mut answer = conversation
        .ask(&prime, "Tell me a story about it.")
        .stream();
    while let Some(text) = answer.next_text().await? {
        print!("{text}");
        std::io::stdout().flush()?;
    }
    println!();

    // The stored form has all messages, their reasoning and tool calls, and the cost of each turn.
    let stored = serde_json::to_string(&conversation)?;
    let mut conversation: Conversation = serde_json::from_str(&stored)?;
    println!(
        "{} turns in {} bytes, {}",
        conversation.turns().len(),
        stored.len(),
        conversation.spent()
    );

    // A fork continues from an earlier turn.
    let mut fork = conversation.fork(1);
    fork.ask(&prime, "And of Italy?").await?;

    // Whole turns are removed, the oldest first, by an estimate of their tokens.
    let removed = conversation.truncate(50);
    println!("removed {} turns", removed.len());
    Ok(())
}
