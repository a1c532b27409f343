//! Decisions about calls.

use std::sync::{Arc, Mutex};

use prime_ext::tools::{CallDecision, CallOutcome, LoopEnd, PendingCall};
use prime_sim::Reply;
use serde_json::json;

use super::support::{request, sent_results, simulator, weather_calls};

#[tokio::test]
async fn a_hook_can_change_and_deny_calls() {
    let sim = simulator([
        weather_calls(&["Paris", "Rome", "Berlin"]),
        Reply::text("Rain."),
    ])
    .await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let tools = request(&sim).run().before_call(move |call: PendingCall| {
        let city = call.arguments["city"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        log.lock()
            .unwrap()
            .push((call.round, call.name, city.clone()));
        async move {
            // A decision may take time.
            tokio::task::yield_now().await;
            match city.as_str() {
                "Paris" => CallDecision::Run,
                "Rome" => CallDecision::RunWith(json!({ "city": "Milan" })),
                _ => CallDecision::Deny("not there".to_owned()),
            }
        }
    });
    let transcript = tools.await.unwrap();
    assert_eq!(
        sent_results(&sim),
        ["Rain in Paris", "Rain in Milan", "Error: not there"]
    );
    let results = transcript.rounds()[0].calls();
    assert_eq!(results[1].arguments, json!({ "city": "Milan" }));
    assert_eq!(results[2].outcome, CallOutcome::Denied);
    let call = |city: &str| (1, "weather".to_owned(), city.to_owned());
    assert_eq!(
        *seen.lock().unwrap(),
        [call("Paris"), call("Rome"), call("Berlin")]
    );
}

#[tokio::test]
async fn a_hook_that_stops_the_loop_lets_no_call_run() {
    let sim = simulator([weather_calls(&["Paris", "Rome"])]).await;
    let tools = request(&sim)
        .run()
        .before_call(|call: PendingCall| async move {
            match call.arguments["city"].as_str() {
                Some("Paris") => CallDecision::Run,
                _ => CallDecision::Stop,
            }
        });
    let error = tools.await.unwrap_err();
    let transcript = error.transcript().unwrap();
    assert_eq!(transcript.end(), Some(LoopEnd::Stopped));
    for result in transcript.rounds()[0].calls() {
        assert_eq!(result.outcome, CallOutcome::NotRun);
    }
    assert_eq!(sim.requests().len(), 1);
}

#[tokio::test]
async fn a_hook_does_not_see_calls_that_cannot_run() {
    let reply = Reply::tool_call("weather", "{").and_tool_call("no such tool", json!({}));
    let sim = simulator([reply, Reply::text("Sorry.")]).await;
    let tools = request(&sim)
        .run()
        .before_call(|call: PendingCall| async move {
            CallDecision::Deny(format!("the hook saw {call:?}"))
        });
    let transcript = tools.await.unwrap();
    let outcomes: Vec<_> = transcript.rounds()[0]
        .calls()
        .iter()
        .map(|result| result.outcome)
        .collect();
    assert_eq!(
        outcomes,
        [CallOutcome::InvalidArguments, CallOutcome::UnknownTool]
    );
}
