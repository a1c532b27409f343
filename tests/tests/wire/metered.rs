//! A meter counts each request that may have been billed, even if its response is lost or failed.

use std::time::Duration;

use prime_ext::cost::Spent;
use prime_ext::{CallOptions, Client, Error, Meter, RetryPolicy};

use super::support::{MODEL, MockResponse, RawServer, Wire};

const COMPLETE: &str = r#"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Once"},
    "finish_reason":"stop"}],"usage":{"total_tokens":9,"cost":0.5}}"#;
const EVENTS: &str = concat!(
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Once\"},\"finish_reason\":\"stop\"}],",
    "\"usage\":{\"total_tokens\":9,\"cost\":0.5}}\n\ndata: [DONE]\n\n"
);

async fn sent(client: &Client) -> (Result<(), Error>, Spent) {
    let meter = Meter::new();
    let request = client.with_meter(&meter).chat(MODEL).user("A story");
    let result = request.await;
    (result.map(drop), meter.total())
}

async fn streamed(client: &Client) -> (Result<(), Error>, Spent) {
    let meter = Meter::new();
    let request = client.with_meter(&meter).chat(MODEL).user("A story");
    let result = match request.stream().await {
        Ok(stream) => stream.finish().await.map(drop),
        Err(error) => Err(error),
    };
    (result, meter.total())
}

/// Returns the number of counted answers, and how many of them have a known and an unknown cost.
fn counts(spent: &Spent) -> (u64, u64, u64) {
    (
        spent.responses,
        spent.with_known_cost,
        spent.with_unknown_cost,
    )
}

#[tokio::test]
async fn a_json_response_to_a_stream_request_is_counted_with_its_cost() {
    for response in [
        MockResponse::json(200, COMPLETE),
        MockResponse::events(COMPLETE),
        MockResponse::bare(200, COMPLETE),
    ] {
        let wire = Wire::inference(response.clone()).await;
        let (result, spent) = streamed(&wire.personal()).await;
        result.unwrap();
        assert_eq!(counts(&spent), (1, 1, 0), "{response:?}");
        assert_eq!(spent.known.to_string(), "0.5");
    }
}

#[tokio::test]
async fn a_failed_response_with_usage_is_counted_with_its_cost() {
    let failed = COMPLETE.replace(
        "\"index\":0,",
        "\"index\":0,\"error\":{\"message\":\"Gone\"},",
    );
    let wire = Wire::inference(MockResponse::json(200, &failed)).await;
    for (result, spent) in [
        sent(&wire.personal()).await,
        streamed(&wire.personal()).await,
    ] {
        assert!(result.is_err());
        assert_eq!(counts(&spent), (1, 1, 0));
        assert_eq!(spent.known.to_string(), "0.5");
    }
}

/// A failed response with a 2xx status may have been billed.
#[tokio::test]
async fn a_failed_response_without_usage_is_counted_with_unknown_cost() {
    let failed = r#"{"error":{"message":"Overloaded","code":529}}"#;
    for response in [
        MockResponse::json(200, failed),
        MockResponse::events(failed),
    ] {
        let wire = Wire::inference(response).await;
        let (result, spent) = streamed(&wire.personal()).await;
        assert!(result.is_err());
        assert_eq!(counts(&spent), (1, 0, 1));
    }
    let wire = Wire::inference(MockResponse::json(200, failed)).await;
    let (result, spent) = sent(&wire.personal()).await;
    assert!(result.is_err());
    assert_eq!(counts(&spent), (1, 0, 1));
}

