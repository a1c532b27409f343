//! Tests of fault injection.

use std::time::{Duration, Instant};

use prime_sim::{Envelope, Fault, Operation, Simulator};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::{inference, json, platform, still};

const MODEL: &str = "meta-llama/llama-3.1-70b-instruct";

/// Returns a valid request of an operation.
async fn request(sim: &Simulator, operation: Operation) -> RequestBuilder {
    match operation {
        Operation::ListModels => inference(sim, Method::GET, "/models"),
        Operation::GetModel => inference(sim, Method::GET, &format!("/models/{MODEL}")),
        Operation::CreateChatCompletion => ask(sim, MODEL, false),
        Operation::GetWallet => platform(sim, Method::GET, "/api/v1/billing/wallet"),
        Operation::CreateRun => create(sim),
        Operation::GetRunUsage => {
            let path = format!("/api/v1/billing/runs/{}/usage", run(sim).await);
            platform(sim, Method::GET, &path)
        }
        Operation::DeleteRun => {
            let path = format!("/api/v1/training/runs/{}", run(sim).await);
            platform(sim, Method::DELETE, &path)
        }
        Operation::PrepareRun => {
            platform(sim, Method::POST, "/api/v1/training/runs/prepare").json(&json!({}))
        }
        Operation::ListRuns => platform(sim, Method::GET, "/api/v1/rft/runs"),
        Operation::GetRun => rft(sim, Method::GET, "").await,
        Operation::DeleteRftRun => rft(sim, Method::DELETE, "").await,
        Operation::StopRun => rft(sim, Method::PUT, "/stop").await,
        Operation::RestartRun => rft(sim, Method::PUT, "/restart").await,
        Operation::GetRunLogs => rft(sim, Method::GET, "/logs").await,
        Operation::GetRunProgress => rft(sim, Method::GET, "/progress").await,
        Operation::PauseRun => {
            let path = format!("/api/v1/training/runs/{}/pause", running(sim).await);
            platform(sim, Method::POST, &path)
        }
        Operation::ResumeRun => {
            let path = format!("/api/v1/training/runs/{}", running(sim).await);
            let pause = platform(sim, Method::POST, &format!("{path}/pause"));
            json(pause, StatusCode::OK).await;
            sim.advance(Duration::from_secs(5));
            platform(sim, Method::POST, &format!("{path}/resume")).json(&json!({}))
        }
        Operation::Whoami => platform(sim, Method::GET, "/api/v1/user/whoami"),
        Operation::ListTeams => platform(sim, Method::GET, "/api/v1/user/teams"),
        other => unimplemented!("a request of {other}"),
    }
}

fn create(sim: &Simulator) -> RequestBuilder {
    platform(sim, Method::POST, "/api/v1/training/runs").json(&json!({ "config": {} }))
}

async fn run(sim: &Simulator) -> String {
    let created = create(sim).send().await.unwrap().json::<Value>().await;
    created.unwrap()["runId"].as_str().unwrap().to_owned()
}

/// Returns the ID of a running run. Earlier runs may have used up the balance.
async fn running(sim: &Simulator) -> String {
    assert!(sim.set_balance(None, "100".parse().unwrap()));
    let id = run(sim).await;
    sim.advance(Duration::from_secs(15));
    id
}

async fn rft(sim: &Simulator, method: Method, action: &str) -> RequestBuilder {
    let path = format!("/api/v1/rft/runs/{}{action}", running(sim).await);
    platform(sim, method, &path)
}

fn ask(sim: &Simulator, model: &str, stream: bool) -> RequestBuilder {
    inference(sim, Method::POST, "/chat/completions").json(&json!({
        "model": model,
        "messages": [{ "role": "user", "content": "Tell me a story" }],
        "stream": stream,
    }))
}

/// Returns the received part of a body and whether it was complete.
async fn read(mut response: Response) -> (String, bool) {
    let mut text = Vec::new();
    let complete = loop {
        match tokio::time::timeout(Duration::from_millis(300), response.chunk()).await {
            Ok(Ok(Some(piece))) if text.len() < 1 << 20 => text.extend_from_slice(&piece),
            Ok(Ok(None)) => break true,
            _ => break false,
        }
    };
    (String::from_utf8(text).unwrap(), complete)
}

