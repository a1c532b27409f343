//! Events, and loops that are dropped.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use prime_ext::ChatDelta;
use prime_ext::tools::{CallOutcome, LoopEnd, Tool, ToolEvent};
use prime_sim::{Reply, Simulator};
use serde_json::{Value, json};

use super::support::{request, simulator, weather_calls};
use crate::support::{MODEL, client};

#[tokio::test]
async fn events_tell_what_happens() {
    let sim = simulator([
        weather_calls(&["Paris"])
            .reasoning("Which city?")
            .and_tool_call("weather", "{"),
        Reply::text("It rains."),
    ])
    .await;
    let mut events = request(&sim).run().stream();
    let mut story = Vec::new();
    while let Some(event) = events.try_next().await.unwrap() {
        let line = match event {
            ToolEvent::Delta(ChatDelta::Text(_)) => "text".to_owned(),
            ToolEvent::Delta(ChatDelta::Reasoning(_)) => "reasoning".to_owned(),
            ToolEvent::Delta(ChatDelta::ToolCall(_)) => "call".to_owned(),
            ToolEvent::Response(response) => format!("{} calls", response.tool_calls().len()),
            ToolEvent::CallStarted(call) => format!("{} {}", call.name, call.arguments),
            ToolEvent::CallFinished(result) => format!("{:?}", result.outcome),
            event => panic!("{event:?}"),
        };
        if story.last() != Some(&line) {
            story.push(line);
        }
    }
    let expected = [
        "reasoning",
        "call",
        "2 calls",
        "InvalidArguments",
        "weather {\"city\":\"Paris\"}",
        "Returned",
        "text",
        "0 calls",
    ];
    assert_eq!(story, expected);
    let transcript = events.finish().await.unwrap();
    assert_eq!(transcript.text(), "It rains.");
    assert_eq!(transcript.rounds()[0].response().reasoning(), "Which city?");
}

#[tokio::test]
async fn streamed_and_complete_loops_have_equal_transcripts() {
    let replies = || [weather_calls(&["Paris", "Rome"]), Reply::text("It rains.")];
    let (one, two) = (simulator(replies()).await, simulator(replies()).await);
    let complete = request(&one).run().await.unwrap();
    let mut stream = request(&two).run().stream();
    let mut text = String::new();
    while let Some(piece) = stream.next_text().await.unwrap() {
        text.push_str(&piece);
    }
    assert_eq!(text, complete.text());
    let streamed = stream.finish().await.unwrap();
    assert_eq!(complete.messages().len(), streamed.messages().len());
    for (complete, streamed) in complete.messages().iter().zip(streamed.messages()) {
        let same = |message| {
            let mut message = serde_json::to_value(message).unwrap();
            message["content"] = message["content"].as_str().unwrap_or_default().into();
            message
        };
        assert_eq!(same(complete), same(streamed));
    }
    assert_eq!(complete.spent(), streamed.spent());
}

/// Waits until a value has this number of owners. Tasks that are cancelled end a little later.
async fn owners(value: &Arc<()>, count: usize) {
    for _ in 0..500 {
        if Arc::strong_count(value) == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(Arc::strong_count(value), count);
}

/// A tool that never returns. Each of its calls owns `held`.
fn never(held: &Arc<()>) -> Tool {
    let held = held.clone();
    Tool::with_schema("weather", json!({ "type": "object" }), move |_: Value| {
        let held = held.clone();
        async move {
            std::future::pending::<()>().await;
            drop(held);
        }
    })
}

#[tokio::test]
async fn dropping_or_cancelling_a_loop_cancels_the_calls() {
    let sim = Simulator::start().await.unwrap();
    sim.on_chat("question")
        .reply(weather_calls(&["Paris", "Rome"]));
    let held = Arc::new(());
    let never = never(&held);
    let request = || {
        client(&sim)
            .chat(MODEL)
            .user("A question")
            .tools([never.clone()])
    };
    let idle = Arc::strong_count(&held);

    let timeout = Duration::from_millis(300);
    assert!(
        tokio::time::timeout(timeout, request().run().into_future())
            .await
            .is_err()
    );
    owners(&held, idle).await;

    let mut stream = request().run().stream();
    // Dropping the futures that read events cancels nothing.
    let mut started = 0;
    for _ in 0..500 {
        match tokio::time::timeout(Duration::from_millis(10), stream.try_next()).await {
            Ok(Ok(Some(ToolEvent::CallStarted(_)))) => started += 1,
            Ok(event) => assert!(event.unwrap().is_some()),
            Err(_) if started == 2 => break,
            Err(_) => {}
        }
    }
    owners(&held, idle + 2).await;
    let transcript = stream.cancel();
    owners(&held, idle).await;
    assert_eq!(transcript.end(), Some(LoopEnd::Cancelled));
    for call in transcript.rounds()[0].calls() {
        assert_eq!(call.outcome, CallOutcome::Cancelled);
    }

    let cancelled = tokio::time::sleep(timeout);
    let error = request().run().cancel_on(cancelled).await.unwrap_err();
    assert_eq!(error.loop_end(), Some(LoopEnd::Cancelled));
    assert_eq!(error.transcript().unwrap().rounds().len(), 1);
    owners(&held, idle).await;
}

#[tokio::test]
async fn calls_go_on_while_no_event_is_read() {
    let sim = simulator([weather_calls(&["Paris"]), Reply::text("Rain.")]).await;
    let schema = json!({ "type": "object" });
    let slow = Tool::with_schema("weather", schema, |_: Value| async {
        // Two steps: the second one begins only if the first one was polled.
        tokio::time::sleep(Duration::from_millis(20)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        "Rain."
    });
    let request = client(&sim).chat(MODEL).user("A question").tools([slow]);
    let mut events = request
        .run()
        .call_timeout(Duration::from_millis(200))
        .stream();
    while let Some(event) = events.try_next().await.unwrap() {
        if let ToolEvent::CallStarted(_) = event {
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
    }
    let call = &events.transcript().rounds()[0].calls()[0];
    assert_eq!(call.outcome, CallOutcome::Returned, "{call:?}");
}

#[tokio::test]
async fn a_loop_that_ended_has_no_more_events() {
    let sim = Simulator::start().await.unwrap();
    sim.on_chat("question").reply(weather_calls(&["Paris"]));
    let mut events = request(&sim).run().round_limit(1).stream();
    let all: Vec<_> = events.by_ref().collect().await;
    // The response is an event, although the limit ends the loop.
    assert!(matches!(&all[all.len() - 2], Ok(ToolEvent::Response(_))));
    assert!(all.last().unwrap().is_err());
    assert!(events.next().await.is_none());
    assert_eq!(events.transcript().end(), Some(LoopEnd::RoundLimit));
    assert!(events.finish().await.is_err());
}
