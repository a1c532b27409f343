//! Requests, tools and replies for the tests.

use prime_ext::ChatRequest;
use prime_ext::tools::Tool;
use prime_sim::{Reply, Simulator};
use serde_json::{Value, json};

use crate::support::{MODEL, bodies, client};

/// Returns a request with the tools `weather` and `time`.
pub(crate) fn request(sim: &Simulator) -> ChatRequest {
    client(sim)
        .chat(MODEL)
        .user("A question")
        .tools([weather(), time()])
}

/// A tool that requires a city.
pub(crate) fn weather() -> Tool {
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string" } },
        "required": ["city"],
    });
    Tool::with_schema("weather", schema, |arguments: Value| async move {
        match arguments["city"].as_str() {
            Some("Atlantis") => Err("no such city"),
            Some(city) => Ok(format!("Rain in {city}")),
            None => Err("the city must be a string"),
        }
    })
    .description("Returns the weather of a city.")
}

/// A tool that requires nothing.
pub(crate) fn time() -> Tool {
    let schema = json!({ "type": "object", "properties": { "zone": { "type": "string" } } });
    Tool::with_schema("time", schema, |arguments: Value| async move {
        format!("12:00 {}", arguments["zone"].as_str().unwrap_or("UTC"))
    })
}

/// A reply with a call of `weather` for each city.
pub(crate) fn weather_calls(cities: &[&str]) -> Reply {
    let [first, more @ ..] = cities else {
        panic!("no cities");
    };
    let reply = Reply::tool_call("weather", json!({ "city": first }));
    more.iter().fold(reply, |reply, city| {
        reply.and_tool_call("weather", json!({ "city": city }))
    })
}

/// Makes the simulator give these replies, one for each request.
pub(crate) fn script(sim: &Simulator, replies: impl IntoIterator<Item = Reply>) {
    for reply in replies {
        sim.on_chat("question").once().reply(reply);
    }
}

/// Starts a simulator that gives these replies.
pub(crate) async fn simulator(replies: impl IntoIterator<Item = Reply>) -> Simulator {
    let sim = Simulator::start().await.unwrap();
    script(&sim, replies);
    sim
}

/// Returns the contents of the results in the last request.
pub(crate) fn sent_results(sim: &Simulator) -> Vec<String> {
    let bodies = bodies(sim);
    let messages = bodies.last().unwrap()["messages"].as_array().unwrap();
    let results = messages.iter().filter(|message| message["role"] == "tool");
    results
        .map(|result| result["content"].as_str().unwrap().to_owned())
        .collect()
}