#[tokio::test]
async fn faults_without_a_response_apply_to_all_operations() {
    let sim = still().await;
    for operation in Operation::ALL {
        let wait = Duration::from_millis(100);
        for fault in [
            Fault::reset(),
            Fault::close(),
            Fault::stall(),
            Fault::lost_response(),
        ] {
            let name = format!("{fault:?} of {operation}");
            let request = request(&sim, operation).await.timeout(wait);
            let injected = sim.inject(fault.on(operation).once());
            let error = request.try_clone().unwrap().send().await.unwrap_err();
            assert_eq!(
                error.is_timeout(),
                name.contains("Stall"),
                "{name}: {error:?}"
            );
            assert!(!error.is_connect(), "{name}: {error:?}");
            assert_eq!(injected.hits(), 1);
            // The lost response belongs to a completed request, which is refused if repeated.
            let once = [Operation::DeleteRftRun, Operation::RestartRun].contains(&operation);
            let refused = name.contains("lost-response") && once;
            let again = request.send().await.unwrap().status();
            assert_eq!(again.is_success(), !refused, "{name}");
        }
        for status in [401, 402, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504] {
            let request = request(&sim, operation).await;
            sim.inject(Fault::status(status).on(operation).once());
            let status = StatusCode::from_u16(status).unwrap();
            let body = json(request, status).await;
            let keys = ["error", "errors", "detail"];
            assert!(keys.iter().any(|key| body.get(key).is_some()), "{body}");
        }
    }
}

