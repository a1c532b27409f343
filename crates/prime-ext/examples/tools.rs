//! Lets the model call Rust functions until it can answer.
//!
//! `cargo run --example tools`, or with `-- --live` against the real service, which costs a little.

mod common;

use std::time::Duration;

use prime_ext::schemars::{self, JsonSchema};
use prime_ext::tools::Tool;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Returns the current weather of a city.
#[derive(Deserialize, JsonSchema)]
struct WeatherArguments {
    /// The city, such as `Paris`.
    city: String,
    /// The unit of the temperature.
    #[serde(default)]
    unit: Unit,
}

#[derive(Default, Deserialize, Serialize, JsonSchema)]
enum Unit {
    #[default]
    Celsius,
    Fahrenheit,
}

#[derive(Serialize)]
struct Weather {
    sky: &'static str,
    temperature: f64,
    unit: Unit,
}

/// A tool: the schema comes from the type of its argument. The model receives the `Weather` as JSON, and the text of an
/// error.
async fn weather(arguments: WeatherArguments) -> Result<Weather, String> {
    if arguments.city.is_empty() {
        return Err("the city is empty".to_owned());
    }
    let temperature = match arguments.unit {
        Unit::Celsius => 21.0,
        Unit::Fahrenheit => 69.8,
    };
    Ok(Weather {
        sky: "rain",
        temperature,
        unit: arguments.unit,
    })
}

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;

    // A tool from a closure and a schema.
    let schema = json!({ "type": "object", "properties": { "zone": { "type": "string" } } });
    let time = Tool::with_schema("time", schema, |arguments: Value| async move {
        format!("12:00 {}", arguments["zone"].as_str().unwrap_or("UTC"))
    })
    .description("Returns the current time in a time zone.");

    let result = service
        .client
        .chat("openai/gpt-oss-120b")
        .user("What is the weather in Paris, and what is the time there?")
        .max_tokens(500)
        .tools([Tool::new("weather", weather), time])
        .run()
        .round_limit(5)
        .cost_limit("0.05".parse()?)
        .time_limit(Duration::from_secs(60))
        .await;

    // A loop that ends early, such as at a limit, is an error that has the transcript.
    let transcript = match &result {
        Ok(transcript) => transcript,
        Err(error) => {
            eprintln!("{error}");
            error.transcript().ok_or("the loop did not begin")?
        }
    };
    for (number, round) in (1..).zip(transcript.rounds()) {
        println!("round {number}, {}", round.cost());
        for result in round.calls() {
            println!("  {} {}: {}", result.name, result.arguments, result.content);
        }
    }
    println!("{}", transcript.text());
    println!("{}", transcript.spent());
    Ok(())
}
