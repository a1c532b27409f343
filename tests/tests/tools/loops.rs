//! What a loop sends, its results and its transcript.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prime_ext::tools::{CallOutcome, LoopEnd, Tool};
use prime_ext::{Cost, Meter, ToolChoice};
use prime_sim::Reply;
use serde_json::{Value, json};

use super::support::{request, sent_results, simulator, time, weather, weather_calls};
use crate::support::{MODEL, bodies, client};

#[tokio::test]
async fn calls_run_and_their_results_are_sent_back() {
    let sim = simulator([
        weather_calls(&["Paris", "Rome"]),
        Reply::tool_call("time", json!({})),
        Reply::text("It rains at noon."),
    ])
    .await;
    let transcript = request(&sim).run().await.unwrap();

    assert_eq!(transcript.text(), "It rains at noon.");
    assert_eq!(transcript.end(), Some(LoopEnd::Finished));
    let rounds = transcript.rounds();
    assert_eq!(rounds.len(), 3);
    let contents: Vec<_> = rounds
        .iter()
        .map(|round| {
            let results = round.calls().iter();
            results
                .map(|result| result.content.as_str())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(
        contents,
        [
            vec!["Rain in Paris", "Rain in Rome"],
            vec!["12:00 UTC"],
            vec![]
        ]
    );
    for result in rounds.iter().flat_map(|round| round.calls()) {
        assert_eq!(result.outcome, CallOutcome::Returned);
    }

    let sent = bodies(&sim);
    assert_eq!(sent.len(), 3);
    assert_eq!(
        sent[0]["tools"][0],
        json!({
            "type": "function",
            "function": {
                "name": "weather",
                "description": "Returns the weather of a city.",
                "parameters": {
                    "type": "object",
                    "properties": { "city": { "type": "string" } },
                    "required": ["city"],
                },
            },
        })
    );
    assert_eq!(sent[0]["tools"].as_array().unwrap().len(), 2);
    let messages = sent[2]["messages"].as_array().unwrap();
    let roles: Vec<_> = messages
        .iter()
        .map(|message| message["role"].as_str().unwrap())
        .collect();
    assert_eq!(
        roles,
        ["user", "assistant", "tool", "tool", "assistant", "tool"]
    );
    let calls = &messages[1]["tool_calls"];
    assert_eq!(calls[0]["id"], messages[2]["tool_call_id"]);
    assert_eq!(calls[1]["id"], messages[3]["tool_call_id"]);
    assert_eq!(messages[3]["content"], "Rain in Rome");

    // The transcript continues the conversation.
    assert_eq!(transcript.messages().len(), 7);
    let next = client(&sim)
        .chat(MODEL)
        .messages(transcript.into_messages());
    next.user("Thanks").await.unwrap();
}

#[tokio::test]
async fn each_round_has_its_cost_and_the_meter_counts_it_once() {
    let sim = simulator([weather_calls(&["Paris"]), Reply::text("Rain.")]).await;
    let meter = Meter::new();
    let prime = client(&sim).with_meter(&meter);
    let transcript = prime
        .chat(MODEL)
        .user("A question")
        .tools([weather()])
        .run()
        .await
        .unwrap();
    let costs: Vec<_> = transcript
        .rounds()
        .iter()
        .map(|round| round.cost())
        .collect();
    let amounts: prime_ext::UsdSum = costs.iter().filter_map(|cost| cost.known()).sum();
    assert!(costs.iter().all(|cost| matches!(cost, Cost::Known(_))));
    assert_eq!(transcript.spent().known, amounts);
    assert_eq!(transcript.spent().responses, 2);
    assert_eq!(meter.total(), *transcript.spent());
}

#[tokio::test]
async fn calls_run_in_parallel_up_to_the_limit_and_results_keep_their_order() {
    for (parallel, expected) in [(0, 1), (1, 1), (2, 2), (8, 5)] {
        let calls = [5, 4, 3, 2, 1].map(|delay| json!({ "delay": delay }));
        let reply = Reply::tool_call("wait", &calls[0]);
        let reply = calls[1..]
            .iter()
            .fold(reply, |reply, call| reply.and_tool_call("wait", call));
        let sim = simulator([reply, Reply::text("Done.")]).await;
        let running = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let counters = (running, most.clone());
        let schema = json!({ "type": "object" });
        let wait = Tool::with_schema("wait", schema, move |arguments: Value| {
            let (running, most) = counters.clone();
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let delay = arguments["delay"].as_u64().unwrap_or(0);
                tokio::time::sleep(Duration::from_millis(10 * delay)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                delay.to_string()
            }
        });
        let request = client(&sim).chat(MODEL).user("A question").tools([wait]);
        request.run().max_concurrent_calls(parallel).await.unwrap();
        assert_eq!(
            most.load(Ordering::SeqCst),
            expected,
            "{parallel} in parallel"
        );
        assert_eq!(sent_results(&sim), ["5", "4", "3", "2", "1"]);
    }
}

#[tokio::test]
async fn a_forced_tool_choice_applies_to_the_first_request_only() {
    let allowed = |mode: &str| {
        let tools = [json!({ "type": "function", "function": { "name": "weather" } })];
        json!({ "type": "allowed_tools", "allowed_tools": { "mode": mode, "tools": tools } })
    };
    for (choice, second) in [
        (json!("required"), Value::Null),
        (
            json!({ "type": "function", "function": { "name": "weather" } }),
            Value::Null,
        ),
        (allowed("required"), allowed("auto")),
        (json!("auto"), json!("auto")),
    ] {
        let sim = simulator([weather_calls(&["Paris"]), Reply::text("Rain.")]).await;
        let typed: ToolChoice = serde_json::from_value(choice.clone()).unwrap();
        request(&sim).tool_choice(typed).run().await.unwrap();
        let sent = bodies(&sim);
        assert_eq!(sent[0]["tool_choice"], choice);
        assert_eq!(sent[1]["tool_choice"], second);
    }
}

#[tokio::test]
async fn calls_without_ids_or_with_equal_ids_get_ids_of_their_own() {
    let call = |id: Value| json!({ "id": id, "type": "function", "function": { "name": "weather", "arguments": { "city": "Paris" } } });
    for ids in [
        [json!("a"), json!("a")],
        [Value::Null, Value::Null],
        [json!(""), json!("b")],
    ] {
        let message =
            json!({ "role": "assistant", "content": null, "tool_calls": ids.clone().map(call) });
        let whole = json!({ "choices": [{ "message": message, "finish_reason": "tool_calls" }] });
        let sim = simulator([Reply::json(whole), Reply::text("Rain.")]).await;
        request(&sim).run().await.unwrap();
        let sent = bodies(&sim);
        let messages = &sent[1]["messages"];
        let sent: Vec<_> = (0..2)
            .map(|index| &messages[1]["tool_calls"][index]["id"])
            .collect();
        assert!(
            sent[0] != sent[1] && sent[0].is_string(),
            "{ids:?}: {sent:?}"
        );
        assert_eq!(*sent[0], messages[2]["tool_call_id"]);
        assert_eq!(*sent[1], messages[3]["tool_call_id"]);
        // An id of the server is kept.
        let kept = ids
            .iter()
            .filter(|id| id.as_str().is_some_and(|id| !id.is_empty()));
        for id in kept {
            assert!(sent.contains(&id), "{ids:?}: {sent:?}");
        }
    }
}

#[tokio::test]
async fn a_request_that_is_awaited_returns_the_calls() {
    let sim = simulator([weather_calls(&["Paris"])]).await;
    let response = request(&sim).await.unwrap();
    assert_eq!(response.tool_calls().len(), 1);
    assert_eq!(sim.requests().len(), 1);
}

#[tokio::test]
async fn tools_that_cannot_be_sent_are_an_error() {
    let sim = simulator([]).await;
    let text = Tool::with_schema("text", json!({ "type": "string" }), |_: String| async {});
    for (tools, expected) in [
        (
            vec![weather(), weather()],
            "two tools of the name \"weather\"",
        ),
        (vec![text], "\"text\" are not an object"),
    ] {
        let error = client(&sim)
            .chat(MODEL)
            .user("A question")
            .tools(tools)
            .run()
            .await
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.transcript().unwrap().rounds().is_empty());
    }
    let error = request(&sim)
        .modify(|body| body.n = Some(2))
        .run()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("do not set `n`"), "{error}");
    let definition = weather().definition();
    let request = request(&sim).modify(|body| body.tools.get_or_insert_default().push(definition));
    let error = request.run().await.unwrap_err();
    assert!(error.to_string().contains("do not add others"), "{error}");
    assert_eq!(sim.requests().len(), 0);
}

#[tokio::test]
async fn calls_can_be_run_without_a_loop() {
    let sim = simulator([
        weather_calls(&["Paris"]).and_tool_call("weather", "{"),
        Reply::text("Rain."),
    ])
    .await;
    let response = request(&sim).await.unwrap();
    let mut next = request(&sim).message(response.message().unwrap().clone());
    for call in response.tool_calls() {
        next = next.message(weather().call(call).await.message());
    }
    assert_eq!(next.await.unwrap().text(), "Rain.");
    let results = sent_results(&sim);
    assert_eq!(results[0], "Rain in Paris");
    assert!(
        results[1].starts_with("Error: the arguments are not valid JSON"),
        "{results:?}"
    );
    let time = time().call(&response.tool_calls()[0]).await;
    assert_eq!(time.outcome, CallOutcome::UnknownTool);
}
