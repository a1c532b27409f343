//! Tests of budgets, deadlines, clones and other options.

use std::time::{Duration, Instant};

use prime_ext::{CallOptions, Client, RetryBudget, RetryPolicy};
use prime_sim::{Fault, Operation, Simulator};

use super::cell::{Call, MODEL, client, quick};

async fn simulator() -> Simulator {
    Simulator::builder().seed(7).start().await.unwrap()
}

#[tokio::test]
async fn a_retry_after_beyond_the_limit_is_an_error() {
    let sim = simulator().await;
    sim.inject(Fault::rate_limited().retry_after(61));
    let client = client(&sim, quick());
    let started = Instant::now();
    let error = client.models().list().await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
    assert!(error.is_retryable() && error.is_rate_limited());
    let message = error.to_string();
    assert!(
        message.contains("asks to wait 61s") && message.contains("60s"),
        "{message}"
    );
}

#[tokio::test]
async fn retry_after_is_honored() {
    let sim = simulator().await;
    sim.inject(Fault::rate_limited().retry_after_ms(150).once());
    let started = Instant::now();
    let models = client(&sim, quick())
        .models()
        .list()
        .with_response()
        .await
        .unwrap();
    assert!(started.elapsed() >= Duration::from_millis(150));
    assert_eq!(models.meta().attempts(), 2);
}

#[tokio::test]
async fn concurrent_callers_share_the_retry_budget() {
    let sim = simulator().await;
    let client = Client::builder()
        .api_key(sim.key())
        .inference_url(sim.inference_url())
        .platform_url(sim.platform_url())
        .options(CallOptions::new().retry(quick()))
        .retry_budget(RetryBudget::new(20))
        .build()
        .unwrap();
    sim.inject(Fault::status(503));
    let calls = (0..200).map(|i| {
        // Clones, teams and options share one budget.
        let client = match i % 3 {
            0 => client.clone(),
            1 => client.team("team_1"),
            _ => client.with_options(CallOptions::new().timeout(Duration::from_secs(9))),
        };
        async move { client.models().list().await.unwrap_err() }
    });
    let errors = futures_util::future::join_all(calls).await;
    let retries: u32 = errors.iter().map(|error| error.attempts() - 1).sum();
    // Twenty, plus one per second.
    assert!((20..30).contains(&retries), "{retries}");
    assert!(
        errors
            .iter()
            .any(|e| e.to_string().contains("retry budget"))
    );
}

#[tokio::test]
async fn a_timeout_or_deadline_limits_all_retries() {
    let sim = simulator().await;
    sim.inject(Fault::rate_limited().retry_after_ms(80));
    let client = client(&sim, quick().max_retries(1000));
    let limited = [
        CallOptions::new().timeout(Duration::from_millis(300)),
        CallOptions::new().retry(
            quick()
                .max_retries(1000)
                .deadline(Duration::from_millis(300)),
        ),
    ];
    for options in limited {
        let started = Instant::now();
        let error = client
            .models()
            .list()
            .options(options)
            .with_response()
            .await
            .unwrap_err();
        assert!(started.elapsed() < Duration::from_millis(700));
        assert!(error.is_rate_limited() && error.attempts() > 1, "{error:?}");
        assert!(
            error.to_string().contains("no time for another attempt"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_slow_response_times_out() {
    let sim = simulator().await;
    // The response is never idle and never complete.
    sim.inject(Fault::slow_drip(1, Duration::from_millis(20)));
    let hasty = CallOptions::new().timeout(Duration::from_millis(200));
    let client = client(&sim, quick()).with_options(hasty);
    let started = Instant::now();
    let error = client.models().list().await.unwrap_err();
    assert!(
        error.is_timeout() && started.elapsed() < Duration::from_millis(600),
        "{error:?}"
    );
    assert_eq!(error.attempts(), 1);
    // The timeout also applies to the first event of a stream.
    let started = Instant::now();
    let question = client.chat(MODEL).user("hi").max_tokens(3);
    let error = question.stream().await.unwrap_err();
    assert!(
        error.is_timeout() && started.elapsed() < Duration::from_millis(600),
        "{error:?}"
    );
    assert!(error.outcome_unknown());
}

#[tokio::test]
async fn all_attempts_send_the_same_request() {
    let sim = simulator().await;
    sim.inject(
        Fault::status(503)
            .times(2)
            .on(Operation::CreateChatCompletion),
    );
    let options = CallOptions::new()
        .header("x-experiment", "7")
        .body_field("safety", "off");
    let lab = client(&sim, quick()).team(sim.team()).with_options(options);
    lab.chat(MODEL).user("hi").await.unwrap();
    let requests = sim.requests();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!(request.headers["x-experiment"], "7");
        assert_eq!(request.headers.get_all("x-prime-team-id").iter().count(), 1);
        assert_eq!(request.headers["x-prime-team-id"], sim.team());
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["safety"], "off");
        assert_eq!(request.body, requests[0].body);
    }
}

#[tokio::test]
async fn a_create_request_is_not_retried_after_a_lost_response() {
    let sim = simulator().await;
    sim.inject(Fault::lost_response().on(Operation::CreateRun));
    let client = client(
        &sim,
        RetryPolicy::new().max_retries(9).allow_duplicate_billing(),
    );
    let error = Call::CreateRun.make(&client, "").await.unwrap_err();
    assert!(error.outcome_unknown() && !error.is_retryable());
    assert_eq!((error.attempts(), sim.runs().len()), (1, 1));
}
