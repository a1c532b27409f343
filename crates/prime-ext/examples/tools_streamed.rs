//! Shows a tool loop as it happens, and asks before each call.
//!
//! `cargo run --example tools_streamed`, or with `-- --live` against the real service, which costs a little.

mod common;

use std::io::Write as _;

use prime_ext::ChatDelta;
use prime_ext::tools::{CallDecision, PendingCall, Tool, ToolEvent};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Place {
    city: String,
}

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;

    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string" } },
        "required": ["city"],
    });
    let weather = Tool::with_schema("weather", schema.clone(), |place: Place| async move {
        format!("It rains in {}.", place.city)
    });
    let delete = Tool::with_schema("delete_city", schema, |place: Place| async move {
        format!("{} is gone.", place.city)
    });

    let mut events = service
        .client
        .chat("openai/gpt-oss-120b")
        .user("What is the weather in Paris? If it rains, delete the city.")
        .tools([weather, delete])
        .run()
        // A program with a terminal would ask its user here.
        .before_call(|call: PendingCall| async move {
            if call.name.starts_with("delete") {
                CallDecision::Deny("the user does not allow this".to_owned())
            } else {
                CallDecision::Run
            }
        })
        .stream();

    while let Some(event) = events.try_next().await? {
        match event {
            ToolEvent::Delta(ChatDelta::Text(text)) => print!("{text}"),
            ToolEvent::Delta(ChatDelta::Reasoning(text)) => eprint!("{text}"),
            ToolEvent::CallStarted(call) => println!("{} {} …", call.name, call.arguments),
            ToolEvent::CallFinished(result) => println!("{}: {}", result.name, result.content),
            ToolEvent::Response(_) => println!(),
            _ => {}
        }
        std::io::stdout().flush()?;
    }
    println!("{}", events.transcript().spent());
    Ok(())
}
