//! Tool calls and reasoning in each shape that servers send.

use std::collections::BTreeMap;

use prime_ext::tools::{CallOutcome, Transcript};
use prime_sim::{Fault, ReasoningField, Reply, Simulator, ToolCallShape};
use serde_json::json;

use super::support::{request, simulator};
use crate::support::bodies;

/// Runs a loop, streamed or not.
async fn run(sim: &Simulator, streamed: bool) -> Transcript {
    let tools = request(sim).run();
    if streamed {
        tools.stream().finish().await.unwrap()
    } else {
        tools.await.unwrap()
    }
}

fn calls() -> Reply {
    Reply::tool_call("weather", json!({ "city": "Paris" })).and_tool_call("time", json!({}))
}

#[tokio::test]
async fn calls_run_in_each_shape() {
    use ToolCallShape::*;
    let shapes = [
        vec![],
        vec![ObjectArguments],
        vec![DoubleEncodedArguments],
        vec![MissingId],
        vec![NullId],
        vec![EmptyId],
        vec![SameId],
        vec![ChangingId],
        vec![MissingType],
        vec![MissingIndex],
        vec![ZeroIndex],
        vec![IndexFromOne],
        vec![RepeatedHead],
        vec![WholeCalls],
        vec![OneChunk],
        vec![Interleaved],
        vec![FinishOnEveryChunk],
        vec![MissingIndex, WholeCalls, MissingId],
        vec![ZeroIndex, RepeatedHead],
        vec![ObjectArguments, MissingType, OneChunk],
        vec![FinishOnEveryChunk, IndexFromOne],
    ];
    let mut wrong = BTreeMap::new();
    for shapes in shapes {
        for streamed in [false, true] {
            let reply = shapes
                .iter()
                .fold(calls(), |reply, shape| reply.tool_call_shape(*shape));
            let sim = simulator([reply, Reply::text("Done.")]).await;
            let transcript = run(&sim, streamed).await;
            let results = transcript.rounds()[0].calls();
            let contents: Vec<_> = results
                .iter()
                .map(|result| result.content.clone())
                .collect();
            if contents != ["Rain in Paris", "12:00 UTC"] || transcript.text() != "Done." {
                wrong.insert(format!("{shapes:?} {streamed}"), contents);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn missing_arguments_run_only_if_nothing_is_required() {
    use ToolCallShape::*;
    for shape in [MissingArguments, NullArguments, EmptyArguments] {
        for streamed in [false, true] {
            let calls = Reply::tool_call("weather", json!({})).and_tool_call("time", json!({}));
            let sim = simulator([calls.tool_call_shape(shape), Reply::text("Done.")]).await;
            let transcript = run(&sim, streamed).await;
            let results = transcript.rounds()[0].calls();
            let outcomes = [results[0].outcome, results[1].outcome];
            let expected = [CallOutcome::InvalidArguments, CallOutcome::Returned];
            assert_eq!(outcomes, expected, "{shape:?} {streamed}");
        }
    }
}

#[tokio::test]
async fn a_deprecated_function_call_is_a_tool_call() {
    for streamed in [false, true] {
        let reply = Reply::tool_call("weather", json!({ "city": "Paris" }));
        let reply = reply.tool_call_shape(ToolCallShape::FunctionCall);
        let sim = simulator([reply, Reply::text("Done.")]).await;
        let transcript = run(&sim, streamed).await;
        let results = transcript.rounds()[0].calls();
        assert_eq!(results[0].content, "Rain in Paris");
        let sent = bodies(&sim);
        let message = &sent[1]["messages"][1];
        assert!(message.get("function_call").is_none(), "{message}");
        assert_eq!(message["tool_calls"][0]["function"]["name"], "weather");
    }
}

#[tokio::test]
async fn a_text_before_the_calls_is_kept() {
    for streamed in [false, true] {
        let reply = Reply::text("Let me see.").and_tool_call("time", json!({}));
        let sim = simulator([reply.finish_reason("stop"), Reply::text("Done.")]).await;
        let transcript = run(&sim, streamed).await;
        assert_eq!(transcript.rounds()[0].response().text(), "Let me see.");
        assert_eq!(transcript.rounds()[0].calls()[0].content, "12:00 UTC");
    }
}

#[tokio::test]
async fn a_service_that_requires_reasoning_receives_it_unchanged() {
    for field in [
        ReasoningField::ReasoningContent,
        ReasoningField::Reasoning,
        ReasoningField::ReasoningDetails,
    ] {
        for streamed in [false, true] {
            let reply = calls()
                .reasoning("First the weather, then the time.")
                .reasoning_as(field);
            let sim = simulator([reply, Reply::text("Done.")]).await;
            let fault = sim.inject(Fault::requires_reasoning());
            let transcript = run(&sim, streamed).await;
            assert_eq!(transcript.text(), "Done.", "{field:?}");
            let reasoning = transcript.rounds()[0].response().reasoning();
            assert_eq!(reasoning, "First the weather, then the time.");
            assert_eq!(fault.hits(), 0);
        }
    }
}
