//! How a loop ends before the model is done.

use std::time::Duration;

use prime_ext::ErrorKind;
use prime_ext::tools::{CallOutcome, LoopEnd, Tool, ToolLoop};
use prime_sim::{Reply, Simulator};
use serde_json::{Value, json};

use super::support::{request, simulator, weather_calls};
use crate::support::{MODEL, bodies, client};

/// A simulator whose model never is done.
async fn endless() -> Simulator {
    let sim = Simulator::start().await.unwrap();
    sim.on_chat("question").reply(weather_calls(&["Paris"]));
    sim
}

#[tokio::test]
async fn a_limit_ends_the_loop_before_calls_run() {
    type Limit = fn(ToolLoop) -> ToolLoop;
    let limits: [(Limit, LoopEnd, usize); 4] = [
        (|tools| tools, LoopEnd::RoundLimit, 10),
        (|tools| tools.round_limit(2), LoopEnd::RoundLimit, 2),
        (|tools| tools.token_limit(1), LoopEnd::TokenLimit, 1),
        (
            |tools| tools.cost_limit("0.0000001".parse().unwrap()),
            LoopEnd::CostLimit,
            1,
        ),
    ];
    for (limit, end, rounds) in limits {
        for streamed in [false, true] {
            let sim = endless().await;
            let tools = limit(request(&sim).run());
            let error = if streamed {
                tools.stream().finish().await.unwrap_err()
            } else {
                tools.await.unwrap_err()
            };
            assert_eq!(error.kind(), ErrorKind::Stopped);
            assert!(!error.outcome_unknown());
            assert!(error.to_string().contains(&end.to_string()), "{error}");
            let transcript = error.transcript().unwrap();
            assert_eq!(transcript.end(), Some(end));
            assert_eq!(transcript.rounds().len(), rounds);
            assert_eq!(sim.requests().len(), rounds);
            let result = &transcript.rounds()[rounds - 1].calls()[0];
            assert_eq!(result.outcome, CallOutcome::NotRun, "{result:?}");
            // Each call has a result, so that the conversation can go on.
            assert_eq!(transcript.messages().len(), 1 + 2 * rounds);
        }
    }
}