fn http(status: &str, media: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// Each request that may have been processed is counted once.
#[tokio::test]
async fn lost_requests_are_counted_with_unknown_cost() {
    let json = http("200", "application/json", COMPLETE);
    let events = http("200", "text/event-stream", EVENTS);
    let busy = http("429", "application/json", "{}");
    let (json, events, busy) = (&*json, &*events, &*busy);
    let lost = "";
    let policy = RetryPolicy::new().allow_duplicate_billing();
    let policy = policy.backoff(Duration::from_millis(1), Duration::from_millis(1));
    let options = CallOptions::new().retry(policy);
    for (responses, expected) in [
        (&[json][..], (1, 1, 0)),
        (&[lost, json], (2, 1, 1)),
        (&[lost, lost, json], (3, 1, 2)),
        (&[busy, json], (1, 1, 0)),
        (&[lost, busy, json], (2, 1, 1)),
        (&[lost, lost, lost], (3, 0, 3)),
        (&[busy, lost, busy], (1, 0, 1)),
        (&[busy, busy, busy], (0, 0, 0)),
    ] {
        let server = RawServer::start(responses).await;
        let client = server.personal().with_options(options.clone());
        let (result, spent) = sent(&client).await;
        assert_eq!(server.hits(), responses.len());
        assert_eq!(counts(&spent), expected, "{responses:?}");
        if let Err(error) = result {
            assert_eq!(error.outcome_unknown(), expected.2 > 0, "{responses:?}");
        }
    }
    for (responses, expected) in [
        (&[events][..], (1, 1, 0)),
        (&[lost, events], (2, 1, 1)),
        (&[lost, json], (2, 1, 1)),
        (&[lost, busy, lost], (2, 0, 2)),
        (&[busy, lost, busy], (1, 0, 1)),
    ] {
        let server = RawServer::start(responses).await;
        let client = server.personal().with_options(options.clone());
        let (_, spent) = streamed(&client).await;
        assert_eq!(counts(&spent), expected, "{responses:?}");
    }
    // A dropped stream is counted too.
    let server = RawServer::start(&[lost, events]).await;
    let meter = Meter::new();
    let client = server.personal().with_options(options).with_meter(&meter);
    drop(client.chat(MODEL).user("A story").stream().await.unwrap());
    assert_eq!(meter.total().responses, 2);
}

/// Each attempt that may have been processed is counted.
#[tokio::test]
async fn a_dropped_call_is_counted_once_per_attempt() {
    let (lost, stalled) = ("", "HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\n");
    let events = "HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ncontent-length: 9\r\n\r\n";
    let busy = http("429", "application/json", "{}");
    let busy = &*busy;
    let (soon, late) = (Duration::from_millis(1), Duration::from_secs(60));
    for (responses, wait, expected) in [
        (&[stalled][..], soon, 1),
        (&[lost, stalled], soon, 2),
        (&[lost, events], soon, 2),
        (&[busy, stalled], soon, 1),
        (&[lost, busy, stalled], soon, 2),
        // Dropped during a retry delay.
        (&[lost], late, 1),
        (&[busy], late, 0),
    ] {
        let policy = RetryPolicy::new()
            .allow_duplicate_billing()
            .backoff(wait, wait);
        let options = CallOptions::new().retry(policy);
        for streamed in [false, true] {
            let server = RawServer::start(responses).await;
            let meter = Meter::new();
            let client = server.personal().with_options(options.clone());
            let request = client.with_meter(&meter).chat(MODEL).user("A story");
            let call = async {
                match streamed {
                    true => request.stream().await.map(drop),
                    false => request.await.map(drop),
                }
            };
            let dropped = async {
                while server.hits() < responses.len() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                // Waits until the client has received the last response.
                tokio::time::sleep(Duration::from_millis(100)).await;
            };
            tokio::select! {
                result = call => panic!("{responses:?}: {result:?}"),
                () = dropped => {}
            }
            assert_eq!(
                counts(&meter.total()),
                (expected, 0, expected),
                "{responses:?}"
            );
        }
    }
    // A request that was never sent is not counted.
    let meter = Meter::new();
    let client = RawServer::silent().await.personal().with_meter(&meter);
    drop(client.chat(MODEL).user("A story"));
    assert_eq!(meter.total().responses, 0);
}

/// A count or a cost in an unusual format is exact or unknown. It never reduces a sum.
#[tokio::test]
async fn unusual_usage_is_exact_or_unknown() {
    for (usage, prompt, cost) in [
        (
            r#"{"prompt_tokens":5.0,"completion_tokens":1,"cost":"0.5"}"#,
            Some(5),
            Some("0.5"),
        ),
        (
            r#"{"prompt_tokens":"5","completion_tokens":1,"cost":0.50}"#,
            Some(5),
            Some("0.50"),
        ),
        (
            r#"{"prompt_tokens":17.9,"completion_tokens":1,"cost":0.5}"#,
            None,
            Some("0.5"),
        ),
        (
            r#"{"prompt_tokens":-5,"completion_tokens":1,"cost":-0.5}"#,
            None,
            None,
        ),
        (
            r#"{"prompt_tokens":5,"completion_tokens":1,"cost":"-0.5"}"#,
            Some(5),
            None,
        ),
        (
            r#"{"prompt_tokens":5,"completion_tokens":1,"cost":NaN}"#,
            Some(5),
            None,
        ),
        (
            r#"{"prompt_tokens":5,"completion_tokens":1,"cost":[0.5]}"#,
            Some(5),
            None,
        ),
    ] {
        let body = COMPLETE.replace(r#"{"total_tokens":9,"cost":0.5}"#, usage);
        let wire = Wire::inference(MockResponse::json(200, &body)).await;
        let (result, spent) = sent(&wire.personal()).await;
        result.unwrap();
        let known = u64::from(cost.is_some());
        assert_eq!(counts(&spent), (1, known, 1 - known), "{usage}");
        assert_eq!(spent.known.to_string(), cost.unwrap_or("0"), "{usage}");
        assert_eq!(spent.prompt_tokens, prompt.unwrap_or(0), "{usage}");
        assert_eq!(spent.without_tokens, u64::from(prompt.is_none()), "{usage}");
    }
}
