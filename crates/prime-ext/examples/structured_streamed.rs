//! Shows a typed answer as it arrives.
//!
//! `cargo run --example structured_streamed`, or with `-- --live` against the real service, which costs a little.

mod common;

use prime_ext::schemars::{self, JsonSchema};
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Story {
    title: String,
    /// Three short chapters.
    #[schemars(length(min = 3, max = 3))]
    chapters: Vec<Chapter>,
}

#[derive(Deserialize, JsonSchema)]
struct Chapter {
    heading: String,
    text: String,
}

/// What has arrived of a story. Every field may be missing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PartialStory {
    title: String,
    chapters: Vec<PartialChapter>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PartialChapter {
    heading: String,
    text: String,
}

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;

    let mut stream = service
        .client
        .chat("openai/gpt-oss-120b")
        .user("Tell a very short story.")
        .max_tokens(1000)
        .stream_parse::<Story>()
        .await?;
    while let Some(value) = stream.try_next().await? {
        let story = PartialStory::deserialize(value)?;
        let last = story.chapters.last();
        let (heading, text) = last.map_or(("", ""), |last| (&last.heading, &last.text));
        println!(
            "{:?}, chapter {}: {heading:?} {text:?}",
            story.title,
            story.chapters.len()
        );
    }

    // Only a complete answer that fits the type is a story.
    let (story, response) = stream.finish().await?.into_parts();
    println!("{}, for {}", story.title, response.cost());
    for chapter in story.chapters {
        println!("{}\n{}", chapter.heading, chapter.text);
    }
    Ok(())
}
