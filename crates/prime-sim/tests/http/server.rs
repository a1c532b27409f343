//! Tests of routes, recording, start and shutdown.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prime_sim::{Fault, Operation, Simulator, StartError};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{inference, json, platform, still};

#[tokio::test]
async fn all_operations_of_the_specifications_are_served() {
    let sim = still().await;
    let of_inference = pinference_api::operations::ALL
        .iter()
        .map(|o| (sim.inference_url(), o));
    let of_training = prime_training_api::operations::ALL
        .iter()
        .map(|o| (sim.platform_url(), o));
    for (base, operation) in of_inference.chain(of_training) {
        let url = format!("{base}{}", operation.path.replace(['{', '}'], ""));
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let response = crate::http().request(method, url).send().await.unwrap();
        // The handlers, not the router, reject requests without a key.
        let expected = match operation.id {
            "list_models" => StatusCode::OK,
            _ => StatusCode::UNAUTHORIZED,
        };
        assert_eq!(response.status(), expected, "{operation}");
    }
}

#[tokio::test]
async fn unknown_routes_and_methods_are_rejected() {
    let sim = still().await;
    let nowhere = platform(&sim, Method::GET, "/api/v1/nowhere");
    assert_eq!(
        json(nowhere, StatusCode::NOT_FOUND).await,
        json!({ "detail": "Not Found" })
    );
    let wrong = inference(&sim, Method::DELETE, "/chat/completions");
    let response = json(wrong, StatusCode::METHOD_NOT_ALLOWED).await;
    assert_eq!(response, json!({ "detail": "Method Not Allowed" }));
}

#[tokio::test]
async fn requests_are_recorded_unchanged() {
    let sim = still().await;
    let request = platform(&sim, Method::POST, "/a%2Fb/c?x=%20y").body("hello");
    request.header("X-Test", "1").send().await.unwrap();
    inference(&sim, Method::GET, "/models")
        .send()
        .await
        .unwrap();
    let requests = sim.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].method, Method::POST);
    assert_eq!(requests[0].path, "/a%2Fb/c");
    assert_eq!(requests[0].query.as_deref(), Some("x=%20y"));
    assert_eq!(requests[0].headers["x-test"], "1");
    assert_eq!(&requests[0].body[..], b"hello");
    assert!(!format!("{requests:?}").contains(sim.key()));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_state() {
    let (one, two) = (still().await, still().await);
    assert_eq!((one.key(), one.team()), (two.key(), two.team()));
    let rows = |sim: &Simulator| serde_json::to_string(&sim.wallet(Some(sim.team())).unwrap().rows);
    assert_eq!(rows(&one).unwrap(), rows(&two).unwrap());
    let other = Simulator::builder().seed(8).start().await.unwrap();
    assert_ne!(one.key(), other.key());
}

#[tokio::test]
async fn dropping_the_simulator_ends_its_connections() {
    let delay = Duration::from_secs(600);
    let sim = Simulator::builder()
        .token_delay(delay)
        .start()
        .await
        .unwrap();
    let body = json!({
        "model": "openai/gpt-oss-120b",
        "messages": [{ "role": "user", "content": "A story!" }],
        "stream": true,
    });
    let request = inference(&sim, Method::POST, "/chat/completions").json(&body);
    let mut response = request.send().await.unwrap();
    response.chunk().await.unwrap();
    let address = sim.platform_url().replace("http://", "");
    let mut idle = TcpStream::connect(&address).unwrap();
    drop(sim);

    assert!(TcpStream::connect(&address).is_err());
    let rest = async {
        while response.chunk().await?.is_some() {}
        Ok::<_, reqwest::Error>(())
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(5), rest)
            .await
            .unwrap()
            .is_err()
    );
    idle.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    drop(idle.write_all(b"GET / HTTP/1.1\r\n"));
    assert!(matches!(idle.read(&mut [0; 64]), Ok(0) | Err(_)));
}

#[tokio::test]
async fn invalid_settings_are_rejected() {
    let sim = still().await;
    let port = sim
        .platform_url()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let error = Simulator::builder().port(port).start().await.unwrap_err();
    assert!(matches!(error, StartError::PortTaken { port: taken } if taken == port));
    assert!(error.to_string().contains("is in use"));
    for scale in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(
            Simulator::builder()
                .time_scale(scale)
                .start()
                .await
                .is_err()
        );
    }
    for balance in ["1000000000000", "0.00000000001"] {
        let error = Simulator::builder()
            .balance(balance.parse().unwrap())
            .start()
            .await;
        assert!(matches!(error, Err(StartError::Balance(_))), "{balance}");
    }
}

#[tokio::test]
async fn responses_are_reported_to_the_callback() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&events);
    let sim = Simulator::builder()
        .record(0)
        .on_response(move |event| log.lock().unwrap().push(event.clone()))
        .start()
        .await
        .unwrap();
    platform(&sim, Method::GET, "/nowhere")
        .send()
        .await
        .unwrap();
    let events = events.lock().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].path, "/nowhere");
    assert_eq!(events[0].status, Some(StatusCode::NOT_FOUND));
    assert!(sim.requests().is_empty());
}

#[tokio::test]
async fn chat_requests_beyond_the_limit_are_refused() {
    let chat = Operation::CreateChatCompletion;
    let sim = Simulator::builder()
        .chat_limit(2)
        .fault(Fault::delay(Duration::from_millis(500)).on(chat))
        .start()
        .await
        .unwrap();
    let ask = async || {
        let body = json!({
            "model": "meta-llama/llama-3.1-70b-instruct",
            "messages": [{ "role": "user", "content": "Hello" }],
        });
        let request = inference(&sim, Method::POST, "/chat/completions").json(&body);
        request.send().await.unwrap().status().as_u16()
    };
    let (first, second, third) = tokio::join!(ask(), ask(), ask());
    let mut statuses = [first, second, third];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 429]);
    let faults: Vec<_> = sim.requests().iter().map(|one| one.fault).collect();
    assert!(faults.contains(&Some("rate-limited")), "{faults:?}");
    // Their places are free again, also that of a caller who does not wait.
    let cancelled = tokio::time::timeout(Duration::from_millis(100), ask()).await;
    assert!(cancelled.is_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (models, first, second) =
        tokio::join!(inference(&sim, Method::GET, "/models").send(), ask(), ask());
    assert_eq!((first, second), (200, 200));
    assert_eq!(models.unwrap().status(), StatusCode::OK);
}
