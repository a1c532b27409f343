//! Conversations: turns, forks, truncation, and the stored form.

use std::time::Duration;

use prime_ext::tools::{CallDecision, PendingCall, ToolEvent};
use prime_ext::{ChatMessage, ContentPart, Conversation, Cost, Meter, Spent, Tool};
use prime_sim::{Fault, Reply, Simulator, When};
use serde_json::{Value, json};

use crate::support::{MODEL, client};

fn weather() -> Tool {
    let schema = json!({ "type": "object" });
    Tool::with_schema("weather", schema, |_: Value| async { "Rain." })
}

/// Returns the messages of the last request.
fn sent(sim: &Simulator) -> Vec<Value> {
    let body: Value = serde_json::from_slice(&sim.requests().last().unwrap().body).unwrap();
    body["messages"].as_array().unwrap().clone()
}

fn json(conversation: &Conversation) -> Value {
    serde_json::to_value(conversation).unwrap()
}

#[tokio::test]
async fn a_conversation_keeps_turns_with_calls_and_reasoning() {
    let sim = Simulator::start().await.unwrap();
    let call = Reply::tool_call("weather", json!({})).reasoning("Hm.");
    sim.on_chat(When::contains("umbrella").and(When::round(1)))
        .reply(call);
    sim.on_chat(When::after_tool_results()).reply("Take one.");
    let meter = Meter::new();
    let prime = client(&sim).with_meter(&meter);

    let mut conversation = Conversation::new(MODEL).system("Be brief.");
    let answer = conversation
        .ask(&prime, "Capital of France?")
        .await
        .unwrap();
    assert_eq!(answer.text(), "The capital of France is Paris.");
    let umbrella = conversation.ask(&prime, "Do I need an umbrella there?");
    let answer = umbrella
        .request(|request| request.tools([weather()]))
        .await
        .unwrap();
    assert_eq!(answer.text(), "Take one.");
    conversation.ask(&prime, "Thanks").await.unwrap();

    let roles: Vec<_> = sent(&sim)
        .iter()
        .map(|message| message["role"].clone())
        .collect();
    let expected = [
        "system",
        "user",
        "assistant",
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ];
    assert_eq!(roles, expected);
    assert_eq!(sent(&sim)[4]["reasoning_content"], "Hm.");
    let turns: Vec<_> = conversation
        .turns()
        .iter()
        .map(|turn| turn.messages.len())
        .collect();
    assert_eq!(turns, [2, 4, 2]);
    assert_eq!(conversation.messages().count(), 9);
    assert_eq!(conversation.turns()[1].spent.responses, 2);
    assert_eq!(conversation.spent(), meter.total());
    assert_eq!(conversation.spent().with_known_cost, 4);
}

#[tokio::test]
async fn a_streamed_turn_is_added_at_its_end() {
    let sim = Simulator::start().await.unwrap();
    let prime = client(&sim);
    let mut conversation = Conversation::new(MODEL);
    let mut answer = conversation.ask(&prime, "Tell me a story").stream();
    let mut text = String::new();
    while let Some(piece) = answer.next_text().await.unwrap() {
        text.push_str(&piece);
    }
    assert_eq!(answer.finish().await.unwrap().text(), text);
    assert_eq!(conversation.turns().len(), 1);
    let answer = &conversation.turns()[0].messages[1];
    assert_eq!(answer.content.as_ref().unwrap().text(), text);
}

#[tokio::test]
async fn a_turn_that_fails_or_is_cancelled_leaves_the_conversation_unchanged() {
    let sim = Simulator::builder()
        .token_delay(Duration::from_millis(5))
        .start()
        .await
        .unwrap();
    let prime = client(&sim);
    let mut conversation = Conversation::new(MODEL).system("Be brief.");
    conversation.ask(&prime, "Hello").await.unwrap();
    let before = json(&conversation);

    // A request fails.
    let fault = sim.inject(Fault::status(400));
    conversation.ask(&prime, "Hello").await.unwrap_err();
    assert_eq!(json(&conversation), before);
    fault.remove();

    // A stream is cut off.
    let fault = sim.inject(Fault::cut_off());
    let error = conversation
        .ask(&prime, "Tell me a story")
        .stream()
        .finish()
        .await
        .unwrap_err();
    assert_eq!(error.transcript().unwrap().spent().with_unknown_cost, 1);
    assert_eq!(json(&conversation), before);
    fault.remove();

    // A limit is reached after a tool call.
    let call = Reply::tool_call("weather", json!({}));
    sim.on_chat("umbrella").reply(call);
    let ask = conversation.ask(&prime, "Do I need an umbrella?");
    let ask = ask.request(|request| request.tools([weather()]));
    ask.tool_loop(|tools| tools.round_limit(2))
        .await
        .unwrap_err();
    assert_eq!(json(&conversation), before);

    // The hook stops the turn.
    let ask = conversation.ask(&prime, "Do I need an umbrella?");
    let ask = ask.request(|request| request.tools([weather()]));
    let stop = |_: PendingCall| async { CallDecision::Stop };
    ask.tool_loop(|tools| tools.before_call(stop))
        .await
        .unwrap_err();
    assert_eq!(json(&conversation), before);

    // The stream is dropped after some text, and the future before the response.
    let mut answer = conversation.ask(&prime, "Tell me a story").stream();
    assert!(matches!(
        answer.try_next().await.unwrap(),
        Some(ToolEvent::Delta(_))
    ));
    drop(answer);
    assert_eq!(json(&conversation), before);
    let ask = conversation.ask(&prime, "Hello").into_future();
    assert!(
        tokio::time::timeout(Duration::from_micros(1), ask)
            .await
            .is_err()
    );
    assert_eq!(json(&conversation), before);

    // The next turn continues from the last complete one.
    conversation.ask(&prime, "Hello again").await.unwrap();
    assert_eq!(sent(&sim).len(), 4);
}

