//! A type, requests and replies for the tests.

use prime_ext::ChatRequest;
use prime_ext::schemars::{self, JsonSchema};
use prime_sim::{Reply, Simulator};
use serde::Deserialize;
use serde_json::Value;

use crate::support::{MODEL, bodies, client};

/// The weather of a city.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
pub(crate) struct Weather {
    /// The city.
    pub(crate) city: String,
    pub(crate) temperature: f64,
    pub(crate) rain: Option<bool>,
}

pub(crate) fn paris() -> Weather {
    Weather {
        city: "Paris".to_owned(),
        temperature: 21.5,
        rain: None,
    }
}

/// Starts a simulator that answers every question with this reply.
pub(crate) async fn simulator(reply: Reply) -> Simulator {
    let sim = Simulator::start().await.unwrap();
    sim.on_chat("question").reply(reply);
    sim
}

pub(crate) fn request(sim: &Simulator) -> ChatRequest {
    client(sim).chat(MODEL).user("A question")
}

/// Returns the body of the last request.
pub(crate) fn sent(sim: &Simulator) -> Value {
    bodies(sim).pop().unwrap()
}
