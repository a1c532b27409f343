//! Lets the simulator inject faults, and shows how the client handles them.
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

    // The service is busy: the client retries the call after the time that the service asks for.
    simulator.inject(Fault::rate_limited().retry_after_ms(100).once());
    let response = prime.chat(MODEL).user("Hello").await?;
    println!("a response after {} attempts", response.meta().attempts());

    // The stream is cut off: the client returns an error, which carries the part that arrived.
    simulator.inject(Fault::cut_off().after(5).once());
    let stream = prime.chat(MODEL).user("Tell me a story").stream().await?;
    let Err(error) = stream.finish().await else {
        return Err("the stream was cut off, but there was no error".into());
    };
    assert_eq!(error.stream_end(), Some(StreamEnd::CutOff));
    let partial = error.partial_response().map(|partial| partial.text());
    println!("{error}; arrived: {partial:?}");

    // The response is lost: the run exists, the client does not repeat the request, and the error says that the outcome
    // is unknown.
    simulator.inject(Fault::lost_response().on(Operation::CreateRun).once());
    let config = prime_ext::RunConfig::from_toml(include_str!("tour/rl.toml"))?;
    let Err(error) = prime.runs().create(config).await else {
        return Err("the response was lost, but there was no error".into());
    };
    assert!(error.outcome_unknown());
    assert_eq!(simulator.runs().len(), 1);
    println!("{error}");
    Ok(())
}
