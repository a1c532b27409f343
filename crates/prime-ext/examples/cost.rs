//! Adds up the cost of many requests with a meter.
//!
//! `cargo run --example cost`, or with `-- --live` against the real service, which costs a little.

mod common;

use prime_ext::Meter;

#[tokio::main]
async fn main() -> common::Outcome {
    let service = common::service().await?;

    // If a response does not state its cost, the meter estimates the cost from these prices.
    let models = service.client.models().list().await?;
    let meter = Meter::with_prices(&models);
    let prime = service.client.with_meter(&meter);

    for city in ["Paris", "Rome", "Madrid"] {
        let request = prime
            .chat("meta-llama/llama-3.1-70b-instruct")
            .user(format!("Name one sight of {city}."))
            .include_cost()
            .max_tokens(20);
        let response = request.await?;
        println!("{city}: {} for {}", response.text(), response.cost());
    }
    println!("{}", meter.total());
    Ok(())
}
