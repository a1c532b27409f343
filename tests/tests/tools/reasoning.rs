//! Reasoning in the requests of a loop.

use prime_ext::{Client, ReasoningHistory};
use prime_sim::{Reply, Simulator};
use serde_json::{Value, json};

use super::support::{simulator, weather};
use crate::support::{MODEL, bodies};

/// Runs a loop whose first response has reasoning under each name, and returns the assistant message that was sent
/// back.
async fn sent_back(
    client: impl FnOnce(&Simulator) -> Client,
    history: Option<ReasoningHistory>,
) -> Value {
    let message = json!({
        "role": "assistant",
        "content": "",
        "reasoning_content": "a",
        "reasoning": "b",
        "reasoning_details": [{ "type": "reasoning.encrypted", "data": "c", "index": 0 }],
        "tool_calls": [{
            "id": "1",
            "type": "function",
            "function": { "name": "weather", "arguments": "{\"city\":\"Rome\"}" },
            "extra_content": { "google": { "thought_signature": "d" } },
        }],
    });
    let body = json!({ "choices": [{ "message": message, "finish_reason": "tool_calls" }] });
    let sim = simulator([Reply::json(&body), Reply::text("Rain.")]).await;
    let mut request = client(&sim)
        .chat(format!("{MODEL}:adapter"))
        .user("A question")
        .tools([weather()]);
    if let Some(history) = history {
        request = request.reasoning_history(history);
    }
    request.run().await.unwrap();
    let sent = bodies(&sim)[1]["messages"][1].clone();
    // A signature is not reasoning.
    assert_eq!(sent["tool_calls"], message["tool_calls"]);
    if sent.get("reasoning").is_some() {
        assert_eq!(sent, message);
    }
    sent
}

fn client(sim: &Simulator, histories: &[(&str, ReasoningHistory)]) -> Client {
    let builder = Client::builder()
        .api_key(sim.key())
        .inference_url(sim.inference_url());
    sim.add_adapter(MODEL, "adapter");
    let builder = histories.iter().fold(builder, |builder, (model, history)| {
        builder.reasoning_history(*model, *history)
    });
    builder.build().unwrap()
}

#[tokio::test]
async fn reasoning_is_sent_back_as_received_unless_the_request_or_the_model_omits_it() {
    use ReasoningHistory::{AsReceived, Omit};
    let adapter = format!("{MODEL}:adapter");
    for (histories, own, omitted) in [
        (&[][..], None, false),
        (&[], Some(Omit), true),
        (&[(MODEL, Omit)], None, true),
        (&[(MODEL, Omit)], Some(AsReceived), false),
        (
            &[(MODEL, Omit), (adapter.as_str(), AsReceived)],
            None,
            false,
        ),
        (&[("another/model", Omit)], None, false),
    ] {
        let sent = sent_back(|sim| client(sim, histories), own).await;
        let fields = ["reasoning_content", "reasoning", "reasoning_details"];
        let present = fields.map(|field| sent.get(field).is_some());
        assert_eq!(present, [!omitted; 3], "{histories:?} {own:?}: {sent}");
    }
}