#[tokio::test]
async fn faults_in_the_middle_of_a_response_apply_to_all_operations() {
    let sim = still().await;
    for operation in Operation::ALL {
        for (fault, complete) in [
            (Fault::reset_midway(), false),
            (Fault::stall_midway(), false),
            (Fault::cut_off(), true),
            (Fault::malformed_chunk(), true),
            (Fault::endless_body(), false),
            (Fault::endless_line(), false),
        ] {
            let name = format!("{fault:?} of {operation}");
            let request = request(&sim, operation).await;
            sim.inject(fault.on(operation).once());
            let response = request.send().await.unwrap();
            assert!(response.status().is_success(), "{name}");
            let (text, was_complete) = read(response).await;
            assert_eq!(was_complete, complete, "{name}");
            assert!(!text.is_empty(), "{name}");
            assert!(serde_json::from_str::<Value>(&text).is_err(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_reset_sends_rst_and_a_close_sends_fin() {
    use std::io::{ErrorKind, Read, Write};

    let sim = still().await;
    let address = sim.platform_url().replace("http://", "");
    let ask = |fault| {
        sim.inject(fault);
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        stream
            .write_all(b"GET /api/v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        let mut bytes = Vec::new();
        (stream.read_to_end(&mut bytes), bytes)
    };
    let (result, bytes) = ask(Fault::reset().once());
    assert_eq!(result.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(bytes.is_empty());
    let (result, bytes) = ask(Fault::close().once());
    assert_eq!(result.unwrap(), 0);
    assert!(bytes.is_empty());
    let (result, bytes) = ask(Fault::reset_midway().once());
    assert_eq!(result.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn streams_fail_after_some_events_and_never_look_complete() {
    let sim = still().await;
    let stream = async |fault: Fault| {
        sim.inject(fault.once());
        let response = ask(&sim, MODEL, true).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        read(response).await
    };
    let (text, complete) = stream(Fault::cut_off().after(5)).await;
    assert_eq!((text.matches("data: ").count(), complete), (5, true));
    let (text, complete) = stream(Fault::cut_off().after(1_000)).await;
    assert!(complete && !text.contains("[DONE]") && !text.contains("finish_reason"));
    let (text, complete) = stream(Fault::reset_midway()).await;
    assert_eq!((text.matches("data: ").count(), complete), (3, false));
    let (text, complete) = stream(Fault::stall_midway().after(0)).await;
    assert_eq!((text.as_str(), complete), ("", false));
    let (text, complete) = stream(Fault::error_event().after(0)).await;
    assert!(text.starts_with("data: {\"error\":{") && complete);
    let (text, complete) = stream(Fault::error_event()).await;
    assert_eq!((text.matches("data: ").count(), complete), (4, true));
    let (text, complete) = stream(Fault::malformed_chunk()).await;
    assert!(text.contains("{\"con\n\n") && text.contains("[DONE]") && complete);
    let (text, complete) = stream(Fault::empty_stream()).await;
    assert_eq!((text.as_str(), complete), ("", true));
    let (text, complete) = stream(Fault::endless_line()).await;
    let line = text.lines().map(str::len).max().unwrap();
    assert!(!complete && line > 100_000, "{line}");
    let (text, complete) = stream(Fault::endless_body()).await;
    assert!(!complete && text.matches("data: {").count() > 1_000);
    let started = Instant::now();
    let (text, complete) = stream(Fault::slow_drip(4_096, Duration::from_millis(5))).await;
    assert!(complete && text.contains("[DONE]") && started.elapsed() > Duration::from_millis(5));
}

#[tokio::test]
async fn headers_and_bodies_are_configurable() {
    let sim = still().await;
    let models = async |fault: Fault| {
        sim.inject(fault.once());
        inference(&sim, Method::GET, "/models")
            .send()
            .await
            .unwrap()
    };
    let page = models(Fault::html(502)).await;
    assert_eq!(page.headers()["content-type"], "text/html");
    assert!(page.text().await.unwrap().contains("502 Bad Gateway"));
    let plain = models(Fault::content_type("text/plain")).await;
    assert_eq!(plain.headers()["content-type"], "text/plain");
    assert!(plain.text().await.unwrap().starts_with("{\"data\""));
    let limited = models(Fault::rate_limited().retry_after(7).retry_after_ms(6_500)).await;
    assert_eq!(limited.headers()["retry-after"], "7");
    assert_eq!(limited.headers()["retry-after-ms"], "6500");
    let dated = models(Fault::rate_limited().retry_after_date(Duration::from_secs(60))).await;
    let date = dated.headers()["retry-after"].to_str().unwrap().to_owned();
    assert!(date.ends_with(" GMT"), "{date}");
    let quota = models(Fault::quota()).await.text().await.unwrap();
    assert!(quota.contains("\"code\":\"insufficient_quota\""));
    let custom = models(Fault::status(418).body("tea").header("X-Pot", "1")).await;
    assert_eq!(
        (custom.status().as_u16(), &custom.headers()["x-pot"]),
        (418, &"1".parse().unwrap())
    );
    assert_eq!(custom.text().await.unwrap(), "tea");
    for (envelope, text) in [
        (Envelope::Error, "{\"error\":{"),
        (Envelope::Errors, "{\"errors\":[{"),
        (Envelope::Detail, "{\"detail\":\""),
        (Envelope::DetailList, "{\"detail\":[{"),
        (Envelope::Text, "Invalid"),
        (Envelope::Html, "<html>"),
        (Envelope::Empty, ""),
    ] {
        let response = models(Fault::status(422).envelope(envelope)).await;
        assert!(
            response.text().await.unwrap().starts_with(text),
            "{envelope:?}"
        );
    }
    // An invalid fault is reported in the response.
    for invalid in [Fault::status(99), Fault::status(500).header("a b", "c")] {
        let response = models(invalid).await;
        assert_eq!(response.status(), 500);
        assert!(
            response
                .text()
                .await
                .unwrap()
                .starts_with("prime-sim: invalid fault: ")
        );
    }
}

#[tokio::test]
async fn a_redirect_has_the_given_location() {
    let (sim, other) = (still().await, still().await);
    let to = format!(
        "{}/stolen",
        other.platform_url().replace("127.0.0.1", "localhost")
    );
    sim.inject(Fault::redirect(&to).once());
    let client = crate::http();
    drop(
        client
            .get(format!("{}/models", sim.inference_url()))
            .send()
            .await,
    );
    assert_eq!(other.requests()[0].path, "/stolen");
}

#[tokio::test]
async fn a_gzip_bomb_is_small_on_the_wire() {
    let sim = still().await;
    sim.inject(Fault::gzip_bomb(64).once());
    let response = inference(&sim, Method::GET, "/models")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let bytes = response.bytes().await.unwrap();
    assert!(bytes.len() < 1 << 20, "{}", bytes.len());
    let mut unpacked = flate2::read::GzDecoder::new(&bytes[..]);
    let length = std::io::copy(&mut unpacked, &mut std::io::sink()).unwrap();
    assert_eq!(length, 64 << 20);
}

#[tokio::test]
async fn a_lost_create_response_leaves_a_run() {
    let sim = still().await;
    sim.inject(Fault::lost_response().on(Operation::CreateRun).once());
    assert!(create(&sim).send().await.is_err());
    assert_eq!(sim.runs().len(), 1);

    sim.inject(Fault::reset().on(Operation::CreateRun).once());
    assert!(create(&sim).send().await.is_err());
    assert_eq!(sim.runs().len(), 1, "a reset comes ahead of it");

    sim.inject(Fault::html(502).carried_out().once());
    assert_eq!(create(&sim).send().await.unwrap().status(), 502);
    assert_eq!(sim.runs().len(), 2);

    create(&sim).send().await.unwrap();
    let attempts: Vec<_> = sim
        .requests()
        .iter()
        .map(|r| (r.attempt, r.fault))
        .collect();
    let faults = [Some("lost-response"), Some("reset"), Some("html"), None];
    assert_eq!(
        attempts,
        [1, 2, 3, 4].into_iter().zip(faults).collect::<Vec<_>>()
    );
    create(&sim).send().await.unwrap();
    assert_eq!(sim.requests()[4].attempt, 1, "the fourth had its response");
}

#[tokio::test]
async fn rows_arrive_and_move_between_pages() {
    let sim = still().await;
    let page = async |offset: &str| {
        let query = [("teamId", sim.team()), ("offset", offset)];
        let request = platform(&sim, Method::GET, "/api/v1/billing/wallet").query(&query);
        let page = json(request, StatusCode::OK).await;
        let rows = page["recent_billings"].as_array().unwrap().clone();
        rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    let first = page("0").await;
    sim.inject(Fault::rows_arrive(3).skip(1).once());
    assert_eq!(page("0").await, first);
    let moved = page("0").await;
    assert_eq!(moved[3..], first[..17], "three more are ahead of them");
    let last = page("47").await;
    sim.inject(Fault::rows_move(1).once());
    assert_eq!(page("0").await[0], last[0]);
    assert_eq!(sim.wallet(Some(sim.team())).unwrap().rows.len(), 48);
}

#[tokio::test]
async fn a_model_name_selects_a_fault() {
    let sim = still().await;
    let (text, _) = read(ask(&sim, "sim/cut-off?after=2", true).send().await.unwrap()).await;
    assert_eq!(text.matches("data: ").count(), 2);
    let busy = "sim/status?status=503&times=2&retry_after=0";
    for status in [503, 503, 200] {
        let response = ask(&sim, busy, false).send().await.unwrap();
        assert_eq!(response.status(), status);
    }
    assert!(ask(&sim, "sim/reset", true).send().await.is_err());
    let invalid = json(
        ask(&sim, "sim/reset?tmies=1", false),
        StatusCode::BAD_REQUEST,
    )
    .await;
    assert_eq!(invalid["error"]["param"], "model");
    let unknown = json(ask(&sim, "sim/rest", false), StatusCode::NOT_FOUND).await;
    assert_eq!(unknown["error"]["code"], "model_not_found");
    let faults: Vec<_> = sim.requests().iter().map(|request| request.fault).collect();
    let status = Some("status");
    assert_eq!(
        faults,
        [
            Some("cut-off"),
            status,
            status,
            None,
            Some("reset"),
            None,
            None
        ]
    );
}

#[tokio::test]
async fn connections_are_refused_and_accepted_again() {
    let sim = still().await;
    let client = crate::http();
    let models = format!("{}/models", sim.inference_url());
    client
        .get(&models)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    sim.refuse_connections().await;
    for _ in 0..3 {
        // The earlier connection is closed too.
        let error = client.get(&models).send().await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
    }
    sim.accept_connections().await;
    assert!(
        client
            .get(&models)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );

    let lasting = Duration::from_millis(100);
    sim.inject(Fault::refuse(lasting).once());
    let started = Instant::now();
    assert!(!client.get(&models).send().await.unwrap_err().is_connect());
    assert!(client.get(&models).send().await.unwrap_err().is_connect());
    while client.get(&models).send().await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(started.elapsed() >= lasting);
}
