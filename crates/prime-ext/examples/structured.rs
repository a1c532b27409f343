//! Reads the answer into a Rust type.
//!
//! `cargo run --example structured`, or with `-- --live` against the real service, which costs a little.

mod common;

use prime_ext::schema::{self, StrictVerdict};
use prime_ext::schemars::{self, JsonSchema};
use prime_ext::typed::ParseFailureReason;
use serde::Deserialize;

/// The weather of a city. The model receives the comments.
#[derive(Deserialize, JsonSchema)]
struct Weather {
    city: String,
    /// In degrees Celsius.
    temperature: f64,
    sky: Sky,
    /// The warnings of the weather service.
    warnings: Vec<String>,
    /// Missing if there is no wind.
    wind: Option<Wind>,
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Sky {
    Clear,
    Cloudy,
    Rain,
}

#[derive(Deserialize, JsonSchema)]
struct Wind {
    /// In meters per second.
    speed: f64,
    direction: String,
}

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;
    let request = service
        .client
        .chat("openai/gpt-oss-120b")
        .user("Make up the weather in Paris.")
        .max_tokens(500);

    // The schema comes from the type, and the answer is always checked against the type.
    let weather: Weather = request.clone().parse().await?;
    println!(
        "{} °C in {}, {:?}",
        weather.temperature, weather.city, weather.sky
    );
    if let Some(wind) = weather.wind {
        println!("wind from {} with {} m/s", wind.direction, wind.speed);
    }
    for warning in weather.warnings {
        println!("warning: {warning}");
    }

    // In strict mode, the service guarantees that the answer matches the schema. Not every type allows it.
    match schema::to_strict(&schema::of::<Weather>()) {
        StrictVerdict::Possible { changes, .. } => {
            for change in changes {
                println!("  {change}");
            }
        }
        verdict => println!("{verdict:?}"),
    }

    // A response without an answer is an error that has the response, which was billed.
    let typed = request.parse::<Weather>().strict(true);
    match typed.with_response().await {
        Ok(typed) => {
            let (weather, response) = typed.into_parts();
            println!(
                "{:?} in {}, for {}",
                weather.sky,
                weather.city,
                response.cost()
            );
        }
        Err(error) => {
            let failure = error.parse_failure().ok_or(error.to_string())?;
            let response = failure.response();
            match failure.reason() {
                ParseFailureReason::Refused => eprintln!("{:?}", response.refusal()),
                reason => eprintln!("{reason}: {}", response.text()),
            }
            eprintln!("{}", response.cost());
        }
    }
    Ok(())
}
