//! Tools and requests that fail.

use std::time::Duration;

use prime_ext::tools::{CallOutcome, LoopEnd, Tool};
use prime_sim::{Fault, Reply};
use serde_json::{Value, json};

use super::support::{request, sent_results, simulator, weather_calls};
use crate::support::{MODEL, bodies, client};

#[derive(serde::Deserialize)]
struct Place {
    city: String,
    days: Option<u8>,
}

#[tokio::test]
async fn a_call_that_fails_has_a_result_that_says_so() {
    let schema = || json!({ "type": "object" });
    let tools = || {
        [
            Tool::with_schema("typed", schema(), |place: Place| async move {
                format!("{} {:?}", place.city, place.days)
            }),
            Tool::with_schema("error", schema(), |_: Value| async {
                Err::<(), _>(std::io::Error::other("disk full"))
            }),
            Tool::with_schema("panic", schema(), |_: Value| async {
                if true {
                    panic!("secret");
                }
            }),
            Tool::with_schema("sync panic", schema(), |_: Value| {
                if true {
                    panic!("secret");
                }
                async {}
            }),
            Tool::with_schema("slow", schema(), |_: Value| std::future::pending::<()>()),
            Tool::with_schema("slower", schema(), |_: Value| std::future::pending::<()>())
                .timeout(Duration::from_millis(20)),
        ]
    };
    for (name, arguments, outcome, expected) in [
        (
            "typed",
            json!({ "city": "Rome", "days": 2 }),
            CallOutcome::Returned,
            "Rome Some(2)",
        ),
        (
            "typed",
            json!({ "days": 2 }),
            CallOutcome::InvalidArguments,
            "Error: the arguments do not fit the tool: missing field `city`",
        ),
        (
            "typed",
            json!({ "city": "Rome", "days": "two" }),
            CallOutcome::InvalidArguments,
            "Error: the arguments do not fit the tool: days: invalid type: string \"two\", expected u8",
        ),
        ("error", json!({}), CallOutcome::Failed, "Error: disk full"),
        (
            "panic",
            json!({}),
            CallOutcome::Panicked,
            "Error: the tool panicked",
        ),
        (
            "sync panic",
            json!({}),
            CallOutcome::Panicked,
            "Error: the tool panicked",
        ),
        (
            "slow",
            json!({}),
            CallOutcome::TimedOut,
            "Error: the tool did not return within 50ms",
        ),
        (
            "slower",
            json!({}),
            CallOutcome::TimedOut,
            "Error: the tool did not return within 20ms",
        ),
        (
            "no such tool",
            json!({}),
            CallOutcome::UnknownTool,
            "Error: there is no tool \"no such tool\"; the tools are: typed, error, panic, sync panic, slow, slower",
        ),
    ] {
        let sim = simulator([Reply::tool_call(name, arguments), Reply::text("Sorry.")]).await;
        let request = client(&sim).chat(MODEL).user("A question").tools(tools());
        let loops = request.run().call_timeout(Duration::from_millis(50));
        let transcript = loops.await.unwrap();
        let result = &transcript.rounds()[0].calls()[0];
        assert_eq!(
            (result.outcome, result.content.as_str()),
            (outcome, expected)
        );
        assert_eq!(result.outcome.is_error(), outcome != CallOutcome::Returned);
        assert_eq!(sent_results(&sim), [expected]);
        assert_eq!(transcript.text(), "Sorry.");
    }
}

#[tokio::test]
async fn empty_arguments_run_only_if_nothing_is_required() {
    for arguments in ["", " ", "null"] {
        let sim = simulator([
            Reply::tool_call("time", arguments).and_tool_call("weather", arguments),
            Reply::text("Noon."),
        ])
        .await;
        request(&sim).run().await.unwrap();
        let expected = ["12:00 UTC", "Error: required arguments are missing: city"];
        assert_eq!(sent_results(&sim), expected, "{arguments:?}");
    }
}

#[tokio::test]
async fn invalid_arguments_are_not_sent_back() {
    let sim = simulator([
        Reply::tool_call("weather", "{\"city\": \"Par")
            .and_tool_call("weather", json!({ "city": "Rome" })),
        Reply::text("Rain."),
    ])
    .await;
    request(&sim).run().await.unwrap();
    let results = sent_results(&sim);
    assert!(results[0].contains("not valid JSON"), "{results:?}");
    assert!(results[0].ends_with("{\"city\": \"Par"), "{results:?}");
    assert_eq!(results[1], "Rain in Rome");
    let sent = bodies(&sim);
    let calls = &sent[1]["messages"][1]["tool_calls"];
    assert_eq!(calls[0]["function"]["arguments"], "{}");
    assert_eq!(calls[1]["function"]["arguments"], "{\"city\":\"Rome\"}");
}

#[tokio::test]
async fn the_error_of_a_request_has_the_transcript() {
    for streamed in [false, true] {
        let sim = simulator([weather_calls(&["Paris"])]).await;
        sim.inject(Fault::status(400).skip(1));
        let tools = request(&sim).run();
        let error = if streamed {
            tools.stream().finish().await.unwrap_err()
        } else {
            tools.await.unwrap_err()
        };
        assert_eq!(
            error.status().map(|status| status.as_u16()),
            Some(400),
            "{error}"
        );
        let transcript = error.transcript().unwrap();
        assert_eq!(transcript.end(), Some(LoopEnd::Failed));
        assert_eq!(transcript.rounds().len(), 1);
        assert_eq!(transcript.messages().len(), 3);
        assert_eq!(transcript.spent().responses, 1);
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_off_runs_no_calls() {
    let sim = simulator([weather_calls(&["Paris", "Rome"])]).await;
    sim.inject(Fault::cut_off().after(6));
    let error = request(&sim).run().stream().finish().await.unwrap_err();
    let transcript = error.transcript().unwrap();
    assert_eq!(transcript.end(), Some(LoopEnd::Failed));
    assert!(transcript.rounds().is_empty());
    assert!(transcript.incomplete_response().is_some());
    assert_eq!(transcript.spent().with_unknown_cost, 1);
}