#[tokio::test]
async fn a_stored_conversation_is_equal_and_continues() {
    let sim = Simulator::start().await.unwrap();
    let prime = client(&sim);
    let odd = json!({ "choices": [{ "finish_reason": "stop", "message": {
        "role": "assistant", "content": [{ "type": "text", "text": "a" }, { "type": "odd", "x": 1 }],
        "reasoning_details": [{ "type": "reasoning.encrypted", "data": "x" }], "signature": "s" } }],
        "usage": { "prompt_tokens": 3, "completion_tokens": 2, "cost": "0.00000000000001" } });
    sim.on_chat("odd").reply(Reply::json(odd));
    let mut conversation = Conversation::new(MODEL).system("Be brief.");
    let image = [
        ContentPart::text("odd"),
        ContentPart::image("image/png", [1, 2, 3]),
    ];
    conversation.ask(&prime, image).await.unwrap();
    conversation.ask(&prime, "Hello").await.unwrap();

    let stored = serde_json::to_string(&conversation).unwrap();
    let mut loaded: Conversation = serde_json::from_str(&stored).unwrap();
    assert_eq!(json(&loaded), json(&conversation));
    assert_eq!(loaded.spent(), conversation.spent());
    assert_eq!(loaded.model(), MODEL);
    conversation.ask(&prime, "Bye").await.unwrap();
    let expected = sent(&sim);
    loaded.ask(&prime, "Bye").await.unwrap();
    assert_eq!(sent(&sim), expected);
    assert_eq!(expected[2]["signature"], "s");

    let of_version = |version: Value| {
        let mut stored: Value = serde_json::from_str(&stored).unwrap();
        stored["version"] = version;
        serde_json::from_value::<Conversation>(stored)
            .unwrap_err()
            .to_string()
    };
    assert!(of_version(json!(2)).contains("version 2; this library reads version 1"));
    assert!(of_version(Value::Null).contains("missing field `version`"));
    assert!(serde_json::from_str::<Conversation>("{\"version\": 1}").is_err());
}

#[tokio::test]
async fn conversations_are_forked() {
    let sim = Simulator::start().await.unwrap();
    let prime = client(&sim);
    let mut conversation = Conversation::new(MODEL).system("Be brief.");
    for question in ["One", "Two", "Three"] {
        conversation.ask(&prime, question).await.unwrap();
    }
    let mut fork = conversation.fork(1);
    fork.set_model("openai/gpt-oss-120b");
    fork.ask(&prime, "Other").await.unwrap();
    assert_eq!(fork.turns().len(), 2);
    assert_eq!(sent(&sim).len(), 4);
    assert_eq!(conversation.turns().len(), 3);
    assert_eq!(conversation.fork(9).turns().len(), 3);

    let turn = conversation.pop_turn().unwrap();
    assert_eq!(turn.messages[0].content.as_ref().unwrap().text(), "Three");
    assert_eq!(conversation.turns().len(), 2);

    // Messages of another program.
    let messages: Vec<ChatMessage> = fork.messages().cloned().collect();
    let same = Conversation::from_messages(fork.model(), messages);
    let (same, mut expected) = (json(&same), json(&fork));
    for turn in expected["turns"].as_array_mut().unwrap() {
        turn["spent"] = serde_json::to_value(Spent::default()).unwrap();
    }
    assert_eq!(same, expected);
}

#[tokio::test]
async fn truncation_removes_the_oldest_turns() {
    let sim = Simulator::start().await.unwrap();
    let prime = client(&sim);
    sim.on_chat(When::any()).reply("Yes.");
    let mut conversation = Conversation::new(MODEL).system("Be brief.");
    for question in ["One?", "Two?", "Three?"] {
        conversation.ask(&prime, question).await.unwrap();
    }
    let all = conversation.clone();
    // Each message has one token.
    for (tokens, removed) in [
        (99, 0),
        (7, 0),
        (6, 1),
        (5, 1),
        (4, 2),
        (3, 2),
        (2, 2),
        (0, 2),
    ] {
        let mut conversation = all.clone();
        let turns = conversation.truncate_with(tokens, |_| 1);
        assert_eq!(turns.len(), removed, "{tokens} tokens");
        assert_eq!(conversation.turns().len(), 3 - removed);
    }
    assert!(conversation.truncate(all.estimated_tokens()).is_empty());
    let removed = conversation.truncate(all.estimated_tokens() - 1);
    assert_eq!(
        removed[0].messages[0].content.as_ref().unwrap().text(),
        "One?"
    );
    conversation.ask(&prime, "Four?").await.unwrap();
    assert_eq!(sent(&sim).len(), 6);
    assert_eq!(sent(&sim)[0]["role"], "system");
    assert!(Conversation::new(MODEL).truncate(0).is_empty());

    let models = prime.models().list().await.unwrap();
    let prices = models
        .iter()
        .find(|model| model.id == MODEL)
        .unwrap()
        .pricing
        .as_ref();
    let cost = all.estimated_cost(prices.unwrap());
    assert!(
        matches!(cost, Cost::Estimated(amount) if amount > prime_ext::Usd::ZERO),
        "{cost}"
    );
}
