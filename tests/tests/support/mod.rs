//! Clients of the simulator, and what it received.

use prime_ext::Client;
use prime_sim::{RecordedRequest, Simulator};
use serde_json::Value;

/// A model of the simulator with a price and a slash in its ID.
pub(crate) const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";

/// Returns a client with the simulator's default key.
pub(crate) fn client(sim: &Simulator) -> Client {
    with_key(sim, sim.key())
}

/// Returns a client with the given key.
pub(crate) fn with_key(sim: &Simulator, key: &str) -> Client {
    Client::builder()
        .api_key(key)
        .inference_url(sim.inference_url())
        .platform_url(sim.platform_url())
        .build()
        .unwrap()
}

/// Returns the JSON body of a request.
pub(crate) fn body(request: &RecordedRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// Returns the JSON bodies of all requests, oldest first.
pub(crate) fn bodies(sim: &Simulator) -> Vec<Value> {
    sim.requests().iter().map(body).collect()
}
