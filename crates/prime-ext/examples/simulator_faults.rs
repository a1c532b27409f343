//! Tests what a program does when the service fails, against the simulator.
//!
//! `cargo run --example simulator_faults`.

mod common;

use prime_ext::StreamEnd;
use prime_sim::{Fault, Operation, Simulator};

const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";

#[tokio::main]
async fn main() -> common::Outcome {
    let simulator = Simulator::start().await?;
    let prime = common::client(&simulator)?;

    // A busy service: the call is retried after the time that the service asks for.
    simulator.inject(Fault::rate_limited().retry_after_ms(100).once());
    let response = prime.chat(MODEL).user("Hello").await?;
    println!("answered after {} attempts", response.meta().attempts());

    // A stream that is cut off is an error, which has the part that arrived.
    simulator.inject(Fault::cut_off().after(5).once());
    let stream = prime.chat(MODEL).user("Tell me a story").stream().await?;
    let Err(error) = stream.finish().await else {
        return Err("the cut was not noticed".into());
    };
    assert_eq!(error.stream_end(), Some(StreamEnd::CutOff));
    let partial = error.partial_response().map(|partial| partial.text());
    println!("{error}; arrived: {partial:?}");

    // The response to a creation is lost: the run exists, and the request is not repeated.
    simulator.inject(Fault::lost_response().on(Operation::CreateRun).once());
    let config = prime_ext::RunConfig::from_toml(include_str!("tour/rl.toml"))?;
    let Err(error) = prime.runs().create(config).await else {
        return Err("the lost response was not noticed".into());
    };
    assert!(error.outcome_unknown());
    assert_eq!(simulator.runs().len(), 1);
    println!("{error}");
    Ok(())
}
