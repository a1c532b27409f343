//! A simulator and a client of it.

use prime_ext::Client;
use prime_sim::Simulator;

/// A client with a key of the simulator's, as the key's owner.
pub(crate) fn client(sim: &Simulator) -> Client {
    with_key(sim, sim.key())
}

/// A client with any key.
pub(crate) fn with_key(sim: &Simulator, key: &str) -> Client {
    Client::builder()
        .api_key(key)
        .inference_url(sim.inference_url())
        .platform_url(sim.platform_url())
        .build()
        .unwrap()
}

/// A model of the simulator's, with a slash in its id and a price.
pub(crate) const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";