#[tokio::test]
async fn an_answer_is_not_lost_to_a_limit() {
    let sim = simulator([Reply::text("Rain.")]).await;
    let tools = request(&sim).run().round_limit(1).token_limit(1);
    let transcript = tools
        .cost_limit("0.0000001".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(transcript.text(), "Rain.");
}

#[tokio::test]
async fn a_cost_limit_requests_the_cost() {
    let sim = simulator([Reply::text("Rain.")]).await;
    request(&sim)
        .run()
        .cost_limit("1".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(bodies(&sim)[0]["usage"], json!({ "include": true }));
}

#[tokio::test]
async fn an_unknown_cost_ends_a_loop_with_a_cost_limit() {
    let usage = json!({ "prompt_tokens": 3, "completion_tokens": 4 });
    let call = json!({ "id": "a", "function": { "name": "weather", "arguments": "{\"city\": \"Paris\"}" } });
    let with_calls = json!({ "role": "assistant", "tool_calls": [call] });
    let answer = json!({ "role": "assistant", "content": "Rain." });
    for (message, usage, limit) in [
        (&with_calls, &usage, LoopEnd::CostUnknown),
        (&answer, &usage, LoopEnd::CostUnknown),
        (&with_calls, &Value::Null, LoopEnd::TokensUnknown),
    ] {
        let body =
            json!({ "choices": [{ "message": message, "finish_reason": "stop" }], "usage": usage });
        let sim = simulator([Reply::json(&body)]).await;
        let tools = request(&sim).run();
        let tools = match limit {
            LoopEnd::CostUnknown => tools.cost_limit("1".parse().unwrap()),
            _ => tools.token_limit(1_000),
        };
        let error = tools.await.unwrap_err();
        let transcript = error.transcript().unwrap();
        assert_eq!(transcript.end(), Some(limit), "{message}");
        assert_eq!(transcript.rounds().len(), 1);
        assert_eq!(
            transcript.text(),
            message["content"].as_str().unwrap_or_default()
        );
    }

    // The client's meter knows the price.
    let body = json!({
        "choices": [{ "message": answer, "finish_reason": "stop" }],
        "model": MODEL,
        "usage": usage,
    });
    let sim = simulator([Reply::json(&body)]).await;
    let prime = client(&sim);
    let meter = prime_ext::Meter::with_prices(&prime.models().list().await.unwrap());
    let request = prime.with_meter(&meter).chat(MODEL).user("A question");
    let transcript = request
        .run()
        .cost_limit("1".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(transcript.spent().with_estimated_cost, 1);
}

#[tokio::test]
async fn the_time_limit_ends_requests_and_calls() {
    let limit = Duration::from_millis(200);
    let never = || {
        Tool::with_schema("weather", json!({ "type": "object" }), |_: Value| {
            std::future::pending::<()>()
        })
    };
    for streamed in [false, true] {
        let sim = endless().await;
        let tools = client(&sim)
            .chat(MODEL)
            .user("A question")
            .tools([never()])
            .run()
            .time_limit(limit);
        let error = if streamed {
            tools.stream().finish().await.unwrap_err()
        } else {
            tools.await.unwrap_err()
        };
        let transcript = error.transcript().unwrap();
        assert_eq!(transcript.end(), Some(LoopEnd::TimeLimit));
        assert_eq!(
            transcript.rounds()[0].calls()[0].outcome,
            CallOutcome::Cancelled
        );
        assert!(!error.outcome_unknown());
    }

    // The response takes too long: it may be billed.
    let sim = Simulator::builder()
        .token_delay(Duration::from_millis(100))
        .start()
        .await
        .unwrap();
    let long = "word ".repeat(100);
    sim.on_chat("question").reply(Reply::text(&long));
    let error = request(&sim)
        .run()
        .time_limit(limit)
        .stream()
        .finish()
        .await
        .unwrap_err();
    let transcript = error.transcript().unwrap();
    assert_eq!(transcript.end(), Some(LoopEnd::TimeLimit));
    assert!(error.outcome_unknown());
    assert_eq!(transcript.spent().with_unknown_cost, 1);
    let text = transcript
        .incomplete_response()
        .unwrap()
        .text()
        .into_owned();
    assert!(long.starts_with(&text) && !text.is_empty(), "{text}");
}

#[tokio::test]
async fn calls_of_a_response_that_was_cut_off_do_not_run() {
    for reason in ["length", "content_filter"] {
        let sim = simulator([weather_calls(&["Paris"]).finish_reason(reason)]).await;
        let error = request(&sim).run().await.unwrap_err();
        let transcript = error.transcript().unwrap();
        assert_eq!(transcript.end(), Some(LoopEnd::Truncated));
        assert_eq!(
            transcript.rounds()[0].calls()[0].outcome,
            CallOutcome::NotRun
        );
    }
    // Other finish reasons do not matter.
    let sim = simulator([
        weather_calls(&["Paris"]).finish_reason("stop"),
        Reply::text("Rain."),
    ])
    .await;
    assert_eq!(request(&sim).run().await.unwrap().text(), "Rain.");
}

#[tokio::test]
async fn an_answer_that_was_cut_off_or_is_empty_is_an_error() {
    for reason in ["length", "content_filter"] {
        let reply = || Reply::text("It ra").finish_reason(reason);
        let sim = simulator([reply(), reply()]).await;
        let error = request(&sim).run().await.unwrap_err();
        assert_eq!(error.loop_end(), Some(LoopEnd::Truncated));
        assert_eq!(error.transcript().unwrap().text(), "It ra");
        let transcript = request(&sim).run().accept_truncated().await.unwrap();
        assert_eq!(transcript.text(), "It ra");
    }
    for reply in [
        Reply::text(""),
        Reply::text("").finish_reason("tool_calls"),
        Reply::text("").reasoning("Hm."),
    ] {
        let sim = simulator([reply]).await;
        let error = request(&sim).run().await.unwrap_err();
        assert_eq!(error.loop_end(), Some(LoopEnd::NoAnswer));
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    }
    for reply in [
        Reply::text("").refusal("No."),
        Reply::json(json!({ "choices": [{ "finish_reason": "stop", "message": {
            "role": "assistant", "content": [{ "type": "image_url", "image_url": { "url": "data:," } }] } }] })),
    ] {
        let sim = simulator([reply]).await;
        assert_eq!(request(&sim).run().await.unwrap().text(), "");
    }
}

#[tokio::test]
async fn no_request_follows_a_tool_that_blocks_beyond_the_time_limit() {
    let sim = endless().await;
    let schema = json!({ "type": "object" });
    let blocking = Tool::with_schema("weather", schema, |_: Value| async {
        std::thread::sleep(Duration::from_millis(300));
    });
    let request = client(&sim)
        .chat(MODEL)
        .user("A question")
        .tools([blocking]);
    let error = request
        .run()
        .time_limit(Duration::from_millis(200))
        .await
        .unwrap_err();
    assert_eq!(error.loop_end(), Some(LoopEnd::TimeLimit));
    assert!(!error.outcome_unknown());
    assert_eq!(sim.requests().len(), 1);
}
